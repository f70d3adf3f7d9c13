package shards

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
)

// sync is one round. unread is the parts of the hash range that nobody has read for minutes.
func (s *Syncer) sync(ctx context.Context, unread []lease.Range) error {
	select {
	case s.round <- struct{}{}:
		defer func() { <-s.round }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, roundLimit)
	defer cancel()
	if err := s.sameStream(ctx); err != nil {
		return err
	}
	// The leases first: with a listing of shards that is older than theirs, what has ended and was deleted in between would look as if
	// it had never been read.
	leases, err := s.leases(ctx)
	if err != nil {
		return err
	}
	var want []lease.Lease
	if len(leases) == 0 {
		want, err = s.firstLeases(ctx)
	} else {
		want, err = s.missing(ctx, leases, unread)
	}
	if err != nil {
		return err
	}
	return s.create(ctx, want)
}

func (s *Syncer) missing(ctx context.Context, leases []lease.Lease, unread []lease.Range) ([]lease.Lease, error) {
	listing, err := s.lister.List(ctx, nil)
	if err != nil {
		return nil, err
	}
	if reason := recreated(listing, ByKey(leases), unread); reason != "" {
		return nil, &RecreatedError{s.lister.stream.String(), reason}
	}
	return Missing(listing, leases, s.o.Start.Position)
}

// firstLeases waits a little where a reshard is half visible.
func (s *Syncer) firstLeases(ctx context.Context) ([]lease.Lease, error) {
	filter := s.o.Start.filter()
	for try := 1; ; try++ {
		listing, err := s.lister.List(ctx, filter)
		if err != nil {
			return nil, err
		}
		want, err := First(listing, s.o.Start.Position)
		switch {
		case err == nil:
			return want, nil
		case try < firstTries:
		case filter.Type == types.ShardFilterTypeAtTimestamp:
			// Nothing was open before the stream was made, or is remembered from before its oldest record. Reading from a time in the
			// shards of the oldest records skips nothing.
			filter = &types.ShardFilter{Type: types.ShardFilterTypeAtTrimHorizon}
			try = 0
		default:
			return nil, fmt.Errorf("list shards of %s: %w", s.lister.stream, err)
		}
		if err := sleep(ctx, firstPause); err != nil {
			return nil, err
		}
	}
}

// create makes leases in order. Those that somebody else has just made are there as well.
func (s *Syncer) create(ctx context.Context, want []lease.Lease) error {
	made := 0
	defer func() {
		if made > 0 && s.o.Changed != nil {
			s.o.Changed()
		}
	}()
	for _, l := range want {
		before := time.Now()
		switch err := s.store.Create(ctx, l); {
		case errors.Is(err, lease.ErrExists):
			continue
		case err != nil:
			return fmt.Errorf("create lease of %s: %w", l.Key, err)
		}
		made++
		s.log.Info("lease created", "stream", s.lister.stream.String(), "shard", l.Key, "position", l.Checkpoint.Position)
		if l.Checkpoint.Position == Latest {
			s.mu.Lock()
			s.absent[l.Key] = before
			s.mu.Unlock()
		}
	}
	return nil
}

// sameStream fails when the stream is not the one that it was at the first call.
func (s *Syncer) sameStream(ctx context.Context) error {
	created, err := s.lister.Created(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.created.IsZero() {
		s.created = created
	}
	if !created.Equal(s.created) {
		return &RecreatedError{s.lister.stream.String(), fmt.Sprintf("at %s", created.UTC().Format(time.RFC3339))}
	}
	return nil
}

// audit, by one worker of all, looks for parts of the hash range that nobody reads, and does a round when it has seen one three times.
func (s *Syncer) audit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, roundLimit)
	defer cancel()
	leads, err := s.leading(ctx)
	if err != nil {
		return err
	}
	if !leads {
		clear(s.holes)
		return nil
	}
	if err := s.sameStream(ctx); err != nil {
		return err
	}
	leases, err := s.leases(ctx)
	if err != nil {
		return err
	}
	if len(leases) == 0 {
		return s.sync(ctx, nil)
	}
	if leases, err = s.fillRanges(ctx, leases); err != nil {
		return err
	}
	seen := map[lease.Range]int{}
	var unread []lease.Range
	for _, hole := range Holes(leases) {
		if seen[hole] = s.holes[hole] + 1; seen[hole] >= auditsToSync {
			unread = append(unread, hole)
		}
	}
	s.holes = seen
	if len(unread) == 0 {
		return nil
	}
	s.log.Warn("a part of the hash range is read by nobody", "stream", s.lister.stream.String(), "from", unread[0].Start, "to", unread[0].End)
	clear(s.holes)
	return s.sync(ctx, unread)
}

// leading tells whether this worker audits. By the rule of 2.x that takes a listing of the table, which is why the answer is kept.
func (s *Syncer) leading(ctx context.Context) (bool, error) {
	if s.o.Leads != nil {
		return s.o.Leads(ctx)
	}
	if time.Now().Before(s.reelect) {
		return s.leads, nil
	}
	leases, err := s.leases(ctx)
	if err != nil {
		return false, err
	}
	good := leadsFor
	if s.reelect.IsZero() {
		good = leadsFirst
	}
	s.leads, s.reelect = Leads(s.o.Worker, leases), time.Now().Add(good)
	return s.leads, nil
}

