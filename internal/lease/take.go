package lease

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// takeEvery is the time between the end of a scan and the next.
func (w *Worker) takeEvery() time.Duration { return 2 * (w.policy.Failover + epsilon) }

// takeLoop scans and takes until ctx is done. Only the first scan's error ends it: that one shows a wrong table or a missing
// permission to whoever starts the worker.
func (w *Worker) takeLoop(ctx context.Context) error {
	view := NewView(w.policy)
	if err := w.take(ctx, view, true); err != nil && ctx.Err() == nil {
		return err
	}
	for {
		next := time.NewTimer(w.takeEvery())
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-next.C:
		}
		next.Stop()
		if ctx.Err() != nil {
			return nil
		}
		if err := w.take(ctx, view, false); err != nil && ctx.Err() == nil {
			w.log.Warn("leases were not read", "error", err)
		}
	}
}

// take scans the table once and takes what is to be taken. At the start it resumes leases that have this worker's name on them.
func (w *Worker) take(ctx context.Context, view *View, start bool) error {
	began := time.Now()
	listing, cancel := context.WithTimeout(ctx, w.limits.scan)
	leases, err := w.store.List(listing)
	cancel()
	if err != nil {
		return fmt.Errorf("read leases: %w", err)
	}
	now := time.Now()
	view.Update(leases, now)
	if start {
		w.resume(ctx, view, leases)
	}
	slow := now.Sub(began) > w.renewEvery()/2
	for _, claim := range view.Plan(w.id, now, w.random) {
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
		if err := w.takeOne(ctx, view, known, claim.Stolen); err != nil && ctx.Err() == nil {
			w.log.Warn("lease was not taken", "key", known.Key, "error", err)
		}
	}
	return nil
}

// resume renews what this worker had when it stopped, expired or not. A lease that is being handed over is not resumed: nobody
// knows how far the drainer's work had come.
func (w *Worker) resume(ctx context.Context, view *View, leases []Lease) {
	for _, l := range leases {
		if l.Owner != w.id || l.Drainer != "" {
			continue
		}
		sent := time.Now()
		row, err := w.call(ctx, func(ctx context.Context) (Lease, error) { return w.store.Renew(ctx, l, 0) })
		if err != nil {
			if !errors.Is(err, ErrConflict) && ctx.Err() == nil {
				w.log.Warn("lease was not resumed", "key", l.Key, "error", err)
			}
			continue
		}
		view.Renewed(row, time.Now())
		w.begin(ctx, row, sent, false)
	}
}

// takeOne takes one lease and begins work on it. That somebody else was faster is no error.
func (w *Worker) takeOne(ctx context.Context, view *View, known Lease, stolen bool) error {
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
			view.Renewed(row, time.Now())
			w.begin(ctx, row, sent, stolen)
			return nil
		}
		failed = err
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
