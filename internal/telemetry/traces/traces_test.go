package traces

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"trunkline/internal/collector"
)

// kept is an exporter that keeps what it gets after it was shut down, too.
type kept struct {
	mu    sync.Mutex
	spans tracetest.SpanStubs
}

func (k *kept) ExportSpans(_ context.Context, spans []sdk.ReadOnlySpan) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans = append(k.spans, tracetest.SpanStubsFromReadOnlySpans(spans)...)
	return nil
}

func (k *kept) Shutdown(context.Context) error { return nil }

func open(t *testing.T, o Options) *Traces {
	t.Helper()
	traces, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return traces
}

func TestSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := &kept{}
		traces := open(t, Options{exporter: got})
		began := time.Now()
		time.Sleep(30 * time.Millisecond)
		traces.Read(1, 2)
		traces.Settled(collector.Delivered, "", 1, began)
		traces.Settled(collector.DeadLetter, "deliver", 2, began.Add(10*time.Millisecond))
		traces.Settled(collector.Pending, "", 1, began)
		traces.Settled(collector.Outcomes, "", 1, began)
		traces.Committed(5 * time.Millisecond)
		traces.Request(200, 7*time.Millisecond)
		traces.Request(0, 9*time.Millisecond)
		traces.Close()

		var have []string
		ids := map[string]bool{}
		for _, s := range got.spans {
			var text strings.Builder
			fmt.Fprintf(&text, "%s %s %s %s", s.Name, s.SpanKind, s.EndTime.Sub(s.StartTime), s.Status.Code)
			for _, a := range s.Attributes {
				fmt.Fprintf(&text, " %s=%s", a.Key, a.Value.String())
			}
			have = append(have, text.String())
			ids[s.SpanContext.TraceID().String()] = true
		}
		want := []string{
			"record internal 30ms Unset trunkline.outcome=delivered trunkline.reason= trunkline.records=1",
			"record internal 20ms Error trunkline.outcome=dead_letter trunkline.reason=deliver trunkline.records=2",
			"checkpoint internal 5ms Unset",
			"request client 7ms Unset http.request.method=POST trunkline.code=200",
			"request client 9ms Error http.request.method=POST trunkline.code=none",
		}
		if diff := cmp.Diff(have, want); diff != "" {
			t.Errorf("spans (-got +want):\n%s", diff)
		}
		if len(ids) != len(want) {
			t.Errorf("got %d traces, want one for each of %d spans", len(ids), len(want))
		}
	})
}

// However much happens, each kind has its share of a second, and no more.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := &kept{}
		traces := open(t, Options{exporter: got, PerSecond: 3})
		for range 2 {
			for range 1000 {
				traces.Settled(collector.Delivered, "", 1, time.Now())
				traces.Settled(collector.Filtered, "filter", 1, time.Now())
				traces.Request(200, 0)
				traces.Committed(0)
			}
			time.Sleep(time.Second + time.Millisecond)
		}
		traces.Settled(collector.Filtered, "filter", 1, time.Now())
		traces.Close()
		have := map[string]int{}
		for _, s := range got.spans {
			have[s.Name]++
		}
		if diff := cmp.Diff(have, map[string]int{"record": 6 + 6 + 1, "request": 6, "checkpoint": 6}); diff != "" {
			t.Errorf("spans (-got +want):\n%s", diff)
		}
	})
}

// receive starts an OTLP receiver that answers with status and keeps what it is sent. closed gets a value for each connection that
// has ended.
func receive(t *testing.T, status int) (url string, requests func() []string, closed <-chan bool) {
	t.Helper()
	ended := make(chan bool, 100)
	var mu sync.Mutex
	var got []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Errorf("request: %v", err)
			return
		}
		body, err := io.ReadAll(unzipped)
		if err != nil {
			t.Errorf("request: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Method+" "+r.URL.Path+"\n"+string(body))
		w.Header().Set("Location", "/elsewhere")
		if status != http.StatusOK {
			w.Header().Set("Connection", "close") // so that no goroutine of this side outlives Close
		}
		w.WriteHeader(status)
		io.WriteString(w, "this is said by the receiver")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			ended <- true
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return got
	}, ended
}

// Over the wire, with texts planted where they do not belong.
func TestReceiver(t *testing.T) {
	const planted = "+442079460123"
	url, requests, closed := receive(t, http.StatusOK)
	traces := open(t, Options{URL: url, Version: "v1.2.3"})
	for o := range collector.Outcomes {
		traces.Settled(o, planted, 1, time.Now())
	}
	traces.Settled(collector.DeadLetter, "enrich", 1, time.Now())
	traces.Close()
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Error("Close leaves a connection open")
	}
	got := requests()
	if len(got) != 1 || !strings.HasPrefix(got[0], "POST /v1/traces\n") {
		t.Fatalf("got %d requests %q, want one POST /v1/traces", len(got), got)
	}
	for _, want := range []string{"service.name", "trunkline", "v1.2.3", "dead_letter", "superseded", "enrich", "other"} {
		if !strings.Contains(got[0], want) {
			t.Errorf("the request lacks %s: %q", want, got[0])
		}
	}
	if strings.Contains(got[0], planted) {
		t.Errorf("the request shows what was passed as a reason: %q", got[0])
	}
}

