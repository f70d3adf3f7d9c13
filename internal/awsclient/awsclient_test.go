package awsclient

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"trunkline/test/emulators"
)

// alone makes the SDK find nothing but what the test sets.
func alone(t *testing.T) {
	t.Helper()
	for _, name := range os.Environ() {
		if name, _, _ = strings.Cut(name, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name) // t.Setenv puts it back
		}
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "credentials"))
}

func withKey(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
}

func stsOf(c *Config, region string) *Client[*sts.Client] {
	return For(c, "sts", region, func(cfg aws.Config, endpoint *string) *sts.Client {
		return sts.NewFromConfig(cfg, func(o *sts.Options) { set(&o.BaseEndpoint, endpoint) })
	})
}

// whoami calls STS and returns the ARN of the caller.
func whoami(t *testing.T, c *Config) (string, error) {
	t.Helper()
	client, err := stsOf(c, "").Get(t.Context())
	if err != nil {
		return "", err
	}
	out, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", Call{"sts:GetCallerIdentity", "*"}.Explain(t.Context(), err)
	}
	return *out.Arn, nil
}

const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::111122223333:user/ann</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`

// TestRole assumes a role over the wire.
func TestRole(t *testing.T) {
	alone(t)
	withKey(t)
	url := emulators.Moto(t)
	o := Options{Region: "eu-west-2", Endpoints: map[string]string{"sts": url}}
	got, err := whoami(t, New(o))
	if err != nil || strings.Contains(got, "assumed-role") {
		t.Errorf("without a role the caller is %q (%v), want the user", got, err)
	}
	o.Role = "arn:aws:iam::111122223333:role/collector"
	got, err = whoami(t, New(o))
	if want := "arn:aws:sts::111122223333:assumed-role/collector/trunkline"; err != nil || got != want {
		t.Errorf("with a role the caller is %q (%v), want %q", got, err, want)
	}
}

// TestCertificates: AWS_CA_BUNDLE names certificates to trust. An HTTP client of our own would make the SDK refuse it.
func TestCertificates(t *testing.T) {
	alone(t)
	withKey(t)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, identity) }))
	defer server.Close()
	server.Config.ErrorLog = nil
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", bundle)
	got, err := whoami(t, New(Options{Region: "eu-west-2", Endpoints: map[string]string{"sts": server.URL}}))
	if want := "arn:aws:iam::111122223333:user/ann"; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

// TestLazy: nothing is read before the first Get, and one client is built however many ask for it; a failed reading is tried again.
func TestLazy(t *testing.T) {
	alone(t)
	withKey(t)
	t.Setenv("AWS_PROFILE", "missing")
	built := 0
	client := For(New(Options{}), "sts", "", func(cfg aws.Config, _ *string) *sts.Client {
		built++
		return sts.NewFromConfig(cfg)
	})
	if _, err := client.Get(t.Context()); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("with a profile that is not there: %v, want an error that names it", err)
	}
	os.Unsetenv("AWS_PROFILE")
	if _, err := client.Get(t.Context()); err == nil || !strings.Contains(err.Error(), "set aws.region") {
		t.Errorf("without a region: %v, want an error that says what to set", err)
	}
	t.Setenv("AWS_REGION", "eu-west-2")
	client = For(New(Options{}), "sts", "us-east-1", client.build)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			if c, err := client.Get(t.Context()); err != nil || c.Options().Region != "us-east-1" {
				t.Errorf("got %v, want a client of us-east-1", err)
			}
		})
	}
	callers.Wait()
	if built != 1 {
		t.Errorf("%d clients were built, want 1", built)
	}
}

// TestMiddleware: what is given as middleware sees every call, and the config's endpoint goes before the environment's.
func TestMiddleware(t *testing.T) {
	alone(t)
	withKey(t)
	t.Setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, identity) }))
	defer server.Close()
	var seen []string
	note := func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("note", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			seen = append(seen, fmt.Sprintf("%T", in.Parameters))
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	}
	c := New(Options{Region: "eu-west-2", Endpoints: map[string]string{"sts": server.URL}, Middleware: []func(*middleware.Stack) error{note}})
	if _, err := whoami(t, c); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(seen), "[*sts.GetCallerIdentityInput]"; got != want {
		t.Errorf("the middleware saw %s, want %s", got, want)
	}
}

// TestQuiet: the SDK writes nothing to standard error, where its remarks would stand between our lines, and no request or answer.
func TestQuiet(t *testing.T) {
	alone(t)
	withKey(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", "yesterday") // the SDK has something to say about that
		fmt.Fprint(w, identity)
	}))
	defer server.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	standard := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = standard }()
	c := New(Options{Region: "eu-west-2", Endpoints: map[string]string{"sts": server.URL}})
	if _, err := whoami(t, c); err != nil {
		t.Fatal(err)
	}
	if said, err := os.ReadFile(file.Name()); err != nil || len(said) > 0 {
		t.Errorf("the SDK wrote to standard error (%v), want nothing:\n%s", err, said)
	}
	if c.loaded.ClientLogMode != 0 {
		t.Errorf("log mode %v, want none: it would show requests and answers", c.loaded.ClientLogMode)
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string
		denied bool
	}{
		{"denied", 403, `<Code>AccessDenied</Code><Message>User: ann is not authorized</Message>`, "sts:GetCallerIdentity on *: AccessDenied: User: ann is not authorized; allow sts:GetCallerIdentity on *", true},
		{"expired", 403, `<Code>ExpiredToken</Code><Message>too old</Message>`, "sts:GetCallerIdentity on *: ExpiredToken: too old; the AWS credentials are not valid: renew them", false},
		{"terminal", 400, "<Code>Odd</Code><Message>a\n\x7f" + strings.Repeat("x", 1000) + "</Message>", "sts:GetCallerIdentity on *: Odd: a \uFFFD" + strings.Repeat("x", maxMessage-3) + "…", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			alone(t)
			withKey(t)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>%s</Error></ErrorResponse>`, c.body)
			}))
			defer server.Close()
			_, err := whoami(t, New(Options{Region: "eu-west-2", Endpoints: map[string]string{"sts": server.URL}}))
			e, ok := errors.AsType[*Error](err)
			if !ok || err.Error() != c.want || e.Denied != c.denied {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	t.Run("no credentials", func(t *testing.T) {
		alone(t)
		_, err := whoami(t, New(Options{Region: "eu-west-2", Endpoints: map[string]string{"sts": "http://127.0.0.1:1"}}))
		if want := "no AWS credentials were found; set aws.profile, or AWS_PROFILE, or give this machine a role"; err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	})
	t.Run("canceled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := (Call{"a:B", "*"}).Explain(ctx, fmt.Errorf("operation error: %w", context.Canceled)); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "a:B") {
			t.Errorf("got %v, want the context's end as it is", err)
		}
	})
}
