package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"trunkline/internal/awsclient"
	"trunkline/internal/secret"
	"trunkline/test/emulators"
)

const canary = "canary-5f2c9"

var _ secret.Manager = (*Manager)(nil)

func manager(t *testing.T, url string) *Manager {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	return New(awsclient.New(awsclient.Options{Region: "eu-west-2", Endpoints: map[string]string{"secretsmanager": url}}))
}

func TestSecret(t *testing.T) {
	m := manager(t, emulators.Moto(t))
	sdk, err := m.client("").Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made, err := sdk.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("team/key"), SecretString: aws.String(canary)})
	if err != nil {
		t.Fatal(err)
	}
	want := func(name, want string) {
		t.Helper()
		if got, err := m.Secret(t.Context(), name); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", name, got, err, want)
		}
	}
	want("team/key", canary)
	want(*made.ARN, canary)

	if _, err := sdk.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: made.ARN, SecretString: aws.String("rotated")}); err != nil {
		t.Fatal(err)
	}
	want("team/key", "rotated")

	if _, err := sdk.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("bytes"), SecretBinary: []byte{0, 1, 0xff}}); err != nil {
		t.Fatal(err)
	}
	want("bytes", "\x00\x01\xff")

	// An ARN is asked for in its own region.
	elsewhere, err := m.client("arn:aws:secretsmanager:us-east-1:123456789012:secret:x").Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	far, err := elsewhere.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("far"), SecretString: aws.String("away")})
	if err != nil {
		t.Fatal(err)
	}
	want(*far.ARN, "away")

	_, err = m.Secret(t.Context(), "far")
	if err == nil || !strings.Contains(err.Error(), "secretsmanager:GetSecretValue on far: ResourceNotFoundException") || !strings.Contains(err.Error(), "create it, or name another") {
		t.Errorf("a secret that is not there: %v", err)
	}
	if _, err := sdk.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: made.ARN}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Secret(t.Context(), "team/key"); err == nil || !strings.Contains(err.Error(), "InvalidRequestException") {
		t.Errorf("a deleted secret: %v, want what the service says", err)
	}
}

// TestRefused: the service answers with status 400 and says which permission is missing; the key's is told from the secret's.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ code, message, want string }{
		{
			"AccessDeniedException", "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: secretsmanager:GetSecretValue on resource: team/kms:key because no identity-based policy allows it",
			"; allow secretsmanager:GetSecretValue on team/key",
		},
		{"AccessDeniedException", "Access to KMS is not allowed", "; allow kms:Decrypt on the key that encrypts team/key"},
		{"AccessDeniedException", "User: ann is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-2:111122223333:key/1", "; allow kms:Decrypt on the key that encrypts team/key"},
		{"DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key.", "; allow kms:Decrypt on the key that encrypts team/key"},
		{"UnrecognizedClientException", "The security token included in the request is invalid.", "; the AWS credentials are not valid: renew them"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"__type":%q,"message":%q}`, c.code, c.message)
		}))
		_, err := manager(t, server.URL).Secret(t.Context(), "team/key")
		if err == nil || !strings.HasSuffix(err.Error(), c.want) || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: %s: got %v, want it to end with %s", c.code, c.message, err, c.want)
		}
		server.Close()
	}
}

// TestHalfAnswer: an answer that is cut off may hold a secret; the error does not.
func TestHalfAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"Name":"team/key","SecretString":"%s`, canary)
	}))
	defer server.Close()
	_, err := manager(t, server.URL).Secret(t.Context(), "team/key")
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), canary) {
		t.Errorf("got %v, want an error without the secret", err)
	}
}

func TestCanceled(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	m := manager(t, server.URL)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Secret(ctx, "team/key"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
