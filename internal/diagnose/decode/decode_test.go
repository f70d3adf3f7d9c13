package decode

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/sim"
	"trunkline/internal/awsclient"
	"trunkline/internal/diagnose"
	"trunkline/internal/permission/guard"
)

var _ diagnose.Decoder = (*Decoder)(nil)

// decoder calls a server that takes one message, under a policy that allows one action.
func decoder(t *testing.T, allowed string) *Decoder {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("Action") != "DecodeAuthorizationMessage" || r.FormValue("EncodedMessage") != "AbC-_" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `<ErrorResponse><Error><Code>InvalidAuthorizationMessageException</Code><Message>no</Message></Error></ErrorResponse>`)
			return
		}
		fmt.Fprint(w, `<DecodeAuthorizationMessageResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><DecodeAuthorizationMessageResult>`+
			`<DecodedMessage>{"allowed":false}</DecodedMessage></DecodeAuthorizationMessageResult></DecodeAuthorizationMessageResponse>`)
	}))
	t.Cleanup(server.Close)
	who, err := sim.ParseCaller("arn:aws:iam::111122223333:role/doctor")
	if err != nil {
		t.Fatal(err)
	}
	policy := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "` + allowed + `", "Resource": "*"}}`
	g, err := guard.New(guard.Options{Calls: Calls(), Caller: who, Policies: []guard.Policy{{Name: "role.json", Document: iam.Parse([]byte(policy)), Type: iam.IdentityPolicy}}})
	if err != nil {
		t.Fatal(err)
	}
	return New(awsclient.New(awsclient.Options{
		Region: "eu-west-2", Endpoints: map[string]string{"sts": server.URL}, Middleware: []awsclient.Middleware{g.Middleware},
	}), "")
}

// TestDecode: what is declared is enough for the call, and a denial names what is missing.
func TestDecode(t *testing.T) {
	d := decoder(t, "sts:DecodeAuthorizationMessage")
	got, err := d.Decode(t.Context(), "AbC-_")
	if want := `{"allowed":false}`; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if _, err := d.Decode(t.Context(), "damaged"); err == nil || !strings.Contains(err.Error(), "InvalidAuthorizationMessageException") {
		t.Errorf("a damaged message: got %v, want what the service says", err)
	}
	_, err = decoder(t, "sts:GetCallerIdentity").Decode(t.Context(), "AbC-_")
	if e, ok := errors.AsType[*awsclient.Error](err); !ok || !e.Denied || !strings.HasSuffix(err.Error(), "; allow sts:DecodeAuthorizationMessage on *") {
		t.Errorf("without the permission: got %v, want what to allow", err)
	}
}
