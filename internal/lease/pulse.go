package lease

import "time"

// A scan shows that a counter has moved, not when. An owner that died just after one scan looks alive at the next, and is found dead
// only at the third: two periods, where the failover time and one would do. To scan twice as often would cost twice as much. But every
// counter moves once for each heartbeat, and an owner that was dead at the end of the time between two scans has sent fewer than one
// that lived: those who are suspected are looked at again as soon as their leases would have expired.
//
//	scan ──────── alive ── dies ──────── scan: too few heartbeats ──── failover time ─── scan: the counters stood still, expired
//
// An owner that dies less than the failover time before a scan cannot be told from one that lives, and need not: at the next regular
// scan its leases have expired.

// pulse is the number of heartbeats of each owner between two scans.
type pulse struct {
	at      time.Time          // of the scan that began the interval
	counts  map[string]beat    // by lease key, as that scan showed it
	rate    map[string]float64 // by owner, heartbeats for each lease and second in the interval before
	recheck time.Time
}

type beat struct {
	holder  string
	counter int64
}

// take counts heartbeats up to now. Scans that follow each other within the failover time are one interval: they say nothing new.
func (p *pulse) take(v *View, now time.Time) {
	if !now.Before(p.recheck) {
		p.recheck = time.Time{}
	}
	took := now.Sub(p.at)
	if !p.at.IsZero() && took <= v.policy.Failover {
		return
	}
	leases, beats := map[string]int64{}, map[string]int64{}
	counts := make(map[string]beat, len(v.seen))
	for key, o := range v.seen {
		b := beat{o.lease.Holder(), o.lease.Counter}
		counts[key] = b
		if old, known := p.counts[key]; known && b.holder != "" && old.holder == b.holder {
			leases[b.holder]++
			beats[b.holder] += b.counter - old.counter
		}
	}
	regular := 1 / renewEvery(v.policy.Failover).Seconds()
	rate := make(map[string]float64, len(leases))
	for owner, n := range leases {
		each := float64(beats[owner]) / float64(n)
		// Of an owner that has been dead for the failover time there are the heartbeats of the time before that, at its usual rate, since
		// its checkpoints count too, and one more by chance.
		usual := max(regular, p.rate[owner])
		if most := usual*(took-v.policy.Failover).Seconds() + 1; beats[owner] > 0 && each <= most {
			p.recheck = now.Add(v.policy.Failover + time.Millisecond) // expired is what stood still for longer than the failover time
		}
		rate[owner] = each / took.Seconds()
	}
	p.at, p.counts, p.rate = now, counts, rate
}

// pace says when a loop is to scan: at a fixed distance, and now and then in between.
type pace struct {
	every   time.Duration
	last    time.Time // when the last scan was over
	regular time.Time
	extra   [extras]time.Time // of the last extra scans
}

// Extra scans are at most as many as those that a Java worker makes, and this one does not, to ask who leads: one in five minutes.
const (
	extras      = 2
	extrasEvery = 10 * time.Minute
)

// scanned sets the next regular scan, when the one before is over.
func (p *pace) scanned(now time.Time) {
	if p.last = now; !now.Before(p.regular) {
		p.regular = now.Add(p.every)
	}
}

// next is when to scan again. recheck is View.Recheck's; one that has passed is that of an extra scan that failed, and the regular one
// makes up for it.
func (p *pace) next(recheck time.Time) time.Time {
	switch {
	case !recheck.After(p.last) || !recheck.Before(p.regular):
		return p.regular
	case recheck.Equal(p.extra[extras-1]):
		return recheck
	}
	if oldest := p.extra[0]; !oldest.IsZero() && recheck.Sub(oldest) < extrasEvery {
		return p.regular
	}
	copy(p.extra[:], p.extra[1:])
	p.extra[extras-1] = recheck
	return recheck
}
