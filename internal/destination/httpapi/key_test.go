package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/destination/destinationtest"
	"trunkline/internal/destination/httpapi"
)

// vault is a key that can be rotated, and counts how often it is read.
type vault struct {
	mu    sync.Mutex
	key   string
	err   error
	reads int
}

func (v *vault) read(context.Context) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reads++
	return v.key, v.err
}

func (v *vault) set(key string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.key, v.err = key, err
}

// A key that was rotated at its source is read again once, for all requests under way, and nobody waits.
func TestKeyRotated(t *testing.T) {
	for _, status := range []int{401, 403, 407} {
		synctest.Test(t, func(t *testing.T) {
			v := &vault{key: "old"}
			f := newFar(func(_ int, r *http.Request) (int, http.Header, error) {
				time.Sleep(10 * time.Millisecond)
				if r.Header.Get("X-Key") != "new" {
					return status, nil, nil
				}
				return 200, nil, nil
			})
			seen := &states{}
			d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: f, Header: "X-Key", Key: v.read, Observer: seen})
			if err := d.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			v.set("new", nil)
			var callers sync.WaitGroup
			for i := range 16 {
				callers.Go(func() {
					batch := destinationtest.Records(i, 5)
					if err := d.Deliver(t.Context(), batch); err != nil || batch[0].Refused != nil {
						t.Errorf("Deliver: got %v, refused %v, want taken", err, batch[0].Refused)
					}
				})
			}
			callers.Wait()
			if v.reads != 2 {
				t.Errorf("status %d: got the key read %d times, want 2", status, v.reads)
			}
			if got := seen.String(); got != "" {
				t.Errorf("status %d: got states %q, want none", status, got)
			}
		})
	}
}

// A key that is refused also after it was read again stops everything until it is right; no record is refused.
func TestKeyRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{key: "k-wrong-81"}
		f := newFar(func(_ int, r *http.Request) (int, http.Header, error) {
			if r.Header.Get("X-Key") != "right" {
				return 403, nil, nil
			}
			return 200, nil, nil
		})
		seen := &states{}
		var log bytes.Buffer
		d := open(t, httpapi.Options{
			URL: "https://api.example.com/", Transport: f, Header: "X-Key", Key: v.read, Observer: seen, Jitter: fixed(0.5),
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		var callers sync.WaitGroup
		var taken atomic.Int32
		for i := range 50 {
			callers.Go(func() {
				batch := destinationtest.Records(i*10, 10)
				if err := d.Deliver(t.Context(), batch); err != nil {
					t.Errorf("Deliver: %v", err)
				}
				for _, r := range batch {
					if r.Refused != nil {
						t.Errorf("record %s: got refused %v, want taken", r.Key, r.Refused)
					}
					taken.Add(1)
				}
			})
		}
		time.Sleep(time.Hour)
		if got := seen.String(); got != "paused" || taken.Load() != 0 {
			t.Errorf("after an hour: got states %q and %d records taken, want paused and none", got, taken.Load())
		}
		// 50 records twice, then a probe about every 22 s.
		if got := f.requests(); got > 100+170 {
			t.Errorf("after an hour: got %d requests, want at most 270", got)
		}
		v.set("", fmt.Errorf("open key file: no such file"))
		time.Sleep(5 * time.Minute)
		before := f.requests()
		time.Sleep(5 * time.Minute)
		if got := f.requests(); got != before {
			t.Errorf("while the key cannot be read: got %d requests, want none", got-before)
		}
		v.set("right", nil)
		mended := time.Now()
		callers.Wait()
		if got := time.Since(mended); got > 31*time.Second {
			t.Errorf("all delivered %v after the key was put right, want within 31 s", got)
		}
		if got := seen.String(); got != "paused flowing" {
			t.Errorf("states: got %q, want paused flowing", got)
		}
		text := log.String()
		if n := strings.Count(text, "destination refuses the key"); n != 2 || !strings.Contains(text, "403 Forbidden") || !strings.Contains(text, "no such file") {
			t.Errorf("log: got %d alarms, want one for the refusal and one for the unreadable key:\n%s", n, text)
		}
		if strings.Contains(text, "k-wrong-81") || strings.Contains(text, "VOICE") {
			t.Errorf("log: got the key or a record in it:\n%s", text)
		}
	})
}

