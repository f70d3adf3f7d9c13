package httpapi

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace spaces requests. An endpoint that answers "too many" sets the rate: that at which it took requests in the last second, and
// a fifth more, which finds out whether it takes more by now. Halving at every such answer instead would bring an endpoint that
// fails a few requests in a hundred, however many there are, down to nothing.
type pace struct {
	limiter *rate.Limiter
	ceiling rate.Limit // of the options; may be rate.Inf

	mu       sync.Mutex
	since    time.Time  // start of the second in which the next three are counted
	latest   time.Time  // of the requests
	sent     int        // requests
	rejected int        // answers that said "too many"
	full     rate.Limit // what was sent when the rate was lowered; 0 when it is not
}

// newPace allows perSecond requests a second, which may be infinite.
func newPace(perSecond float64) *pace {
	ceiling := rate.Limit(perSecond)
	if math.IsInf(perSecond, 1) {
		ceiling = rate.Inf
	}
	return &pace{limiter: rate.NewLimiter(ceiling, burst(ceiling)), ceiling: ceiling}
}

// burst is what may go at once: a twentieth of a second's worth, so that a timer that fires late costs nothing of the rate.
func burst(r rate.Limit) int {
	return int(max(1, min(float64(r)/20, 1e6)))
}

// wait until a request may go.
func (p *pace) wait(ctx context.Context) error {
	now := time.Now()
	r := p.limiter.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		if err := sleep(ctx, wait); err != nil {
			r.Cancel()
			return err
		}
		now = time.Now()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.since) >= time.Second {
		p.adjust(now)
		p.since, p.sent, p.rejected = now, 0, 0
	}
	p.sent++
	p.latest = now
	return ctx.Err()
}

// slower notes that the endpoint was asked too often.
func (p *pace) slower() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rejected++
}

// adjust sets the rate from what the last second showed. It halves at most; a second without complaint gives a tenth back.
func (p *pace) adjust(now time.Time) {
	if p.rejected == 0 && p.full == 0 {
		return
	}
	seconds := max(p.latest.Sub(p.since).Seconds(), 0.05)
	sent := rate.Limit(float64(p.sent) / seconds)
	took := rate.Limit(float64(max(p.sent-p.rejected, 0)) / seconds)
	present := p.limiter.Limit()
	next := max(took*1.2, sent/2, min(1, p.ceiling/16))
	if p.rejected == 0 {
		next = present + p.full/10*rate.Limit(now.Sub(p.since).Seconds())
	}
	if p.full == 0 {
		if next >= present {
			return
		}
		p.full = min(max(sent, 1), p.ceiling)
	}
	top := p.ceiling
	if top == rate.Inf {
		top = 2 * p.full // well beyond what was too much: it no longer is
	}
	if next >= top {
		p.full, next = 0, p.ceiling
	}
	p.limiter.SetLimitAt(now, next)
	p.limiter.SetBurstAt(now, burst(next))
}
