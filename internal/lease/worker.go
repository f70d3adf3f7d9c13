package lease

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// DefaultFailover is that of the Java library; all workers of a table should have the same.
	DefaultFailover = 10 * time.Second

	epsilon      = 25 * time.Millisecond
	drainLimit   = 30 * time.Second
	parallel     = 20 // calls of the table at a time
	takeAttempts = 3
)

// Options of a Worker.
type Options struct {
	// ID is unique among all workers that ever used the table, or at least among those alive: two with one id believe in the same
	// leases. NewID makes one.
	ID string
	// Policy: zero fields take DefaultFailover, no bound, and one steal for each scan.
	Policy Policy
	// Random decides which leases are taken, and spreads what workers do at the same time. Nobody else may use it.
	Random *rand.Rand
	// Log gets what was gained and lost, and errors of the table that the worker lives through. nil logs nothing.
	Log *slog.Logger
}

// Work is what is done with a lease, from tenure.Lease().Checkpoint on. ctx ends when the lease is lost (its cause wraps ErrLost) and
// when the worker stops; in the latter case Checkpoint still works, with a context of its own, until Work returns. nil says that there
// is nothing left to do: the worker goes on holding the lease as long as it lives, so that nobody does it again. After an error the
// lease is given up, for any worker's next scan.
type Work func(ctx context.Context, tenure *Tenure) error

// Worker takes leases or is given them, holds them while work is done on them, and loses them.
type Worker struct {
	store  Store
	fleet  Coordinator // nil where the store is none
	id     string
	policy Policy
	limits limits
	log    *slog.Logger
	work   Work
	wake   chan struct{}
	hired  sync.WaitGroup // goroutines of tenures
	view   *View          // of whichever loop is scanning
	blind  atomic.Bool    // what is assigned cannot be seen

	mu      sync.Mutex
	random  *rand.Rand
	tenures map[string]*Tenure // by key; a tenure stays until its work has returned
	doubts  map[string]bool    // keys of thefts without an answer
	said    map[string]bool    // what ErrSetup was logged for
}

// New makes a worker that does work with the leases of store.
func New(store Store, work Work, o Options) (*Worker, error) {
	if o.Policy.Failover == 0 {
		o.Policy.Failover = DefaultFailover
	}
	if o.Policy.MaxSteals == 0 {
		o.Policy.MaxSteals = 1
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	failover := o.Policy.Failover
	switch {
	case o.ID == "":
		return nil, errors.New("lease worker: it has no id")
	case o.Random == nil:
		return nil, errors.New("lease worker: it has no source of randomness")
	case failover < time.Second:
		return nil, fmt.Errorf("lease worker: failover time %v: it is at least 1s", failover)
	case o.Policy.MaxLeases < 0 || o.Policy.MaxSteals < 0:
		return nil, errors.New("lease worker: a bound is negative")
	}
	fleet, _ := store.(Coordinator)
	// By clocks that differ by five per cent, the hold of a heartbeat ends before an observer may call the lease expired, and that of a
	// hand-over before its leader may end it.
	slower := func(d time.Duration) time.Duration { return d - max(d/20, epsilon) }
	return &Worker{
		store: store, fleet: fleet, id: o.ID, policy: o.Policy, random: o.Random, log: o.Log, work: work,
		limits: limits{
			scan: 6 * failover, call: failover / 4, drain: drainLimit,
			hold: slower(failover), force: slower(forceAfter(failover)),
		},
		wake: make(chan struct{}, 1), view: NewView(o.Policy), tenures: map[string]*Tenure{},
		doubts: map[string]bool{}, said: map[string]bool{},
	}, nil
}

// Run takes leases and holds them until ctx is done, and returns when all work has returned and its leases are given up. While work
// finishes, its leases are renewed. It returns an error only when the table cannot be read at the start.
func (w *Worker) Run(ctx context.Context) error {
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var renewals sync.WaitGroup
	renewals.Go(func() { w.renewLoop(renewing) })
	err := w.serve(ctx)
	w.hired.Wait()
	stop()
	renewals.Wait()
	return err
}

// Wake makes the worker look at the table now: leases were just created in it.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it will
	}
}

// Held returns the leases that the worker holds, in no particular order.
func (w *Worker) Held() []Lease {
	var all []Lease
	for _, t := range w.all() {
		if t.ended() == nil {
			all = append(all, t.Lease())
		}
	}
	return all
}

func (w *Worker) all() []*Tenure {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]*Tenure, 0, len(w.tenures))
	for _, t := range w.tenures {
		all = append(all, t)
	}
	return all
}

// renewEvery is the time between heartbeats: two may fail before the lease expires.
func renewEvery(failover time.Duration) time.Duration { return failover/3 - epsilon }

// renewLoop sends heartbeats, each lease's by itself.
func (w *Worker) renewLoop(ctx context.Context) {
	period := renewEvery(w.policy.Failover)
	every := time.NewTicker(period)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		each(w.all(), func(t *Tenure) {
			// A checkpoint is a heartbeat too: after a recent one, the next tick is early enough.
			if t.ended() != nil || t.heartbeat() < period/2 {
				return
			}
			if err := t.renew(ctx); err != nil && !errors.Is(err, ErrLost) && ctx.Err() == nil {
				w.complain("lease was not renewed", err, "key", t.key()) // the loss itself is logged once, where work ends
			}
		})
	}
}

// begin starts work on a lease that this worker has just written, at sent.
func (w *Worker) begin(ctx context.Context, l Lease, sent time.Time, stolen bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	t := newTenure(w.store, w.id, w.limits, l, sent, cancel)
	w.mu.Lock()
	w.tenures[l.Key] = t
	delete(w.doubts, l.Key)
	w.mu.Unlock()
	var quiet time.Duration
	if stolen {
		// Its owner may not know yet. It has stopped when what it sent before the theft is worth nothing any more.
		quiet = w.policy.Failover
	}
	w.log.Info("lease gained", "key", l.Key, "stolen", stolen)
	w.hired.Go(func() {
		defer cancel(nil)
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.tenures, l.Key)
		}()
		w.hold(ctx, t, quiet)
	})
}

// hold does the work and keeps the lease for as long as that is right.
func (w *Worker) hold(ctx context.Context, t *Tenure, quiet time.Duration) {
	stopped := pause(ctx, quiet) != nil
	if stopped && quiet > 0 {
		// To give the lease up would let the next worker begin while the one it was stolen from may still be at it.
		t.end(fmt.Errorf("%w: the worker stopped before it began", ErrLost))
		return
	}
	var err error
	if !stopped {
		err = w.work(ctx, t)
	}
	if err == nil {
		select {
		case <-ctx.Done():
		case <-t.Draining():
		}
	}
	if cause := t.ended(); cause != nil {
		w.log.Info("lease lost", "key", t.key(), "cause", cause)
		return
	}
	if err != nil && ctx.Err() == nil {
		w.log.Warn("work on a lease ended", "key", t.key(), "error", err)
	}
	// The worker may be stopping: this write is its last word.
	if err := t.giveUp(context.WithoutCancel(ctx)); err != nil {
		w.log.Warn("lease was not given up; it will expire", "key", t.key(), "error", err)
		return
	}
	w.log.Info("lease given up", "key", t.key())
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