// A receiver that is not there, refuses, or does not answer costs a line in the log, no time, and no memory.
func TestReceiverDown(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, c := range []struct {
		name, url string
		status    int // of a receiver that answers
		want      string
	}{
		{"nobody", "http://" + nobody.Addr().String(), 0, `cause="no answer"`},
		{"silent", "http://" + silent.Addr().String(), 0, `cause="no answer"`},
		{"refusing", "", http.StatusForbidden, "cause=refused"},
		{"busy", "", http.StatusServiceUnavailable, "cause=refused"},
		{"elsewhere", "", http.StatusTemporaryRedirect, "cause=refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.status != 0 {
				c.url, _, _ = receive(t, c.status)
			}
			c.url += "/token-4f1c"
			before := goleak.IgnoreCurrent()
			var log bytes.Buffer
			traces := open(t, Options{URL: c.url, PerSecond: 1 << 20, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			began := time.Now()
			for range 20 * spansHeld {
				traces.Settled(collector.Delivered, "", 1, began)
			}
			// Waiting for each batch to be given up would take minutes.
			if took := time.Since(began); took > time.Minute {
				t.Errorf("%d records took %s with a receiver that is down", 20*spansHeld, took)
			}
			began = time.Now()
			traces.Close()
			if took := time.Since(began); took > farewell+time.Minute {
				t.Errorf("Close took %s, want at most %s", took, farewell)
			}
			if err := goleak.Find(before); err != nil { // after it, nobody writes the log
				t.Error(err)
			}
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, c.want) || strings.Contains(got, "4f1c") || strings.Contains(got, "said by") {
				t.Errorf("log: got %q, want one line with %s and without the URL or the answer", got, c.want)
			}
		})
	}
}

// The log tells when a receiver is back.
func TestReceiverBack(t *testing.T) {
	var log bytes.Buffer
	inner := &flaky{}
	e := &patientExporter{SpanExporter: inner, closing: t.Context(), logger: slog.New(slog.NewTextHandler(&log, nil))}
	for _, inner.err = range []error{nil, context.DeadlineExceeded, context.DeadlineExceeded, nil, nil} {
		if err := e.ExportSpans(t.Context(), make([]sdk.ReadOnlySpan, 4)); err != nil {
			t.Errorf("ExportSpans: got %v, want nil", err)
		}
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `cause="no answer in time"`) || !strings.HasSuffix(lines[1], "lost_spans=8") {
		t.Errorf("log: got %q, want a line that begins and one that ends with lost_spans=8", lines)
	}
}

type flaky struct {
	kept
	err error
}

func (f *flaky) ExportSpans(context.Context, []sdk.ReadOnlySpan) error { return f.err }

func TestEndpoint(t *testing.T) {
	for _, c := range []struct{ text, want, err string }{
		{"http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces", ""},
		{"https://otlp.example.com/", "https://otlp.example.com/v1/traces", ""},
		{"https://example.com/otlp", "https://example.com/otlp/v1/traces", ""},
		{"http://[::1]:4318/v1/traces", "http://[::1]:4318/v1/traces", ""},
		{"", "", "not of the form"},
		{"127.0.0.1:4318", "", "not of the form"},
		{"grpc://secret.example.com", "", "not of the form"},
		{"http://secret:secret@example.com", "", "OTEL_EXPORTER_OTLP_HEADERS"},
		{"http://example.com/?token=secret", "", "OTEL_EXPORTER_OTLP_HEADERS"},
		{"http://secret\x7f", "", "not of the form"},
	} {
		got, err := endpoint(c.text)
		if got != c.want || (err != nil) != (c.err != "") {
			t.Errorf("endpoint(%q): got %q, %v, want %q, error %q", c.text, got, err, c.want, c.err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("endpoint(%q): got error %q, want … %s, without the URL", c.text, err, c.err)
		}
	}
	if _, err := Open(t.Context(), Options{URL: "nowhere"}); err == nil {
		t.Error("Open of nowhere: got no error")
	}
}

// BenchmarkSettled is what tracing costs each record once the share of the second is spent.
func BenchmarkSettled(b *testing.B) {
	traces, err := Open(b.Context(), Options{exporter: &kept{}, PerSecond: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer traces.Close()
	read := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		traces.Settled(collector.Delivered, "", 1, read)
	}
}
