package lease_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
)

// wire is one worker's way to the table, with what can happen on it.
type wire struct {
	store lease.Store

	mu     sync.Mutex
	random *rand.Rand
	state  state
	delay  time.Duration // of a request, and of an answer, at most
	faults float64       // the part of requests that meet a fault
	counts map[string]int
	thaw   chan struct{} // closed when it is not frozen any more
}

type state int

const (
	up     state = iota
	down         // nothing comes back
	mute         // what is asked for happens, and the answer is lost
	dead         // the process is gone: nothing is sent
	frozen       // the process is paused: what it was about to send is sent when it goes on
)

var (
	errDead = errors.New("the process is dead")
	errWire = errors.New("connection reset")
)

func newWire(store lease.Store, seed uint64) *wire {
	return &wire{store: store, random: rand.New(rand.NewPCG(seed, 99)), counts: map[string]int{}}
}

func (w *wire) set(s state) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == frozen && s != frozen {
		close(w.thaw)
	}
	if w.state != frozen && s == frozen {
		w.thaw = make(chan struct{})
	}
	w.state = s
}

// goOn waits while the process is paused.
func (w *wire) goOn() state {
	for {
		w.mu.Lock()
		s, thaw := w.state, w.thaw
		w.mu.Unlock()
		if s != frozen {
			return s
		}
		<-thaw
	}
}

func (w *wire) count(operation string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[operation]
}

type fault int

const (
	none        fault = iota
	lostRequest       // an error, and nothing has happened
	lostAnswer        // an error, after it has happened
	late              // it happens after the caller has given up
)

// roll decides what happens to a request.
func (w *wire) roll(operation string) (s state, f fault, before, after time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[operation]++
	if w.delay > 0 {
		before, after = time.Duration(w.random.Int64N(int64(w.delay))), time.Duration(w.random.Int64N(int64(w.delay)))
	}
	if w.random.Float64() < w.faults {
		f = fault(1 + w.random.IntN(3))
	}
	return w.state, f, before, after
}

func through[T any](ctx context.Context, w *wire, operation string, do func(context.Context) (T, error)) (T, error) {
	var zero T
	state, f, before, after := w.roll(operation)
	if state == frozen {
		if state = w.goOn(); state == up {
			ctx = context.WithoutCancel(ctx) // its deadline was not noticed
		}
	}
	switch state {
	case down:
		<-ctx.Done()
		return zero, ctx.Err()
	case dead:
		return zero, errDead
	}
	if err := sleep(ctx, before); err != nil {
		return zero, err
	}
	switch f {
	case lostRequest:
		return zero, errWire
	case late:
		go func() {
			_ = sleep(context.WithoutCancel(ctx), 5*time.Second+20*after)
			_, _ = do(context.WithoutCancel(ctx))
		}()
		if _, bounded := ctx.Deadline(); !bounded {
			return zero, errWire
		}
		<-ctx.Done()
		return zero, ctx.Err()
	}
	v, err := do(ctx)
	if f == lostAnswer || state == mute {
		return zero, errWire
	}
	if err := sleep(ctx, after); err != nil {
		return zero, err
	}
	return v, err
}

