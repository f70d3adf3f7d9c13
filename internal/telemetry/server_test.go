package telemetry

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// start serves until the test ends, and returns the address as a URL.
func start(t *testing.T, m *Metrics, h *Health) string {
	t.Helper()
	s, err := Listen("127.0.0.1:0", m, h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(context.Background()) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), <-done); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return "http://" + s.Addr().String()
}

// get makes a request on a connection of its own and tells status, header and body.
func get(t *testing.T, method, url string, headers ...string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return answer.StatusCode, answer.Header, string(body)
}

func TestServer(t *testing.T) {
	url := start(t, NewMetrics("v1"), NewHealth(time.Minute))
	for _, c := range []struct {
		method, path string
		status       int
		start        string // of the body
	}{
		{"GET", "/healthz", 200, "ok\n"},
		{"HEAD", "/healthz", 200, ""},
		{"GET", "/readyz", 503, "starting: nothing is read yet\n"},
		{"GET", "/metrics", 200, "# HELP go_"},
		{"HEAD", "/metrics", 200, ""},
		{"GET", "/", 404, "404"},
		{"GET", "/metrics/", 404, "404"},
		{"GET", "/debug/pprof/", 404, "404"},
		{"GET", "/healthz/../../etc/passwd", 404, "404"},
		{"POST", "/metrics", 405, "Method"},
		{"PUT", "/readyz", 405, "Method"},
		{"DELETE", "/healthz", 405, "Method"},
		{"OPTIONS", "/metrics", 405, "Method"},
		{"TRACE", "/metrics", 405, "Method"},
	} {
		status, header, body := get(t, c.method, url+c.path)
		for range 2 {
			if location := header.Get("Location"); location != "" { // a path that was cleaned
				status, header, body = get(t, c.method, url+location)
			}
		}
		if status != c.status || !strings.HasPrefix(body, c.start) || c.method == "HEAD" && body != "" {
			t.Errorf("%s %s: got %d %.40q, want %d %q", c.method, c.path, status, body, c.status, c.start)
		}
		if got := header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s %s: got X-Content-Type-Options %q, want nosniff", c.method, c.path, got)
		}
	}
	if status, _, _ := get(t, "GET", url+"/healthz", "X-Long", strings.Repeat("a", 16<<10)); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 16 KiB: got status %d, want 431", status)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
		t.Errorf("OPTIONS *: got %q, %v, want a status of 4xx", answer, err)
	}
	_, header, body := get(t, "GET", url+"/metrics", "Accept-Encoding", "gzip")
	if got := header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("with Accept-Encoding gzip: got Content-Encoding %q, want gzip", got)
	}
	unzipped, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if page, err := io.ReadAll(unzipped); err != nil || !strings.Contains(string(page), "trunkline_records_total") {
		t.Errorf("compressed page: got %.80q, %v, want one with trunkline_records_total", page, err)
	}
}

func TestListenErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for _, c := range []struct {
		address string
		is      error
		want    string
	}{
		{taken.Addr().String(), syscall.EADDRINUSE, "127.0.0.1:" + port + ": address already in use; another program has it: write another port, for instance listen: \"127.0.0.1:"},
		{"203.0.113.7:9750", syscall.EADDRNOTAVAIL, "203.0.113.7:9750: cannot assign requested address; this machine does not have it: write 127.0.0.1:9750, 0.0.0.0:9750 for"},
		{"localhost", nil, `"localhost" is no address; write HOST:PORT such as 127.0.0.1:9750, or off`},
		{"127.0.0.1:99999", nil, "listen tcp: address 99999: invalid port; write HOST:PORT"},
	} {
		s, err := Listen(c.address, NewMetrics("v1"), NewHealth(time.Minute), slog.New(slog.DiscardHandler))
		if err == nil {
			s.Close()
			t.Errorf("Listen(%q): got no error, want %q", c.address, c.want)
			continue
		}
		if !strings.HasPrefix(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("Listen(%q): got %q, want %q…", c.address, err, c.want)
		}
	}
}

// Both ways to end leave no goroutine, no listener and no connection behind, also with connections that are idle or stuck.
func TestEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(*Server, context.CancelFunc) error
	}{
		{"close", func(s *Server, _ context.CancelFunc) error { return s.Close() }},
		{"context", func(_ *Server, cancel context.CancelFunc) error { cancel(); return nil }},
		{"both, twice", func(s *Server, cancel context.CancelFunc) error {
			cancel()
			return errors.Join(s.Close(), s.Close())
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, err := Listen("127.0.0.1:0", NewMetrics("v1"), NewHealth(time.Minute), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- s.Serve(ctx) }()
			address := s.Addr().String()
			idle := &http.Transport{}
			defer idle.CloseIdleConnections()
			r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
			if answer, err := idle.RoundTrip(r); err != nil {
				t.Fatal(err)
			} else if _, err := io.ReadAll(answer.Body); err != nil {
				t.Fatal(err)
			}
			stuck, err := net.Dial("tcp", address) // sends half of a request
			if err != nil {
				t.Fatal(err)
			}
			defer stuck.Close()
			if _, err := io.WriteString(stuck, "GET /metrics HTTP/1.1\r\n"); err != nil {
				t.Fatal(err)
			}
			if err := c.end(s, cancel); err != nil {
				t.Errorf("end: %v", err)
			}
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("Serve: got %v, want nil", err)
				}
			case <-time.After(farewell + 5*time.Second):
				t.Fatal("Serve has not returned")
			}
			if conn, err := net.Dial("tcp", address); err == nil {
				conn.Close()
				t.Errorf("%s still takes connections", address)
			}
			idle.CloseIdleConnections()
			if err := goleak.Find(before); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCloseWithoutServe(t *testing.T) {
	s, err := Listen("127.0.0.1:0", NewMetrics("v1"), NewHealth(time.Minute), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: got %v, want nil", err)
	}
	again, err := net.Listen("tcp", s.Addr().String())
	if err != nil {
		t.Fatalf("the address is not free after Close: %v", err)
	}
	again.Close()
	if err := s.Serve(t.Context()); err != nil {
		t.Errorf("Serve after Close: got %v, want nil", err)
	}
}
