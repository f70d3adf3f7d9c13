package lease

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// round is what a leader does once: read who is there and what there is, and bring the two together.
func (w *Worker) round(ctx context.Context, c *candidate) error {
	if _, err := w.scan(ctx); err != nil {
		return err
	}
	if err := c.meet(ctx); err != nil { // from the same scan, where the table has both
		return err
	}
	now := time.Now()
	for _, o := range w.view.seen {
		if holder := o.lease.Holder(); holder != "" && w.view.available(o, now) {
			c.roster.lapse(holder)
		}
	}
	var mu sync.Mutex
	var failed error
	given := false
	each(w.view.Moves(c.roster.able(now), now), func(m Move) {
		if ctx.Err() != nil {
			return
		}
		row, err := w.call(ctx, func(ctx context.Context) (Lease, error) { return w.move(ctx, m) })
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			if w.view.moved(row, time.Now()); m.To == w.id {
				given = true
			}
		case !isConflict(err): // what changed meanwhile is looked at in the next round
			failed = fmt.Errorf("give %s to %s: %w", m.Lease.Key, m.To, err)
		}
	})
	if given {
		w.Wake()
	}
	for _, a := range c.roster {
		if now.Sub(a.since) > reportKept {
			err := w.do(ctx, func(ctx context.Context) error { return w.fleet.Forget(ctx, a.report) })
			if err != nil && !isConflict(err) {
				failed = errors.Join(failed, fmt.Errorf("forget the report of %s: %w", a.report.Worker, err))
			}
		}
	}
	return failed
}

func isConflict(err error) bool { return errors.Is(err, ErrConflict) }

func (w *Worker) move(ctx context.Context, m Move) (Lease, error) {
	switch m.How {
	case Give:
		// The counter is part of the condition, which Java's has not: an owner that has renewed since the scan keeps its lease.
		return w.store.Take(ctx, m.Lease, m.To)
	case Force:
		return w.store.Assign(ctx, m.Lease, m.To)
	default:
		return w.fleet.HandOver(ctx, m.Lease, m.To)
	}
}

// Move is a lease that a leader should bring to another worker.
type Move struct {
	Lease Lease
	To    string
	How   How
}

// How a lease is moved.
type How int

// The ways to move a lease.
const (
	Give  How = iota // nobody has it, or nobody living
	Hand             // it is to be drained first
	Force            // it was not drained in time
)

// Moves says what a leader should do, given the workers that can be given leases, what it saw, and the time now:
//
//  1. a hand-over that is not ended in time is ended, in favour of the worker it was for;
//  2. leases that have expired or have no owner go to whoever has least, those first that were left alone for longest;
//  3. leases go from whoever has most to whoever has least, by hand-over, until these differ by one.
//
// What a worker that is not among the able has, and renews, it keeps, and it counts for nobody. Policy.MaxLeases bounds what is given,
// not what is had.
func (v *View) Moves(able map[string]bool, now time.Time) []Move {
	if len(able) == 0 {
		return nil
	}
	loads := loads{
		workers: slices.Sorted(maps.Keys(able)), bound: v.policy.MaxLeases, count: map[string]int{}, has: map[string][]Lease{},
	}
	var free, stuck []observation
	for _, key := range slices.Sorted(maps.Keys(v.seen)) {
		o := v.seen[key]
		switch {
		case v.available(o, now):
			free = append(free, o)
		case o.lease.Drainer == "":
			loads.count[o.lease.Owner]++
			loads.has[o.lease.Owner] = append(loads.has[o.lease.Owner], o.lease)
		case able[o.lease.Owner] || now.Sub(o.moving) <= forceAfter(v.policy.Failover):
			loads.count[o.lease.Owner]++
		}
		if o.lease.Drainer != "" && now.Sub(o.moving) > forceAfter(v.policy.Failover) && !v.available(o, now) {
			stuck = append(stuck, o)
		}
	}
	var moves []Move
	give := func(l Lease, to string, how How) {
		loads.count[to]++
		moves = append(moves, Move{l, to, how})
	}
	for _, o := range stuck {
		if able[o.lease.Owner] {
			moves = append(moves, Move{o.lease, o.lease.Owner, Force})
		} else if to := loads.least(); to != "" {
			give(o.lease, to, Force)
		}
	}
	slices.SortStableFunc(free, func(a, b observation) int { return a.since.Compare(b.since) })
	for _, o := range free {
		if to := loads.least(); to != "" {
			give(o.lease, to, Give)
		}
	}
	for {
		from, to := loads.most(), loads.least()
		if from == "" || to == "" || loads.count[from]-loads.count[to] < 2 {
			return moves
		}
		his := loads.has[from]
		loads.has[from] = his[1:]
		loads.count[from]--
		give(his[0], to, Hand)
	}
}

// moved notes a write of the leader's. Who is given a lease has the time to find it, until its counter may be missed.
func (v *View) moved(l Lease, now time.Time) {
	if l.Drainer == "" {
		v.seen[l.Key] = observation{lease: l, since: now.Add(v.policy.Failover)}
	}
}

// loads is how many leases each able worker has, those that are on their way to it among them.
type loads struct {
	workers []string
	bound   int // 0 is none
	count   map[string]int
	has     map[string][]Lease // what can be handed over
}

// least is the able worker that has least and may have more, of several the first; "" when there is none.
func (l *loads) least() string {
	least := ""
	for _, id := range l.workers {
		if (l.bound == 0 || l.count[id] < l.bound) && (least == "" || l.count[id] < l.count[least]) {
			least = id
		}
	}
	return least
}

// most is the able worker that has most, of those that have something to hand over; "" when there is none.
func (l *loads) most() string {
	most := ""
	for _, id := range l.workers {
		if len(l.has[id]) > 0 && (most == "" || l.count[id] > l.count[most]) {
			most = id
		}
	}
	return most
}