func sleep(ctx context.Context, d time.Duration) error {
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

func (w *wire) List(ctx context.Context) ([]lease.Lease, error) {
	return through(ctx, w, "List", w.store.List)
}

func (w *wire) Get(ctx context.Context, key string) (lease.Lease, error) {
	return through(ctx, w, "Get", func(ctx context.Context) (lease.Lease, error) { return w.store.Get(ctx, key) })
}

func (w *wire) Create(ctx context.Context, l lease.Lease) error {
	_, err := through(ctx, w, "Create", func(ctx context.Context) (any, error) { return nil, w.store.Create(ctx, l) })
	return err
}

func (w *wire) Renew(ctx context.Context, known lease.Lease, throughput float64) (lease.Lease, error) {
	return through(ctx, w, "Renew", func(ctx context.Context) (lease.Lease, error) { return w.store.Renew(ctx, known, throughput) })
}

func (w *wire) Take(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	return through(ctx, w, "Take", func(ctx context.Context) (lease.Lease, error) { return w.store.Take(ctx, known, owner) })
}

func (w *wire) Checkpoint(ctx context.Context, known lease.Lease, c lease.Checkpoint) (lease.Lease, error) {
	return through(ctx, w, "Checkpoint", func(ctx context.Context) (lease.Lease, error) { return w.store.Checkpoint(ctx, known, c) })
}

func (w *wire) Assign(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	return through(ctx, w, "Assign", func(ctx context.Context) (lease.Lease, error) { return w.store.Assign(ctx, known, owner) })
}

func (w *wire) Evict(ctx context.Context, known lease.Lease) (lease.Lease, error) {
	return through(ctx, w, "Evict", func(ctx context.Context) (lease.Lease, error) { return w.store.Evict(ctx, known) })
}

func (w *wire) Describe(ctx context.Context, key string, f lease.Facts) error {
	_, err := through(ctx, w, "Describe", func(ctx context.Context) (any, error) { return nil, w.store.Describe(ctx, key, f) })
	return err
}

func (w *wire) Delete(ctx context.Context, known lease.Lease) error {
	_, err := through(ctx, w, "Delete", func(ctx context.Context) (any, error) { return nil, w.store.Delete(ctx, known) })
	return err
}

// fleetWire is a wire to a table with a leader.
type fleetWire struct {
	*wire
	fleet leasetest.Coordinated
}

func newFleetWire(fleet leasetest.Coordinated, seed uint64) *fleetWire {
	return &fleetWire{newWire(fleet, seed), fleet}
}

func (w *fleetWire) Regime(ctx context.Context) (lease.Regime, error) {
	return through(ctx, w.wire, "Regime", w.fleet.Regime)
}

func (w *fleetWire) Prepared(ctx context.Context) error {
	_, err := through(ctx, w.wire, "Prepared", func(ctx context.Context) (any, error) { return nil, w.fleet.Prepared(ctx) })
	return err
}

func (w *fleetWire) Upgrade(ctx context.Context, worker string) error {
	_, err := through(ctx, w.wire, "Upgrade", func(ctx context.Context) (any, error) { return nil, w.fleet.Upgrade(ctx, worker) })
	return err
}

func (w *fleetWire) Assigned(ctx context.Context, worker string) ([]string, error) {
	return through(ctx, w.wire, "Assigned", func(ctx context.Context) ([]string, error) { return w.fleet.Assigned(ctx, worker) })
}

func (w *fleetWire) HandOver(ctx context.Context, known lease.Lease, next string) (lease.Lease, error) {
	return through(ctx, w.wire, "HandOver", func(ctx context.Context) (lease.Lease, error) { return w.fleet.HandOver(ctx, known, next) })
}

func (w *fleetWire) Report(ctx context.Context, worker string, blind bool) error {
	_, err := through(ctx, w.wire, "Report", func(ctx context.Context) (any, error) { return nil, w.fleet.Report(ctx, worker, blind) })
	return err
}

func (w *fleetWire) Reports(ctx context.Context) ([]lease.Report, error) {
	return through(ctx, w.wire, "Reports", w.fleet.Reports)
}

func (w *fleetWire) Forget(ctx context.Context, known lease.Report) error {
	_, err := through(ctx, w.wire, "Forget", func(ctx context.Context) (any, error) { return nil, w.fleet.Forget(ctx, known) })
	return err
}

func (w *fleetWire) Lock(ctx context.Context) (lease.Lock, error) {
	return through(ctx, w.wire, "Lock", w.fleet.Lock)
}

func (w *fleetWire) Lead(ctx context.Context, known lease.Lock, worker string) (lease.Lock, error) {
	return through(ctx, w.wire, "Lead", func(ctx context.Context) (lease.Lock, error) { return w.fleet.Lead(ctx, known, worker) })
}

func (w *fleetWire) Resign(ctx context.Context, known lease.Lock) error {
	_, err := through(ctx, w.wire, "Resign", func(ctx context.Context) (any, error) { return nil, w.fleet.Resign(ctx, known) })
	return err
}
