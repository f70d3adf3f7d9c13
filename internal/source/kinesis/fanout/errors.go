package fanout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trunkline/internal/awsclient"
)

// Reason sorts what the caller of Next must decide.
type Reason int

const (
	// NotFound: no such stream, shard or consumer. Confirm with ListShards and [Consumer.Confirm] before a shard is taken for ended.
	NotFound Reason = iota + 1
	// Denied: the caller lacks a permission.
	Denied
	// Key: the key that encrypts the stream is disabled, gone, or not to be used by the caller.
	Key
	// Argument: the service does not take the shard or the position. A stream that was deleted and made again under its name has the
	// same shards, and other sequence numbers.
	Argument
	// Refused: the service refuses the call in another way, such as for credentials that are not valid.
	Refused
)

func (r Reason) String() string {
	switch r {
	case NotFound:
		return "not found"
	case Denied:
		return "denied"
	case Key:
		return "key not usable"
	case Argument:
		return "argument not accepted"
	case Refused:
		return "refused"
	}
	return fmt.Sprintf("Reason(%d)", int(r))
}

// Error is what Next returns when waiting alone may not help: raise the alarm, and decide. To go on, call Next again, which first waits for
// 15 to 30 seconds. It wraps an *awsclient.Error.
type Error struct {
	Shard  string
	Reason Reason
	err    error
}

func (e *Error) Error() string {
	text := "subscribe to " + e.Shard + ": " + e.err.Error()
	if e.Reason == Key {
		text += "; see that the key of the stream is enabled, and allow kms:Decrypt on it"
	}
	return text
}

func (e *Error) Unwrap() error { return e.err }

// What Observer.Interrupted tells.
var (
	ErrTakenOver = errors.New("somebody else subscribed to the shard through this consumer; is the lease still held?")
	ErrSilent    = fmt.Errorf("no event for %s", silence)
	ErrCut       = errors.New("the connection was cut")
	ErrAnswer    = errors.New("an answer that cannot be right")
)

// ErrClosed is what Next returns after Close.
var ErrClosed = errors.New("the subscription is closed")

// The service's words.
const (
	notFound      = "ResourceNotFoundException"
	inUse         = "ResourceInUseException"
	limitExceeded = "LimitExceededException"
)

// passing are refusals with a status of the caller's fault that end by themselves.
var passing = []string{
	limitExceeded, inUse, "ProvisionedThroughputExceededException", "KMSThrottlingException", "InternalFailureException",
	"ThrottlingException", "Throttling", "ThrottledException", "RequestThrottledException", "RequestThrottled", "TooManyRequestsException",
	"RequestLimitExceeded", "RequestTimeout", "RequestTimeoutException", "ServiceUnavailable", "ServiceUnavailableException",
	"InternalFailure", "InternalServerError", "InternalServerException", "SlowDown", "PriorRequestNotComplete",
}

// code is the service's word for an error, "" when it is none of the service's.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// reasonOf is why waiting may not help, 0 when it does: connections, limits, and failures of the service.
func reasonOf(err error) Reason {
	c := code(err)
	status := 0
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.Response != nil {
		status = response.HTTPStatusCode()
	}
	switch {
	case c == "" || slices.Contains(passing, c):
		return 0
	case c == notFound:
		return NotFound
	case c == "AccessDeniedException" || c == "AccessDenied":
		return Denied
	case strings.HasPrefix(c, "KMS"):
		return Key
	case c == "InvalidArgumentException" || c == "ValidationException":
		return Argument
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return 0
	case status >= http.StatusBadRequest:
		return Refused
	}
	// In the stream there is no status. What the API model does not know there is more likely a new kind of failure than a refusal.
	return 0
}

// failure makes the error that Next returns of one that has a reason.
func (s *Subscription) failure(ctx context.Context, err error, reason Reason) error {
	explained := awsclient.Call{Action: "kinesis:SubscribeToShard", Resource: s.consumer.arn}.Explain(ctx, err)
	return &Error{Shard: s.shard, Reason: reason, err: explained}
}
