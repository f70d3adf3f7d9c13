package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
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

// isBad tells whether a request carries the record that the tests' endpoints fail on.
func isBad(r *http.Request) bool { return r.Header.Get("Idempotency-Key") == "key-0" }

func quiet(o httpapi.Options) httpapi.Options {
	o.URL, o.Logger = "https://api.example.com/", slog.New(slog.DiscardHandler)
	return o
}

// A record that the endpoint fails on for ever, while it takes others, is given up after a minute and ten tries. What speaks of the
// endpoint and not of the record is retried for as long as it takes.
func TestRecordThatAlwaysFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		err    error
		given  bool // up
	}{
		{"500", 500, nil, true},
		{"502", 502, nil, true},
		{"408", 408, nil, true},
		{"connection reset", 0, syscall.ECONNRESET, true},
		{"connection closed", 0, io.ErrUnexpectedEOF, true},
		{"503", 503, nil, false},
		{"429", 429, nil, false},
		{"connection refused", 0, syscall.ECONNREFUSED, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFar(func(_ int, r *http.Request) (int, http.Header, error) {
					if isBad(r) {
						return c.status, nil, c.err
					}
					return 200, nil, nil
				})
				d := open(t, quiet(httpapi.Options{Transport: f}))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				start := time.Now()
				bad := destinationtest.Records(0, 1)
				var took time.Duration
				var call sync.WaitGroup
				call.Go(func() {
					d.Deliver(ctx, bad)
					took = time.Since(start)
				})
				for i := 1; time.Since(start) < 20*time.Minute; i++ {
					good := destinationtest.Records(i, 1)
					if err := d.Deliver(ctx, good); err != nil || good[0].Refused != nil {
						t.Fatalf("another record: got %v, refused %v, want taken", err, good[0].Refused)
					}
					time.Sleep(time.Second)
				}
				cancel()
				call.Wait()
				refused, _ := errors.AsType[*httpapi.RefusedError](bad[0].Refused)
				switch {
				case !c.given && bad[0].Refused != nil:
					t.Errorf("got refused %v after %v, want it tried again", bad[0].Refused, took)
				case c.given && (refused == nil || refused.Status != c.status || refused.Tries != bad[0].Attempts || refused.Tries < 10 || took < time.Minute || took > 3*time.Minute):
					t.Errorf("got refused %v after %v and %d attempts, want it given up with status %d after 1 to 3 minutes and at least 10 attempts",
						bad[0].Refused, took, bad[0].Attempts, c.status)
				}
			})
		})
	}
}

// Where nothing else is left to send, what was taken while the record failed still counts.
func TestRecordsThatAlwaysFailAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		f := newFar(func(_ int, r *http.Request) (int, http.Header, error) {
			time.Sleep(10 * time.Millisecond)
			if key := r.Header.Get("Idempotency-Key"); key == "key-0" || key == "key-7" {
				return 500, nil, nil
			}
			return 200, nil, nil
		})
		d := open(t, quiet(httpapi.Options{Transport: f}))
		start := time.Now()
		var calls sync.WaitGroup
		next := make(chan int)
		for range 8 {
			calls.Go(func() {
				for i := range next {
					batch := destinationtest.Records(i, 1)
					if err := d.Deliver(ctx, batch); err != nil || (batch[0].Refused != nil) != (i == 0 || i == 7) {
						t.Errorf("record %d: got %v, refused %v, want only 0 and 7 refused", i, err, batch[0].Refused)
					}
				}
			})
		}
		for i := range 100 {
			next <- i
		}
		close(next)
		calls.Wait()
		if took := time.Since(start); took < time.Minute || took > 5*time.Minute {
			t.Errorf("got the end after %v, want it after 1 to 5 minutes", took)
		}
	})
}

