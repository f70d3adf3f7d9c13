package lambda

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"trunkline/internal/collector/redact/scrub"
	"trunkline/internal/destination/httpapi"
	"trunkline/internal/secret"
)

// errNoDestination says what an event source mapping needs.
var errNoDestination = errors.New("an event source mapping's records have nowhere to go: add destination.http to the config, or call the function from a pipe")

// errShut ends an invocation whose destination is not there: Lambda sends the records again, and waiting costs money.
var errShut = errors.New("the destination is down or refuses the key")

// destination delivers a mapping's records. It lives on from one invocation to the next, for its connections.
type destination struct {
	set                *setup
	http               *httpapi.Destination
	concurrency, batch int

	mu    sync.Mutex
	cause error // why it takes nothing
	stops map[int]context.CancelCauseFunc
	next  int
}

// destination returns the destination of the config in force.
func (h *Handler) destination(set *setup) (*destination, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dest != nil && h.dest.set.config == set.config {
		return h.dest, nil
	}
	c := set.config.Destination.HTTP
	if c == nil {
		return nil, errNoDestination
	}
	d := &destination{set: set, concurrency: c.Concurrency, batch: c.Batch, stops: map[int]context.CancelCauseFunc{}}
	o := httpapi.Options{
		URL: c.URL, Plaintext: c.Plaintext, Header: c.Header, Rate: c.Rate.PerSecond(), Timeout: c.Timeout, Concurrency: c.Concurrency,
		Batch: c.Batch, CAFile: c.CAFile, UserAgent: h.o.UserAgent, Logger: h.o.Log, Observer: d,
		Scrub: func(text []byte) []byte { text, _ = scrub.Replace(nil, text, nil); return text },
	}
	if !c.Key.IsZero() {
		// Asked again after a refusal, the key may be newer than what the extension keeps.
		var secrets secret.Manager = set.secrets
		o.Key = func(ctx context.Context) (string, error) {
			value, err := c.Key.Resolve(ctx, secrets)
			if err != nil {
				return "", set.config.Errorf("destination.http.key", "%w", err)
			}
			secrets = fresh{set.secrets}
			return value.Reveal(), nil
		}
	}
	var err error
	if d.http, err = httpapi.New(o); err != nil {
		return nil, err
	}
	if h.dest != nil {
		h.dest.http.Close()
	}
	h.dest = d
	return d, nil
}

// drop forgets a destination that takes nothing.
func (h *Handler) drop(d *destination) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dest == d {
		h.dest = nil
	}
	d.http.Close()
}

// whenShut calls stop when the destination takes nothing, until the function that it returns is called.
func (d *destination) whenShut(stop context.CancelCauseFunc) (release func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := d.next
	d.next++
	d.stops[id] = stop
	if d.cause != nil {
		stop(d.cause)
	}
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.stops, id)
	}
}

func (d *destination) shut() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cause
}

// State implements httpapi.Observer.
func (d *destination) State(s httpapi.State) {
	if s == httpapi.Flowing {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cause = fmt.Errorf("%w (%s)", errShut, s)
	for _, stop := range d.stops {
		stop(d.cause)
	}
}

// Request implements httpapi.Observer.
func (*destination) Request(int, time.Duration) {}

// Retry implements httpapi.Observer.
func (*destination) Retry(int) {}
