package kinesis

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/awsclient"
	"trunkline/internal/source/kinesis/fanout"
)

// Subscription is a fan-out subscription of one shard: *fanout.Subscription is one. Next waits for the next event and reconnects by
// itself; an error of it is about the stream, the consumer or a permission, and the next call waits before it tries again.
type Subscription interface {
	Next(ctx context.Context) (*types.SubscribeToShardEvent, error)
	Close()
}

// FanOut opens a consumer of a stream: the one with an ARN or, registering it where there is none, the one with a name. The result is
// for Options.Subscribe.
func FanOut(ctx context.Context, client fanout.Client, stream, consumer string, log *slog.Logger) (func(string, types.StartingPosition) Subscription, error) {
	o := fanout.Options{StreamARN: stream, Observer: interruptions{log}}
	if strings.HasPrefix(consumer, "arn:") {
		o.ConsumerARN = consumer
	} else {
		o.Name = consumer
	}
	opened, err := fanout.Open(ctx, client, o)
	if err != nil {
		return nil, err
	}
	return func(shard string, from types.StartingPosition) Subscription { return opened.Subscribe(shard, from) }, nil
}

// interruptions logs what a subscription does not get over soon.
type interruptions struct{ log *slog.Logger }

func (interruptions) Subscribed(string) {}

func (i interruptions) Interrupted(shard string, err error, _ time.Duration, failures int) {
	if err != nil && failures > 3 && remarkable(failures-3) {
		i.log.Warn("shard is not read", "shard", shard, "attempts", failures, "error", err)
	}
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
			// The service decides what comes, and when: one event waits in each shard's hand for its turn.
			cost := min(bytesOfAll(event.Records), worst)
			if err := p.source.budget.take(ctx, cost); err != nil {
				return stretch{}, err
			}
			return stretch{
				records: event.Records, cost: cost, behind: millis(event.MillisBehindLatest),
				ended: event.ContinuationSequenceNumber == nil, children: event.ChildShards,
			}, nil
		}
		if _, ended := p.retry.judge(ctx, err); ended || ctx.Err() != nil {
			return p.source.forgotten(ctx, p.retry.task.shard)
		}
	}
}
