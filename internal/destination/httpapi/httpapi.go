// Package httpapi delivers records to an HTTP endpoint: one POST a record, or JSON arrays of several.
//
//	Deliver ─▶ gate ─▶ pace ─▶ slot ─▶ POST ─▶ judge ─┬▶ taken
//	           ▲ shut: one probe      (429, 503: slower)  ├▶ refused: RefusedError; an array is halved until the bad record is alone
//	           └────────── back-off, Retry-After ◀────────┴▶ again
//
// Its promises: a record is given up only where the endpoint says that it will never take it, or fails on it for a minute while it
// takes others, never because of an outage; the key
// refused for one record stops all of them, since it is wrong for all; requests in flight, connections and memory are bounded by
// the options; a record is sent again only under the same Idempotency-Key; the key and the records stand in no error and no log.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"trunkline/internal/collector"
)

// Destination is an HTTP endpoint. Its methods are safe for concurrent use.
type Destination struct {
	transport http.RoundTripper
	template  *http.Request // what all requests have in common; never sent itself
	headers   http.Header   // likewise, without the key and the Idempotency-Key
	key       credential
	gate      *gate
	pace      *pace
	slots     chan struct{}
	retry     backoff
	timeout   time.Duration
	cleanup   func([]byte) []byte
	observer  Observer
	logger    *slog.Logger
	host      string
	record    record
	batch     int          // records a request; 0: no array
	bytes     atomic.Int64 // of an array at most, unless one record alone is larger
}

// New makes the destination; it sends nothing and reads no key yet. Close frees its connections.
func New(o Options) (*Destination, error) {
	u, err := o.check()
	if err != nil {
		return nil, err
	}
	o.setDefaults()
	transport := o.Transport
	if transport == nil {
		if transport, err = o.transport(u); err != nil {
			return nil, err
		}
	}
	d := &Destination{
		transport: transport,
		template: &http.Request{
			Method: http.MethodPost, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		},
		headers: http.Header{
			"Content-Type": {"application/json; charset=utf-8"},
			"User-Agent":   {o.UserAgent},
		},
		key:      credential{header: o.Header, source: o.Key, turn: make(chan struct{}, 1)},
		pace:     newPace(o.Rate),
		slots:    make(chan struct{}, o.Concurrency),
		retry:    backoff{base: 100 * time.Millisecond, limit: 30 * time.Second, jitter: o.Jitter},
		timeout:  o.Timeout,
		cleanup:  o.Scrub,
		observer: o.Observer,
		logger:   o.Logger,
		host:     u.Host,
	}
	d.gate = newGate(u.Host, o)
	if o.Batch > 1 {
		d.batch = o.Batch
		d.bytes.Store(int64(o.BatchBytes))
	}
	return d, nil
}

// Check reads the key, so that a reference that leads nowhere is found before the first record.
func (d *Destination) Check(ctx context.Context) error {
	_, err := d.key.current(ctx)
	return err
}

// Deliver sends the records in their order, each request after the answer to the one before it, and returns when every record is
// taken or has a *RefusedError in Refused. It waits as long as the endpoint cannot take them: it returns early only with ctx's
// error, when the records' Hold is lost, or when the key cannot be read for the first time. It keeps no reference to the records' bytes.
func (d *Destination) Deliver(ctx context.Context, batch []*collector.Outgoing) error {
	for len(batch) > 0 {
		n := d.take(batch)
		if err := d.deliver(ctx, batch[:n]); err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// Close drops the connections that are kept alive.
func (d *Destination) Close() error {
	if t, ok := d.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	return nil
}

// deliver sends what goes in one request. An array that is refused is halved: the good records in it are taken, and the bad one
// ends up alone.
func (d *Destination) deliver(ctx context.Context, group []*collector.Outgoing) error {
	p := d.pack(group)
	refused, err := d.settle(ctx, p)
	if err != nil || refused == nil {
		return err
	}
	if len(group) == 1 {
		group[0].Refused = refused
		return nil
	}
	if refused.Status == http.StatusRequestEntityTooLarge {
		d.shrink(len(p.body))
	}
	half := len(group) / 2
	if err := d.deliver(ctx, group[:half]); err != nil {
		return err
	}
	return d.deliver(ctx, group[half:])
}

// conflicts is how often a 409 is tried again: it may be a request of our own that the endpoint is still working on.
const conflicts = 3

// settle sends until the endpoint has taken or refused.
func (d *Destination) settle(ctx context.Context, p *parcel) (*RefusedError, error) {
	var notBefore time.Time
	sent, status, conflict, renewed := 0, 0, 0, false
	var suspected suspect
	for {
		if err := sleepUntil(ctx, notBefore); err != nil {
			return nil, err
		}
		pass, err := d.gate.enter(ctx)
		if err != nil {
			return nil, err
		}
		if pass == Paused {
			if err := d.key.renew(ctx); err != nil {
				d.gate.pause(pass, err)
				continue
			}
		}
		if sent > 0 {
			d.observer.Retry(status)
		}
		a, err := d.send(ctx, p)
		if err != nil {
			d.gate.leave(pass)
			return nil, err
		}
		sent, status = sent+1, a.status
		switch a.verdict {
		case taken:
			d.record.taken.Add(1)
			d.gate.alive(pass)
			return nil, nil
		case refused:
			d.gate.alive(pass)
			return a.refusal(), nil
		case clash:
			d.gate.alive(pass)
			if conflict++; conflict > conflicts {
				return a.refusal(), nil
			}
			notBefore = time.Now().Add(d.retry.wait(conflict-1, a.after))
		case denied:
			if renewed || pass == Paused {
				d.gate.pause(pass, a.problem(d.host, d.timeout))
				continue
			}
			d.gate.alive(pass)
			renewed = true
			if err := d.key.renewAfter(ctx, a.key); err != nil {
				d.gate.pause(Flowing, err)
			}
		case again:
			if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
				d.pace.slower()
			}
			if suspected.failure(&a, &d.record, d.gate.flowing(), time.Now()) {
				d.gate.alive(pass)
				return a.surrender(suspected.tries), nil
			}
			wait := d.retry.wait(sent-1, a.after)
			if d.gate.fail(pass, a.sent, a.after, a.problem(d.host, d.timeout)) {
				// The gate tells when to go on; only the endpoint's own word still counts.
				wait = a.after
			}
			if remarkable(sent) {
				d.logger.Warn("destination does not take a record", "host", d.host, "attempts", sent, "idempotency_key", p.key, "status", status)
			}
			notBefore = time.Now().Add(wait)
		}
	}
}

// remarkable tells after which attempts the log says that a record is not taken: 10, 100, 1,000 and so on.
func remarkable(attempts int) bool {
	for attempts > 10 && attempts%10 == 0 {
		attempts /= 10
	}
	return attempts == 10
}
