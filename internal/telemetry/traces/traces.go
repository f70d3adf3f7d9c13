// Package traces sends a sample of what a collector does as OpenTelemetry spans.
//
//	collector, httpapi ─▶ Traces ─ budget ─▶ queue ─▶ OTLP over HTTP
//	                               │ spent    │ full   │ no answer, refused
//	                               └──────────┴────────┴▶ dropped
//
// Its promises: nothing waits for the receiver; memory is bounded; no attribute holds anything of a record, see package telemetry.
// It stands apart from the metrics because of what the exporter links: protobuf, though not gRPC.
package traces

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"trunkline/internal/collector"
	"trunkline/internal/destination/httpapi"
	"trunkline/internal/telemetry"
)

// Traces turns what it hears into spans: "record" from reading to settling, "request" and "checkpoint". Each is a trace of its own,
// since nothing that goes along with a record could join them without identifying it. It is a [collector.Observer] and an
// [httpapi.Observer]. All methods are safe for concurrent use.
//
// Of each kind of span, and of each outcome of records, the first of every second are sent: where little happens that is all, and
// where much happens it costs a comparison a record.
type Traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	records  [collector.Outcomes]budget
	requests budget
	commits  budget
	stop     context.CancelFunc // ends the refilling
	giveUp   context.CancelFunc // ends the sending
	hangUp   func()
	running  sync.WaitGroup
}

var (
	_ collector.Observer = (*Traces)(nil)
	_ httpapi.Observer   = (*Traces)(nil)
)

// Options say where spans go.
type Options struct {
	// URL of an OTLP receiver over HTTP, http://127.0.0.1:4318. /v1/traces is added to its path unless it is there. Headers, for a
	// receiver that wants a key, come from OTEL_EXPORTER_OTLP_HEADERS or OTEL_EXPORTER_OTLP_TRACES_HEADERS.
	URL string
	// Version of the program.
	Version string
	// PerSecond is how many spans of each kind are sent at most. 20 when 0.
	PerSecond int
	// Logger tells of a receiver that does not take the spans, and when it does again. slog.Default() when nil.
	Logger *slog.Logger

	exporter sdk.SpanExporter // takes the place of the network, for tests
}

const (
	spansHeld   = 1024            // ended and not sent; more are dropped
	spansSent   = 256             // in a request
	spansWait   = 2 * time.Second // of an ended span for others
	sendTimeout = 5 * time.Second // of a request
	farewell    = 3 * time.Second // for the last spans
)

// Open starts to trace. It sends nothing by itself: a receiver that is not there is no error. Its errors do not quote the URL, which
// may hold a token; the caller names the key of the config. Close stops it.
func Open(ctx context.Context, o Options) (*Traces, error) {
	// Its connections are ours to close. A redirect is an answer: the headers may hold a key that is not for another host.
	client := &http.Client{
		Timeout: sendTimeout,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: sendTimeout,
			MaxConnsPerHost: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	exporter := o.exporter
	if exporter == nil {
		address, err := endpoint(o.URL)
		if err != nil {
			return nil, err
		}
		headers, err := readHeaders(os.Getenv)
		if err != nil {
			return nil, err
		}
		if exporter, err = otlptrace.New(ctx, &poster{client: client, url: address, headers: headers}); err != nil {
			return nil, err
		}
	}
	t := &Traces{hangUp: client.CloseIdleConnections}
	var closing context.Context
	closing, t.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	patient := &patientExporter{SpanExporter: exporter, closing: closing, logger: cmp.Or(o.Logger, slog.Default())}
	t.provider = sdk.NewTracerProvider(
		sdk.WithSampler(sdk.AlwaysSample()), // budgets have decided before
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "trunkline"), attribute.String("service.version", o.Version))),
		sdk.WithBatcher(patient, sdk.WithMaxQueueSize(spansHeld), sdk.WithMaxExportBatchSize(spansSent),
			sdk.WithBatchTimeout(spansWait), sdk.WithExportTimeout(sendTimeout)),
	)
	t.tracer = t.provider.Tracer("trunkline")
	perSecond := int64(cmp.Or(o.PerSecond, 20))
	t.refill(perSecond)
	ctx, t.stop = context.WithCancel(context.WithoutCancel(ctx))
	t.running.Go(func() {
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for {
			select {
			case <-second.C:
				t.refill(perSecond)
			case <-ctx.Done():
				return
			}
		}
	})
	return t, nil
}

