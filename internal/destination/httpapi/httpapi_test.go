package httpapi_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/destination/destinationtest"
	"trunkline/internal/destination/httpapi"
)

// serve starts a server for h: over TLS with HTTP/2 when secure.
func serve(t testing.TB, h http.Handler, secure bool, o httpapi.Options) (*httpapi.Destination, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = secure
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if secure {
		server.StartTLS()
		o.TLS = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	o.URL = server.URL + "/v2/records"
	d := open(t, o)
	t.Cleanup(func() { d.Close() }) // before the server's, which waits for idle connections
	return d, server
}

func open(t testing.TB, o httpapi.Options) *httpapi.Destination {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	d, err := httpapi.New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return d
}

func keyOf(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

func TestSuite(t *testing.T) {
	for _, c := range []struct {
		name   string
		secure bool
		batch  int
	}{{"HTTP/1.1", false, 1}, {"HTTP/2", true, 1}, {"HTTP/1.1 arrays", false, 4}, {"HTTP/2 arrays", true, 100}} {
		t.Run(c.name, func(t *testing.T) {
			destinationtest.Run(t, func(t *testing.T) destinationtest.Harness {
				var mark string
				blocked := make(chan struct{})
				close(blocked)
				receiver := destinationtest.NewReceiver(destinationtest.Script{Answer: func(q destinationtest.Request) int {
					<-blocked
					if mark != "" && strings.Contains(q.Body, mark) {
						return http.StatusUnprocessableEntity
					}
					return 0
				}})
				d, _ := serve(t, receiver, c.secure, httpapi.Options{Batch: c.batch, Timeout: time.Minute})
				return destinationtest.Harness{
					Destination: d,
					Arrived:     receiver.Taken,
					Refuse:      func(m string) { mark = m },
					Block: func() func() {
						blocked = make(chan struct{})
						return func() { close(blocked) }
					},
				}
			})
		})
	}
}

func TestRequest(t *testing.T) {
	for _, secure := range []bool{false, true} {
		receiver := destinationtest.NewReceiver(destinationtest.Script{KeyHeader: "Operata-API-Key"})
		d, _ := serve(t, receiver, secure, httpapi.Options{
			Header: "Operata-API-Key", Key: keyOf("s3cret"), UserAgent: "trunkline/1.2.3",
		})
		if err := d.Deliver(t.Context(), destinationtest.Records(7, 1)); err != nil {
			t.Fatal(err)
		}
		want := destinationtest.Request{
			Method: "POST", Path: "/v2/records", Protocol: "HTTP/1.1", ContentType: "application/json; charset=utf-8", UserAgent: "trunkline/1.2.3",
			Key: "s3cret", IdempotencyKey: "key-7", Body: `{"number":7,"Channel":"VOICE"}`, Status: 202, Taken: true,
		}
		if secure {
			want.Protocol = "HTTP/2.0"
		}
		if got := receiver.Requests(); len(got) != 1 || got[0] != want {
			t.Errorf("request over TLS %v:\ngot  %+v\nwant %+v", secure, got, want)
		}
	}
}

// The header's name goes out as it is written, for servers that care.
func TestHeaderCase(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	head := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			head <- err.Error()
			return
		}
		defer conn.Close()
		buffer := make([]byte, 4096)
		n, _ := conn.Read(buffer)
		conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		head <- string(buffer[:n])
	}()
	d := open(t, httpapi.Options{URL: "http://" + listener.Addr().String(), Header: "Operata-API-Key", Key: keyOf("abc")})
	defer d.Close()
	if err := d.Deliver(t.Context(), destinationtest.Records(0, 1)); err != nil {
		t.Fatal(err)
	}
	got := <-head
	for _, want := range []string{"POST / HTTP/1.1\r\n", "\r\nOperata-API-Key: abc\r\n", "\r\nContent-Length: 30\r\n", "\r\n\r\n{\"number\":0"} {
		if !strings.Contains(got, want) {
			t.Errorf("request: got %q, want %q in it, head and body in one write", got, want)
		}
	}
	if strings.Contains(got, "Accept-Encoding") {
		t.Errorf("request: got %q, want no Accept-Encoding", got)
	}
}

