package lease

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"
)

// The leader's times, as those of the Java library 3.x.
const (
	lockEvery    = 30 * time.Second // heartbeats of the leader, and questions of everybody else
	reportValid  = 60 * time.Second
	reportKept   = 24 * time.Hour
	failedRounds = 3 // after which a leader gives the lock up
	// deference is for how long a lock must be free until it is taken while workers of another program live. They ask each half minute,
	// and one of them leads further than this program can: it moves a migration on.
	deference = 75 * time.Second
)

// forceAfter is for how long a leader lets a hand-over go on.
func forceAfter(failover time.Duration) time.Duration { return drainLimit + failover }

// leadLoop leads whenever the lock can be won, until ctx is done or the regime over. A dead leader is replaced between one duration
// of its lock and half a minute more after it was last seen.
func (w *Worker) leadLoop(ctx context.Context, over <-chan struct{}) {
	c := candidate{w: w, roster: roster{}}
	for next := time.Now(); w.wait(ctx, over, next); next = time.Now().Add(lockEvery) {
		lock, won, err := c.stand(ctx)
		w.result(ctx, "the leader's lock was not looked at", err)
		if won {
			w.log.Info("this worker leads")
			w.lead(ctx, over, lock, &c)
			w.log.Info("this worker leads no more")
		}
	}
}

// candidate is what a worker knows of the lock and of the others, by its own clock.
type candidate struct {
	w         *Worker
	lock      Lock
	since     time.Time // when it first saw the lock so
	free      time.Time // since when it saw it free; zero when it is not
	roster    roster
	tolerated map[string]bool // workers of another program that did not take the lock
}

// stand takes the lock if nobody has it.
func (c *candidate) stand(ctx context.Context) (Lock, bool, error) {
	var lock Lock
	err := c.w.do(ctx, func(ctx context.Context) (err error) { lock, err = c.w.fleet.Lock(ctx); return err })
	if err != nil {
		return lock, false, fmt.Errorf("read the leader's lock: %w", err)
	}
	now := time.Now()
	if lock != c.lock || c.since.IsZero() {
		c.lock, c.since = lock, now // the first sight never counts as expired
	}
	// One with this worker's name is its own: it was taken without an answer, or before the worker was started again.
	if lock.Version != "" && !lock.Released && lock.Owner != c.w.id && now.Sub(c.since) <= lock.Duration {
		c.free = time.Time{}
		return lock, false, nil
	}
	if c.free.IsZero() {
		c.free = now
	}
	if err := c.meet(ctx); err != nil {
		return lock, false, err
	}
	others := c.roster.others(now)
	if len(others) > 0 && now.Sub(c.free) < deference {
		return lock, false, nil
	}
	c.tolerated = others
	err = c.w.do(ctx, func(ctx context.Context) (err error) { lock, err = c.w.fleet.Lead(ctx, lock, c.w.id); return err })
	if isConflict(err) {
		c.free = time.Time{}
		return lock, false, nil
	}
	if err != nil {
		return lock, false, fmt.Errorf("take the leader's lock: %w", err)
	}
	c.free = time.Time{}
	return lock, true, nil
}

// meet reads who is there.
func (c *candidate) meet(ctx context.Context) error {
	reading, cancel := context.WithTimeout(ctx, c.w.limits.scan)
	defer cancel()
	reports, err := c.w.fleet.Reports(reading)
	if err != nil {
		return fmt.Errorf("read the workers' reports: %w", err)
	}
	c.roster.update(reports, time.Now())
	return nil
}

