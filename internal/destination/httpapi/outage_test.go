package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/destination/destinationtest"
	"trunkline/internal/destination/httpapi"
)

// far is an endpoint without a network, for time that is not real. It notes when each request came.
type far struct {
	mu     sync.Mutex
	answer func(n int, r *http.Request) (status int, header http.Header, err error)
	times  []time.Duration
	keys   []string
	start  time.Time
}

func newFar(answer func(n int, r *http.Request) (int, http.Header, error)) *far {
	return &far{answer: answer, start: time.Now()}
}

func (f *far) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	n := len(f.times)
	f.times = append(f.times, time.Since(f.start))
	f.keys = append(f.keys, r.Header.Get("X-Key"))
	f.mu.Unlock()
	io.Copy(io.Discard, r.Body)
	r.Body.Close()
	status, header, err := f.answer(n, r)
	if err != nil {
		return nil, err
	}
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("because +44 7700 900123"))}, nil
}

func (f *far) requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.times)
}

// states is an Observer that notes changes of state.
type states struct {
	mu      sync.Mutex
	all     []string
	retries int
}

func (s *states) Request(int, time.Duration) {}

func (s *states) Retry(int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retries++
}

func (s *states) State(state httpapi.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, state.String())
}

func (s *states) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.all, " ")
}

func fixed(x float64) func() float64 { return func() float64 { return x } }

func always(status int) func(int, *http.Request) (int, http.Header, error) {
	return func(int, *http.Request) (int, http.Header, error) { return status, nil, nil }
}

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(n int) (int, http.Header, error)
		want   []time.Duration
		status int // of the refusal; 0: taken
	}{
		{"taken at once", func(int) (int, http.Header, error) { return 204, nil, nil }, []time.Duration{0}, 0},
		{"doubling bound", func(n int) (int, http.Header, error) {
			return []int{500, 502, 504, 408, 425, 200}[n], nil, nil
		}, []time.Duration{0, 50, 150, 350, 750, 1550}, 0},
		{"no answer", func(n int) (int, http.Header, error) {
			if n < 2 {
				return 0, nil, syscall.ECONNRESET
			}
			return 200, nil, nil
		}, []time.Duration{0, 50, 150}, 0},
		{"Retry-After is a lower bound", func(n int) (int, http.Header, error) {
			return []int{429, 503, 200}[n], http.Header{"Retry-After": {"2"}}, nil
		}, []time.Duration{0, 2100, 4200}, 0},
		{"Retry-After is capped", func(n int) (int, http.Header, error) {
			return []int{503, 200}[n], http.Header{"Retry-After": {"31536000"}}, nil
		}, []time.Duration{0, 315_000}, 0},
		{"409 passes", func(n int) (int, http.Header, error) { return []int{409, 409, 200}[n], nil, nil }, []time.Duration{0, 50, 150}, 0},
		{"409 stays", func(int) (int, http.Header, error) { return 409, nil, nil }, []time.Duration{0, 50, 150, 350}, 409},
		{"400", func(int) (int, http.Header, error) { return 400, nil, nil }, []time.Duration{0}, 400},
		{"redirect", func(int) (int, http.Header, error) {
			return 308, http.Header{"Location": {"http://elsewhere.example/"}}, nil
		}, []time.Duration{0}, 308},
		{"501", func(int) (int, http.Header, error) { return 501, nil, nil }, []time.Duration{0}, 501},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFar(func(n int, _ *http.Request) (int, http.Header, error) { return c.answer(n) })
				seen := &states{}
				d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: f, Jitter: fixed(0.5), Observer: seen})
				batch := destinationtest.Records(0, 1)
				if err := d.Deliver(t.Context(), batch); err != nil {
					t.Fatalf("Deliver: %v", err)
				}
				refused, _ := errors.AsType[*httpapi.RefusedError](batch[0].Refused)
				switch {
				case c.status == 0 && batch[0].Refused != nil:
					t.Errorf("got refused %v, want taken", batch[0].Refused)
				case c.status != 0 && (refused == nil || refused.Status != c.status || refused.Body != "because +## #### ######"):
					t.Errorf("got refused %v, want status %d with the scrubbed body", batch[0].Refused, c.status)
				}
				if batch[0].Attempts != len(c.want) || seen.retries != len(c.want)-1 {
					t.Errorf("got %d attempts and %d retries, want %d and %d", batch[0].Attempts, seen.retries, len(c.want), len(c.want)-1)
				}
				for i, want := range c.want {
					want *= time.Millisecond
					// pace may add: an endpoint that says "too many" is sent less.
					if i >= len(f.times) || f.times[i] < want || f.times[i] > want+want/4 {
						t.Errorf("requests came after %v, want %v ms", f.times, c.want)
						break
					}
				}
			})
		})
	}
}

