package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Tenure is one worker's hold of one lease, from taking it until it is lost or given up. A lease that is lost and gained again is
// another tenure: the earlier one's writes stay refused. Methods are safe for concurrent use.
type Tenure struct {
	store  Store
	id     string
	limits limits

	// writing is held during a write: two that used the same counter would make one of them look like a lost lease.
	writing chan struct{}
	cancel  context.CancelCauseFunc // of the work
	over    chan struct{}           // closed when the lease is not ours any more
	drain   chan struct{}           // closed when the lease is to be handed over

	throughput atomic.Uint64 // bytes a second

	mu       sync.Mutex
	lease    Lease
	sent     time.Time // when the last heartbeat that reached the table was sent
	cause    error     // why it is over; nil before
	draining bool
	expiry   *time.Timer
	// Of the hand-over:
	patience *time.Timer // for the work to drain
	force    *time.Timer // for the leader to wait
	forced   time.Time   // when force ends
}

// limits are the times that a worker and its tenures live by.
type limits struct {
	scan  time.Duration // how long a scan of the table may take
	hold  time.Duration // how long a heartbeat is good for
	call  time.Duration // how long one call of the store may take
	drain time.Duration // how long work may take to drain
	force time.Duration // how long a leader lets it
}

// newTenure begins with a lease whose taking was sent at sent. cancel ends the work on it.
func newTenure(store Store, id string, limits limits, l Lease, sent time.Time, cancel context.CancelCauseFunc) *Tenure {
	t := &Tenure{
		store: store, id: id, limits: limits, cancel: cancel, lease: l, sent: sent,
		writing: make(chan struct{}, 1), over: make(chan struct{}), drain: make(chan struct{}),
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expiry = time.AfterFunc(limits.hold-time.Since(sent), func() {
		t.end(fmt.Errorf("%w: no renewal for %v", ErrLost, limits.hold))
	})
	return t
}

// Lease is the lease as the last write left it.
func (t *Tenure) Lease() Lease {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lease
}

// Held tells whether nobody else may act on the lease at this moment. It asks nobody; its answer is good for as long as the process
// is not paused, so ask before each delivery.
func (t *Tenure) Held() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held(time.Now())
}

func (t *Tenure) held(now time.Time) bool {
	return t.cause == nil && age(t.sent, now) < t.limits.hold && (!t.draining || age(t.forced, now) < 0)
}

