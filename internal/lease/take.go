package lease

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// scanEvery is the time between the end of a scan and the next, a taker's or a leader's.
func scanEvery(failover time.Duration) time.Duration { return 2 * (failover + epsilon) }

// takeLoop scans and takes until ctx is done or the regime over. The first scan was serve's.
func (w *Worker) takeLoop(ctx context.Context, over <-chan struct{}) {
	pace := pace{every: scanEvery(w.policy.Failover)}
	pace.scanned(time.Now())
	for w.waitWake(ctx, over, pace.next(w.view.Recheck())) {
		w.result(ctx, unread, w.take(ctx, false))
		pace.scanned(time.Now())
	}
}

// unread is what is logged for a scan that failed.
const unread = "leases were not read"

// waitWake returns true at then, or when Wake is called before, and false as soon as ctx or the regime is over.
func (w *Worker) waitWake(ctx context.Context, over <-chan struct{}, then time.Time) bool {
	timer := time.NewTimer(time.Until(then))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-over:
		return false
	case <-w.wake:
	case <-timer.C:
	}
	return ctx.Err() == nil
}

// scan reads the table into the view.
func (w *Worker) scan(ctx context.Context) ([]Lease, error) {
	listing, cancel := context.WithTimeout(ctx, w.limits.scan)
	defer cancel()
	leases, err := w.store.List(listing)
	if err != nil {
		return nil, fmt.Errorf("read leases: %w", err)
	}
	w.view.Update(leases, time.Now())
	return leases, nil
}

// take scans the table once and takes what is to be taken. At the start it goes on with leases that have this worker's name on them.
func (w *Worker) take(ctx context.Context, start bool) error {
	began := time.Now()
	leases, err := w.scan(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, l := range leases {
		if start && l.Owner == w.id && l.Drainer == "" && !w.busy(l.Key) {
			if row, ok := w.resume(ctx, l); ok {
				w.view.Renewed(row, time.Now())
			}
		}
	}
	slow := now.Sub(began) > renewEvery(w.policy.Failover)/2
	for _, claim := range w.plan(now) {
		if ctx.Err() != nil {
			return nil
		}
		if w.busy(claim.Lease.Key) {
			continue // it is ours, or the work of an earlier tenure has not returned
		}
		known := claim.Lease
		if claim.Stolen && slow {
			row, err := w.call(ctx, func(ctx context.Context) (Lease, error) { return w.store.Get(ctx, known.Key) })
			if err != nil || row.Owner != known.Owner || row.Drainer != "" {
				continue
			}
			known = row
		}
		if err := w.takeOne(ctx, known, claim.Stolen); err != nil && ctx.Err() == nil {
			w.complain("lease was not taken", err, "key", known.Key)
		}
	}
	return nil
}

func (w *Worker) plan(now time.Time) []Claim {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.view.Plan(w.id, now, w.random)
}

// resume goes on with a lease that has this worker's name on it, expired or not: because the worker had it before it was started
// again, has been given it, or took it and had no answer. A lease that is being handed over is not resumed: nobody knows how far the
// drainer's work has come. A worker that stops meanwhile gives it up.
func (w *Worker) resume(ctx context.Context, l Lease) (Lease, bool) {
	sent := time.Now()
	row, err := w.call(context.WithoutCancel(ctx), func(ctx context.Context) (Lease, error) { return w.store.Renew(ctx, l, 0) })
	switch {
	case err == nil:
		w.begin(ctx, row, sent, w.doubtful(l.Key))
	case !errors.Is(err, ErrConflict) && ctx.Err() == nil:
		w.complain("lease was not resumed", err, "key", l.Key)
	}
	return row, err == nil
}

// doubtful tells whether the lease may have become this worker's by a theft that it knows no answer to: then its last owner may not
// know of it either.
func (w *Worker) doubtful(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.doubts[key]
}

// takeOne takes one lease and begins work on it. That somebody else was faster is no error. A call that is under way when the worker
// stops is let finish: a lease is not left behind with the name of a worker that does not know that it has it.
func (w *Worker) takeOne(ctx context.Context, known Lease, stolen bool) error {
	var failed error
	for range takeAttempts {
		sent := time.Now()
		row, err := w.call(context.WithoutCancel(ctx), func(ctx context.Context) (Lease, error) { return w.store.Take(ctx, known, w.id) })
		switch {
		case err == nil:
			w.view.Renewed(row, time.Now())
			w.begin(ctx, row, sent, stolen)
			return nil
		case stolen:
			w.mu.Lock()
			w.doubts[known.Key] = true
			w.mu.Unlock()
		}
		if errors.Is(err, ErrConflict) {
			// The first attempt may meet itself: what the store repeats by itself when an answer is lost is not seen here.
			if row, err = w.met(ctx, known, row); err == nil {
				return w.takenBefore(ctx, known, row)
			}
		}
		if failed = err; ctx.Err() != nil {
			break
		}
	}
	return failed
}

// met is the lease that a conflict was about, the zero Lease when there is none any more.
func (w *Worker) met(ctx context.Context, known, row Lease) (Lease, error) {
	if row.Key != "" {
		return row, nil
	}
	row, err := w.call(context.WithoutCancel(ctx), func(ctx context.Context) (Lease, error) { return w.store.Get(ctx, known.Key) })
	if errors.Is(err, ErrNotFound) {
		return Lease{}, nil
	}
	return row, err
}

// takenBefore begins work on a lease that is this worker's by an attempt that it had no answer to. It is renewed first: when that
// attempt arrived is not known.
func (w *Worker) takenBefore(ctx context.Context, known, row Lease) error {
	if row.Owner != w.id || row.Drainer != "" || row.Counter != known.Counter+1 {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.doubts, known.Key)
		return nil
	}
	if row, ok := w.resume(ctx, row); ok {
		w.view.Renewed(row, time.Now())
	}
	return nil
}

func (w *Worker) busy(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tenures[key] != nil
}

func (w *Worker) call(ctx context.Context, do func(context.Context) (Lease, error)) (Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, w.limits.call)
	defer cancel()
	return do(ctx)
}
