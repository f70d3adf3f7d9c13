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
// again, or has been given it. A lease that is being handed over is not resumed: nobody knows how far the drainer's work has come.
func (w *Worker) resume(ctx context.Context, l Lease) (Lease, bool) {
	sent := time.Now()
	row, err := w.call(ctx, func(ctx context.Context) (Lease, error) { return w.store.Renew(ctx, l, 0) })
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

// takeOne takes one lease and begins work on it. That somebody else was faster is no error.
func (w *Worker) takeOne(ctx context.Context, known Lease, stolen bool) error {
	began := time.Now()
	var failed error
	for range takeAttempts {
		sent := time.Now()
		row, err := w.call(ctx, func(ctx context.Context) (Lease, error) { return w.store.Take(ctx, known, w.id) })
		if errors.Is(err, ErrConflict) {
			if failed == nil {
				return nil
			}
			// An earlier attempt may have taken it, and its answer was lost.
			row, err = w.call(ctx, func(ctx context.Context) (Lease, error) { return w.store.Get(ctx, known.Key) })
			if errors.Is(err, ErrNotFound) || err == nil && (row.Owner != w.id || row.Counter != known.Counter+1) {
				return nil
			}
			sent = began
		}
		if err == nil {
			w.view.Renewed(row, time.Now())
			w.begin(ctx, row, sent, stolen)
			return nil
		}
		failed = err
		if stolen {
			w.mu.Lock()
			w.doubts[known.Key] = true
			w.mu.Unlock()
		}
		if ctx.Err() != nil {
			break
		}
	}
	return failed
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
