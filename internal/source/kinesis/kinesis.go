// Package kinesis is the source that reads a Kinesis data stream, alone or together with other workers:
//
//	lease.Worker ─ tenure of a shard ─▶ feed (polling or fan-out) ─▶ aggregate.Split ─▶ batches ─▶ Read ─▶ collector
//	      ▲                                 │ end of shard: the children's leases, then SHARD_END              │ settled
//	 shards.Syncer ◀────────────────────────┘                                Tenure.Checkpoint ◀───────────────┘
//
// Its promises:
//
//   - A checkpoint is the last record of a shard up to which all are settled, and that durably. Who resumes reads from that record and
//     drops what is not after it: inside an aggregate too, no record is skipped.
//   - A shard that follows others is read when all of theirs is settled, so that the records of a contact stay in order.
//   - What was read under a lease that is lost is revoked: see [collector.Hold].
//   - Bytes that are fetched and not settled are bounded by Options.Memory, whatever the number of shards, who take their turns; one
//     answer of the service always fits. A destination that takes nothing stops the fetching.
//   - Leases are renewed whatever the destination does.
//
// The calls that it makes are said at [Client].
package kinesis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/awsclient"
	"trunkline/internal/collector"
	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/shards"
)

// Client is what polling calls of the SDK's *kinesis.Client. It needs kinesis:GetShardIterator, GetRecords, ListShards and
// DescribeStreamSummary on the stream, and kms:Decrypt where the stream is encrypted with a key of its own.
type Client interface {
	shards.Client
	GetShardIterator(context.Context, *kinesis.GetShardIteratorInput, ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error)
	GetRecords(context.Context, *kinesis.GetRecordsInput, ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error)
}

// Options of Open. Those without a default are required.
type Options struct {
	Stream string       // its ARN
	Start  shards.Start // where a shard without a checkpoint is begun
	Client Client
	Store  lease.Store
	// Worker is the id under which leases are held. One that was used before resumes its leases at once, and must not be in use.
	Worker   string
	Failover time.Duration // default lease.DefaultFailover
	// Subscribe opens the fan-out subscription of a shard; nil polls.
	Subscribe  func(shard string, from types.StartingPosition) Subscription
	Memory     int           // bytes fetched and not settled, default 64 MiB, at least that of one answer
	Checkpoint time.Duration // time between two checkpoints of a shard, default 5 s
	Meta       bool          // records get the members of a pipe's envelope, for filters
	Random     *rand.Rand
	Log        *slog.Logger // default: none
}

// Source reads one stream. Its methods are safe for concurrent use, but for Read, which one goroutine calls.
type Source struct {
	o      Options
	log    *slog.Logger
	lister *shards.Lister
	syncer *shards.Syncer
	worker *lease.Worker
	budget *budget
	jitter func() float64 // in [0, 1)
	counts counts

	batches chan *collector.Batch
	stop    context.CancelFunc
	running sync.WaitGroup
	failed  chan error // what ended the worker or the syncer

	mu    sync.Mutex
	tasks map[*task]bool
	turn  chan struct{} // closed when a shard has ended
}

const (
	defaultMemory     = 64 << 20
	defaultCheckpoint = 5 * time.Second
)

// Open looks at the stream, makes the leases that are missing, and begins to take some. The error says what is wrong with the stream, the
// table, or a permission. Close ends it.
func Open(ctx context.Context, o Options) (*Source, error) {
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.Checkpoint == 0 {
		o.Checkpoint = defaultCheckpoint
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Source{
		o: o, log: o.Log, budget: newBudget(max(o.Memory, worst)), jitter: rand.Float64,
		batches: make(chan *collector.Batch), failed: make(chan error, 2), tasks: map[*task]bool{}, turn: make(chan struct{}),
	}
	var err error
	if s.lister, err = shards.NewLister(o.Client, shards.Stream{ARN: o.Stream}); err != nil {
		return nil, err
	}
	s.worker, err = lease.New(o.Store, s.work, lease.Options{ID: o.Worker, Policy: lease.Policy{Failover: o.Failover}, Random: fork(o.Random), Log: o.Log})
	if err != nil {
		return nil, err
	}
	s.syncer, err = shards.New(o.Store, s.lister, shards.Options{
		Worker: o.Worker, Start: o.Start, Random: fork(o.Random), Held: s.worker.Held, Changed: s.worker.Wake, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	if err := s.syncer.Sync(ctx); err != nil && !errors.Is(err, shards.ErrUnsettled) {
		return nil, explain(ctx, awsclient.Call{Action: "kinesis:ListShards", Resource: o.Stream}, err)
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx)) // Close ends it: what is settled last has to reach the table
	for what, run := range map[string]func(context.Context) error{"leases": s.worker.Run, "shard sync": s.syncer.Run} {
		s.running.Go(func() {
			if err := run(ctx); err != nil {
				s.failed <- fmt.Errorf("%s of stream %s: %w", what, o.Stream, err)
			}
		})
	}
	return s, nil
}

// fork makes a source of randomness for somebody else's use alone.
func fork(r *rand.Rand) *rand.Rand { return rand.New(rand.NewPCG(r.Uint64(), r.Uint64())) }

// Read implements collector.Source.
func (s *Source) Read(ctx context.Context) (*collector.Batch, error) {
	for {
		select {
		case b := <-s.batches:
			if b.Hold.Context().Err() != nil {
				b.Release() // it was lost on the way
				continue
			}
			return b, nil
		case err := <-s.failed:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Close checkpoints what is settled, gives up the leases, and returns when all is quiet. Call it when the collector has ended.
func (s *Source) Close() error {
	s.stop()
	s.running.Wait()
	return nil
}
