package fanout

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/awsclient"
)

const (
	tries    = 10              // of a call that meets a limit or a failure that passes
	patience = 5 * time.Minute // until a consumer is ACTIVE; it takes seconds
	look     = time.Second     // between two looks at a consumer, at least, and half as much again at most
)

// ErrNoConsumer says that the consumer is not there, or is being deregistered.
var ErrNoConsumer = errors.New("the consumer is not registered")

var consumerName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,128}$`)

// Open finds the consumer or registers it, and returns when it is ACTIVE. A call that meets a limit or a failure that passes is made up to
// ten times, about a second apart; a consumer that is being made is waited for, for five minutes.
//
// The error is an *awsclient.Error where a service refused a call, and wraps [ErrNoConsumer] when ConsumerARN names none.
func Open(ctx context.Context, client Client, o Options) (*Consumer, error) {
	o.setDefaults()
	opening := &opening{client: client, o: o}
	switch {
	case o.ConsumerARN != "":
		opening.name = "consumer " + o.ConsumerARN
	case !consumerName.MatchString(o.Name):
		return nil, fmt.Errorf("enhanced fan-out: %q is not the name of a consumer: use 1 to 128 of a-z, A-Z, 0-9 and _.-", o.Name)
	case o.StreamARN == "":
		return nil, errors.New("enhanced fan-out: no stream given; name it by its ARN")
	default:
		opening.name = "consumer " + o.Name + " of " + o.StreamARN
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	arn, err := opening.active(limited)
	switch {
	case err != nil && limited.Err() != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("open %s: not ACTIVE after %s; see what keeps it with: aws kinesis describe-stream-consumer", opening.name, patience)
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", opening.name, err)
	}
	return &Consumer{client: client, arn: arn, random: o.Random, observer: o.Observer}, nil
}

// opening is a call of Open.
type opening struct {
	client Client
	o      Options
	name   string // of the consumer, for people
}

// active looks until the consumer is ACTIVE, and returns its ARN.
func (p *opening) active(ctx context.Context) (arn string, err error) {
	for {
		found, err := p.find(ctx)
		switch {
		case err != nil:
			return "", err
		case found == nil && p.o.ConsumerARN != "":
			return "", fmt.Errorf("%w; register it, or give a name instead of the ARN", ErrNoConsumer)
		case found == nil:
			if err := p.register(ctx); err != nil {
				return "", err
			}
		case p.o.ConsumerARN != "" && p.o.StreamARN != "" && aws.ToString(found.StreamARN) != p.o.StreamARN:
			return "", fmt.Errorf("it reads %s, not %s", aws.ToString(found.StreamARN), p.o.StreamARN)
		case found.ConsumerStatus == types.ConsumerStatusActive:
			return aws.ToString(found.ConsumerARN), nil
		case found.ConsumerStatus == types.ConsumerStatusDeleting && p.o.ConsumerARN != "":
			return "", fmt.Errorf("%w: it is being deregistered", ErrNoConsumer)
		}
		// CREATING, or DELETING, after which the name is free: look again.
		if err := sleep(ctx, p.between()); err != nil {
			return "", err
		}
	}
}

// find returns nil when there is no such consumer. To look before registering spares the permission to register where somebody else has.
func (p *opening) find(ctx context.Context) (*types.ConsumerDescription, error) {
	in, resource := &kinesis.DescribeStreamConsumerInput{ConsumerARN: &p.o.ConsumerARN}, p.o.ConsumerARN
	if resource == "" {
		in = &kinesis.DescribeStreamConsumerInput{StreamARN: &p.o.StreamARN, ConsumerName: &p.o.Name}
		resource = p.o.StreamARN + "/consumer/" + p.o.Name + ":*"
	}
	var out *kinesis.DescribeStreamConsumerOutput
	err := p.try(ctx, func() (err error) { out, err = p.client.DescribeStreamConsumer(ctx, in); return err })
	if code(err) == notFound {
		return nil, nil
	}
	if err != nil {
		return nil, awsclient.Call{Action: "kinesis:DescribeStreamConsumer", Resource: resource}.Explain(ctx, err)
	}
	if out.ConsumerDescription == nil {
		return nil, errors.New("kinesis:DescribeStreamConsumer: an answer without a description")
	}
	return out.ConsumerDescription, nil
}

func (p *opening) register(ctx context.Context) error {
	in := &kinesis.RegisterStreamConsumerInput{StreamARN: &p.o.StreamARN, ConsumerName: &p.o.Name}
	err := p.try(ctx, func() error { _, err := p.client.RegisterStreamConsumer(ctx, in); return err })
	switch code(err) {
	case inUse: // another worker was faster
		return nil
	case limitExceeded:
		err = awsclient.Call{Action: "kinesis:RegisterStreamConsumer", Resource: p.o.StreamARN}.Explain(ctx, err)
		return fmt.Errorf("%w; a stream takes 20 consumers (50 with On-demand Advantage) and makes 5 at a time:"+
			" deregister one that nobody uses, or read by polling", err)
	}
	return awsclient.Call{Action: "kinesis:RegisterStreamConsumer", Resource: p.o.StreamARN}.Explain(ctx, err)
}

// try calls until the answer is one to act on.
func (p *opening) try(ctx context.Context, call func() error) error {
	for n := 1; ; n++ {
		err := call()
		if err == nil || n == tries || ctx.Err() != nil || reasonOf(err) != 0 || code(err) == inUse {
			return err
		}
		if err := sleep(ctx, p.between()); err != nil {
			return err
		}
	}
}

func (p *opening) between() time.Duration {
	return look + time.Duration(p.o.Random()*float64(look)/2)
}

// Confirm asks whether the consumer is still there, for who met [NotFound] and must know what was not found. The error wraps
// [ErrNoConsumer] when it is gone or going: Open registers a new one, with another ARN.
func (c *Consumer) Confirm(ctx context.Context) error {
	out, err := c.client.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{ConsumerARN: &c.arn})
	switch {
	case code(err) == notFound,
		err == nil && out.ConsumerDescription != nil && out.ConsumerDescription.ConsumerStatus == types.ConsumerStatusDeleting:
		return fmt.Errorf("%s: %w", c.arn, ErrNoConsumer)
	case err != nil:
		return awsclient.Call{Action: "kinesis:DescribeStreamConsumer", Resource: c.arn}.Explain(ctx, err)
	}
	return nil
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
