package kinesis

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
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

// judge says how long to wait after an error, and whether it means that the stream does not have the shard any more.
func (r *retry) judge(ctx context.Context, err error) (wait time.Duration, ended bool) {
	if ctx.Err() != nil {
		return 0, false
	}
	s := r.task.source
	r.failures++
	kind := diagnose(err)
	switch kind {
	case throttled:
		s.counts.throttled.Add(1)
		wait = throttlePace + r.backOff()
	case stale:
		s.counts.expired.Add(1)
		if r.failures > 1 {
			wait = r.backOff()
		}
	case denied, missing:
		// A consumer that is gone, and a shard that was just made, are missing too: the listing decides.
		if kind == missing && s.forgets(ctx, r.task.shard) {
			return 0, true
		}
		r.task.denied.Store(true)
		if remarkable(r.failures) && ctx.Err() == nil {
			s.log.Error("shard cannot be read; its lease is kept, and it is tried again every 30 seconds",
				"shard", r.task.shard, "error", explain(ctx, r.call, err))
		}
		return deniedPace, false
	default:
		wait = r.backOff()
	}
	if r.failures > 3 && remarkable(r.failures-3) { // a few are nothing to speak of
		s.log.Warn("shard is not read", "shard", r.task.shard, "attempts", r.failures, "error", explain(ctx, r.call, err))
	}
	return wait, false
}

// forgets tells whether the stream is there, and does not have the shard any more.
func (s *Source) forgets(ctx context.Context, shard string) bool {
	if _, err := s.lister.Shard(ctx, shard); !errors.Is(err, shards.ErrNoShard) {
		return false
	}
	s.log.Warn("the stream has forgotten a shard: what was not read of it has expired", "shard", shard)
	return true
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

// kmsErrors are the codes that tell of the key of an encrypted stream.
var kmsErrors = []string{"KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException", "KMSOptInRequired"}

// explain says of an error which permission is missing, where that is it. call is what was asked of the stream, unless the error knows
// better.
func explain(ctx context.Context, call awsclient.Call, err error) error {
	if _, done := errors.AsType[*awsclient.Error](err); done {
		return err
	}
	if errors.Is(err, shards.ErrNoStream) {
		return fmt.Errorf("%s: %w", call.Resource, shards.ErrNoStream) // without the SDK's long story
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err
	}
	if operation, ok := errors.AsType[*smithy.OperationError](err); ok {
		switch operation.Service() {
		case kinesis.ServiceID:
			call = awsclient.Call{Action: "kinesis:" + operation.Operation(), Resource: call.Resource}
		case "DynamoDB":
			call = awsclient.Call{Action: "dynamodb:" + operation.Operation(), Resource: "the lease table"}
		}
	}
	if slices.Contains(kmsErrors, api.ErrorCode()) {
		call = awsclient.Call{Action: "kms:Decrypt", Resource: "the key that encrypts " + call.Resource}
		if api.ErrorCode() == "KMSAccessDeniedException" {
			return call.Denied(err)
		}
	}
	return call.Explain(ctx, err)
}
