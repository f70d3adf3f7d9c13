package fanout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	// The service takes one call a second for a consumer and shard. Each failure doubles the pause.
	shortPause = time.Second
	longPause  = 16 * time.Second
	// After a takeover, or a call within its 5 seconds: the other side may be about to lose the lease, or about to win it.
	yieldPause = time.Second
	yieldMost  = 5 * time.Second
	// After an error that the caller has seen.
	slowPause = 15 * time.Second
)

// interrupted drops the stream and says when to ask again, in resume. It returns the error that the caller must decide on, if it is one.
func (s *Subscription) interrupted(ctx context.Context, err error) error {
	ended := err == io.EOF // of a stream, between two frames; a call's error wraps it at most
	s.drop()
	random := s.consumer.random()
	spread := func(d time.Duration) time.Duration { return d + time.Duration(random*float64(d)) }
	reason := reasonOf(err)
	var pause time.Duration
	switch {
	case ended && s.brought:
		err = nil
	case errors.Is(err, ErrSilent):
		// A minute has passed already.
	case code(err) == inUse:
		pause = yieldPause + time.Duration(random*float64(yieldMost-yieldPause))
		err = fmt.Errorf("%w: %w", ErrTakenOver, err)
	case reason != 0:
		pause = spread(slowPause)
	default:
		if ended {
			err = fmt.Errorf("%w: a subscription without an event", ErrAnswer)
		}
		pause = spread(min(shortPause<<min(s.failures, 10), longPause))
	}
	if err != nil {
		s.failures++
	}
	s.resume = time.Now().Add(pause)
	if reason != 0 {
		return s.failure(ctx, err, reason)
	}
	s.consumer.observer.Interrupted(s.shard, err, s.wait(), s.failures)
	return nil
}

// wait is how long no call may be made. That a stream has ended does not shorten the time that the service holds the shard for it.
func (s *Subscription) wait() time.Duration {
	return max(time.Until(s.resume), time.Until(s.accepted.Add(hold)), 0)
}

// checkEnd wants the end of a shard whole: no continuation, and children that name their parents; or neither.
func checkEnd(next string, children []types.ChildShard) error {
	if (next == "") != (len(children) > 0) {
		return fmt.Errorf("%w: continuation given: %t, with %d child shards", ErrAnswer, next != "", len(children))
	}
	for _, child := range children {
		if aws.ToString(child.ShardId) == "" || len(child.ParentShards) == 0 {
			return fmt.Errorf("%w: a child shard without a name or without parents", ErrAnswer)
		}
	}
	return nil
}

// later compares sequence numbers, which are decimal and have more digits than any integer. What is no number is later than everything: to
// hand a record on twice is better than never.
func later(a, b string) bool {
	if !decimal(a) || !decimal(b) {
		return true
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}

func decimal(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
