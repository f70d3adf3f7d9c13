package httpapi_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"trunkline/internal/destination/destinationtest"
	"trunkline/internal/destination/httpapi"
	"trunkline/test/emulators"
)

// A server that shares no code with Go's: Node, over HTTP/1.1 and over HTTP/2 with TLS, at first without and then with faults.
func TestNode(t *testing.T) {
	cert, key := certificate(t)
	for _, c := range []struct {
		name, version string
		script        emulators.Script
		connections   int // at most; 0: as many as the faults make
	}{
		{"HTTP/1.1", "1.1", emulators.Script{}, 8},
		{"HTTP/2", "2.0", emulators.Script{Cert: cert, Key: key}, 1},
		{"HTTP/1.1 with faults", "1.1", emulators.Script{Order: "random", Seed: 7, Answers: nodeFaults}, 0},
		{"HTTP/2 with faults", "2.0", emulators.Script{Cert: cert, Key: key, Order: "random", Seed: 7, Answers: nodeFaults}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			receiver := emulators.Receive(t, c.script)
			o := httpapi.Options{
				URL: receiver.URL + "/v2/records", Header: "X-Key", Key: keyOf("k"), Concurrency: 8, Jitter: fixed(0.01), CAFile: c.script.Cert,
			}
			d := open(t, o)
			defer d.Close()
			var callers sync.WaitGroup
			for caller := range 16 {
				callers.Go(func() { deliverAll(t, d, destinationtest.Records(caller*100, 20)) })
			}
			callers.Wait()
			connections, faults := map[int]bool{}, 0
			for _, q := range logged(t, receiver) {
				connections[q.Connection] = true
				if q.Fault != "" || q.Status >= 300 {
					faults++
				}
				if q.Method != "POST" || q.HTTPVersion != c.version || q.Headers["x-key"] != "k" {
					t.Errorf("got request %+v, want a POST over %s with the key", q, c.version)
				}
			}
			if c.connections > 0 && len(connections) > c.connections {
				t.Errorf("got %d connections, want at most %d", len(connections), c.connections)
			}
			if (faults > 0) != (c.script.Order != "") {
				t.Errorf("got %d faults, want some: %v", faults, c.script.Order != "")
			}
		})
	}
}

// logged returns the receiver's log when every record of the 16 callers is in it, under its own key. It waits for the last lines:
// they may still be in the pipe when their answers are here.
func logged(t *testing.T, receiver *emulators.Receiver) []emulators.Request {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		requests, arrived, missing := receiver.Requests(t), map[string]bool{}, ""
		for _, q := range requests {
			if q.Status >= 200 && q.Status <= 299 {
				arrived[q.Headers["idempotency-key"]+q.Body] = true
			}
		}
		for caller := range 16 {
			for _, r := range destinationtest.Records(caller*100, 20) {
				if !arrived[r.Key+string(r.Body)] {
					missing = r.Key
				}
			}
		}
		if missing == "" {
			return requests
		}
		if time.Now().After(deadline) {
			t.Fatalf("record %s: got none, want every record", missing)
		}
	}
}

var nodeFaults = []emulators.Answer{
	{Share: 0.05, Status: 503, Headers: map[string]string{"Retry-After": "0"}},
	{Share: 0.05, Status: 500, Body: "no"},
	{Share: 0.05, Fault: "reset"},
	{Share: 0.03, Fault: "half", Body: "0123456789"},
	{Share: 0.05, Delay: 20},
}

// certificate writes a self-signed certificate for 127.0.0.1 and its key as PEM files.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
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
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", pkcs8)
}
