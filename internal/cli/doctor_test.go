package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestDoctorDecode: --decode asks STS where the config says, and without it nothing is called.
func TestDoctorDecode(t *testing.T) {
	const message = "You are not authorized to perform this operation. Encoded authorization failure message: AbC-_"
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if got := r.FormValue("EncodedMessage"); got != "AbC-_" {
			t.Errorf("STS was asked for %q", got)
		}
		fmt.Fprint(w, `<DecodeAuthorizationMessageResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><DecodeAuthorizationMessageResult><DecodedMessage>`+
			`{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"NoSubnets","effect":"DENY"}]},"failures":{"items":[]},`+
			`"context":{"principal":{"arn":"arn:aws:iam::111122223333:user/ann"},"action":"ec2:DescribeSubnets","resource":"*"}}`+
			`</DecodedMessage></DecodeAuthorizationMessageResult></DecodeAuthorizationMessageResponse>`)
	}))
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", "none")
	files := map[string]string{"aws.yaml": "version: 1\nsource: {file: {path: in}}\ndestination: {file: {path: out}}\naws: {region: eu-west-2, endpoints: {sts: \"" + server.URL + "\"}}\n"}
	status, out, errs := call(t, "", files, "doctor", "--decode", "-c", "aws.yaml", message)
	for _, want := range []string{"principal  arn:aws:iam::111122223333:user/ann (user)\n", "action     ec2:DescribeSubnets\n", "deny       NoSubnets\n", "denied by  a deny must go\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s%s", want, out, errs)
		}
	}
	if status != exitFound || asked != 1 {
		t.Errorf("status %d after %d calls, want 3 after 1", status, asked)
	}
	status, out, _ = again(t, "", "doctor", message)
	if want := "have the encoded message decoded: --decode"; status != exitFound || asked != 1 || !strings.Contains(out, want) {
		t.Errorf("without --decode: status %d after %d calls, want 3, no more calls, and %q:\n%s", status, asked, want, out)
	}
}
