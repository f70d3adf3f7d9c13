package httpapi

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace spaces requests. An endpoint that says "too many" halves it; from then on every second without such an answer gives a
// twentieth back.
type pace struct {
	limiter *rate.Limiter
	ceiling rate.Limit // of the options; may be rate.Inf

	mu      sync.Mutex
	since   time.Time  // start of the second in which sent is counted
	sent    int        // requests since then
	last    rate.Limit // requests a second in the second before
	full    rate.Limit // before it was lowered; 0 when it is not
	changed time.Time  // when it was last lowered or raised
}

func newPace(ceiling rate.Limit) *pace {
	return &pace{limiter: rate.NewLimiter(ceiling, burst(ceiling)), ceiling: ceiling}
}

// burst is what may go at once: a twentieth of a second's worth, so that a timer that fires late costs nothing of the rate.
func burst(r rate.Limit) int {
	return int(max(1, min(float64(r)/20, 1e6)))
}

// wait until a request may go.
func (p *pace) wait(ctx context.Context) error {
	now := time.Now()
	p.mu.Lock()
	if now.Sub(p.since) >= time.Second {
		p.last = p.measured(now)
		p.since, p.sent = now, 0
		p.faster(now)
	}
	p.sent++
	p.mu.Unlock()
	r := p.limiter.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return ctx.Err()
	}
	if err := sleep(ctx, wait); err != nil {
		r.Cancel()
		return err
	}
	return nil
}

// measured requests a second since p.since.
func (p *pace) measured(now time.Time) rate.Limit {
	return rate.Limit(float64(p.sent) / max(now.Sub(p.since).Seconds(), 0.05))
}

// slower halves the rate, or what is really sent if that is less; at most once a second, since all requests in flight may be
// answered the same.
func (p *pace) slower() {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full != 0 && now.Sub(p.changed) < time.Second {
		return
	}
	present := min(p.limiter.Limit(), max(p.measured(now), p.last))
	if p.full == 0 {
		p.full = min(max(present, 1), p.ceiling)
	}
	p.changed = now
	p.set(now, max(present/2, min(1, p.ceiling/16)))
}

// faster gives back what quiet seconds have earned.
func (p *pace) faster(now time.Time) {
	if p.full == 0 {
		return
	}
	quiet := now.Sub(p.changed).Seconds()
	if quiet < 1 {
		return
	}
	p.changed = now
	next := p.limiter.Limit() + p.full/20*rate.Limit(quiet)
	top := p.ceiling
	if top == rate.Inf {
		top = 2 * p.full // well beyond what was too much: then it no longer is
	}
	if next >= top {
		p.full = 0
		next = p.ceiling
	}
	p.set(now, next)
}

func (p *pace) set(now time.Time, r rate.Limit) {
	p.limiter.SetLimitAt(now, r)
	p.limiter.SetBurstAt(now, burst(r))
}
