package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// The periods of the Java library 3.x, which its workers judge each other by.
const (
	regimeEvery = time.Minute
	reportEvery = 30 * time.Second
	reportFirst = 2 * time.Second
)

// serve works by one regime after the other until ctx is done. Only errors of the beginning end it: they show a wrong table or a
// missing permission to whoever starts the worker.
func (w *Worker) serve(ctx context.Context) error {
	var regime Regime
	if w.fleet != nil {
		var err error
		if regime, err = w.regime(ctx); err != nil {
			return ending(ctx, err)
		}
		w.log.Info("leases are given out", "regime", regime.Name, "by_a_leader", regime.Assigned)
	}
	for start := true; ctx.Err() == nil; start = false {
		if !regime.Assigned {
			err := w.take(ctx, true)
			if err != nil && start {
				return ending(ctx, err)
			}
			w.result(ctx, unread, err)
		}
		regime = w.term(ctx, regime)
	}
	return nil
}

// ending is err, or nil when ctx ended what it came from.
func ending(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// term works by one regime until another is in force, and returns that. What is held stays held, and what is being done is finished:
//
//	taker      scan the table, take a fair share
//	follower   ask the index what is assigned to this worker; lead, where nobody does
//	either     report, where the table says so
//	taker      end the upgrade to a leader, where the fleet is at it and this worker is elected
func (w *Worker) term(ctx context.Context, r Regime) Regime {
	over := make(chan struct{})
	var loops sync.WaitGroup
	switch {
	case !r.Assigned:
		loops.Go(func() { w.takeLoop(ctx, over) })
	case r.Leaderless:
		loops.Go(func() { w.followLoop(ctx, over) })
	default:
		loops.Go(func() { w.followLoop(ctx, over) })
		loops.Go(func() { w.leadLoop(ctx, over) })
	}
	if r.Reported {
		loops.Go(func() { w.reportLoop(ctx, over) })
	}
	if r.Upgrading {
		loops.Go(func() { w.upgradeLoop(ctx, over) })
	}
	next := w.watch(ctx, r)
	close(over)
	loops.Wait()
	return next
}

// watch reads the regime once a minute until it asks for something else than r, or ctx is done.
func (w *Worker) watch(ctx context.Context, r Regime) Regime {
	if w.fleet == nil {
		<-ctx.Done()
		return r
	}
	for w.wait(ctx, nil, time.Now().Add(regimeEvery+w.jitter(regimeEvery/4))) {
		next, err := w.regime(ctx)
		if err != nil {
			if ctx.Err() == nil {
				w.complain("it is not known how leases are given out now", err)
			}
			continue
		}
		if next != r {
			w.log.Info("leases are given out another way", "regime", next.Name, "before", r.Name, "by_a_leader", next.Assigned)
		}
		if next.duties() != r.duties() {
			return next
		}
		r = next
	}
	return r
}

func (w *Worker) regime(ctx context.Context) (Regime, error) {
	reading, cancel := context.WithTimeout(ctx, w.limits.scan)
	defer cancel()
	r, err := w.fleet.Regime(reading)
	if err != nil {
		return r, fmt.Errorf("read how leases are given out: %w", err)
	}
	return r, nil
}

// reportLoop says that this worker lives, until ctx is done or the regime over.
func (w *Worker) reportLoop(ctx context.Context, over <-chan struct{}) {
	for next := time.Now().Add(reportFirst); w.wait(ctx, over, next); next = next.Add(reportEvery) {
		err := w.do(ctx, func(ctx context.Context) error { return w.fleet.Report(ctx, w.id, w.blind.Load()) })
		w.result(ctx, "the worker's report was not written: others wait for it", err)
	}
}

// wait returns true at then, and false as soon as ctx or the regime is over.
func (w *Worker) wait(ctx context.Context, over <-chan struct{}, then time.Time) bool {
	timer := time.NewTimer(time.Until(then))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-over:
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// jitter is at random between 0 and most.
func (w *Worker) jitter(most time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.random.Int64N(int64(most)))
}

// do is one call of the table, bounded.
func (w *Worker) do(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, w.limits.call)
	defer cancel()
	return call(ctx)
}

// result logs the error of a duty, and notes its success.
func (w *Worker) result(ctx context.Context, what string, err error) {
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.said, what)
		return
	}
	if ctx.Err() == nil {
		w.complain(what, err)
	}
}

// complain logs an error that the worker lives through. What somebody has to set up is said once, until it works.
func (w *Worker) complain(what string, err error, attributes ...any) {
	attributes = append(attributes, "error", err)
	if !errors.Is(err, ErrSetup) {
		w.log.Warn(what, attributes...)
		return
	}
	w.mu.Lock()
	said := w.said[what]
	w.said[what] = true
	w.mu.Unlock()
	if !said {
		w.log.Error(what, attributes...)
	}
}
