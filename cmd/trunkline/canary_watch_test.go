package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trunkline/test/emulators"
)

// watcher collects what a collector tells of itself while it runs: its pages, and the spans that it sends.
type watcher struct {
	address string // of the pages
	spans   *httptest.Server

	mu   sync.Mutex
	told map[string]*bytes.Buffer // by page, and "spans"
}

// newWatcher answers spans, at first as a receiver that takes them, then with a refusal that says a text.
func newWatcher(t *testing.T, refusal string) *watcher {
	t.Helper()
	w := &watcher{address: fmt.Sprintf("127.0.0.1:%d", emulators.FreePort(t)), told: map[string]*bytes.Buffer{}}
	var requests atomic.Int64
	w.spans = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			plain, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Errorf("spans: %v", err)
				return
			}
			body = plain
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return // the collector hung up
		}
		w.keep("spans", text)
		w.keep("spans", fmt.Append(nil, r.URL, r.Header))
		if requests.Add(1) > 1 {
			http.Error(out, refusal, http.StatusBadRequest)
		}
	}))
	t.Cleanup(w.spans.Close)
	return w
}

// config is the section that lets a collector be watched.
func (w *watcher) config(format string) string {
	return fmt.Sprintf("observe: {listen: %q, log: debug, format: %s, traces: {otlp: %q}}", w.address, format, w.spans.URL)
}

func (w *watcher) keep(name string, text []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told[name] == nil {
		w.told[name] = &bytes.Buffer{}
	}
	w.told[name].Write(text)
}

// look reads the pages of a collector, if one runs that has them.
func (w *watcher) look() {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, page := range []string{"/metrics", "/healthz", "/readyz", "/no-such-page"} {
		response, err := client.Get("http://" + w.address + page)
		if err != nil {
			continue
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err == nil {
			w.keep(page, append(fmt.Append(nil, response.Header, "\n"), text...))
		}
	}
}

// check looks for canaries in everything, and for what shows that there was something to see.
func (w *watcher) check(t *testing.T, birds *canaries) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, want := range map[string]string{
		"/metrics": `trunkline_records_total{outcome="dead_letter",reason="redact"}`, "/healthz": "", "/readyz": "", "/no-such-page": "",
		"spans": "trunkline.outcome",
	} {
		text := w.told[name]
		switch {
		case text == nil:
			t.Errorf("%s was not seen", name)
		case !strings.Contains(text.String(), want):
			t.Errorf("%s does not show %s: the test shows less than it should", name, want)
		}
	}
	for name, text := range w.told {
		if found := birds.find(text.Bytes()); len(found) > 0 {
			t.Errorf("%s shows %d canaries: %.2000q", name, len(found), found)
		}
	}
}
