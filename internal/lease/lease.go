// Package lease says which worker has which piece of work, and how far it got: the protocol of the Java Kinesis Client Library on a
// table that several machines share.
//
//	taker      Store.List ─▶ View: what changed, what expired ─▶ Plan ─▶ Store.Take ─▶ Tenure ─▶ work(ctx, tenure) ─▶ Checkpoint
//	follower   Coordinator.Assigned ───────────────────────────────────▶ Store.Renew ──┘  ▲ renewed by the Worker until it ends or is lost
//	leader     Store.List, Coordinator.Reports ─▶ View ─▶ Moves ─▶ Store.Take for another, or Coordinator.HandOver
//
// Every worker of a table that is no [Coordinator] is a taker, as in version 2 of that library. Where the table is one, it says which
// regime is in force, and the worker changes with it: in version 3 a leader assigns, and everybody follows. On the way from one to the
// other the worker that takers elect sees when all are ready, and says so in the table.
//
// A lease's counter is heartbeat and fencing token in one: every write by an owner is conditional on the counter that it last saw,
// and adds 1. There is no clock in the table. Each observer remembers when it first saw a counter, by its own clock; a lease whose
// counter stood still for longer than the failover time has expired, and may be taken.
//
// Its promises, for workers whose clocks run at the same rate within five per cent:
//
//   - Work on a lease runs in one worker at a time. A holder stops before an observer may take its lease, and a worker that stole a
//     lease begins only when the holder must have stopped. A process that was paused cannot know this: it asks [Tenure.Confirm]
//     before it acts.
//   - A checkpoint of a worker that no longer owns the lease is refused by the table, whatever the worker believes.
//   - Renewal waits for nothing but the table, and there for no call longer than a quarter of the failover time.
//   - A lease without a living owner is taken within the failover time and one scan of the table after that, where heartbeats and
//     checkpoints come evenly; else within two scans. A leader gives it away in the same time, and its new owner finds it within one
//     failover time more. A leader that died is replaced first, within 150 s.
//   - Workers settle at equal shares: takers by one stolen lease for each worker and scan, and nobody steals from itself; a leader by
//     hand-overs, all at once, each drained by its owner within 30 s.
//   - The table is asked no more than the Java library asks it.
//
// Keys and positions are opaque here; what they mean is known to whoever does the work.
package lease

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

var (
	// ErrConflict says that a write's condition did not hold: somebody else has changed or deleted the lease since it was read.
	ErrConflict = errors.New("the lease was changed by somebody else")
	// ErrExists says that a lease to be created is there already, or something else under its key.
	ErrExists = errors.New("the lease exists")
	// ErrNotFound says that there is no lease of a key.
	ErrNotFound = errors.New("no such lease")
	// ErrLost says that a tenure is over: whatever it was doing has to stop, and its writes are refused.
	ErrLost = errors.New("the lease is lost")
)

// Lease is one piece of work as a store has it. Its slices are not to be changed.
type Lease struct {
	Key   string
	Owner string // id of the worker that has it; "" when nobody has
	// Counter is the heartbeat and the fencing token, from 0.
	Counter    int64
	Checkpoint Checkpoint
	// Switches counts the changes of owner since the last checkpoint.
	Switches int64
	// Drainer is the former owner, and Owner the next one, while a lease is handed over: until it has drained what is in flight
	// the drainer goes on renewing. "" at all other times.
	Drainer string
	// Throughput is what the owner last reported, in KiB/s; 0 when it did not.
	Throughput float64

	// What the owner of the work keeps beside it; nothing in here depends on it.

	Parents  []string // what has to be finished first
	Children []string // what follows
	Range    Range
	Stream   string // where one table serves several streams; else ""
	Shard    string // likewise
}

// Holder is the worker that has the lease now: its drainer while it is handed over, else its owner; "" when nobody has.
func (l Lease) Holder() string {
	if l.Drainer != "" {
		return l.Drainer
	}
	return l.Owner
}

// Checkpoint is how far the work has come. Position is opaque to this package and to stores, and never empty in a stored lease.
type Checkpoint struct {
	Position string
	Sub      int64 // index within the position, from 0
}

// Range is the part of the key space that belongs to the work, decimal and inclusive. Both are "" where it is not known.
type Range struct{ Start, End string }

// Facts are what may be added to a lease by anybody, at any time: its counter stays. Empty fields are left as they are.
type Facts struct {
	Children []string
	Range    Range
}

// Check tells why l cannot be created: it wants a key, a position, no owner, no counter, and no empty parent or child.
func (l Lease) Check() error {
	switch {
	case l.Key == "":
		return errors.New("create lease: it has no key")
	case l.Checkpoint.Position == "":
		return fmt.Errorf("create lease of %s: it has no position", l.Key)
	case l.Owner != "" || l.Drainer != "" || l.Counter != 0 || l.Switches != 0:
		return fmt.Errorf("create lease of %s: a new lease has no owner and no counter", l.Key)
	case l.Checkpoint.Sub < 0:
		return fmt.Errorf("create lease of %s: sub-sequence number %d", l.Key, l.Checkpoint.Sub)
	case (l.Range.Start == "") != (l.Range.End == ""):
		return fmt.Errorf("create lease of %s: half a range", l.Key)
	}
	if slices.Contains(append(append([]string(nil), l.Parents...), l.Children...), "") {
		return fmt.Errorf("create lease of %s: a parent or child has no key", l.Key)
	}
	return nil
}

// Store is a table of leases. What each write asks of the row and does to it is said at the function of the same name in this
// package ([Renewed] and those beside it); a store may have rows and attributes that are none of a lease, and leaves them alone.
// Writes take the lease as the writer last saw it and return it as it is after the write. With ErrConflict they may return the row
// that the condition met, else the zero Lease: read again. An error that wraps neither ErrConflict, ErrExists nor ErrNotFound leaves
// open whether the write took place. Methods are safe for concurrent use and return
// soon after ctx is done. leasetest.Run checks all this.
type Store interface {
	// List returns all leases in no particular order. It may be a little behind the latest writes.
	List(ctx context.Context) ([]Lease, error)
	// Get returns one lease as the latest write left it, or ErrNotFound.
	Get(ctx context.Context, key string) (Lease, error)
	// Create adds a lease that passes its Check, or returns ErrExists.
	Create(ctx context.Context, l Lease) error
	// Renew is a heartbeat. throughput is in KiB/s; 0 reports none.
	Renew(ctx context.Context, known Lease, throughput float64) (Lease, error)
	// Take makes owner the owner of a lease that expired, is unassigned, or is to be stolen.
	Take(ctx context.Context, known Lease, owner string) (Lease, error)
	// Checkpoint moves the position, which is also a heartbeat.
	Checkpoint(ctx context.Context, known Lease, c Checkpoint) (Lease, error)
	// Assign gives a lease to owner, at the end of a hand-over or at once.
	Assign(ctx context.Context, known Lease, owner string) (Lease, error)
	// Evict takes the owner away, so that the next scan of any worker finds the lease free.
	Evict(ctx context.Context, known Lease) (Lease, error)
	// Describe adds facts to a lease, or returns ErrNotFound.
	Describe(ctx context.Context, key string, f Facts) error
	// Delete removes a lease whose counter is as known.
	Delete(ctx context.Context, known Lease) error
}