// However many callers, and whatever the answers, there are no more connections than the concurrency, and they are used again.
func TestConnections(t *testing.T) {
	const concurrency = 8
	var mu sync.Mutex
	opened, inFlight, most := 0, 0, 0
	answers := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		inFlight++
		most = max(most, inFlight)
		answers++
		status := 200
		if answers%5 == 0 {
			status = 500
		}
		mu.Unlock()
		w.WriteHeader(status)
		w.Write(bytes.Repeat([]byte("x"), 10_000)) // has to be read, or the connection is lost
		mu.Lock()
		inFlight--
		mu.Unlock()
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			mu.Lock()
			opened++
			mu.Unlock()
		}
	}
	server.Start()
	defer server.Close()
	d := open(t, httpapi.Options{URL: server.URL, Concurrency: concurrency, Jitter: func() float64 { return 0 }})
	defer d.Close()
	var callers sync.WaitGroup
	for caller := range 64 {
		callers.Go(func() {
			if err := d.Deliver(t.Context(), destinationtest.Records(caller*100, 20)); err != nil {
				t.Errorf("Deliver: %v", err)
			}
		})
	}
	callers.Wait()
	mu.Lock()
	defer mu.Unlock()
	if opened > concurrency || most > concurrency {
		t.Errorf("64 callers: got %d connections and %d requests at once, want at most %d", opened, most, concurrency)
	}
}

// An HTTP/2 server that allows fewer streams than there are requests holds nothing up for good.
func TestStreamLimit(t *testing.T) {
	receiver := destinationtest.NewReceiver(destinationtest.Script{Slow: 1, Delay: 2 * time.Millisecond})
	server := httptest.NewUnstartedServer(receiver)
	server.EnableHTTP2 = true
	server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 2}
	server.StartTLS()
	defer server.Close()
	d := open(t, httpapi.Options{
		URL: server.URL, Concurrency: 8, TLS: &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
	})
	defer d.Close()
	var callers sync.WaitGroup
	for caller := range 32 {
		callers.Go(func() { deliverAll(t, d, destinationtest.Records(caller*100, 20)) })
	}
	callers.Wait()
	if got := len(receiver.Taken()); got != 32*20 {
		t.Errorf("got %d records, want %d", got, 32*20)
	}
}

func deliverAll(t *testing.T, d *httpapi.Destination, batch []*collector.Outgoing) {
	t.Helper()
	if err := d.Deliver(t.Context(), batch); err != nil {
		t.Errorf("Deliver: %v", err)
	}
	for _, r := range batch {
		if r.Refused != nil || r.Attempts < 1 {
			t.Errorf("record %s: got refused %v after %d attempts, want taken", r.Key, r.Refused, r.Attempts)
		}
	}
}

// Chaos: everything arrives, what arrives twice does so under one key, and order within a caller holds.
func TestChaos(t *testing.T) {
	for _, c := range []struct {
		name   string
		secure bool
		batch  int
	}{{"HTTP/1.1", false, 1}, {"HTTP/2", true, 1}, {"arrays", false, 5}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			chaos(t, c.secure, c.batch)
		})
	}
}

func chaos(t *testing.T, secure bool, batch int) {
	receiver := destinationtest.NewReceiver(destinationtest.Script{
		Seed: 1, Fail: 0.1, Reset: 0.05, Lose: 0.05, Slow: 0.02, Delay: 20 * time.Millisecond,
	})
	d, _ := serve(t, receiver, secure, httpapi.Options{Batch: batch, Concurrency: 16, Jitter: func() float64 { return 0.01 }})
	var callers sync.WaitGroup
	for caller := range 16 {
		callers.Go(func() {
			for call := range 10 {
				deliverAll(t, d, destinationtest.Records(caller*1000+call*10, 10))
			}
		})
	}
	callers.Wait()
	bodies := map[string]string{}
	faults := 0
	for _, q := range receiver.Requests() {
		if body, seen := bodies[q.IdempotencyKey]; seen && body != q.Body {
			t.Errorf("Idempotency-Key %s: got body %.80q, earlier %.80q, want one body", q.IdempotencyKey, q.Body, body)
		}
		bodies[q.IdempotencyKey] = q.Body
		if q.Fault != "" {
			faults++
		}
	}
	if faults == 0 {
		t.Error("got no fault, want a receiver that misbehaves")
	}
	latest, arrived := map[int]int{}, map[int]bool{}
	for _, body := range receiver.Taken() {
		var n int
		fmt.Sscanf(string(body), `{"number":%d,`, &n)
		if caller := n / 1000; !arrived[n] && n < latest[caller] {
			t.Errorf("record %d first arrived after %d of the same caller, want it before", n, latest[caller])
		} else {
			latest[caller] = max(latest[caller], n)
		}
		arrived[n] = true
	}
	if got, want := len(arrived), 16*10*10; got != want {
		t.Errorf("got %d records, want %d", got, want)
	}
}

