package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/internal/destination/destinationtest"
	"trunkline/internal/destination/httpapi"
)

// lies are servers that take a request and then misbehave. A status that was said counts, whatever becomes of the rest; without
// one, the record is sent again.
var lies = []struct {
	name  string
	speak func(net.Conn)
	again bool // want another request
}{
	{"closes at once", func(net.Conn) {}, true},
	{"no HTTP", func(c net.Conn) { io.WriteString(c, "220 mail.example.com ESMTP\r\n") }, true},
	{"half a status line", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 20") }, true},
	{"half a head", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le") }, true},
	{"two Content-Lengths", func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
	}, true},
	{"negative Content-Length", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n") }, true},
	{"endless head", func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(c, "X-Padding: "+strings.Repeat("x", 4000)+"\r\n"); err != nil {
				return
			}
		}
	}, true},
	{"a header letter by letter", func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Slow: ")
		for {
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}, true},
	{"silence", func(c net.Conn) { io.Copy(io.Discard, c) }, true},
	{"endless 100 Continue", func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
				return
			}
		}
	}, true},
	{"half a body", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf") }, false},
	{"endless body", func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for {
			if _, err := io.WriteString(c, "400\r\n"+strings.Repeat("x", 1024)+"\r\n"); err != nil {
				return
			}
		}
	}, false},
	{"bad chunks", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") }, false},
	{"more than announced", func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 no\r\n\r\n")
	}, false},
}

func TestLyingServers(t *testing.T) {
	for _, c := range lies {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var connections sync.WaitGroup
			var mu sync.Mutex
			requests := 0
			connections.Go(func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					connections.Go(func() {
						defer conn.Close()
						in := bufio.NewReader(conn)
						for {
							req, err := http.ReadRequest(in)
							if err != nil {
								return
							}
							io.Copy(io.Discard, req.Body)
							mu.Lock()
							requests++
							first := requests == 1
							mu.Unlock()
							if first {
								c.speak(conn)
								return
							}
							io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
						}
					})
				}
			})
			d := open(t, httpapi.Options{URL: "http://" + listener.Addr().String(), Timeout: 300 * time.Millisecond, Jitter: fixed(0.01)})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			batch := destinationtest.Records(0, 2)
			if err := d.Deliver(ctx, batch); err != nil {
				t.Errorf("Deliver: %v", err)
			}
			d.Close()
			listener.Close()
			connections.Wait()
			want := 2
			if c.again {
				want = 3
			}
			if requests != want || batch[0].Refused != nil || batch[1].Refused != nil {
				t.Errorf("got %d requests, refused %v, %v, want %d requests and both records taken", requests, batch[0].Refused, batch[1].Refused, want)
			}
		})
	}
}

// What cannot be reached is waited for, and told at once with the host and what to do.
func TestUnreachable(t *testing.T) {
	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	defer secure.Close()
	trusted := &tls.Config{RootCAs: x509.NewCertPool()}
	trusted.RootCAs.AddCert(secure.Certificate())
	later := trusted.Clone()
	later.Time = func() time.Time { return time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) }
	port := func(s string) string { u, _ := url.Parse(s); return u.Port() }
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(407) }))
	defer proxy.Close()
	for _, c := range []struct {
		name string
		o    httpapi.Options
		want []string
	}{
		{"unknown authority", httpapi.Options{URL: secure.URL}, []string{"certificate of 127.0.0.1:" + port(secure.URL), "destination.http.ca_file"}},
		{"other name", httpapi.Options{URL: "https://localhost:" + port(secure.URL), TLS: trusted}, []string{"certificate of localhost", "destination.http.url"}},
		{"expired", httpapi.Options{URL: secure.URL, TLS: later}, []string{"certificate of 127.0.0.1", "renewed"}},
		{"no TLS", httpapi.Options{URL: "https://127.0.0.1:" + port(plain.URL)}, []string{"does not speak TLS", "destination.http.url"}},
		{"no address", httpapi.Options{URL: "https://no-such-host.invalid/"}, []string{"no-such-host.invalid", "check"}},
		{"proxy", httpapi.Options{URL: "https://api.example.com/", Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }}, []string{"the proxy 127.0.0.1", "407", "HTTPS_PROXY"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log lockedBuffer
			c.o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			c.o.Jitter = fixed(0.1)
			c.o.Timeout = 5 * time.Second
			d := open(t, c.o)
			defer d.Close()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			batch := destinationtest.Records(0, 1)
			go func() { ended <- d.Deliver(ctx, batch) }()
			for deadline := time.Now().Add(10 * time.Second); !strings.Contains(log.String(), "cannot be reached") && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
			cancel()
			<-ended
			text := log.String()
			if strings.Count(text, "cannot be reached") != 1 || batch[0].Refused != nil {
				t.Errorf("got refused %v and log:\n%swant not refused, and told once", batch[0].Refused, text)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("log: got %s, want %q in it", text, want)
				}
			}
		})
	}
}

// A file of authorities is trusted.
func TestCAFile(t *testing.T) {
	receiver := destinationtest.NewReceiver(destinationtest.Script{})
	server := httptest.NewUnstartedServer(receiver)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	d := open(t, httpapi.Options{URL: server.URL, CAFile: file})
	defer d.Close()
	if err := d.Deliver(t.Context(), destinationtest.Records(0, 1)); err != nil {
		t.Fatal(err)
	}
	if got := receiver.Requests(); len(got) != 1 || got[0].Protocol != "HTTP/2.0" {
		t.Errorf("got %+v, want one request over HTTP/2", got)
	}
	for text, want := range map[string]string{file: "", "no such file": "destination.http.ca_file: open no such file", "hostile_test.go": "holds no PEM certificate"} {
		_, err := httpapi.New(httpapi.Options{URL: server.URL, CAFile: text})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("CAFile %q: got %v, want %q", text, err, want)
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
