package shards

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
)

// cleanUp looks at the ended leases that this worker holds, each five minutes after it was first seen and every five minutes then.
func (s *Syncer) cleanUp(ctx context.Context) {
	if s.o.Held == nil {
		return
	}
	waiting := map[string]endedLease{}
	for _, l := range s.o.Held() {
		if l.Checkpoint.Position != End || l.Stream != "" {
			continue
		}
		now := time.Now()
		e, known := s.ended[l.Key]
		switch {
		case !known:
			e = endedLease{since: now, next: now.Add(endedFor)}
		case !now.Before(e.next):
			e.next = now.Add(endedFor)
			if err := s.clean(ctx, l.Key, now.Sub(e.since) >= garbageAfter); err != nil && ctx.Err() == nil {
				s.log.Warn("ended lease was not cleaned up", "shard", l.Key, "error", err)
			}
		}
		waiting[l.Key] = e
	}
	s.ended = waiting
}

// clean deletes an ended lease if it has served, or, where old says that it ended long ago, if it is garbage.
func (s *Syncer) clean(ctx context.Context, shard string, old bool) error {
	for range deleteTries {
		l, err := s.store.Get(ctx, shard)
		if errors.Is(err, lease.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read lease of %s: %w", shard, err)
		}
		if l.Owner != s.o.Worker || l.Drainer != "" || l.Checkpoint.Position != End {
			return nil // it is somebody else's to look at
		}
		served, err := s.served(ctx, l, old)
		if err != nil || !served {
			return err
		}
		err = s.store.Delete(ctx, l)
		if errors.Is(err, lease.ErrConflict) {
			continue // it was renewed since it was read
		}
		if err != nil {
			return fmt.Errorf("delete lease of %s: %w", shard, err)
		}
		s.log.Info("ended lease deleted", "stream", s.lister.stream.String(), "shard", shard)
		return nil
	}
	return nil
}

// served decides about one ended lease, and adds its children to it where they were not known.
func (s *Syncer) served(ctx context.Context, l lease.Lease, old bool) (bool, error) {
	related := append(append([]string(nil), l.Parents...), l.Children...)
	var listing []types.Shard
	if len(l.Children) == 0 || old {
		var err error
		if listing, err = s.lister.List(ctx, nil); err != nil {
			return false, err
		}
		// Java asks the end of the shard itself; a listing says the same, without an iterator.
		children, complete := Offspring(listing, l.Key, l.Range)
		var ids []string
		for _, c := range children {
			ids = append(ids, aws.ToString(c.ShardId))
		}
		related = append(related, ids...)
		if len(l.Children) == 0 && complete {
			l.Children = ids
			if err := s.store.Describe(ctx, l.Key, lease.Facts{Children: ids}); err != nil {
				return false, fmt.Errorf("describe lease of %s: %w", l.Key, err)
			}
		}
	}
	table, err := read(ctx, s.store, related)
	if err != nil {
		return false, err
	}
	return Deletable(l, table) || old && Garbage(l, listing, table), nil
}