// The circuit is open, and when the endpoint is back it refuses the key: from one state to the other, with one alarm each.
func TestKeyRefusedAfterOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := newFar(func(int, *http.Request) (int, http.Header, error) {
			switch now := time.Since(start); {
			case now < 5*time.Minute:
				return 500, nil, nil
			case now < 10*time.Minute:
				return 401, nil, nil
			case now < 15*time.Minute:
				return 500, nil, nil
			}
			return 200, nil, nil
		})
		seen := &states{}
		d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: f, Header: "X-Key", Key: keyOf("k"), Observer: seen})
		var callers sync.WaitGroup
		for i := range 20 {
			callers.Go(func() {
				batch := destinationtest.Records(i, 1)
				if err := d.Deliver(t.Context(), batch); err != nil || batch[0].Refused != nil {
					t.Errorf("Deliver: got %v, refused %v, want taken", err, batch[0].Refused)
				}
			})
		}
		callers.Wait()
		if got := seen.String(); got != "open flowing paused flowing" {
			t.Errorf("states: got %q, want open flowing paused flowing", got)
		}
		if got := time.Since(start); got > 15*time.Minute+31*time.Second {
			t.Errorf("all delivered after %v, want within 31 s of the end of the trouble", got)
		}
	})
}

// A request that was under way when the key was withdrawn, and is answered well, does not end the pause.
func TestPauseOutlastsWhatWasUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := newFar(func(_ int, r *http.Request) (int, http.Header, error) {
			switch {
			case r.Header.Get("Idempotency-Key") == "key-0":
				time.Sleep(100 * time.Millisecond)
				return 200, nil, nil
			case time.Since(start) < time.Minute:
				return 401, nil, nil
			}
			return 200, nil, nil
		})
		seen := &states{}
		d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: f, Header: "X-Key", Key: keyOf("k"), Observer: seen})
		var callers sync.WaitGroup
		for i := range 2 {
			callers.Go(func() {
				if err := d.Deliver(t.Context(), destinationtest.Records(i, 1)); err != nil {
					t.Errorf("Deliver: %v", err)
				}
			})
			time.Sleep(10 * time.Millisecond) // so that the first is under way
		}
		callers.Wait()
		if got := seen.String(); got != "paused flowing" {
			t.Errorf("states: got %q, want paused flowing", got)
		}
	})
}

func TestKeyUnusable(t *testing.T) {
	for _, c := range []struct {
		key  string
		err  error
		want string
	}{
		{"", errors.New("env:TOKEN is not set"), "read destination.http.key: env:TOKEN is not set"},
		{"", nil, "read destination.http.key: it is empty"},
		{"abc\r\nHost: evil", nil, "read destination.http.key: a header cannot carry its character 4, which is a control character"},
	} {
		f := newFar(always(200))
		v := &vault{key: c.key, err: c.err}
		d := open(t, httpapi.Options{URL: "https://api.example.com/", Transport: f, Header: "X-Key", Key: v.read})
		for name, err := range map[string]error{"Check": d.Check(t.Context()), "Deliver": d.Deliver(t.Context(), destinationtest.Records(0, 1))} {
			if err == nil || err.Error() != c.want {
				t.Errorf("%s with key %q: got %v, want %q", name, c.key, err, c.want)
			}
		}
		if f.requests() != 0 {
			t.Errorf("key %q: got %d requests, want none", c.key, f.requests())
		}
	}
}

// An endpoint that quotes the key in its answer does not get it into a dead letter.
func TestKeyQuotedBack(t *testing.T) {
	receiver := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		fmt.Fprintf(w, "no such tenant: %s", r.Header.Get("X-Key"))
	})
	d, _ := serve(t, receiver, false, httpapi.Options{Header: "X-Key", Key: keyOf("s3cret-Value")})
	batch := destinationtest.Records(0, 1)
	if err := d.Deliver(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if got, want := batch[0].Refused.Error(), "refused with status 400 Bad Request: no such tenant: [key]"; got != want {
		t.Errorf("refused: got %q, want %q", got, want)
	}
}
