package fanout

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	// silence is how long a subscription may bring nothing, not even an event without records, while Next waits.
	silence = 60 * time.Second
	// hold is how long after a call that succeeded the service refuses the next one for the same consumer and shard.
	hold = 5 * time.Second
)

// Subscription reads one shard. Next is called from one goroutine at a time; Close from any.
type Subscription struct {
	consumer *Consumer
	shard    string
	life     context.Context // until Close
	end      context.CancelFunc

	mu    sync.Mutex             // held by Next and, after it has ended life, by Close
	from  types.StartingPosition // of the next call: behind what was handed on
	last  string                 // sequence number of the last record that was handed on
	ended bool                   // the end of the shard was handed on

	call   <-chan called                        // the result of a call that was begun; nil when there is none
	stream *kinesis.SubscribeToShardEventStream // nil between two calls
	cancel context.CancelFunc                   // ends the connection's part of stream
	timer  *time.Timer                          // of silence
	quiet  time.Duration                        // that Next has waited since the last event

	brought  bool      // something of this stream was handed on
	failures int       // how many times in a row nothing was
	accepted time.Time // when the last call succeeded, or may have
	resume   time.Time // no call before this, nor before accepted and hold
}

// Next returns the next event, and waits for it: for the first one, for records that are yet to come, and after a failure until it is time
// to ask again. The event is the caller's. It may hold no records: then it tells MillisBehindLatest, and that the shard is read.
// ContinuationSequenceNumber is where reading goes on, which is no checkpoint.
//
// The last event of a shard that has ended has ChildShards and no ContinuationSequenceNumber; after it, Next returns io.EOF.
//
// Other errors: an [*Error] asks for a decision, and Next may be called again; the error of ctx, which leaves the subscription as it is,
// so that the next call misses nothing; [ErrClosed].
func (s *Subscription) Next(ctx context.Context) (*types.SubscribeToShardEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.life.Err() != nil:
			return nil, ErrClosed
		case s.ended:
			return nil, io.EOF
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		var event *types.SubscribeToShardEvent
		var err error
		if s.stream == nil {
			err = s.connect(ctx)
		} else {
			event, err = s.receive(ctx)
		}
		if s.life.Err() != nil || err != nil && err == ctx.Err() {
			continue // nothing has failed
		}
		if event != nil {
			var fresh bool
			if fresh, err = s.accept(event); fresh {
				return event, nil
			}
		}
		if err != nil {
			if err := s.interrupted(ctx, err); err != nil {
				return nil, err
			}
		}
	}
}

// Position is where the subscription goes on: behind the last event that was handed on. For logs, and for a new Subscription of a new
// consumer. It waits for a Next that waits.
func (s *Subscription) Position() types.StartingPosition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from
}

// Close ends the subscription and returns when nothing of it runs any more. A Next that waits returns ErrClosed.
func (s *Subscription) Close() {
	s.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.call != nil {
		s.take(<-s.call)
	}
	s.drop()
}

// called is what came of a call of SubscribeToShard.
type called struct {
	stream   *kinesis.SubscribeToShardEventStream // nil with err
	err      error
	end      context.CancelFunc // of the connection's part of stream
	answered time.Time          // by the service's clock; zero without an answer
	returned time.Time
}