// Close sends the spans that are left, for three seconds at most, and returns when all is quiet.
func (t *Traces) Close() {
	t.stop()
	t.running.Wait()
	// A deadline of Shutdown would leave its goroutines behind. This one ends what they wait for.
	late := time.AfterFunc(farewell, t.giveUp)
	defer late.Stop()
	_ = t.provider.Shutdown(context.Background()) // patientExporter has logged what went wrong
	t.giveUp()
	t.hangUp()
}

// budget is what may still be sent in this second.
type budget struct{ left atomic.Int64 }

func (b *budget) take() bool { return b.left.Load() > 0 && b.left.Add(-1) >= 0 }

func (t *Traces) refill(n int64) {
	for o := range t.records {
		t.records[o].left.Store(n)
	}
	t.requests.left.Store(n)
	t.commits.left.Store(n)
}

// span of something that has just ended.
func (t *Traces) span(name string, kind trace.SpanKind, began time.Time, failed bool, attrs ...attribute.KeyValue) {
	_, s := t.tracer.Start(context.Background(), name, trace.WithTimestamp(began), trace.WithSpanKind(kind), trace.WithAttributes(attrs...))
	if failed {
		s.SetStatus(codes.Error, "") // the text would be that of an error
	}
	s.End()
}

// Read implements [collector.Observer].
func (t *Traces) Read(int, int) {}

// Settled implements [collector.Observer].
func (t *Traces) Settled(o collector.Outcome, reason string, records int, read time.Time) {
	if o <= collector.Pending || o >= collector.Outcomes || !t.records[o].take() {
		return
	}
	t.span("record", trace.SpanKindInternal, read, o == collector.DeadLetter,
		attribute.String("trunkline.outcome", o.String()), attribute.String("trunkline.reason", telemetry.Reason(o, reason)), attribute.Int("trunkline.records", records))
}

// Revoked implements [collector.Observer].
func (t *Traces) Revoked(int) {}

// Committed implements [collector.Observer].
func (t *Traces) Committed(took time.Duration) {
	if t.commits.take() {
		t.span("checkpoint", trace.SpanKindInternal, time.Now().Add(-took), false)
	}
}

// Request implements [httpapi.Observer].
func (t *Traces) Request(status int, took time.Duration) {
	if t.requests.take() {
		t.span("request", trace.SpanKindClient, time.Now().Add(-took), status < 200 || status > 299,
			attribute.String("http.request.method", "POST"), attribute.String("trunkline.code", telemetry.Code(status)))
	}
}

// Retry implements [httpapi.Observer].
func (t *Traces) Retry(int) {}

// State implements [httpapi.Observer].
func (t *Traces) State(httpapi.State) {}

// patientExporter keeps the failures of a receiver from the library, which would print them wherever the global handler does, and
// logs when they begin and end. Their texts quote the URL and what the receiver says, so they are not logged.
type patientExporter struct {
	sdk.SpanExporter
	closing context.Context // done when no request may go on
	logger  *slog.Logger
	lost    int // spans since the receiver took some; used by the one goroutine that exports
}

// ExportSpans implements [sdk.SpanExporter].
func (e *patientExporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.closing, cancel)()
	err := e.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && e.lost == 0:
		e.logger.Warn("traces are not taken and will be dropped", "key", "observe.traces.otlp", "cause", cause(err))
		e.lost = len(spans)
	case err != nil:
		e.lost += len(spans)
	case e.lost > 0:
		e.logger.Info("traces are taken again", "lost_spans", e.lost)
		e.lost = 0
	}
	return nil
}

// cause says what is wrong in words of our own.
func cause(err error) string {
	if _, network := errors.AsType[*url.Error](err); network {
		return "no answer"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return "refused"
}

// endpoint adds the path that OTLP gives to traces (OpenTelemetry protocol exporter, "Endpoint URLs for OTLP/HTTP").
func endpoint(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("not of the form http://HOST:4318")
	}
	if u.User != nil {
		return "", errors.New("holds a user name or password; put the key into OTEL_EXPORTER_OTLP_HEADERS")
	}
	const path = "/v1/traces"
	if !strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), path) {
		u = u.JoinPath(path)
	}
	if u.RawQuery != "" {
		return "", errors.New("has a query (?…), which the protocol does not send; put the key into OTEL_EXPORTER_OTLP_HEADERS")
	}
	return u.String(), nil
}