// fillRanges adds the hash range to leases that lack it, as those of old Java workers do.
func (s *Syncer) fillRanges(ctx context.Context, leases []lease.Lease) ([]lease.Lease, error) {
	lacks := func(l lease.Lease) bool { return l.Range == lease.Range{} && l.Checkpoint.Position != End }
	if !slices.ContainsFunc(leases, lacks) {
		return leases, nil
	}
	listing, err := s.lister.List(ctx, nil)
	if err != nil {
		return nil, err
	}
	shards := byID(listing)
	leases = slices.Clone(leases)
	for i, l := range leases {
		listed, found := shards[l.Key]
		known := hashRange(listed.HashKeyRange)
		if !lacks(l) || !found || known == (lease.Range{}) {
			continue
		}
		err := s.store.Describe(ctx, l.Key, lease.Facts{Range: known})
		if err != nil && !errors.Is(err, lease.ErrNotFound) {
			return nil, fmt.Errorf("describe lease of %s: %w", l.Key, err)
		}
		leases[i].Range = known
	}
	return leases, nil
}

// End creates the leases that the end of a shard needs, and notes the children in the shard's own lease; after it has returned nil, the
// caller checkpoints [End]. children is what the stream answered with the last record, or, where it has forgotten the shard,
// [Syncer.Offspring]; empty when nothing follows.
//
// The error wraps ErrWait, ErrUnsettled or ErrInvalid where nothing is wrong yet: call it again in ten seconds, with a new answer.
func (s *Syncer) End(ctx context.Context, shard string, children []types.ChildShard) error {
	want, err := s.children(ctx, shard, children, func(lease.Lease, string) bool { return false })
	if errors.Is(err, ErrWait) {
		want, err = s.childrenWithout(ctx, shard, children)
	}
	if err != nil {
		return fmt.Errorf("end of %s: %w", shard, err)
	}
	if err := s.create(ctx, want); err != nil {
		return fmt.Errorf("end of %s: %w", shard, err)
	}
	if len(children) == 0 {
		return nil
	}
	var ids []string
	for _, c := range children {
		ids = append(ids, aws.ToString(c.ShardId))
	}
	if err := s.store.Describe(ctx, shard, lease.Facts{Children: ids}); err != nil {
		return fmt.Errorf("end of %s: note its children: %w", shard, err)
	}
	return nil
}

// childrenWithout is children where the lease of another parent is missing: after a round, which may create it, and with regard to
// parents that have expired. A shard that is merely not listed yet has ancestors that go on, and so has leases of its hash range.
func (s *Syncer) childrenWithout(ctx context.Context, shard string, children []types.ChildShard) ([]lease.Lease, error) {
	if err := s.sync(ctx, nil); err != nil {
		return nil, err
	}
	leases, err := s.leases(ctx)
	if err != nil {
		return nil, err
	}
	listing, err := s.lister.List(ctx, nil)
	if err != nil {
		return nil, err
	}
	listed := byID(listing)
	return s.children(ctx, shard, children, func(child lease.Lease, parent string) bool {
		_, childListed := listed[child.Key]
		_, parentListed := listed[parent]
		return childListed && !parentListed && !slices.ContainsFunc(leases, func(l lease.Lease) bool {
			return l.Key != shard && l.Checkpoint.Position != End && overlap(l.Range, child.Range)
		})
	})
}

// children asks Children with what the table has now.
func (s *Syncer) children(
	ctx context.Context, shard string, children []types.ChildShard, expired func(child lease.Lease, parent string) bool,
) ([]lease.Lease, error) {
	var keys []string
	for _, c := range children {
		keys = append(keys, aws.ToString(c.ShardId))
		keys = append(keys, c.ParentShards...)
	}
	table, err := read(ctx, s.store, keys)
	if err != nil {
		return nil, err
	}
	return Children(shard, children, table, expired)
}

// Offspring is the children of a shard by a new listing, for a shard that the stream has forgotten: they are read from their beginning.
func (s *Syncer) Offspring(ctx context.Context, shard string) ([]types.ChildShard, error) {
	listing, err := s.lister.List(ctx, nil)
	if err != nil {
		return nil, err
	}
	children, _ := Offspring(listing, shard, lease.Range{})
	return children, nil
}

// Startable is [Startable] by what store has now.
func (s *Syncer) Startable(ctx context.Context, l lease.Lease) (bool, error) {
	table, err := read(ctx, s.store, l.Parents)
	return Startable(l, table), err
}

// read gets leases by their keys; those that are not there are left out.
func read(ctx context.Context, store lease.Store, keys []string) (Table, error) {
	table := Table{}
	for _, key := range distinct(keys...) {
		l, err := store.Get(ctx, key)
		if errors.Is(err, lease.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read lease of %s: %w", key, err)
		}
		table[key] = l
	}
	return table, nil
}
