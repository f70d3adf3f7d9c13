package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"trunkline/test/emulators"
)

// awsKey is what a process needs to call an emulator, and keeps it from calling anything else.
var awsKey = []string{
	"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=none", "AWS_SHARED_CREDENTIALS_FILE=none",
}

// vault is a Secrets Manager with an emulator behind it.
type vault struct {
	url string
	*secretsmanager.Client
}

func newVault(t testing.TB) *vault {
	url := emulators.Moto(t)
	return &vault{url, secretsmanager.New(secretsmanager.Options{
		Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})}
}

func (v *vault) create(t testing.TB, name, value string) {
	t.Helper()
	if _, err := v.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value}); err != nil {
		t.Fatal(err)
	}
}

func (v *vault) config() string {
	return fmt.Sprintf("aws: {region: us-east-1, endpoints: {secretsmanager: %q}}", v.url)
}

// TestManagedSecrets runs with both keys in AWS Secrets Manager. The receiver refuses the key, the secret is rotated, and the run goes
// on without a restart; nothing is lost.
func TestManagedSecrets(t *testing.T) {
	v := newVault(t)
	v.create(t, "team/pseudonym-key", strings.Repeat("k", 32))
	v.create(t, "team/api", `{"token": "stale"}`)
	var refused, taken atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") == "fresh" {
			taken.Add(1)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
		if refused.Add(1) == 1 {
			_, err := v.PutSecretValue(context.WithoutCancel(r.Context()), &secretsmanager.PutSecretValueInput{SecretId: aws.String("team/api"), SecretString: aws.String(`{"token": "fresh"}`)})
			if err != nil {
				t.Error(err)
			}
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	write(t, dir+"/in", goods(50))
	configure(t, dir, v.config(), "redact: {key: \"aws-secretsmanager:team/pseudonym-key\", rules: [{path: ContactId, action: hash}]}",
		fmt.Sprintf("destination: {http: {url: %q, header: X-Key, key: \"aws-secretsmanager:team/api#token\", concurrency: 1}}", server.URL))
	p := call{Dir: dir, Args: []string{"run"}, Env: awsKey}.run(t)
	p.want(t, 0)
	if refused.Load() == 0 || taken.Load() != 50 {
		t.Errorf("the receiver refused %d requests and took %d, want at least 1 and 50:\n%s", refused.Load(), taken.Load(), p.stderr.String())
	}
	for _, shown := range []string{"stale", "fresh", strings.Repeat("k", 32)} {
		if strings.Contains(p.stderr.String(), shown) {
			t.Errorf("the log shows a secret:\n%s", p.stderr.String())
		}
	}

	configure(t, dir, v.config(), "redact: {key: \"aws-secretsmanager:team/none\"}")
	p = call{Dir: dir, Args: []string{"check"}, Env: awsKey}.run(t)
	p.want(t, 2)
	if want := "redact.key: secret aws-secretsmanager:team/none: secretsmanager:GetSecretValue on team/none: ResourceNotFoundException"; !strings.Contains(p.stderr.String(), want) {
		t.Errorf("check says %s, want %s", p.stderr.String(), want)
	}
}