// age is how long ago then was. The monotonic clock may stand still while a machine is suspended, and the wall clock may be set: the
// one that went further counts.
func age(then, now time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

// Confirm returns nil when the lease is held. Where that is not certain, after a pause, it renews the lease first, and returns an
// error that wraps ErrLost when it is too late for that.
func (t *Tenure) Confirm(ctx context.Context) error {
	if t.Held() {
		return nil
	}
	if err := t.renew(ctx); err != nil {
		return err
	}
	if !t.Held() { // it came too late, or the leader's patience is over
		t.end(fmt.Errorf("%w: the renewal was too late", ErrLost))
		return t.ended()
	}
	return nil
}

// Checkpoint moves the position of the lease. Once it has returned nil the position is in the table; an error that wraps ErrLost says
// that the tenure is over, and after any other the position may or may not have moved: try again with the same or a later one.
func (t *Tenure) Checkpoint(ctx context.Context, c Checkpoint) error {
	err := t.write(ctx, func(ctx context.Context, known Lease) (Lease, error) { return t.store.Checkpoint(ctx, known, c) })
	if err != nil {
		return fmt.Errorf("checkpoint of %s: %w", t.key(), err)
	}
	return nil
}

// Delete removes a lease that nobody needs any more, and ends the tenure.
func (t *Tenure) Delete(ctx context.Context) error {
	err := t.write(ctx, func(ctx context.Context, known Lease) (Lease, error) { return known, t.store.Delete(ctx, known) })
	if err != nil {
		return fmt.Errorf("delete lease of %s: %w", t.key(), err)
	}
	t.end(fmt.Errorf("%w: it was deleted", ErrLost))
	return nil
}

// Draining is closed when another worker is to have the lease: stop reading, settle what is in flight, checkpoint, return from the
// work. It is cancelled after 30 seconds.
func (t *Tenure) Draining() <-chan struct{} { return t.drain }

// Measured notes the throughput, in bytes a second, that the next renewals report.
func (t *Tenure) Measured(bytesPerSecond uint64) { t.throughput.Store(bytesPerSecond) }

func (t *Tenure) key() string { return t.Lease().Key }

// renew sends a heartbeat, a second one at once where the first met an error that says nothing about the lease.
func (t *Tenure) renew(ctx context.Context) error {
	var err error
	for range 2 {
		err = t.write(ctx, func(ctx context.Context, known Lease) (Lease, error) {
			return t.store.Renew(ctx, known, float64(t.throughput.Load())/1024)
		})
		if err == nil || errors.Is(err, ErrLost) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("renew lease of %s: %w", t.key(), err)
	}
	return nil
}

// write does one write at a time. A conflict is looked into: what seems to be somebody else's write may be an earlier one of this
// tenure whose answer was lost, or the start of a hand-over.
func (t *Tenure) write(ctx context.Context, do func(context.Context, Lease) (Lease, error)) error {
	select {
	case t.writing <- struct{}{}:
		defer func() { <-t.writing }()
	case <-t.over:
		return t.ended()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	// Once for the write itself, and once for each reason why it may be met by a conflict.
	for range 3 {
		if err := t.ended(); err != nil {
			return err
		}
		known := t.Lease()
		sent := time.Now() // the time of the answer would let an observer's clock end before ours
		row, err := t.call(ctx, func(ctx context.Context) (Lease, error) { return do(ctx, known) })
		if err == nil {
			return t.adopt(row, sent)
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if err = nil; row.Key == "" {
			row, err = t.call(ctx, func(ctx context.Context) (Lease, error) { return t.store.Get(ctx, known.Key) })
		}
		switch {
		case errors.Is(err, ErrNotFound):
			t.end(fmt.Errorf("%w: it was deleted", ErrLost))
		case err != nil:
			return err
		case row.Drainer == t.id && row.Owner != t.id:
			t.handOver(row)
		case row.Owner == t.id && row.Drainer == "" && row.Counter == known.Counter+1:
			t.mu.Lock()
			t.lease = row // sent stays: when that one was sent is not known
			t.mu.Unlock()
		default:
			t.end(fmt.Errorf("%w: %s", ErrLost, whoHas(row)))
		}
	}
	if err := t.ended(); err != nil {
		return err
	}
	return ErrConflict
}

func whoHas(l Lease) string {
	if l.Owner == "" {
		return "it was taken away"
	}
	return l.Owner + " has it"
}

// call bounds one call of the store.
func (t *Tenure) call(ctx context.Context, do func(context.Context) (Lease, error)) (Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, t.limits.call)
	defer cancel()
	return do(ctx)
}

// adopt takes over what a write that was sent at sent made of the lease.
func (t *Tenure) adopt(row Lease, sent time.Time) error {
	if row.Drainer == t.id && row.Owner != t.id {
		t.handOver(row) // a checkpoint does not meet a conflict then, and would be the last to tell
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause != nil { // it ended while the answer was on its way
		return t.cause
	}
	t.lease, t.sent = row, sent
	t.expiry.Reset(t.limits.hold - time.Since(sent))
	return nil
}

// end says that the lease is not ours any more.
func (t *Tenure) end(cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause != nil {
		return
	}
	t.cause = cause
	t.expiry.Stop()
	if t.draining {
		t.patience.Stop()
		t.force.Stop()
	}
	close(t.over)
	t.cancel(cause)
}

// ended returns why the tenure is over, or nil.
func (t *Tenure) ended() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cause
}

// heartbeat is how long ago the last one was sent.
func (t *Tenure) heartbeat() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return age(t.sent, time.Now())
}