// lead assigns leases for as long as the lock is held, and gives it up at the end.
func (w *Worker) lead(ctx context.Context, over <-chan struct{}, lock Lock, c *candidate) {
	leading, stop := context.WithCancel(ctx)
	var beating sync.WaitGroup
	held := lock
	beating.Go(func() { defer stop(); held = w.keep(leading, over, lock) })
	pace := pace{every: scanEvery(w.policy.Failover)}
	for failed := 0; failed < failedRounds && leading.Err() == nil; {
		err := w.round(leading, c)
		w.result(leading, "leases were not assigned", err)
		if failed++; err == nil {
			failed = 0
		}
		if newcomer := c.newcomer(time.Now()); newcomer != "" {
			w.log.Info("the lead is left to a worker of another program", "worker", newcomer)
			break
		}
		pace.scanned(time.Now())
		if !w.wait(leading, over, pace.next(w.view.Recheck())) {
			break
		}
	}
	stop()
	beating.Wait()
	// The worker may be stopping. A lock that is not given up expires.
	_ = w.do(context.WithoutCancel(ctx), func(ctx context.Context) error { return w.fleet.Resign(ctx, held) })
	c.since, c.free = time.Time{}, time.Time{}
}

// keep sends the lock's heartbeats until the lock is lost, too old to be trusted, ctx is done, or the regime over. It returns the lock
// as it last was.
func (w *Worker) keep(ctx context.Context, over <-chan struct{}, lock Lock) Lock {
	sent := time.Now()
	for w.wait(ctx, over, time.Now().Add(lockEvery)) {
		if age(sent, time.Now()) > lock.Duration*9/10 {
			return lock
		}
		began := time.Now()
		var next Lock
		err := w.do(ctx, func(ctx context.Context) (err error) { next, err = w.fleet.Lead(ctx, lock, w.id); return err })
		if isConflict(err) {
			// An earlier heartbeat may have had no answer.
			err = w.do(ctx, func(ctx context.Context) (err error) { next, err = w.fleet.Lock(ctx); return err })
			if err == nil && (next.Owner != w.id || next.Released) {
				return lock
			}
		}
		if err == nil {
			lock, sent = next, began
		}
		w.result(ctx, "the leader's lock was not renewed", err)
	}
	return lock
}

// newcomer is a worker of another program that was not there, or did not want the lock, when it was taken; "" when there is none.
func (c *candidate) newcomer(now time.Time) string {
	first := ""
	for id := range c.roster.others(now) {
		if !c.tolerated[id] && (first == "" || cmp.Less(id, first)) {
			first = id
		}
	}
	return first
}

// roster is who is alive, by reports, as one worker saw them.
type roster map[string]attendance

type attendance struct {
	report Report
	since  time.Time // when it was made, or by this worker's clock first seen
	lapsed bool      // it has let a lease expire since
}

// update takes in all reports. How old a report is that was never seen before is known by its writer's clock only.
func (r roster) update(reports []Report, now time.Time) {
	seen := roster{}
	for _, report := range reports {
		a := attendance{report: report, since: report.Updated}
		if old, known := r[report.Worker]; known {
			if a.since = now; report.Updated.Equal(old.report.Updated) {
				a.since, a.lapsed = old.since, old.lapsed
			}
		}
		if a.since.After(now) {
			a.since = now
		}
		seen[report.Worker] = a
	}
	clear(r)
	maps.Copy(r, seen)
}

// fresh tells whether the worker was alive of late.
func (a attendance) fresh(now time.Time) bool { return now.Sub(a.since) <= reportValid }

// lapse notes who has let a lease expire: it is likely dead, and what it is given would expire again. Its next report clears it.
func (r roster) lapse(worker string) {
	if a, known := r[worker]; known {
		a.lapsed = true
		r[worker] = a
	}
}

// able are the workers that can be given leases.
func (r roster) able(now time.Time) map[string]bool {
	all := map[string]bool{}
	for id, a := range r {
		if a.report.Able && !a.lapsed && a.fresh(now) {
			all[id] = true
		}
	}
	return all
}

// others are the living workers of another program.
func (r roster) others(now time.Time) map[string]bool {
	all := map[string]bool{}
	for id, a := range r {
		if !a.report.Ours && a.fresh(now) {
			all[id] = true
		}
	}
	return all
}
