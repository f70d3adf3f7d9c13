package lease

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The times of an upgrade, as those of the Java library 3.x.
const (
	readyEvery  = time.Minute
	readyChecks = 10 // between the first that finds the fleet ready and the one that ends the upgrade
	electFirst  = time.Minute
	electEvery  = 5 * time.Minute
	silentNamed = 10 // workers that the log names
)

// upgradeLoop ends the upgrade of a fleet of takers when all can follow a leader, until ctx is done or the regime over:
//
//	each minute, in the worker that takers elect: is the store prepared, and has each owner of a lease reported of late?
//	ten minutes of that ─▶ Coordinator.Upgrade
//
// Workers of the Java library do the same; where they elect one of ours, nobody else would.
func (w *Worker) upgradeLoop(ctx context.Context, over <-chan struct{}) {
	u := upgrade{w: w}
	for w.wait(ctx, over, time.Now().Add(readyEvery)) {
		w.result(ctx, "the fleet's upgrade was not looked after", u.check(ctx))
	}
}

// upgrade is what one worker knows of it.
type upgrade struct {
	w      *Worker
	leads  bool
	elect  time.Time // when the next election is
	steady int       // checks that found the fleet ready, one after the other
	said   string    // what the log said that it waits for
	spoke  bool
}

// check looks once. A check that fails leaves open whether the fleet is ready: it neither counts nor is it held against it.
func (u *upgrade) check(ctx context.Context) error {
	now := time.Now()
	if !u.leads && now.Before(u.elect) {
		return nil
	}
	reading, cancel := context.WithTimeout(ctx, u.w.limits.scan)
	defer cancel()
	leases, err := u.w.store.List(reading)
	if err != nil {
		return fmt.Errorf("read leases: %w", err)
	}
	if u.election(leases, now); !u.leads {
		u.steady, u.spoke = 0, false
		return nil
	}
	waits, err := u.waits(reading, leases)
	if err != nil {
		return err
	}
	u.say(waits)
	if waits != "" {
		u.steady = 0
		return nil
	}
	if u.steady++; u.steady <= readyChecks {
		return nil
	}
	err = u.w.do(ctx, func(ctx context.Context) error { return u.w.fleet.Upgrade(ctx, u.w.id) })
	switch {
	case err == nil:
		u.w.log.Info("the fleet is upgraded: a leader gives leases out from now on")
	case !isConflict(err): // a conflict: somebody else has moved it on, or back
		return fmt.Errorf("end the upgrade: %w", err)
	}
	u.steady = 0
	return nil
}

// election asks who leads: at first, a minute later, and then every five. While nobody owns a lease, everybody leads.
func (u *upgrade) election(leases []Lease, now time.Time) {
	if now.Before(u.elect) {
		return
	}
	leader := elected(leases)
	if u.leads = leader == "" || leader == u.w.id; leader == "" {
		return
	}
	wait := electEvery
	if u.elect.IsZero() {
		wait = electFirst
	}
	u.elect = now.Add(wait)
}

// waits is what the upgrade waits for, "" when for nothing. A report is too old after a minute by the clocks of both sides, since the
// Java library says so.
func (u *upgrade) waits(ctx context.Context, leases []Lease) (string, error) {
	err := u.w.do(ctx, u.w.fleet.Prepared)
	if errors.Is(err, ErrSetup) {
		return err.Error(), nil
	}
	if err != nil {
		return "", err
	}
	reports, err := u.w.fleet.Reports(ctx)
	if err != nil {
		return "", fmt.Errorf("read the workers' reports: %w", err)
	}
	silent, now := map[string]bool{}, time.Now()
	for _, l := range leases {
		silent[l.Owner] = true
	}
	for _, r := range reports {
		if now.Sub(r.Updated) < reportValid {
			delete(silent, r.Worker)
		}
	}
	var all []string
	if silent[""] {
		all = append(all, "a worker for each lease")
		delete(silent, "")
	}
	if n := len(silent); n > 0 {
		names := slices.Sorted(maps.Keys(silent))
		all = append(all, fmt.Sprintf("reports of %d workers: %s", n, strings.Join(names[:min(n, silentNamed)], ", ")))
	}
	return strings.Join(all, "; "), nil
}

// say logs what the upgrade waits for where that is new.
func (u *upgrade) say(waits string) {
	if u.spoke && waits == u.said {
		return
	}
	if u.said, u.spoke = waits, true; waits == "" {
		waits = "ten minutes in which all owners of leases report"
	}
	u.w.log.Info("the fleet's upgrade to a leader waits", "for", waits)
}

// elected is the worker that a fleet of takers agrees on, "" when no lease has an owner: that which the Java library has first after it
// has sorted the owners and shuffled them with its own generator, which begins with a seed that all know.
func elected(leases []Lease) string {
	owners := map[string]bool{}
	for _, l := range leases {
		if l.Owner != "" {
			owners[l.Owner] = true
		}
	}
	if len(owners) == 0 {
		return ""
	}
	all := slices.Sorted(maps.Keys(owners))
	random := newJavaRandom(1947)
	for i := len(all); i > 1; i-- {
		j := random.below(i)
		all[i-1], all[j] = all[j], all[i-1]
	}
	return all[0]
}

// javaRandom is java.util.Random, whose documentation lays down how it goes on: a linear congruence of 48 bits.
type javaRandom uint64

const (
	javaFactor = 0x5DEECE66D
	javaMask   = 1<<48 - 1
)

func newJavaRandom(seed uint64) *javaRandom {
	r := javaRandom((seed ^ javaFactor) & javaMask)
	return &r
}

// next is 31 bits.
func (r *javaRandom) next() int64 {
	*r = (*r*javaFactor + 0xB) & javaMask
	return int64(*r >> 17)
}

// below is at least 0 and less than n, as nextInt.
func (r *javaRandom) below(n int) int {
	bound := int64(n)
	if bound&(bound-1) == 0 {
		return int(bound * r.next() >> 31)
	}
	for {
		bits := r.next()
		value := bits % bound
		if bits-value+bound-1 < 1<<31 { // else the last numbers would come too often
			return int(value)
		}
	}
}
