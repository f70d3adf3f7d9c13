package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// discoverEvery is the time between a follower's questions what it was assigned: half the leader's.
func discoverEvery(failover time.Duration) time.Duration { return failover - epsilon }

// followLoop begins work on what a leader assigns, until ctx is done or the regime over. It takes nothing, and does not scan.
func (w *Worker) followLoop(ctx context.Context, over <-chan struct{}) {
	for next := time.Now(); w.waitWake(ctx, over, next); next = time.Now().Add(discoverEvery(w.policy.Failover)) {
		err := w.discover(ctx)
		w.result(ctx, "what is assigned to this worker cannot be seen", err)
		// The leader hears of it with the next report, and passes the worker over.
		if ctx.Err() == nil {
			w.blind.Store(errors.Is(err, ErrSetup))
		}
	}
}

// discover looks at each lease with this worker's name on it that it does not hold. Leases that are still on their way, or gone
// elsewhere since the index was written, are left alone.
func (w *Worker) discover(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, w.limits.scan)
	keys, err := w.fleet.Assigned(asking, w.id)
	cancel()
	if err != nil {
		return fmt.Errorf("ask what is assigned: %w", err)
	}
	each(keys, func(key string) {
		if w.busy(key) || ctx.Err() != nil {
			return
		}
		row, err := w.call(ctx, func(ctx context.Context) (Lease, error) { return w.store.Get(ctx, key) })
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			if ctx.Err() == nil {
				w.complain("an assigned lease was not read", err, "key", key)
			}
		case row.Owner == w.id && row.Drainer == "":
			w.resume(ctx, row)
		}
	})
	return nil
}

// each does something with all of them, several at a time, and returns when it is done.
func each[T any](all []T, do func(T)) {
	var calls sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for _, one := range all {
		slots <- struct{}{}
		calls.Go(func() {
			defer func() { <-slots }()
			do(one)
		})
	}
	calls.Wait()
}