// connect waits until the service may be asked, and subscribes. When ctx ends meanwhile, the call goes on: the next Next takes its result.
// To give it up would cost its five seconds each time, and a caller with little patience would never get to an event.
func (s *Subscription) connect(ctx context.Context) error {
	if s.call == nil {
		if wait := s.wait(); wait > 0 {
			if err := s.pause(ctx, wait); err != nil {
				return err
			}
		}
		s.begin()
	}
	select {
	case c := <-s.call:
		if err := s.take(c); err != nil {
			return err
		}
		s.consumer.observer.Subscribed(s.shard)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin makes a call, which ends with the subscription, and which Close waits for.
func (s *Subscription) begin() {
	client, result := s.consumer.client, make(chan called, 1)
	from := s.from
	in := &kinesis.SubscribeToShardInput{ConsumerARN: &s.consumer.arn, ShardId: &s.shard, StartingPosition: &from}
	// The stream lives as long as the context of its call.
	life, end := context.WithCancel(s.life)
	s.call = result
	go func() {
		c := called{end: end}
		deadline := time.AfterFunc(silence, end)
		out, err := client.SubscribeToShard(life, in, subscribeOptions(&c.answered))
		c.err, c.returned = err, time.Now()
		if err == nil {
			c.stream = out.GetStream()
		}
		if !deadline.Stop() {
			c.err = ErrSilent
		}
		result <- c
	}()
}

// take makes what came of the call the subscription's.
func (s *Subscription) take(c called) error {
	s.call = nil
	if s.from.Type == types.ShardIteratorTypeLatest && !c.answered.IsZero() {
		// To ask for LATEST a second time would skip what came in between.
		s.from = types.StartingPosition{Type: types.ShardIteratorTypeAtTimestamp, Timestamp: &c.answered}
	}
	if code(c.err) == "" { // without a word of the service's, it may have succeeded there
		s.accepted = c.returned
	}
	s.stream, s.cancel, s.quiet, s.brought = c.stream, c.end, 0, false
	if c.err != nil {
		c.end()
		s.drop()
	}
	return c.err
}

// pause waits for d, the end of ctx, or Close.
func (s *Subscription) pause(ctx context.Context, d time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	return sleep(ctx, d)
}

// receive waits for an event of the stream.
func (s *Subscription) receive(ctx context.Context) (*types.SubscribeToShardEvent, error) {
	begin := time.Now()
	s.timer.Reset(silence - s.quiet)
	defer s.timer.Stop()
	for {
		select {
		case member, open := <-s.stream.Events():
			if !open {
				if err := s.stream.Err(); err != nil {
					return nil, err
				}
				return nil, io.EOF
			}
			s.quiet = 0
			if member, known := member.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent); known {
				return &member.Value, nil
			}
			begin = time.Now()
			s.timer.Reset(silence) // an event of a later version of the API is a sign of life
		case <-s.timer.C:
			return nil, ErrSilent
		case <-ctx.Done():
			s.quiet += time.Since(begin)
			return nil, ctx.Err()
		case <-s.life.Done():
			return nil, ErrClosed
		}
	}
}

// accept moves the position behind an event, and takes out of it what was handed on before. It is fresh unless nothing is left.
func (s *Subscription) accept(event *types.SubscribeToShardEvent) (fresh bool, err error) {
	next := aws.ToString(event.ContinuationSequenceNumber)
	if err := checkEnd(next, event.ChildShards); err != nil {
		return false, err
	}
	again := 0
	for again < len(event.Records) && s.last != "" && !later(aws.ToString(event.Records[again].SequenceNumber), s.last) {
		again++
	}
	if again > 0 && again == len(event.Records) && next != "" {
		return false, nil
	}
	event.Records = event.Records[again:]
	if n := len(event.Records); n > 0 {
		s.last = aws.ToString(event.Records[n-1].SequenceNumber)
	}
	s.brought, s.failures = true, 0
	if next == "" {
		s.ended = true
		s.drop()
		next = s.last // the end has no position of its own
	}
	if next != "" && (s.from.Type != types.ShardIteratorTypeAfterSequenceNumber || later(next, *s.from.SequenceNumber)) {
		s.from = types.StartingPosition{Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: &next}
	}
	return true, nil
}

// drop ends the stream, if there is one, and waits for the SDK's goroutines: the channel is closed by the last one.
func (s *Subscription) drop() {
	if s.stream == nil {
		return
	}
	s.cancel()
	_ = s.stream.Close() // what failed before is known, and what fails now does not matter
	for range s.stream.Events() {
	}
	s.stream, s.cancel = nil, nil
}
