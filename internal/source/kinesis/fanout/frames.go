package fanout

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/schemas"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// maxFrame is the longest event that is read, in bytes. The service's hold 2 MiB and a record's remainder: a record of 10 MiB is 14 in
	// base64.
	maxFrame  = 48 << 20
	maxError  = 1 << 20 // of the body of a refusal
	prelude   = 12      // bytes: length of the frame, length of its headers, checksum of both
	minFrame  = prelude + 4
	readAhead = 16 << 10
)

// subscribeOptions are for one call of SubscribeToShard. They set answered to the service's time, if it answers at all.
func subscribeOptions(answered *time.Time) func(o *kinesis.Options) {
	return func(o *kinesis.Options) {
		// The pauses between tries are ours: they follow the rules of this call, and use the random numbers that were given.
		o.Retryer = aws.NopRetryer{}
		// A client's streams share one decoder, and race for it: github.com/aws/smithy-go/issues/714.
		o.Protocol = awsjson.New11(schemas.Kinesis_20131202)
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Deserialize.Add(answer{answered}, middleware.After)
		})
	}
}

// answer looks at what the service answers before the SDK does: it notes the time, and puts frames between the connection and the SDK.
type answer struct{ time *time.Time }

func (answer) ID() string { return "trunkline:answer" }

func (a answer) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok && response.Response != nil {
		date, bad := http.ParseTime(response.Header.Get("Date"))
		if bad != nil {
			date = time.Now()
		}
		*a.time = date
		if response.StatusCode == http.StatusOK {
			response.Body = newFrames(response.Body)
		} else {
			response.Body = limited{io.LimitReader(response.Body, maxError), response.Body}
		}
	}
	return out, metadata, err
}

type limited struct {
	io.Reader
	io.Closer
}

// frames passes an event stream on, and looks at the length of its frames. The SDK would take any length, up to 4 GiB, and takes a
// connection that was cut for a stream that ended. The end between two frames stays io.EOF; any other is ErrCut.
type frames struct {
	body   io.Closer
	in     *bufio.Reader // the SDK reads 4 bytes at a time, each under the connection's lock
	begin  [prelude]byte // of the frame that is passed on
	got    int           // bytes of begin that are there
	length uint32        // bytes of the frame that are still to come, once begin is whole
}

func newFrames(body io.ReadCloser) *frames {
	return &frames{body: body, in: bufio.NewReaderSize(body, readAhead)}
}

func (f *frames) Close() error { return f.body.Close() }

func (f *frames) Read(p []byte) (int, error) {
	// Never beyond the part of a frame that is being read: its length is known before its body is passed on.
	most := prelude - f.got
	if most == 0 {
		most = int(f.length)
	}
	p = p[:min(len(p), most)]
	n, err := f.in.Read(p)
	if f.got < prelude {
		f.got += copy(f.begin[f.got:], p[:n])
		if f.got == prelude {
			length := binary.BigEndian.Uint32(f.begin[:])
			headers := binary.BigEndian.Uint32(f.begin[4:])
			if length < minFrame || length > maxFrame || headers > length-minFrame {
				return 0, fmt.Errorf("%w: a frame of %d bytes with %d of headers", ErrAnswer, length, headers)
			}
			f.length = length - prelude
		}
	} else if f.length -= uint32(n); f.length == 0 {
		f.got = 0
	}
	if err != nil && (f.got != 0 || !errors.Is(err, io.EOF)) {
		err = fmt.Errorf("%w: %w", ErrCut, hide{err})
	}
	return n, err
}

// hide keeps the SDK from taking what it wraps for the end of the stream, and its text.
type hide struct{ err error }

func (h hide) Error() string { return h.err.Error() }
