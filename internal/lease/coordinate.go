package lease

import (
	"context"
	"errors"
	"time"
)

// ErrSetup says that a table or a permission is missing: to try again does not help until somebody has provided it. Its text names what.
var ErrSetup = errors.New("this has to be set up first")

// Coordinator is what a Store brings along whose leases may be given out by a leader, as in fleets of the Java library 3.x. With it
// the Worker follows the regime that the table says, and changes with it; a Store that is none is always shared by takers.
// Methods are safe for concurrent use. leasetest.RunCoordinator checks what is said here.
type Coordinator interface {
	// Regime reads how leases are given out now.
	Regime(ctx context.Context) (Regime, error)
	// Prepared returns nil when the store has what followers ask of it, and an error that wraps ErrSetup and says what is missing.
	Prepared(ctx context.Context) error
	// Upgrade makes a fleet of takers one with a leader, on the condition that it is on its way there; else it returns ErrConflict.
	// worker is who says so.
	Upgrade(ctx context.Context, worker string) error
	// Assigned returns the keys of the leases that have worker as their owner, those that are still on their way to it among them.
	// It may be a little behind the latest writes.
	Assigned(ctx context.Context, worker string) ([]string, error)
	// HandOver promises the lease that known.Owner holds to next. The condition is HandedOver's.
	HandOver(ctx context.Context, known Lease, next string) (Lease, error)
	// Report says that worker is alive. blind says that it is not able to find out what it is assigned, and is to be passed over.
	Report(ctx context.Context, worker string, blind bool) error
	// Reports returns the latest report of every worker.
	Reports(ctx context.Context) ([]Report, error)
	// Forget removes a report that is as known, or returns ErrConflict.
	Forget(ctx context.Context, known Report) error
	// Lock reads the leader's lock as the latest write left it; the zero Lock when there is none.
	Lock(ctx context.Context) (Lock, error)
	// Lead takes or keeps the lock: it is as known, and then worker's under a new version, or ErrConflict.
	Lead(ctx context.Context, known Lock, worker string) (Lock, error)
	// Resign removes the lock that is as known, or returns ErrConflict.
	Resign(ctx context.Context, known Lock) error
}

// Regime is how the leases of a table are given out. The zero Regime is that of the Java library 2.x: each worker takes its share.
type Regime struct {
	// Assigned says that a leader assigns the leases; a worker takes none on its own account.
	Assigned bool
	// Reported says that each worker reports.
	Reported bool
	// Upgrading says that takers are on their way to a leader: the one that they elect calls Upgrade when all are ready.
	Upgrading bool
	// Leaderless says that this worker must not lead: it does not understand what the table says, and follows.
	Leaderless bool
	// Name is what the table calls it, for logs.
	Name string
}

// duties tells whether two regimes ask for the same.
func (r Regime) duties() Regime {
	r.Name = ""
	return r
}

// Report is what a worker last said of itself.
type Report struct {
	Worker string
	// Updated is when, by the worker's own clock; whole seconds.
	Updated time.Time
	// Able says that it can be given leases.
	Able bool
	// Ours says that it is a worker of this program: as a leader it moves no migration on.
	Ours bool
	// Place is the store's own: where the report is.
	Place string
}

// Lock is the right to lead, as it stands in the table. There is no clock in it: a worker that saw the same version for longer than
// Duration, by its own clock, may take it.
type Lock struct {
	Owner    string
	Version  string // new at each heartbeat; "" when there is no lock
	Duration time.Duration
	Released bool // given up, for anybody
}