func TestArrays(t *testing.T) {
	receiver := destinationtest.NewReceiver(destinationtest.Script{})
	d, _ := serve(t, receiver, false, httpapi.Options{Batch: 4, BatchBytes: 100})
	batch := destinationtest.Records(0, 6)
	batch[4].Body = fmt.Appendf(nil, `{"long":%q}`, strings.Repeat("x", 200))
	for range 2 { // the second time, the same arrays have the same keys
		if err := d.Deliver(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	keys := map[string]int{}
	for _, q := range receiver.Requests() {
		got = append(got, strings.Count(q.Body, "},{")+1)
		keys[q.IdempotencyKey]++
	}
	if want := []int{3, 1, 1, 1, 3, 1, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("records a request: got %v, want %v", got, want)
	}
	for key, n := range keys {
		if n != 2 || len(key) != 22 {
			t.Errorf("Idempotency-Key %q: got %d requests, want 2 and 22 characters", key, n)
		}
	}
}

func TestArrayRefused(t *testing.T) {
	for _, status := range []int{400, 404, 413, 422, 501, 301} {
		receiver := destinationtest.NewReceiver(destinationtest.Script{Answer: func(q destinationtest.Request) int {
			if strings.Contains(q.Body, `"number":5,`) {
				return status
			}
			return 0
		}})
		d, _ := serve(t, receiver, false, httpapi.Options{Batch: 16})
		batch := destinationtest.Records(0, 16)
		if err := d.Deliver(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		for i, r := range batch {
			refused, ok := errors.AsType[*httpapi.RefusedError](r.Refused)
			if ok != (i == 5) || ok && refused.Status != status {
				t.Errorf("status %d, record %d: got refused %v, want only record 5 refused with the status", status, i, r.Refused)
			}
		}
		// 16, 8, 8, 4, 4, 2, 2, 1, 1: the halves that are good go in one request each.
		if got, want := len(receiver.Requests()), 9; got != want {
			t.Errorf("status %d: got %d requests, want %d", status, got, want)
		}
		if got, want := batch[5].Attempts, 5; got != want {
			t.Errorf("status %d: got %d attempts of the bad record, want %d", status, got, want)
		}
	}
}

// After a 413 the next arrays are short enough from the start.
func TestArrayTooLarge(t *testing.T) {
	const most = 100 << 10
	receiver := destinationtest.NewReceiver(destinationtest.Script{Answer: func(q destinationtest.Request) int {
		if len(q.Body) > most {
			return http.StatusRequestEntityTooLarge
		}
		return 0
	}})
	d, _ := serve(t, receiver, false, httpapi.Options{Batch: 1000, BatchBytes: 800 << 10})
	records := func() []*collector.Outgoing {
		batch := destinationtest.Records(0, 80)
		for _, r := range batch {
			r.Body = fmt.Appendf(nil, `{"long":%q}`, strings.Repeat("x", 10<<10))
		}
		return batch
	}
	if err := d.Deliver(t.Context(), records()); err != nil {
		t.Fatal(err)
	}
	before := len(receiver.Requests())
	if err := d.Deliver(t.Context(), records()); err != nil {
		t.Fatal(err)
	}
	for _, q := range receiver.Requests()[before:] {
		if !q.Taken {
			t.Errorf("second batch: got an array of %d bytes refused, want all within %d", len(q.Body), most)
		}
	}
	if got := len(receiver.Taken()); got != 160 {
		t.Errorf("got %d records, want 160", got)
	}
}
