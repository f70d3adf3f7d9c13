package leasetest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"trunkline/internal/lease"
)

// Fleet is a Table that is a lease.Coordinator too, in memory. Its zero value is empty, and shared by takers.
type Fleet struct {
	Table

	mu      sync.Mutex
	regime  lease.Regime
	reports map[string]lease.Report
	lock    lease.Lock
	locks   int
	missing error
	since   []time.Time // upgrades
}

// Followers returns the regime of a fleet with a leader.
func Followers() lease.Regime {
	return lease.Regime{Assigned: true, Reported: true, Name: "followers"}
}

// Upgrading returns the regime of takers that are on their way to a leader.
func Upgrading() lease.Regime {
	return lease.Regime{Reported: true, Upgrading: true, Name: "upgrading"}
}

// SetRegime changes how leases are given out.
func (f *Fleet) SetRegime(r lease.Regime) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.regime = r
}

// Regime is what SetRegime said last.
func (f *Fleet) Regime(ctx context.Context) (lease.Regime, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.regime, ctx.Err()
}

// SetPrepared changes what Prepared returns.
func (f *Fleet) SetPrepared(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.missing = err
}

// Prepared is what SetPrepared said last.
func (f *Fleet) Prepared(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.missing != nil {
		return f.missing
	}
	return ctx.Err()
}

// Upgrade makes the regime that of followers.
func (f *Fleet) Upgrade(ctx context.Context, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !f.regime.Upgrading:
		return lease.ErrConflict
	}
	f.regime, f.since = Followers(), append(f.since, time.Now())
	return nil
}

// Upgrades are the times at which it was upgraded.
func (f *Fleet) Upgrades() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]time.Time(nil), f.since...)
}

// Assigned looks at all leases.
func (f *Fleet) Assigned(ctx context.Context, worker string) ([]string, error) {
	all, err := f.List(ctx)
	var keys []string
	for _, l := range all {
		if l.Owner == worker {
			keys = append(keys, l.Key)
		}
	}
	return keys, err
}

// HandOver is lease.HandedOver.
func (f *Fleet) HandOver(ctx context.Context, known lease.Lease, next string) (lease.Lease, error) {
	return f.write(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.HandedOver(row, known, next) })
}

// Report keeps one report for each worker.
func (f *Fleet) Report(ctx context.Context, worker string, blind bool) error {
	return f.SetReport(ctx, lease.Report{Worker: worker, Updated: time.Now().Truncate(time.Second), Able: !blind, Ours: true})
}

// SetReport puts a report as somebody else made it.
func (f *Fleet) SetReport(ctx context.Context, r lease.Report) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if f.reports == nil {
		f.reports = map[string]lease.Report{}
	}
	f.reports[r.Worker] = r
	return nil
}

// Reports returns all that are kept.
func (f *Fleet) Reports(ctx context.Context) ([]lease.Report, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []lease.Report
	for _, r := range f.reports {
		all = append(all, r)
	}
	return all, ctx.Err()
}

// Forget removes a report that is as known.
func (f *Fleet) Forget(ctx context.Context, known lease.Report) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !f.reports[known.Worker].Updated.Equal(known.Updated):
		return lease.ErrConflict
	}
	delete(f.reports, known.Worker)
	return nil
}

// Lock returns the lock.
func (f *Fleet) Lock(ctx context.Context) (lease.Lock, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lock, ctx.Err()
}

// Lead takes or keeps the lock for two minutes.
func (f *Fleet) Lead(ctx context.Context, known lease.Lock, worker string) (lease.Lock, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return lease.Lock{}, ctx.Err()
	case f.lock.Version != known.Version:
		return lease.Lock{}, lease.ErrConflict
	}
	f.locks++
	f.lock = lease.Lock{Owner: worker, Version: fmt.Sprint("v", f.locks), Duration: 2 * time.Minute}
	return f.lock, nil
}

// Resign removes the lock.
func (f *Fleet) Resign(ctx context.Context, known lease.Lock) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case f.lock.Version == "" || f.lock.Version != known.Version || f.lock.Owner != known.Owner:
		return lease.ErrConflict
	}
	f.lock = lease.Lock{}
	return nil
}
