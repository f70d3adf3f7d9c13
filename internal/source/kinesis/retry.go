package kinesis

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trunkline/internal/awsclient"
	"trunkline/internal/source/kinesis/shards"
)

// trouble is what an error of the service means to who reads a shard.
type trouble uint8

const (
	passing   trouble = iota // ask again
	throttled                // ask again, later
	stale                    // the place asked from is no good any more: ask from what was fetched last
	missing                  // there is no such stream, shard or consumer
	denied                   // a person has to do something: a permission, a key
)

var codes = map[string]trouble{
	"ProvisionedThroughputExceededException": throttled,
	"KMSThrottlingException":                 throttled,
	"LimitExceededException":                 throttled,
	"ThrottlingException":                    throttled,
	"ExpiredIteratorException":               stale,
	"InvalidArgumentException":               stale,
	"ResourceNotFoundException":              missing,
	"KMSAccessDeniedException":               denied,
	"KMSDisabledException":                   denied,
	"KMSInvalidStateException":               denied,
	"KMSNotFoundException":                   denied,
	"KMSOptInRequired":                       denied,
}

func diagnose(err error) trouble {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if t, known := codes[api.ErrorCode()]; known {
			return t
		}
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, response.HTTPStatusCode()) {
		return denied
	}
	if e, ok := errors.AsType[*awsclient.Error](awsclient.Call{}.Explain(context.Background(), err)); ok && e.Denied {
		return denied
	}
	return passing
}

// The pauses after an error.
const (
	shortest     = 250 * time.Millisecond
	throttlePace = time.Second // at least: a throttled call brings nothing and counts
	longest      = 10 * time.Second
	deniedPace   = 30 * time.Second
)

// retry is what a feed does after errors, one after the other.
type retry struct {
	task     *task
	call     awsclient.Call
	failures int // in a row
}

// worked ends a row of errors.
func (r *retry) worked() {
	if r.failures > 0 && r.task.denied.Swap(false) {
		r.task.source.log.Info("shard is read again", "shard", r.task.shard)
	}
	r.failures = 0
}

// after waits as long as is right after an error. ended says that the stream does not have the shard any more. The error is ctx's.
func (r *retry) after(ctx context.Context, err error) (ended bool, _ error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	s := r.task.source
	r.failures++
	kind := diagnose(err)
	var wait time.Duration
	switch kind {
	case throttled:
		s.counts.throttled.Add(1)
		wait = throttlePace + r.backOff()
	case denied, missing:
		if kind == missing {
			_, listed := s.lister.Shard(ctx, r.task.shard)
			if errors.Is(listed, shards.ErrNoShard) {
				s.log.Warn("stream has forgotten a shard: what was not read of it has expired", "shard", r.task.shard)
				return true, ctx.Err()
			}
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
		}
		r.task.denied.Store(true)
		wait = deniedPace
	case stale:
		s.counts.expired.Add(1)
		if r.failures > 1 {
			wait = r.backOff()
		}
	default:
		wait = r.backOff()
	}
	switch {
	case kind == denied || kind == missing:
		if remarkable(r.failures) {
			s.log.Error("shard cannot be read; its lease is kept, and it is tried again every 30 seconds",
				"shard", r.task.shard, "error", s.explainCall(ctx, r.call, err))
		}
	case r.failures > 3 && remarkable(r.failures-3): // a few are nothing to speak of
		s.log.Warn("shard is not read", "shard", r.task.shard, "attempts", r.failures, "error", r.call.Explain(ctx, err))
	}
	return false, sleep(ctx, wait)
}

// backOff grows with the failures in a row.
func (r *retry) backOff() time.Duration {
	limit := min(shortest<<min(r.failures, 10), longest)
	return time.Duration(float64(limit) * (0.5 + r.task.source.jitter()/2))
}

// remarkable tells which of many errors in a row are logged: the 1st, 10th, 100th and so on.
func remarkable(n int) bool {
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// explain says of an error of a call on the stream which permission is missing, where that is it.
func (s *Source) explain(ctx context.Context, action string, err error) error {
	return s.explainCall(ctx, awsclient.Call{Action: action, Resource: s.o.Stream}, err)
}

// kmsErrors are the codes that tell of the key of an encrypted stream.
var kmsErrors = []string{"KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException", "KMSOptInRequired"}

func (s *Source) explainCall(ctx context.Context, call awsclient.Call, err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err
	}
	if slices.Contains(kmsErrors, api.ErrorCode()) {
		call = awsclient.Call{Action: "kms:Decrypt", Resource: "the key that encrypts " + s.o.Stream}
		if api.ErrorCode() == "KMSAccessDeniedException" {
			return call.Denied(err)
		}
	}
	return call.Explain(ctx, err)
}
