package telemetry

import (
	"fmt"
	"sync"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/destination/httpapi"
)

// Health knows whether the collector is getting on with its work. It is a [collector.Observer] and an [httpapi.Observer]. All
// methods are safe for concurrent use.
type Health struct {
	patience time.Duration

	mu       sync.Mutex
	phase    phase
	inFlight func() int // set from collecting on
	source   func() []string
	state    httpapi.State
	failed   bool
	read     time.Time // when something was read last
	dirty    bool      // something was read since the last checkpoint began
	since    time.Time // the last checkpoint, or the first work after a rest
}

type phase uint8

const (
	starting phase = iota
	collecting
	stopping
)

var (
	_ collector.Observer = (*Health)(nil)
	_ httpapi.Observer   = (*Health)(nil)
)

// NewHealth is not ready until Collecting is called. With work to do and no checkpoint for longer than patience it is not ready
// either.
func NewHealth(patience time.Duration) *Health { return &Health{patience: patience} }

// Collecting notes that the collector is about to run. inFlight tells how many records are read and not settled.
func (h *Health) Collecting(inFlight func() int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.phase, h.inFlight = collecting, inFlight
}

// Source sets what asks the source why it does not get on. Its lines are fixed texts with numbers in them.
func (h *Health) Source(reasons func() []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.source = reasons
}

// Stopping notes that nothing more is read.
func (h *Health) Stopping() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.phase = stopping
}

// CommitFailed notes that a checkpoint could not be written. The next one that can be mends it.
func (h *Health) CommitFailed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = true
}

// Reasons why the collector is not ready; none when it is. They are lines of fixed text with numbers in them.
func (h *Health) Reasons() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	switch h.phase {
	case starting:
		lines = append(lines, "starting: nothing is read yet")
	case stopping:
		lines = append(lines, "stopping: what has been read is delivered, nothing more is read")
	}
	if h.source != nil && h.phase == collecting {
		lines = append(lines, h.source()...)
	}
	switch h.state {
	case httpapi.Open:
		lines = append(lines, "destination open: it is down, and tried again at intervals; nothing is lost")
	case httpapi.Paused:
		lines = append(lines, "destination paused: it refuses the key; put destination.http.key right, nothing is lost")
	}
	if h.failed {
		lines = append(lines, "checkpoint failed: the state file cannot be written; the log says why")
	}
	n := h.working()
	if !h.dirty && n == 0 {
		return lines
	}
	if age := time.Since(h.since); age > h.patience {
		lines = append(lines, fmt.Sprintf("checkpoint late: none for %s with work to do, %d records in flight", age.Round(time.Second), n))
	}
	return lines
}

func (h *Health) working() int {
	if h.inFlight == nil {
		return 0
	}
	return h.inFlight()
}

// Read implements [collector.Observer].
func (h *Health) Read(int, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.read = time.Now()
	if !h.dirty && h.working() == 0 {
		h.since = h.read // a rest is over: its length says nothing
	}
	h.dirty = true
}

// Settled implements [collector.Observer]. It does nothing, since it is called for each record, and by one who holds the lock that
// inFlight wants.
func (h *Health) Settled(collector.Outcome, string, int, time.Time) {}

// Revoked implements [collector.Observer].
func (h *Health) Revoked(int) {}

// Committed implements [collector.Observer].
func (h *Health) Committed(took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since, h.failed = time.Now(), false
	h.dirty = !h.read.Before(h.since.Add(-took))
}

// Request implements [httpapi.Observer].
func (h *Health) Request(int, time.Duration) {}

// Retry implements [httpapi.Observer].
func (h *Health) Retry(int) {}

// State implements [httpapi.Observer].
func (h *Health) State(s httpapi.State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = s
}
