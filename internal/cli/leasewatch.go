package cli

import (
	"context"
	"time"

	"trunkline/internal/lease"
)

// heartbeats tell which workers live: there is no clock in a lease table, so one has to watch whether counters move.
type heartbeats struct {
	leases []lease.Lease // as of the last look
	alive  map[string]bool
}

// watchLeases looks at leases again and again, first being what was just seen, until those that somebody has and that are wanted have
// all moved, and for the failover time and a fifth of it at most: a lease that has not moved by then has no living owner. look is
// called five times in a failover time.
func watchLeases(ctx context.Context, look func(context.Context) ([]lease.Lease, error), first []lease.Lease, wanted func(lease.Lease) bool, failover time.Duration) (h heartbeats, err error) {
	h = heartbeats{leases: first, alive: map[string]bool{}}
	began := map[string]lease.Lease{}
	for _, l := range first {
		began[l.Key] = l
	}
	silent := func() bool {
		for _, l := range h.leases {
			if l.Holder() != "" && wanted(l) && !h.alive[l.Key] {
				return true
			}
		}
		return false
	}
	over := time.Now().Add(failover + failover/5)
	every := time.NewTicker(failover / 5)
	defer every.Stop()
	for silent() && time.Now().Before(over) {
		select {
		case <-ctx.Done():
			return h, ctx.Err()
		case <-every.C:
		}
		if h.leases, err = look(ctx); err != nil {
			return h, err
		}
		for _, l := range h.leases {
			before, known := began[l.Key]
			if !known {
				began[l.Key] = l
				continue
			}
			h.alive[l.Key] = l.Counter != before.Counter && l.Holder() != ""
		}
	}
	return h, nil
}
