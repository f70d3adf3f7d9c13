package shards

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"trunkline/internal/lease"
)

// The times of the Java library.
const (
	longestWait  = 30 * time.Second // before the first leases are made, at random, so that one worker makes them
	waitPoll     = 3 * time.Second
	auditFirst   = 60 * time.Second
	auditEvery   = 120 * time.Second
	auditsToSync = 3 // in a row, of the same hole
	leadsFirst   = 60 * time.Second
	leadsFor     = 5 * time.Minute

	cleanEvery   = time.Minute
	endedFor     = 5 * time.Minute  // until an ended lease is looked at, and between two looks
	garbageAfter = 30 * time.Minute // until one is looked at as garbage
	deleteTries  = 5

	// roundLimit is how long a round may take: less than endedFor, so that it cannot create again what clean-up has deleted since the
	// round listed the leases.
	roundLimit = 2 * time.Minute
	retryPause = 10 * time.Second

	// margin is how far this machine's clock may be ahead of the stream's, and a listing of leases behind their table.
	margin = 5 * time.Second
)

// Options of a Syncer.
type Options struct {
	// Worker is the id of this worker among the owners of leases.
	Worker string
	Start  Start
	// Random decides how long the worker waits before it makes the first leases. Run uses it alone.
	Random *rand.Rand
	// Leads tells whether this worker is the one that audits the table. nil: by the rule of the Java library 2.x, [Leads].
	Leads func(context.Context) (bool, error)
	// Held returns the leases that this worker holds: of these, the ones that have served are deleted. nil deletes none.
	Held func() []lease.Lease
	// Changed is called after leases were created, so that somebody takes them soon ([lease.Worker.Wake]). nil calls nothing.
	Changed func()
	// Log gets what was created and deleted, and errors that the Syncer lives through. nil logs nothing.
	Log *slog.Logger
}

// Syncer keeps a table of leases as a stream needs it. Its methods are safe for concurrent use.
type Syncer struct {
	store  lease.Store
	lister *Lister
	o      Options
	log    *slog.Logger
	round  chan struct{} // held during a round

	mu      sync.Mutex
	listed  time.Time            // when the last listing of the table began
	absent  map[string]time.Time // by key of a lease at Latest: until when it was not there
	created time.Time            // of the stream

	// Run's own.
	leads   bool
	reelect time.Time           // until when leads is good
	holes   map[lease.Range]int // how many audits in a row have seen each
	ended   map[string]endedLease
}

// endedLease is a lease that waits to be deleted.
type endedLease struct{ since, next time.Time }

// New makes a Syncer of the leases in store for the stream of lister.
func New(store lease.Store, lister *Lister, o Options) (*Syncer, error) {
	if err := o.Start.Check(); err != nil {
		return nil, fmt.Errorf("shard sync: %w", err)
	}
	switch {
	case o.Worker == "":
		return nil, errors.New("shard sync: the worker has no id")
	case o.Random == nil:
		return nil, errors.New("shard sync: there is no source of randomness")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Syncer{
		store: store, lister: lister, o: o, log: o.Log, round: make(chan struct{}, 1),
		absent: map[string]time.Time{}, holes: map[lease.Range]int{}, ended: map[string]endedLease{},
	}, nil
}

// Run makes the leases of an empty table, audits it every other minute and deletes leases that have served, until ctx is done; then it
// returns nil. It returns an error when its first round fails for another reason than a stream that is being resharded, and at any
// time one of type *RecreatedError. Call it once.
func (s *Syncer) Run(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return ignoreDone(ctx, err)
	}
	audit := time.NewTimer(auditFirst)
	defer audit.Stop()
	clean := time.NewTicker(cleanEvery)
	defer clean.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-clean.C:
			s.cleanUp(ctx)
		case <-audit.C:
			err := s.audit(ctx)
			if is[*RecreatedError](err) {
				return err
			}
			if err != nil && ctx.Err() == nil {
				s.log.Warn("leases were not audited", "stream", s.lister.stream.String(), "error", err)
			}
			audit.Reset(auditEvery)
		}
	}
}

func ignoreDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// begin waits until somebody has made the first leases, or it is this worker's turn, and does a round.
func (s *Syncer) begin(ctx context.Context) error {
	wait := time.Second + time.Duration(s.o.Random.Int64N(int64(longestWait-time.Second)))
	for until := time.Now().Add(wait); ; {
		leases, err := s.leases(ctx)
		if err != nil {
			return err
		}
		left := time.Until(until)
		if len(leases) > 0 || left <= 0 {
			break
		}
		if err := sleep(ctx, min(waitPoll, left)); err != nil {
			return err
		}
	}
	for {
		// Also where there are leases, and whoever leads: the worker that was making them may have died half-way.
		err := s.Sync(ctx)
		if err == nil || !errors.Is(err, ErrUnsettled) && !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return err
		}
		s.log.Warn("leases were not made, will try again", "stream", s.lister.stream.String(), "error", err)
		if err := sleep(ctx, retryPause); err != nil {
			return err
		}
	}
}

// Sync does one round now: it creates the leases that are missing. One round runs at a time, and takes two minutes at most; what it
// has created by then stays. The error wraps ErrUnsettled while the stream is being resharded, ErrNoStream, or is a *RecreatedError.
func (s *Syncer) Sync(ctx context.Context) error { return s.sync(ctx, nil) }

// Since is the moment from which records of a lease at [Latest] count, for [Start.Resume]: it was not there before. It is five seconds
// early, since clocks differ and listings lag. The zero time says that nothing is known, and that what comes from now on counts.
func (s *Syncer) Since(key string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, found := s.absent[key]
	if !found {
		t = s.listed // it was not in there, or not at Latest
	}
	if t.IsZero() {
		return t
	}
	return t.Add(-margin)
}

// leases lists the leases of the stream.
func (s *Syncer) leases(ctx context.Context) ([]lease.Lease, error) {
	began := time.Now()
	all, err := s.store.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("read leases: %w", err)
	}
	table := ByKey(all)
	leases := make([]lease.Lease, 0, len(table))
	s.mu.Lock()
	defer s.mu.Unlock()
	absent := map[string]time.Time{}
	for key, l := range table {
		leases = append(leases, l)
		if l.Checkpoint.Position != Latest {
			continue
		}
		absent[key] = began
		if !s.listed.IsZero() {
			absent[key] = s.listed
		}
		if t, found := s.absent[key]; found {
			absent[key] = t
		}
	}
	if began.After(s.listed) {
		s.absent, s.listed = absent, began
	}
	return leases, nil
}