// A dead endpoint gets one probe at a time, at growing intervals, whatever waits; back at work, it gets everything.
func TestCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const records, outage = 200, 10 * time.Minute
		start := time.Now()
		f := newFar(func(int, *http.Request) (int, http.Header, error) {
			if time.Since(start) < outage {
				return 0, nil, syscall.ECONNREFUSED
			}
			return 200, nil, nil
		})
		seen := &states{}
		var log bytes.Buffer
		d := open(t, httpapi.Options{
			URL: "https://api.example.com/secret-path?token=abc", Transport: f, Jitter: fixed(0.5), Observer: seen, Concurrency: records,
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		var callers sync.WaitGroup
		for i := range records {
			callers.Go(func() {
				batch := destinationtest.Records(i, 1)
				if err := d.Deliver(t.Context(), batch); err != nil || batch[0].Refused != nil {
					t.Errorf("Deliver: got %v, refused %v, want taken", err, batch[0].Refused)
				}
			})
		}
		time.Sleep(outage - time.Second)
		if got := seen.String(); got != "open" {
			t.Errorf("states during the outage: got %q, want open", got)
		}
		// All of the first round were under way when the circuit opened. Then: 0.75, 1.5, 3, 6, 12, 22.5, 22.5 … seconds.
		if got, most := f.requests(), records+5+30; got > most {
			t.Errorf("got %d requests during 10 minutes of outage, want at most %d", got, most)
		}
		callers.Wait()
		if got := time.Since(start); got > outage+31*time.Second {
			t.Errorf("all delivered after %v, want within 31 s of the end of the outage", got)
		}
		if got := seen.String(); got != "open flowing" {
			t.Errorf("states: got %q, want open flowing", got)
		}
		text := log.String()
		if n := strings.Count(text, "destination is down"); n != 1 || !strings.Contains(text, "nothing listens on api.example.com") {
			t.Errorf("log: got %d lines about the outage, want 1 that names the host and the cause:\n%s", n, text)
		}
		if strings.Contains(text, "token") || strings.Contains(text, "secret-path") {
			t.Errorf("log: got path or query of the URL, want the host only:\n%s", text)
		}
	})
}

func TestCircuitEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFar(always(503))
		d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: f, Jitter: fixed(0.5)})
		ctx, cancel := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		for i := range 50 {
			callers.Go(func() {
				batch := destinationtest.Records(i, 1)
				if err := d.Deliver(ctx, batch); !errors.Is(err, context.Canceled) || batch[0].Refused != nil {
					t.Errorf("Deliver: got %v, refused %v, want context.Canceled and not refused", err, batch[0].Refused)
				}
			})
		}
		time.Sleep(time.Hour)
		cancelled := time.Now()
		cancel()
		callers.Wait()
		if got := time.Since(cancelled); got != 0 {
			t.Errorf("Deliver returned %v after the cancel, want at once", got)
		}
	})
}

