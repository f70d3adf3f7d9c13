package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// extension serves secrets as the AWS Parameters and Secrets Lambda Extension does, from memory, on a port of its own.
type extension struct {
	mu       sync.Mutex
	secrets  map[string]string
	notReady int // requests to refuse with 400 first
	asked    int
}

func (e *extension) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked++
	if e.notReady > 0 {
		e.notReady--
		http.Error(w, "not ready to serve traffic, please wait", http.StatusBadRequest)
		return
	}
	value, found := e.secrets[r.URL.Query().Get("secretId")]
	switch {
	case r.URL.Path != "/secretsmanager/get", r.Header.Get("X-Aws-Parameters-Secrets-Token") != "token-of-the-function":
		w.WriteHeader(http.StatusForbidden)
	case !found:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Write(marshal(map[string]any{"Name": r.URL.Query().Get("secretId"), "SecretString": value, "VersionStages": []string{"AWSCURRENT"}}))
	}
}

// port starts the extension and returns the variable that names its port.
func (e *extension) port(t *testing.T) string {
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT=" + u.Port()
}

// noService makes sure that nothing but the extension is asked.
var noService = []string{
	"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret-canary", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1",
	"AWS_ENDPOINT_URL=http://127.0.0.1:1",
}

// TestExtension reads redact.key and the destination's key through the extension, once it is ready.
func TestExtension(t *testing.T) {
	e := &extension{notReady: 3, secrets: map[string]string{"team/redact": strings.Repeat("k", 32), "team/api": `{"token":"secret-canary"}`}}
	var header atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { header.Store(r.Header.Get("X-Key")) }))
	defer server.Close()
	f := startFunction(t, map[string]string{"trunkline.yaml": `version: 1
redact: {key: "aws-secretsmanager:team/redact"}
destination: {http: {url: ` + server.URL + `, header: X-Key, key: "aws-secretsmanager:team/api#token"}}
`}, append(noService, e.port(t))...)
	<-f.api.Started()
	if e.asked != 0 {
		t.Errorf("the extension was asked %d times before the first invocation", e.asked)
	}
	event := mappingEvent(contactRecord("c", "VOICE"))
	for range 2 {
		if got := f.mustInvoke(event); got != allSettled {
			t.Errorf("got %s, want %s; the function said:\n%s", got, allSettled, &f.stderr)
		}
	}
	if got := header.Load(); got != "secret-canary" {
		t.Errorf("the endpoint got the key %v", got)
	}
	if e.asked != 5 {
		t.Errorf("the extension was asked %d times, want 5: three refused, and once for each secret", e.asked)
	}
	if strings.Contains(f.stderr.String(), "canary") {
		t.Errorf("the log shows a value:\n%s", &f.stderr)
	}
}

// TestNoSecret fails the invocation, names the permission, and is tried again by the next.
func TestNoSecret(t *testing.T) {
	e := &extension{secrets: map[string]string{}}
	f := startFunction(t, map[string]string{"trunkline.yaml": "version: 1\nredact: {key: \"aws-secretsmanager:team/redact\"}\n"}, append(noService, e.port(t))...)
	event := pipeEvent(contactRecord("c", "VOICE"))
	_, err := f.invoke(event, 20*time.Second)
	if err == nil || !strings.Contains(err.Error(), "redact.key: secret aws-secretsmanager:team/redact: the extension cannot read the secret (status 404)") {
		t.Errorf("got %v", err)
	}
	e.mu.Lock()
	e.secrets["team/redact"] = strings.Repeat("k", 32)
	e.mu.Unlock()
	if got, want := f.mustInvoke(event), "["+redacted("c", "VOICE")+"]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// web serves a config over https under any name, behind a proxy.
type web struct {
	mu       sync.Mutex
	text     string
	keys     []string
	requests int
}

func (s *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	s.keys = append(s.keys, r.Header.Get("Operata-API-Key"))
	if s.text == "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	io.WriteString(w, s.text)
}

// start returns the variables that lead a function there.
func (s *web) start(t *testing.T) []string {
	server := httptest.NewUnstartedServer(s)
	certificate := selfSigned(t, "operata.io", "*.operata.io", "example.com", "*.example.com")
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		behind, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		front, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		fmt.Fprint(front, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { io.Copy(behind, front); behind.Close() }()
		io.Copy(front, behind)
		front.Close()
	}))
	t.Cleanup(proxy.Close)
	return []string{"HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + authority}
}

func selfSigned(t *testing.T, names ...string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestFetchedConfig fetches the privacy object in the first invocation, with the group's key where operata.io serves it and only there.
func TestFetchedConfig(t *testing.T) {
	for _, c := range []struct{ host, variable, key string }{
		{"config.operata.io", "OPERATA_API_KEY=team/api", "secret-canary"},
		{"operata.io", "OPERATA_GROUP_ID=group-1", "secret-canary"},
		{"config.operata.io", "NONE=", ""},
		{"example.com", "OPERATA_API_KEY=team/api", ""},
		{"operata.example.com", "OPERATA_API_KEY=team/api", ""},
	} {
		e := &extension{secrets: map[string]string{"team/api": "secret-canary", "cloud-collector-v3/ctr/group-1/apiToken": "secret-canary"}}
		s := &web{text: `{"type":"WHITELIST","fields":["Attributes.name"]}`}
		env := append(s.start(t), e.port(t), c.variable, "TRUNKLINE_CONFIG=https://"+c.host+"/config?signature=canary")
		f := startFunction(t, nil, append(env, noService...)...)
		<-f.api.Started()
		if s.requests != 0 {
			t.Errorf("%s: the config was fetched before the first invocation", c.host)
		}
		want := strings.Replace("["+redacted("c", "VOICE")+"]", `"Channel"`, `"Attributes":{"name":"name-canary"},"Channel"`, 1)
		for range 3 {
			if got := f.mustInvoke(pipeEvent(contactRecord("c", "VOICE"))); got != want {
				t.Errorf("%s:\ngot  %s\nwant %s", c.host, got, want)
			}
		}
		if len(s.keys) != 1 || s.keys[0] != c.key {
			t.Errorf("%s with %s: asked %d times with keys %q, want once with %q", c.host, c.variable, len(s.keys), s.keys, c.key)
		}
	}
}

// TestFirstFetchFails sends nothing until a config came, and says nothing of the address's signature or of a key in the wrong place.
func TestFirstFetchFails(t *testing.T) {
	s := &web{}
	e := &extension{secrets: map[string]string{}}
	env := append(s.start(t), e.port(t), "OPERATA_API_KEY=key-canary", "TRUNKLINE_CONFIG=https://operata.io/config?signature=canary")
	f := startFunction(t, nil, append(env, noService...)...)
	event := pipeEvent(contactRecord("c", "VOICE"))
	_, err := f.invoke(event, 20*time.Second)
	if want := "fetch the config from https://operata.io/config: the secret that OPERATA_API_KEY or OPERATA_GROUP_ID names cannot be read"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v\nwant %s", err, want)
	}
	e.mu.Lock()
	e.secrets["key-canary"] = "key"
	e.mu.Unlock()
	_, err = f.invoke(event, 20*time.Second)
	if want := "fetch the config from https://operata.io/config: status 503"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v\nwant %s", err, want)
	}
	s.mu.Lock()
	s.text = "version: 1\n"
	s.mu.Unlock()
	if got, want := f.mustInvoke(event), "["+redacted("c", "VOICE")+"]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if strings.Contains(f.stderr.String(), "canary") {
		t.Errorf("the log shows a secret:\n%s", &f.stderr)
	}
}
