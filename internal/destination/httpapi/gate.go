package httpapi

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// State of the destination.
type State uint8

const (
	// Flowing: records are sent.
	Flowing State = iota
	// Open is an open circuit: the endpoint has failed many times in a row, one request at a time tries whether it is back.
	Open
	// Paused: the endpoint refuses the key. One request at a time tries the key as it then is.
	Paused
)

func (s State) String() string {
	return [...]string{"flowing", "open", "paused"}[s]
}

// failuresToOpen in a row, over all records, open the circuit. Requests that were under way together count once: the end of one
// HTTP/2 connection fails all that share it.
const failuresToOpen = 6

// gate stands before every request. While it is shut, requests wait; the one that has the turn goes through as a probe.
type gate struct {
	host     string
	logger   *slog.Logger
	observer Observer
	probes   backoff
	shut     atomic.Bool   // state != Flowing, to read without the lock
	failures atomic.Int32  // in a row, those under way together counted once
	turn     chan struct{} // held by the probe

	mu     sync.Mutex
	state  State
	failed time.Time     // when a failure was last counted
	opened chan struct{} // closed when the gate opens again
	tries  int           // failed probes
	next   time.Time     // of the next probe
	since  time.Time     // when it was shut
	told   time.Time     // when a setting was last complained about
	reason string        // of the pause, as it was last logged
}

func newGate(host string, o Options) *gate {
	return &gate{
		host: host, logger: o.Logger, observer: o.Observer, turn: make(chan struct{}, 1),
		probes: backoff{base: time.Second, limit: 30 * time.Second, jitter: o.Jitter},
	}
}

// enter waits for leave to send. It returns Flowing, or the state that the caller's request is to probe: the caller then has the
// turn until it calls leave, alive, fail or pause with that state.
func (g *gate) enter(ctx context.Context) (State, error) {
	for g.shut.Load() {
		g.mu.Lock()
		opened := g.opened
		g.mu.Unlock()
		select {
		case <-ctx.Done():
			return Flowing, ctx.Err()
		case <-opened:
			continue
		case g.turn <- struct{}{}:
		}
		state, err := g.await(ctx)
		if state != Flowing && err == nil {
			return state, nil
		}
		<-g.turn
		if err != nil {
			return Flowing, err
		}
	}
	return Flowing, ctx.Err()
}

// await waits until it is time for the next probe, or the gate opens.
func (g *gate) await(ctx context.Context) (State, error) {
	for {
		g.mu.Lock()
		state, next, opened := g.state, g.next, g.opened
		g.mu.Unlock()
		wait := time.Until(next)
		if state == Flowing || wait <= 0 {
			return state, ctx.Err()
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-opened:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return state, ctx.Err()
		}
	}
}

// flowing reports whether the gate is open for all.
func (g *gate) flowing() bool { return !g.shut.Load() }

// leave gives the turn back, if pass is one.
func (g *gate) leave(pass State) {
	if pass != Flowing {
		<-g.turn
	}
}

// alive notes an answer that shows the endpoint at work. A pause is ended by its probe only: a request that was under way when the
// key was withdrawn says nothing about the key.
func (g *gate) alive(pass State) {
	defer g.leave(pass)
	if g.failures.Load() != 0 {
		g.failures.Store(0)
	}
	if !g.shut.Load() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == Open || g.state == Paused && pass == Paused {
		g.logger.Info("destination takes records again", "host", g.host, "was", g.state.String(), "for", time.Since(g.since).Round(time.Millisecond))
		g.reason = ""
		g.change(Flowing)
		close(g.opened)
	}
}

// fail notes a request, sent at the given time, that got no useful answer, and tells whether the gate is shut. No probe starts
// before after has passed.
func (g *gate) fail(pass State, sent time.Time, after time.Duration, cause error) bool {
	defer g.leave(pass)
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if !sent.Before(g.failed) {
		g.failures.Add(1)
		g.failed = now
	}
	if setting := settingAtFault(cause); setting && g.state == Flowing && now.Sub(g.told) > time.Minute {
		g.told = now
		g.logger.Error("destination cannot be reached", "host", g.host, "error", cause)
	}
	switch {
	case pass != Flowing:
		g.schedule(now, after)
	case g.state == Flowing && g.failures.Load() >= failuresToOpen:
		g.logger.Error("destination is down: waiting for it, nothing is lost", "host", g.host, "error", cause)
		g.close(Open, now, after)
	case g.state != Flowing && g.next.Before(now.Add(after)):
		g.next = now.Add(after)
	}
	return g.state != Flowing
}

// pause notes that the key is refused, also after it was read again, or cannot be read again. The alarm is one line for each reason.
func (g *gate) pause(pass State, cause error) {
	defer g.leave(pass)
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	switch {
	case g.state == Flowing:
		g.close(Paused, now, 0)
	case g.state == Open:
		g.tries = 0
		g.schedule(now, 0)
		g.change(Paused)
	case pass == Paused:
		g.schedule(now, 0)
	default: // was under way when the gate was shut
		return
	}
	if reason := cause.Error(); g.reason != reason {
		g.reason = reason
		g.logger.Error("destination refuses the key: paused until it is right, nothing is lost", "host", g.host, "error", cause)
	}
}

func (g *gate) close(s State, now time.Time, after time.Duration) {
	g.opened = make(chan struct{})
	g.since, g.tries = now, 0
	g.schedule(now, after)
	g.change(s)
}

// schedule the next probe: at least half of the doubling bound away, since there is only one prober to spread.
func (g *gate) schedule(now time.Time, after time.Duration) {
	bound := min(g.probes.base<<min(g.tries, 20), g.probes.limit)
	wait := bound/2 + time.Duration(g.probes.jitter()*float64(bound/2))
	g.tries++
	g.next = now.Add(max(wait, after))
}

func (g *gate) change(s State) {
	g.state = s
	g.shut.Store(s != Flowing)
	g.observer.State(s)
}