// No record is given up in an outage, however the endpoint fails, and also not one that it failed on before.
func TestOutageGivesNothingUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(chance float64) (int, error) // for a quarter of an hour
	}{
		{"500 to all", func(float64) (int, error) { return 500, nil }},
		{"connections reset", func(float64) (int, error) { return 0, syscall.ECONNRESET }},
		{"500 to half", func(chance float64) (int, error) { return map[bool]int{true: 500, false: 200}[chance < 0.5], nil }},
		{"500 to nine of ten", func(chance float64) (int, error) { return map[bool]int{true: 500, false: 200}[chance < 0.9], nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const before, outage = time.Second, 15 * time.Minute
				start := time.Now()
				var mu sync.Mutex
				chance := rand.New(rand.NewPCG(1, 2))
				f := newFar(func(_ int, r *http.Request) (int, http.Header, error) {
					time.Sleep(20 * time.Millisecond)
					switch past := time.Since(start); {
					case past < before && isBad(r):
						return 500, nil, nil
					case past < before || past > before+outage:
						return 200, nil, nil
					}
					mu.Lock()
					defer mu.Unlock()
					status, err := c.answer(chance.Float64())
					return status, nil, err
				})
				d := open(t, quiet(httpapi.Options{Transport: f}))
				var calls sync.WaitGroup
				for caller := range 16 {
					calls.Go(func() {
						for i := 0; time.Since(start) < before+outage+time.Minute; i++ {
							batch := destinationtest.Records(caller+1000*i, 1)
							if err := d.Deliver(t.Context(), batch); err != nil || batch[0].Refused != nil {
								t.Errorf("record %s after %v: got %v, refused %v, want taken", batch[0].Key, time.Since(start), err, batch[0].Refused)
							}
							time.Sleep(50 * time.Millisecond)
						}
					})
				}
				calls.Wait()
			})
		})
	}
}

// A record that the endpoint always fails on while nothing else is on its way is not lost: it is tried for as long as it takes, and the
// log says so now and then.
func TestRecordThatAlwaysFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFar(always(500))
		var log bytes.Buffer
		o := quiet(httpapi.Options{Transport: f})
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		d := open(t, o)
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		bad := destinationtest.Records(0, 1)
		if err := d.Deliver(ctx, bad); !errors.Is(err, context.DeadlineExceeded) || bad[0].Refused != nil {
			t.Errorf("got %v, refused %v; want it tried until the end", err, bad[0].Refused)
		}
		if n := f.requests(); n < 2000 || n > 10_000 {
			t.Errorf("got %d requests in a day, want one about every 25 seconds", n)
		}
		for _, attempts := range []string{"10", "100", "1000"} {
			want := "msg=\"destination does not take a record\" host=api.example.com attempts=" + attempts + " idempotency_key=key-0 status=500\n"
			if n := strings.Count(log.String(), want); n != 1 {
				t.Errorf("got %d lines with %q, want 1", n, want)
			}
		}
		if n := strings.Count(log.String(), "\n"); n > 5 {
			t.Errorf("got %d lines, want no more than 5:\n%s", n, &log)
		}
	})
}

// Of an array that always fails only the record that is to blame is given up.
func TestArrayThatAlwaysFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFar(nil)
		f.answer = func(int, *http.Request) (int, http.Header, error) { return 200, nil, nil }
		d := open(t, quiet(httpapi.Options{Transport: poisoned{f}, Batch: 8}))
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			for i := 100; ctx.Err() == nil; i++ {
				d.Deliver(ctx, destinationtest.Records(i, 1))
				time.Sleep(time.Second)
			}
		})
		batch := destinationtest.Records(0, 8)
		batch[5].Body = []byte(`{"poison":true}`)
		if err := d.Deliver(ctx, batch); err != nil {
			t.Errorf("Deliver: %v", err)
		}
		cancel()
		others.Wait()
		for i, r := range batch {
			if (r.Refused != nil) != (i == 5) {
				t.Errorf("record %d: got refused %v, want only record 5 refused", i, r.Refused)
			}
		}
	})
}

// poisoned answers 500 to what holds a certain record.
type poisoned struct{ *far }

func (p poisoned) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if strings.Contains(string(body), "poison") {
		return &http.Response{StatusCode: 500, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
	}
	return p.far.RoundTrip(r)
}