// One HTTP/2 connection that ends takes all its requests along: that is one failure, not an outage.
func TestLostConnectionIsOneFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFar(func(n int, _ *http.Request) (int, http.Header, error) {
			time.Sleep(10 * time.Millisecond)
			if n < 64 {
				return 0, nil, io.ErrUnexpectedEOF
			}
			return 200, nil, nil
		})
		seen := &states{}
		d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: f, Jitter: fixed(0.5), Observer: seen, Concurrency: 64})
		var callers sync.WaitGroup
		for i := range 64 {
			callers.Go(func() { deliverAll(t, d, destinationtest.Records(i, 1)) })
		}
		callers.Wait()
		if got := seen.String(); got != "" {
			t.Errorf("states: got %q, want none", got)
		}
	})
}

// An endpoint that is no HTTP server and sends the record back does not get it into the log.
func TestEchoIsNotLogged(t *testing.T) {
	for _, answer := range []string{"", "HTTP/1.1 ", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: "} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var connections sync.WaitGroup
		connections.Go(func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				req, err := http.ReadRequest(bufio.NewReader(conn))
				if err == nil {
					body, _ := io.ReadAll(req.Body)
					fmt.Fprintf(conn, "%s%s\r\n\r\n", answer, body)
				}
				conn.Close()
			}
		})
		var log lockedBuffer
		d := open(t, httpapi.Options{
			URL: "http://" + listener.Addr().String(), Jitter: fixed(0.001), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Deliver(ctx, destinationtest.Records(0, 1)) }()
		for deadline := time.Now().Add(10 * time.Second); log.String() == "" && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		cancel()
		<-ended
		listener.Close()
		connections.Wait()
		if text := log.String(); !strings.Contains(text, "valid HTTP") || strings.Contains(text, "VOICE") {
			t.Errorf("answer %q and the record: got log %q, want it to say that this is no HTTP, without the record", answer, text)
		}
	}
}

// Who waits to probe may give up, or find the circuit closed by an answer that was long under way: the next one probes in its
// place.
func TestProbeIsHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := newFar(func(_ int, r *http.Request) (int, http.Header, error) {
			since := time.Since(start)
			if r.Header.Get("Idempotency-Key") == "key-0" {
				time.Sleep(900 * time.Millisecond) // and closes the circuit
				return 200, nil, nil
			}
			if since < 10*time.Minute {
				return 503, nil, nil
			}
			return 200, nil, nil
		})
		seen := &states{}
		d := open(t, httpapi.Options{
			URL: "https://api.example.com/", Transport: f, Jitter: fixed(0.5), Observer: seen, Concurrency: 100, Timeout: time.Minute,
		})
		var callers sync.WaitGroup
		for i := range 15 {
			callers.Go(func() {
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if i >= 5 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(i)*7*time.Second)
				}
				defer cancel()
				err := d.Deliver(ctx, destinationtest.Records(i, 1))
				if want := i >= 5; want != errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("caller %d: got %v, want to give up: %v", i, err, want)
				}
			})
		}
		callers.Wait()
		if got := time.Since(start); got > 10*time.Minute+31*time.Second {
			t.Errorf("all delivered after %v, want within 31 s of the end of the outage", got)
		}
		if got := seen.String(); got != "open flowing open flowing" {
			t.Errorf("states: got %q, want open flowing open flowing", got)
		}
	})
}

// While one record's requests fail and others pass, the circuit stays closed.
func TestOneBadRecordDoesNotOpenTheCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFar(func(_ int, r *http.Request) (int, http.Header, error) {
			if r.Header.Get("Idempotency-Key") == "key-0" {
				return 500, nil, nil
			}
			return 200, nil, nil
		})
		seen := &states{}
		var log bytes.Buffer
		d := open(t, httpapi.Options{
			URL: "https://api.example.com/", Transport: f, Jitter: fixed(0.5), Observer: seen,
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var bad sync.WaitGroup
		bad.Go(func() { d.Deliver(ctx, destinationtest.Records(0, 1)) })
		for i := 1; ctx.Err() == nil; i++ {
			d.Deliver(ctx, destinationtest.Records(i, 1))
			time.Sleep(time.Second)
		}
		bad.Wait()
		if got := seen.String(); got != "" {
			t.Errorf("states: got %q, want none", got)
		}
		if n := strings.Count(log.String(), "does not take a record"); n != 1 {
			t.Errorf("log: got %d warnings about the record, want 1, after 10 attempts:\n%s", n, log.String())
		}
	})
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFar(always(200))
		d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: f, Rate: 300})
		var callers sync.WaitGroup
		for i := range 16 {
			callers.Go(func() {
				if err := d.Deliver(t.Context(), destinationtest.Records(i, 300)); err != nil {
					t.Errorf("Deliver: %v", err)
				}
			})
		}
		callers.Wait()
		within := map[time.Duration]int{}
		for _, at := range f.times {
			within[at/time.Second]++
		}
		for second, n := range within {
			if n > 315 || n < 280 && second < 15 {
				t.Errorf("second %d: got %d requests, want 300 (and 15 at once at the start)", second, n)
			}
		}
	})
}

