package telemetry

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/destination/httpapi"
)

// Health knows whether the collector is getting on with its work. It is a [collector.Observer] and an [httpapi.Observer]. All
// methods are safe for concurrent use.
type Health struct {
	patience time.Duration
	began    time.Time
	pending  atomic.Int64 // records read and not settled
	dirty    atomic.Bool  // something is settled and, as far as is known, not durable
	since    atomic.Int64 // of the last checkpoint, or of the first work after a rest, in nanoseconds after began

	mu     sync.Mutex
	phase  phase
	state  httpapi.State
	failed bool
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
func NewHealth(patience time.Duration) *Health { return &Health{patience: patience, began: time.Now()} }

// Collecting notes that the collector is about to run.
func (h *Health) Collecting() { h.enter(collecting) }

// Stopping notes that nothing more is read.
func (h *Health) Stopping() { h.enter(stopping) }

func (h *Health) enter(p phase) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.phase = p
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
	switch h.state {
	case httpapi.Open:
		lines = append(lines, "destination open: it is down, and tried again at intervals; nothing is lost")
	case httpapi.Paused:
		lines = append(lines, "destination paused: it refuses the key; put destination.http.key right, nothing is lost")
	}
	if h.failed {
		lines = append(lines, "checkpoint failed: the state file cannot be written; the log says why")
	}
	pending := h.pending.Load()
	if pending <= 0 && !h.dirty.Load() {
		return lines
	}
	if age := h.clock() - time.Duration(h.since.Load()); age > h.patience {
		lines = append(lines, fmt.Sprintf("checkpoint late: none for %s with work to do, %d records in flight", age.Round(time.Second), max(pending, 0)))
	}
	return lines
}

func (h *Health) clock() time.Duration { return time.Since(h.began) }

// Read implements [collector.Observer].
func (h *Health) Read(records, _ int) {
	if h.pending.Add(int64(records)) == int64(records) && !h.dirty.Load() {
		h.since.Store(int64(h.clock()))
	}
}

// Settled implements [collector.Observer].
func (h *Health) Settled(_ collector.Outcome, _ string, records int, _ time.Time) {
	h.pending.Add(-int64(records))
	if !h.dirty.Load() { // a load is much cheaper than a store, and this is called for each record
		h.dirty.Store(true)
	}
}

// Committed implements [collector.Observer]. A record that was settled while this checkpoint was written is taken for durable until
// the next one is settled: the collector writes another checkpoint at once, and if that one hangs, the next record shows it.
func (h *Health) Committed(time.Duration) {
	h.since.Store(int64(h.clock()))
	h.dirty.Store(false)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = false
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
