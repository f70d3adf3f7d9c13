package shards

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
)

const (
	backOff    = 1500 * time.Millisecond // after LimitExceeded, as the Java library
	listTries  = 50                      // likewise
	restarts   = 5                       // of a listing whose token has expired
	fresh      = 30 * time.Second        // how old a listing may be that Shard answers from
	freshMiss  = 5 * time.Second         // how old one may be that lacks the shard
	firstTries = 3                       // of a first listing that leaves a hole
	firstPause = time.Second
)

var (
	// ErrNoStream says that there is no stream of that name in the account and region.
	ErrNoStream = errors.New("there is no such stream in this account and region")
	// ErrNoShard says that a stream does not list a shard: it never had it, or has forgotten it.
	ErrNoShard = errors.New("the stream does not list the shard")
)

// Client is what a Lister calls; *kinesis.Client is one.
type Client interface {
	ListShards(context.Context, *kinesis.ListShardsInput, ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error)
	DescribeStreamSummary(context.Context, *kinesis.DescribeStreamSummaryInput, ...func(*kinesis.Options)) (*kinesis.DescribeStreamSummaryOutput, error)
}

// Stream names a stream. One of the two is enough; where there is an ARN, the name is only for texts.
type Stream struct{ ARN, Name string }

func (s Stream) String() string {
	if s.Name != "" {
		return s.Name
	}
	return s.ARN
}

// id is what a call names the stream by.
func (s Stream) id() (arn, name *string) {
	if s.ARN != "" {
		return &s.ARN, nil
	}
	return nil, &s.Name
}

// Lister lists the shards of one stream. Its methods are safe for concurrent use.
type Lister struct {
	client Client
	stream Stream

	looking chan struct{} // held by the one who refreshes the listing
	mu      sync.Mutex
	known   map[string]types.Shard // the last complete listing
	at      time.Time              // when it began
}

// NewLister makes a Lister of a stream that has a name or an ARN.
func NewLister(client Client, stream Stream) (*Lister, error) {
	if stream == (Stream{}) {
		return nil, errors.New("list shards: the stream has neither name nor ARN")
	}
	return &Lister{client: client, stream: stream, looking: make(chan struct{}, 1)}, nil
}

// List returns all shards that filter lets through, or, without one, all that the stream knows: open ones, and closed ones until their
// last record has expired. It follows pages, begins again when a page's token has expired, and waits out LimitExceeded and a stream
// that is being made, for 75 seconds at most. The error wraps ErrNoStream where that is the reason.
func (l *Lister) List(ctx context.Context, filter *types.ShardFilter) ([]types.Shard, error) {
	began := time.Now()
	var all []types.Shard
	var token *string
	starts, tries := 0, 0
	for {
		input := &kinesis.ListShardsInput{NextToken: token}
		if token == nil { // the service refuses a token beside anything else
			input.ShardFilter = filter
			input.StreamARN, input.StreamName = l.stream.id()
		}
		page, err := l.client.ListShards(ctx, input)
		switch {
		case err == nil:
		case is[*types.ExpiredNextTokenException](err) && token != nil && starts < restarts:
			starts++
			all, token = nil, nil
			continue
		case is[*types.LimitExceededException](err) || is[*types.ResourceInUseException](err):
			if tries++; tries >= listTries {
				return nil, fmt.Errorf("list shards of %s, %d times: %w", l.stream, tries, err)
			}
			if err := sleep(ctx, backOff); err != nil {
				return nil, fmt.Errorf("list shards of %s: %w", l.stream, err)
			}
			continue
		default:
			return nil, fmt.Errorf("list shards of %s: %w", l.stream, noStream(err))
		}
		all = append(all, page.Shards...)
		if aws.ToString(page.NextToken) == "" {
			break
		}
		if aws.ToString(page.NextToken) == aws.ToString(token) {
			return nil, fmt.Errorf("list shards of %s: two pages have the same token", l.stream)
		}
		token = page.NextToken
	}
	if filter == nil {
		l.mu.Lock()
		l.known, l.at = byID(all), began
		l.mu.Unlock()
	}
	return all, nil
}

// Shard returns one shard, from a listing that is not older than 30 seconds. The error wraps ErrNoShard where a listing of the last five
// seconds lacks it.
func (l *Lister) Shard(ctx context.Context, id string) (types.Shard, error) {
	select {
	case l.looking <- struct{}{}: // who asks meanwhile gets the same listing
		defer func() { <-l.looking }()
	case <-ctx.Done():
		return types.Shard{}, context.Cause(ctx)
	}
	look := func() (types.Shard, bool, time.Duration) {
		l.mu.Lock()
		defer l.mu.Unlock()
		s, found := l.known[id]
		return s, found, time.Since(l.at)
	}
	s, found, age := look()
	if found && age > fresh || !found && age > freshMiss {
		if _, err := l.List(ctx, nil); err != nil {
			return types.Shard{}, err
		}
		s, found, _ = look()
	}
	if !found {
		return types.Shard{}, fmt.Errorf("shard %s of %s: %w", id, l.stream, ErrNoShard)
	}
	return s, nil
}

// Range is the hash range of a shard, from the same listing as [Lister.Shard].
func (l *Lister) Range(ctx context.Context, id string) (lease.Range, error) {
	s, err := l.Shard(ctx, id)
	return hashRange(s.HashKeyRange), err
}

// Created is when the stream was made. Another time for the same name is another stream.
func (l *Lister) Created(ctx context.Context) (time.Time, error) {
	input := &kinesis.DescribeStreamSummaryInput{}
	input.StreamARN, input.StreamName = l.stream.id()
	out, err := l.client.DescribeStreamSummary(ctx, input)
	if err != nil {
		return time.Time{}, fmt.Errorf("describe stream %s: %w", l.stream, noStream(err))
	}
	if out.StreamDescriptionSummary == nil {
		return time.Time{}, fmt.Errorf("describe stream %s: an empty answer", l.stream)
	}
	return aws.ToTime(out.StreamDescriptionSummary.StreamCreationTimestamp), nil
}

func noStream(err error) error {
	if is[*types.ResourceNotFoundException](err) {
		return fmt.Errorf("%w: %w", ErrNoStream, err)
	}
	return err
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
