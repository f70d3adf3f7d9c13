// Package fanout reads shards of Kinesis Data Streams by enhanced fan-out: the service pushes a shard's records over HTTP/2, with a
// throughput of the consumer's own.
//
//	Open ─▶ Consumer (registered, or found, and ACTIVE) ─ Subscribe ─▶ Subscription ─ Next ─▶ event … event ─▶ io.EOF, the shard has ended
//	                                                          │            ▲
//	                        SubscribeToShard, for 5 minutes ──┴── events ──┴─ after its end, a cut, silence or an error: again, after what was handed on
//
// Its promises: the events that Next returns hold each record of the shard after the starting position once and in order, whatever happens
// to connections in between; a subscription goes on after the continuation of the last event that was handed on, not of the last that was
// received. Nothing is lost by a start at LATEST either: see [Consumer.Subscribe].
//
// Nothing is read for a shard while nobody waits in Next, but for two events that the SDK has decoded and what HTTP/2 lets the service send
// ahead: 4 MiB, or the client's http.HTTP2Config.MaxReceiveBufferPerStream. A service that cuts off who does not read is asked again.
// A subscription that is open has three goroutines of the SDK's, one that is being made has one; Close waits for them.
//
// The consumer is never deregistered: other workers read through it.
//
// It calls kinesis:DescribeStreamConsumer and kinesis:SubscribeToShard on the consumer, and, unless the consumer exists already,
// kinesis:RegisterStreamConsumer on the stream.
package fanout

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Client is what the package calls of the SDK's *kinesis.Client. It must be safe for concurrent use.
//
// An HTTP client with a time limit for a whole request would end subscriptions; the SDK's own has none.
type Client interface {
	RegisterStreamConsumer(context.Context, *kinesis.RegisterStreamConsumerInput, ...func(*kinesis.Options)) (*kinesis.RegisterStreamConsumerOutput, error)
	DescribeStreamConsumer(context.Context, *kinesis.DescribeStreamConsumerInput, ...func(*kinesis.Options)) (*kinesis.DescribeStreamConsumerOutput, error)
	SubscribeToShard(context.Context, *kinesis.SubscribeToShardInput, ...func(*kinesis.Options)) (*kinesis.SubscribeToShardOutput, error)
}

// Options of Open.
type Options struct {
	StreamARN string // needed with Name; with ConsumerARN it is compared, if given
	// Name of the consumer: 1 to 128 of a-z, A-Z, 0-9 and _.- . It is registered when the stream has none of this name.
	Name string
	// ConsumerARN names a consumer that exists. With it, Name is not used and nothing is registered.
	ConsumerARN string
	// Random returns numbers in [0, 1), from any goroutine: it spreads the pauses of workers. nil is math/rand/v2's.
	Random func() float64
	// Observer is told what subscriptions deal with by themselves; nil for nobody.
	Observer Observer
}

// Observer hears of what a Subscription deals with by itself: for metrics, logs, and to look after the lease. Its methods are called from
// within Next, must not block, and must not call the Subscription.
type Observer interface {
	// Subscribed: the service has accepted a call. The first one of a Subscription is no renewal.
	Subscribed(shard string)
	// Interrupted: a subscription has ended, or could not be made, and is asked for again after pause. err is nil for the regular end
	// after five minutes. See [ErrTakenOver], [ErrSilent], [ErrCut] and [ErrAnswer]; other errors are the service's. failures is how many
	// times in a row no event was handed on, this time included; 0 when one was.
	Interrupted(shard string, err error, pause time.Duration, failures int)
}

type deaf struct{}

func (deaf) Subscribed(string)                             {}
func (deaf) Interrupted(string, error, time.Duration, int) {}

func (o *Options) setDefaults() {
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Observer == nil {
		o.Observer = deaf{}
	}
}

// Consumer is a consumer of a stream that is registered and ACTIVE. It is safe for concurrent use, and holds nothing that must be closed.
type Consumer struct {
	client   Client
	arn      string
	random   func() float64
	observer Observer
}

// ARN of the consumer.
func (c *Consumer) ARN() string { return c.arn }

// Subscribe makes the Subscription of a shard, such as shardId-000000000000, that starts at from. It calls nothing: Next does.
//
// Until the first event is handed on, from is where a connection starts after a failure as well. With LATEST that would skip the records that
// arrive between; LATEST is therefore the second of the service's first answer, by the service's clock, and records of that second may come.
//
// The caller makes sure that a shard has one Subscription of the consumer at a time: a second one takes the shard over from the first.
func (c *Consumer) Subscribe(shard string, from types.StartingPosition) *Subscription {
	life, end := context.WithCancel(context.Background())
	timer := time.NewTimer(silence)
	timer.Stop()
	return &Subscription{consumer: c, shard: shard, from: from, life: life, end: end, timer: timer}
}
