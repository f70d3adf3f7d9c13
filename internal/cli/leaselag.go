package cli

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"trunkline/internal/awsclient"
	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis"
	"trunkline/internal/source/kinesis/shards"
)

// lag is what is known of how far a checkpoint is behind the end of its shard.
type lag struct {
	ms, records, bytes *int64
	arrived            time.Time // of the record of the checkpoint
	forgotten          bool      // the stream does not have that any more
	err                error
}

// lags are those of leases, by shard: as the running collector tells, and of shards that it does not have as the stream does.
func (g *leaseGathering) lags(ctx context.Context, leases []lease.Lease) map[string]lag {
	lags := map[string]lag{}
	if g.running != nil {
		for _, s := range g.running.Shards {
			if s.Known && !s.Ended {
				ms, records, bytes := s.Behind.Milliseconds(), s.Records, s.Bytes
				lags[s.ID] = lag{ms: &ms, records: &records, bytes: &bytes}
			}
		}
	}
	if g.flags.noLag {
		return lags
	}
	var open []lease.Lease
	_, all := ofStream(leases)
	for _, l := range all {
		if _, known := lags[l.Key]; !known && l.Checkpoint.Position != shards.End && l.Checkpoint.Position != shards.Latest {
			open = append(open, l)
		}
	}
	if len(open) == 0 {
		return lags
	}
	client, err := g.place.stream(ctx)
	if err != nil {
		lags[open[0].Key] = lag{err: err}
		return lags
	}
	k := g.place.config.Source.Kinesis
	maps.Copy(lags, eachShard(ctx, open, func(ctx context.Context, l lease.Lease) (lag, error) {
		s, err := kinesis.Look(ctx, client, k.Stream, startOf(k.Start), l.Key, l.Checkpoint)
		ms := s.Behind.Milliseconds()
		if err != nil {
			return lag{err: err}, err
		}
		return lag{ms: &ms, arrived: s.Arrived.UTC(), forgotten: s.Gone}, nil
	}))
	return lags
}

// lookAtOnce is how many shards are asked about at a time.
const lookAtOnce = 8

// eachShard asks something about each of the shards of leases, and returns what it got by shard. A permission that is missing is missing
// for all: what is asked after that is not in the result.
func eachShard[T any](ctx context.Context, leases []lease.Lease, ask func(context.Context, lease.Lease) (T, error)) map[string]T {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	todo := make(chan lease.Lease)
	answers := map[string]T{}
	var mu sync.Mutex
	var asking sync.WaitGroup
	for range min(lookAtOnce, len(leases)) {
		asking.Go(func() {
			for l := range todo {
				answer, err := ask(ctx, l)
				if err != nil && ctx.Err() != nil {
					continue
				}
				mu.Lock()
				answers[l.Key] = answer
				mu.Unlock()
				if e, ok := errors.AsType[*awsclient.Error](err); ok && e.Denied {
					stop()
				}
			}
		})
	}
	for _, l := range leases {
		if ctx.Err() == nil {
			todo <- l
		}
	}
	close(todo)
	asking.Wait()
	return answers
}
