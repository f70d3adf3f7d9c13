// Package lambda takes contact records through filter, enrichment and redaction inside of an AWS Lambda function.
//
//	pipe:     [envelope, …]           ─▶ event ─▶ filter ─▶ enrich ─▶ redact ─▶ [record, …]
//	mapping:  {"Records": [envelope, …]} ─▶ event ─▶ filter ─▶ enrich ─▶ redact ─▶ deliver ─▶ {"batchItemFailures": [first unsettled]}
//
// The two are told apart by their shape. What the Kinesis Producer Library aggregated is taken apart: each part is a record. An invocation is one run of the collector's loop over the records that it brings: the stages,
// the order of each contact, retries and the account of every record are those of the daemon.
//
// Its promises: the same record leaves as the daemon would send it, byte for byte; a record that cannot be handled is left out of an
// answer only when its dead letter is stored, and fails the invocation otherwise; nothing is answered as settled that is not; records
// and secrets stand in no error, no log and no panic's report.
package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"trunkline/internal/collector"
)

// Form is what a pipe gets back for a record.
type Form uint8

// The forms.
const (
	// Record is the redacted record alone: what an API destination posts.
	Record Form = iota
	// Envelope keeps the members that stood beside data, so that a target that reports partial failures finds eventID. The redacted
	// record stands under data, as JSON.
	Envelope
)

// Options of a Handler.
type Options struct {
	Settings  *Settings    // required
	Form      Form         // of a pipe's answer
	Most      int          // records that the pipe's target takes at once; an answer may always be as long as its event
	Letters   Letters      // in place of the config's dead_letter, for tests; nil: the config decides
	Log       *slog.Logger // nil: none
	UserAgent string       // towards the destination
}

// Handler handles invocations. It is safe for concurrent use.
type Handler struct {
	o        Options
	envelope *stage
	mu       sync.Mutex
	dest     *destination // nil until a mapping's event needs it
}

// New makes a Handler. It reads and calls nothing.
func New(o Options) *Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Handler{o: o, envelope: &stage{of: envelopeStage()}}
}

// ErrPanic is what an invocation fails with when handling it panicked. What the panic said is told only where it can hold no record.
var ErrPanic = errors.New("handling the batch panicked; nothing of it was answered, and it comes again")

// Handle handles the payload of one invocation and returns its answer. It returns before ctx's deadline. The payload may be used
// again afterwards.
func (h *Handler) Handle(ctx context.Context, payload []byte) (answer []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			h.panicked(p)
			answer, err = nil, ErrPanic
		}
	}()
	e, err := parseEvent(payload)
	if err != nil {
		return nil, err
	}
	set, err := h.o.Settings.current(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := inTime(ctx)
	defer cancel()
	if e.mapping {
		return h.mapping(ctx, &e, set)
	}
	return h.pipe(ctx, &e, set)
}

// reserve is the part of the time left, and at most how much, that is kept for the answer.
const reserve, maxReserve = 10, time.Second

// inTime ends ctx early enough to tell what was settled.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/reserve, maxReserve)))
}

// ErrTime says that an invocation had no time left.
var ErrTime = errors.New("the time of the invocation is over; raise the function's timeout or lower the batch size")

// pipe answers with the records that stay.
func (h *Handler) pipe(ctx context.Context, e *event, set *setup) ([]byte, error) {
	stages := set.stages
	if h.o.Form == Envelope {
		stages = append(stages[:len(stages):len(stages)], h.envelope)
		for i := range e.records {
			if r := &e.records[i]; r.envelope != nil {
				r.in.Meta = append(r.in.Meta, collector.Meta{Name: envelopeName, Raw: r.envelope.append(nil, r.key)})
			}
		}
	}
	out := &answer{text: append(make([]byte, 0, 4096), '['), room: max(e.elements, h.o.Most)}
	settled, err := h.run(ctx, e, set, stages, collector.Options{Destination: out, Keys: set.keys, Group: chunk})
	switch {
	case err != nil:
		return nil, err
	case settled < len(e.records):
		return nil, ErrTime
	}
	return append(out.text, ']'), nil
}

// failures is the answer to an event source mapping with ReportBatchItemFailures.
type failures struct {
	Items []failure `json:"batchItemFailures"`
}

type failure struct {
	Sequence string `json:"itemIdentifier"`
}

// mapping delivers, and answers from where on the batch must come again.
func (h *Handler) mapping(ctx context.Context, e *event, set *setup) ([]byte, error) {
	report := failures{Items: []failure{}}
	if len(e.records) == 0 {
		return json.Marshal(report)
	}
	d, err := h.destination(set)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer d.whenShut(stop)()
	settled, err := h.run(ctx, e, set, set.stages, collector.Options{
		Destination: d.http, Keys: set.keys, Keyed: true, Concurrency: d.concurrency, Group: d.batch,
	})
	if settled == len(e.records) {
		return json.Marshal(report)
	}
	if err == nil {
		if err = context.Cause(ctx); errors.Is(err, context.DeadlineExceeded) {
			err = ErrTime
		}
	}
	if d.shut() != nil {
		h.drop(d) // the next invocation asks the endpoint anew
	}
	first := e.records[settled].sequence
	if first == "" {
		return nil, fmt.Errorf("%d of %d records were settled, and the next has no sequenceNumber: %w", settled, len(e.records), err)
	}
	h.o.Log.WarnContext(ctx, "batch not finished; it comes again from the first record that is not settled",
		"settled", settled, "records", len(e.records), "from", first, "error", err)
	report.Items = append(report.Items, failure{first})
	return json.Marshal(report)
}

// run takes the records of an event through the loop, and tells how many are settled without a gap. An error means that not all are;
// none does not mean that all are: the time may be over.
func (h *Handler) run(ctx context.Context, e *event, set *setup, stages []*stage, o collector.Options) (settled int, err error) {
	j := &journal{ctx: ctx, event: e, log: h.o.Log, letters: h.o.Letters}
	if j.letters == nil {
		j.letters = set.letters
	}
	o.Source, o.Journal = &source{event: e, failed: j.failed}, j
	o.Workers = min(runtime.GOMAXPROCS(0), (len(e.records)+chunk-1)/chunk)
	o.InFlight = 64 << 20            // an event and its answer are in memory as a whole
	o.Commit, o.Grace = time.Hour, 1 // one commit at the end; ctx ends early enough already
	var give func()
	o.Stages, give = borrow(stages, h.panicked)
	runErr := collector.New(o).Run(ctx)
	give()
	if settled, err = j.result(); err == nil {
		err = runErr
	}
	h.o.Log.DebugContext(ctx, "batch", "records", len(e.records), "settled", settled, "delivered", j.counts[collector.Delivered],
		"filtered", j.counts[collector.Filtered], "dead_letters", j.counts[collector.DeadLetter])
	return settled, err
}

// panicked logs a panic. A run-time error's text holds numbers and types; another panic's could hold anything.
func (h *Handler) panicked(p any) {
	what := fmt.Sprintf("a value of type %T", p)
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	h.o.Log.Error("panic", "panic", what, "stack", string(debug.Stack()))
}
