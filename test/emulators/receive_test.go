package emulators

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// client posts to receivers, with a connection pool that ends with the test.
func client(t *testing.T, transport *http.Transport) *http.Client {
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func post(ctx context.Context, client *http.Client, url, body string) (*http.Response, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("X-Key", "secret")
	response, err := client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	return response, string(got), err
}

// Answers come in turn, each as often as it says, then 200 for ever; the log has what was sent and on which connection.
func TestReceive(t *testing.T) {
	receiver := Receive(t, Script{Answers: []Answer{
		{Status: 503, Headers: map[string]string{"Retry-After": "7"}, Body: "later", Times: 2},
		{Status: 202, Delay: 50},
	}})
	client := client(t, &http.Transport{})
	for i, want := range []int{503, 503, 202, 200, 200} {
		begin := time.Now()
		response, body, err := post(t.Context(), client, receiver.URL+"/v2/records?a=b", `{"n":"é"}`)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if response.StatusCode != want {
			t.Errorf("request %d: got status %d, want %d", i, response.StatusCode, want)
		}
		if retry := response.Header.Get("Retry-After"); (want == 503) != (retry == "7") || (want == 503) != (body == "later") {
			t.Errorf("request %d, status %d: got Retry-After %q and body %q", i, want, retry, body)
		}
		if took := time.Since(begin); want == 202 && took < 50*time.Millisecond {
			t.Errorf("request %d: got the answer after %v, want at least 50ms", i, took)
		}
	}
	got := receiver.Requests(t)
	if len(got) != 5 {
		t.Fatalf("got %d requests in the log, want 5", len(got))
	}
	first := got[0]
	if first.Method != "POST" || first.Path != "/v2/records?a=b" || first.Body != `{"n":"é"}` || first.HTTPVersion != "1.1" ||
		first.Headers["x-key"] != "secret" || first.Status != 503 || first.Connection != 1 ||
		first.SHA256 != "cda516738eb07e9a1701275e8ba725b8604fc9d27185454a98f81478abb790cf" {
		t.Errorf("first request: got %+v", first)
	}
	if last := got[4]; last.Connection != 1 {
		t.Errorf("last request: got connection %d, want 1: the client keeps it alive", last.Connection)
	}
}

// Each fault looks to a client as it says, over HTTP/1.1 and HTTP/2, and the request is in the log.
func TestReceiveFaults(t *testing.T) {
	cert, key, roots := certificate(t)
	protocols := []struct {
		name      string
		script    Script
		transport *http.Transport
		version   string
	}{
		{"HTTP 1.1", Script{}, &http.Transport{}, "1.1"},
		{"HTTP 1.1 with TLS", Script{Cert: cert, Key: key, HTTP2: new(false)}, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}, "1.1"},
		{"HTTP 2", Script{Cert: cert, Key: key}, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}, "2.0"},
	}
	for _, protocol := range protocols {
		t.Run(protocol.name, func(t *testing.T) {
			script := protocol.script
			script.Answers = []Answer{{Status: 201, Body: "whole"}, {Fault: "reset"}, {Fault: "half"}, {Fault: "hang"}}
			receiver := Receive(t, script)
			client := client(t, protocol.transport)

			response, body, err := post(t.Context(), client, receiver.URL, "0")
			if err != nil || response.StatusCode != 201 || body != "whole" {
				t.Fatalf("no fault: got %v, body %q, error %v, want 201 and %q", response, body, err, "whole")
			}
			if _, _, err := post(t.Context(), client, receiver.URL, "1"); err == nil {
				t.Error("reset: got an answer, want an error")
			}
			response, body, err = post(t.Context(), client, receiver.URL, "2")
			if response == nil || response.StatusCode != 200 || body != "half of this" || err == nil {
				t.Errorf("half: got %v, body %q, error %v, want status 200, half a body and an error", response, body, err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if _, _, err := post(ctx, client, receiver.URL, "3"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("hang: got error %v, want %v", err, context.DeadlineExceeded)
			}

			var got []string
			for _, request := range receiver.Requests(t) {
				got = append(got, request.HTTPVersion+" "+request.Body+" "+request.Fault)
			}
			v := protocol.version
			if want := []string{v + " 0 ", v + " 1 reset", v + " 2 half", v + " 3 hang"}; !slices.Equal(got, want) {
				t.Errorf("log: got %q, want %q", got, want)
			}
			if client, server := receiver.Requests(t)[2].Connection, receiver.Requests(t)[3].Connection; client != 2 || server != 3 {
				t.Errorf("connections after the faults: got %d and %d, want 2 and 3", client, server)
			}
		})
	}
}

// Random answers come by their share, and the same seed gives the same ones.
func TestReceiveRandom(t *testing.T) {
	const requests = 400
	run := func(seed uint32) []int {
		receiver := Receive(t, Script{Order: "random", Seed: seed, Answers: []Answer{{Status: 500, Share: 0.1}, {Status: 429, Share: 0.2}}})
		client := client(t, &http.Transport{})
		var statuses []int
		for range requests {
			response, _, err := post(t.Context(), client, receiver.URL, "")
			if err != nil {
				t.Fatal(err)
			}
			statuses = append(statuses, response.StatusCode)
		}
		return statuses
	}
	first := run(1)
	for status, share := range map[int]float64{500: 0.1, 429: 0.2, 200: 0.7} {
		n := 0
		for _, got := range first {
			if got == status {
				n++
			}
		}
		if got := float64(n) / requests; got < share/2 || got > share*1.5 {
			t.Errorf("status %d: got share %.2f, want about %.2f", status, got, share)
		}
	}
	if second := run(1); !slices.Equal(first, second) {
		t.Error("same seed: got different answers")
	}
	if third := run(2); slices.Equal(first, third) {
		t.Error("another seed: got the same answers")
	}
}

// The sender that goes away is in the log too, and bytes that are no text are kept.
func TestReceiveOddRequests(t *testing.T) {
	receiver := Receive(t, Script{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(receiver.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal")); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	receiver.await(t, func(context.Context) error {
		if len(receiver.Requests(t)) == 0 {
			return errors.New("nothing logged")
		}
		return nil
	})
	if _, _, err := post(t.Context(), client(t, &http.Transport{}), receiver.URL, "\xff\x00"); err != nil {
		t.Fatal(err)
	}
	got := receiver.Requests(t)
	if len(got) != 2 || !got[0].Aborted || got[0].Body != "hal" || got[0].Status != 0 {
		t.Errorf("sender that goes away: got %+v, want it aborted with body %q", got, "hal")
	}
	if len(got) == 2 && string(got[1].BodyBase64) != "\xff\x00" {
		t.Errorf("bytes that are no text: got %+v, want them in base64", got[1])
	}
}

// certificate writes a self-signed certificate for loopback and returns its files and a pool that trusts it.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, data []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", pkcs8), roots
}
