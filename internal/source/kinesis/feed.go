package kinesis

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/awsclient"
)

// feed hands on what a shard holds, in order. It deals by itself with everything that only takes time; its error is ctx's.
type feed interface {
	// next waits for the next stretch, which may hold no records. Its cost is taken from the budget, for the caller to give back.
	next(ctx context.Context) (stretch, error)
	close()
}

// stretch is consecutive records of a shard.
type stretch struct {
	records []types.Record
	cost    int           // bytes taken from the budget
	behind  time.Duration // of its end, to the end of the shard
	// ended says that it is the shard's last one. children are then its children; none where the stream has forgotten the shard.
	ended    bool
	children []types.ChildShard
}

// recordCost is what a record takes beside its data, in bytes.
const recordCost = 256

// bytesOf is what a record takes of the budget.
func bytesOf(r *types.Record) int {
	return len(r.Data) + len(aws.ToString(r.PartitionKey)) + recordCost
}

func bytesOfAll(records []types.Record) (n int) {
	for i := range records {
		n += bytesOf(&records[i])
	}
	return n
}

// Subscription is a fan-out subscription, as package fanout makes it. Next waits for the next event and reconnects by itself; an error of
// it is about the stream, the consumer or a permission, and Next may be called again.
type Subscription interface {
	Next(ctx context.Context) (*types.SubscribeToShardEvent, error)
	Close()
}

// pushed is the feed of fan-out.
type pushed struct {
	subscription Subscription
	source       *Source
	retry        retry
}

func (s *Source) push(t *task, from types.StartingPosition) *pushed {
	return &pushed{
		subscription: s.o.Subscribe(t.shard, from), source: s,
		retry: retry{task: t, call: awsclient.Call{Action: "kinesis:SubscribeToShard", Resource: s.o.Stream + "/consumer/*"}},
	}
}

func (p *pushed) close() { p.subscription.Close() }

func (p *pushed) next(ctx context.Context) (stretch, error) {
	for {
		event, err := p.subscription.Next(ctx)
		if err == nil {
			p.retry.worked()
			// The service decides what comes: what has come has to be held while it waits for its turn.
			cost := bytesOfAll(event.Records)
			if err := p.source.budget.take(ctx, min(cost, worst)); err != nil {
				return stretch{}, err
			}
			return stretch{
				records: event.Records, cost: min(cost, worst), behind: millis(event.MillisBehindLatest),
				ended: event.ContinuationSequenceNumber == nil, children: event.ChildShards,
			}, nil
		}
		if ended, err := p.retry.after(ctx, err); ended || err != nil {
			return p.source.forgotten(ctx, p.retry.task.shard, err)
		}
	}
}

func millis(n *int64) time.Duration { return time.Duration(aws.ToInt64(n)) * time.Millisecond }

// forgotten is the end of a shard that the stream does not know any more, given the error that came with finding out.
func (s *Source) forgotten(ctx context.Context, shard string, err error) (stretch, error) {
	if err != nil {
		return stretch{}, err
	}
	children, err := s.syncer.Offspring(ctx, shard)
	return stretch{ended: true, children: children}, err
}