// An endpoint that takes 40 requests a second and says so to the rest is soon asked little more than that; when it takes all, the
// rate comes back.
func TestRateIsLowered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		second, taken := time.Duration(-1), 0
		f := newFar(func(int, *http.Request) (int, http.Header, error) {
			mu.Lock()
			defer mu.Unlock()
			if now := time.Since(start) / time.Second; now != second {
				second, taken = now, 0
			}
			if taken++; taken > 40 && second < 60 {
				return 429, nil, nil
			}
			return 200, nil, nil
		})
		d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: f, Rate: 200, Concurrency: 40})
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		var callers sync.WaitGroup
		for i := range 40 {
			callers.Go(func() { d.Deliver(ctx, destinationtest.Records(i*10000, 1000)) })
		}
		callers.Wait()
		sent := func(from, to time.Duration) (n int) {
			for _, at := range f.times {
				if at >= from*time.Second && at < to*time.Second {
					n++
				}
			}
			return n / int(to-from)
		}
		if got := sent(20, 60); got < 36 || got > 56 {
			t.Errorf("while 40 a second are taken: got %d requests a second, want 36 to 56", got)
		}
		if got := sent(80, 90); got < 190 {
			t.Errorf("20 s after the limit went: got %d requests a second, want 200 again", got)
		}
	})
}

// An endpoint that fails a few in a hundred of all requests is not brought down to nothing.
func TestRateIsKeptUnderScatteredFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFar(func(n int, _ *http.Request) (int, http.Header, error) {
			time.Sleep(10 * time.Millisecond)
			if n%10 == 0 {
				return 503, nil, nil
			}
			return 200, nil, nil
		})
		d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: f, Jitter: fixed(0.1), Concurrency: 10})
		var callers sync.WaitGroup
		start := time.Now()
		for i := range 10 {
			callers.Go(func() { d.Deliver(t.Context(), destinationtest.Records(i*10000, 1000)) })
		}
		callers.Wait()
		// 1,000 a second without failures, and two more waits of about 10 ms for each tenth record.
		if got := time.Since(start); got > 20*time.Second {
			t.Errorf("10,000 records took %v, want at most 20 s", got)
		}
	})
}

// keeper is a transport that reads what is left of a body only after it has answered, as the real one may.
type keeper struct {
	bodies []io.ReadCloser
}

func (k *keeper) RoundTrip(r *http.Request) (*http.Response, error) {
	k.bodies = append(k.bodies, r.Body)
	return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}}, nil
}

// When Deliver has returned, the records' memory is the caller's, though the transport may still be sending.
func TestMemoryIsTheCallers(t *testing.T) {
	for _, batch := range []int{1, 10} {
		k := &keeper{}
		d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: k, Batch: batch})
		records := destinationtest.Records(0, 1)
		want := string(records[0].Body)
		if err := d.Deliver(t.Context(), records); err != nil {
			t.Fatal(err)
		}
		clear(records[0].Body)
		sent, err := io.ReadAll(k.bodies[0])
		if got := strings.Trim(string(sent), "[]"); got != want || err != nil {
			t.Errorf("batch %d: got %q, %v sent, want %q", batch, got, err, want)
		}
	}
}
