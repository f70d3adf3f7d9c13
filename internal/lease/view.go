package lease

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Policy is what workers of one table should agree on.
type Policy struct {
	// Failover is for how long a counter may stand still until the lease has expired.
	Failover time.Duration
	// MaxLeases bounds what one worker takes; 0 does not.
	MaxLeases int
	// MaxSteals bounds what one worker steals after one scan.
	MaxSteals int
}

// veryOld is after how many failover times without a heartbeat leases are taken without regard to shares: their owners are gone, and
// so may be those who would have had to take them.
const veryOld = 3

// View is what one worker knows of the table, and when it saw that. It reads no clock: time comes in. Not for concurrent use.
type View struct {
	policy Policy
	seen   map[string]observation
	pulse  pulse
}

// observation is a lease and when its counter was first seen; the zero time when it never had an owner.
type observation struct {
	lease Lease
	since time.Time
	// moving is when the hand-over that it is in was first seen.
	moving time.Time
}

// NewView knows nothing yet.
func NewView(p Policy) *View { return &View{policy: p, seen: map[string]observation{}} }

// Update takes in a complete scan of the table, which had come back at now: a counter must not be taken for older than it is.
// Leases that are not in it are forgotten.
func (v *View) Update(leases []Lease, now time.Time) {
	seen := make(map[string]observation, len(leases))
	for _, l := range leases {
		o := observation{lease: l, since: now}
		old, known := v.seen[l.Key]
		switch {
		case known && old.lease.Counter == l.Counter:
			o.since = old.since
		case known && old.lease.Drainer != "" && l.Drainer == "":
			o.since = now.Add(v.policy.Failover) // whom it was handed over to has to find it first
		case !known && l.Owner == "":
			o.since = time.Time{}
		}
		if l.Drainer != "" {
			if o.moving = now; known && old.lease.Drainer == l.Drainer && old.lease.Owner == l.Owner && !old.moving.IsZero() {
				o.moving = old.moving
			}
		}
		seen[l.Key] = o
	}
	v.seen = seen
	v.pulse.take(v, now)
}

// Recheck is when another scan would tell whether an owner that has missed heartbeats is dead; the zero time when none is suspected.
func (v *View) Recheck() time.Time { return v.pulse.recheck }

// Renewed notes a write of this worker's own.
func (v *View) Renewed(l Lease, now time.Time) { v.seen[l.Key] = observation{lease: l, since: now} }

// available tells whether the lease may be taken: it has no owner, or has expired.
func (v *View) available(o observation, now time.Time) bool {
	return o.lease.Holder() == "" || v.older(o, now, v.policy.Failover)
}

func (v *View) older(o observation, now time.Time, age time.Duration) bool {
	return o.since.IsZero() || now.Sub(o.since) > age
}

// Claim is a lease that a worker should take.
type Claim struct {
	Lease Lease
	// Stolen says that its owner is alive.
	Stolen bool
}

// Plan says what the worker me should take, given what it saw and the time now:
//
//  1. leases without a heartbeat for three failover times, all of them;
//  2. up to its fair share, leases that are available;
//  3. if there are none of these, leases of the most loaded worker that has its share or more, MaxSteals at most.
//
// Which ones is random, so that workers that plan at the same time seldom want the same. A fair share is the number of leases by the
// number of workers that have any, me included, rounded up.
func (v *View) Plan(me string, now time.Time, random *rand.Rand) []Claim {
	var old, free []Lease
	owned := map[string][]Lease{me: nil}
	for _, key := range slices.Sorted(maps.Keys(v.seen)) { // sorted, so that random alone decides
		o := v.seen[key]
		if !v.available(o, now) {
			owned[o.lease.Owner] = append(owned[o.lease.Owner], o.lease)
			continue
		}
		if v.older(o, now, veryOld*v.policy.Failover) {
			old = append(old, o.lease)
		} else {
			free = append(free, o.lease)
		}
	}
	mine := len(owned[me])
	all := claims(old, v.room(mine, len(old)), false, random)
	mine += len(all)
	target := share(len(v.seen), len(owned))
	need := v.room(mine, target-mine)
	switch {
	case need <= 0 || len(all) > 0 && len(free) == 0:
		return all
	case len(free) > 0:
		return append(all, claims(free, need, false, random)...)
	}
	victim := mostLoaded(owned)
	his := owned[victim]
	if victim == me || len(his) < target {
		return nil
	}
	n := min(need, len(his)-target)
	if need > 1 && n == 0 {
		n = 1
	}
	// A lease that is on its way to another worker is not to be fought over.
	his = slices.DeleteFunc(his, func(l Lease) bool { return l.Drainer != "" })
	return claims(his, min(n, v.policy.MaxSteals), true, random)
}

// share is what one of so many workers should have of so many leases: at least one, and rounded up.
func share(leases, workers int) int {
	return max(1, (leases+workers-1)/workers)
}

// room is n or, if that is less, how many more leases than mine the policy allows.
func (v *View) room(mine, n int) int {
	if v.policy.MaxLeases > 0 {
		n = min(n, v.policy.MaxLeases-mine)
	}
	return max(n, 0)
}

// mostLoaded is the worker with the most leases, of several the one with the first id.
func mostLoaded(owned map[string][]Lease) string {
	return slices.MinFunc(slices.Collect(maps.Keys(owned)), func(a, b string) int {
		if len(owned[a]) != len(owned[b]) {
			return len(owned[b]) - len(owned[a])
		}
		return strings.Compare(a, b)
	})
}

// claims picks n of leases at random, or all if there are fewer.
func claims(leases []Lease, n int, stolen bool, random *rand.Rand) []Claim {
	random.Shuffle(len(leases), func(i, j int) { leases[i], leases[j] = leases[j], leases[i] })
	var all []Claim
	for _, l := range leases[:min(n, len(leases))] {
		all = append(all, Claim{l, stolen})
	}
	return all
}
