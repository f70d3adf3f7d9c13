package kinesis

import (
	"bytes"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/awsclient"
	"trunkline/internal/collector"
	"trunkline/internal/source/kinesis/aggregate"
)

// ReadAt reads the record of a stream again that stands at a position, the text of Positions.At, for as long as the stream has it. The
// result is that of the reading before, with its envelope: of an aggregate that is broken, the whole of it.
func ReadAt(ctx context.Context, client Client, stream, text string) (in collector.Input, err error) {
	p, err := parsePlace(text)
	if err != nil {
		return in, err
	}
	iterator, err := client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamARN: &stream, ShardId: &p.shard,
		ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: &p.at.Position,
	})
	if err != nil {
		return in, awsclient.Call{Action: "kinesis:GetShardIterator", Resource: stream}.Explain(ctx, err)
	}
	next := iterator.ShardIterator
	for next != nil {
		out, err := client.GetRecords(ctx, &kinesis.GetRecordsInput{StreamARN: &stream, ShardIterator: next, Limit: aws.Int32(1)})
		if err != nil {
			return in, awsclient.Call{Action: "kinesis:GetRecords", Resource: stream}.Explain(ctx, err)
		}
		if len(out.Records) > 0 {
			return pick(&out.Records[0], p)
		}
		if aws.ToInt64(out.MillisBehindLatest) == 0 {
			break
		}
		if err := sleep(ctx, pace); err != nil {
			return in, err
		}
		next = out.NextShardIterator
	}
	return in, expired(p)
}

// pick takes a record out of the one that the service has.
func pick(r *types.Record, p place) (in collector.Input, err error) {
	if aws.ToString(r.SequenceNumber) != p.at.Position {
		return in, expired(p)
	}
	var splitter aggregate.Splitter
	// It was of the shard when it was read first.
	subs, err := splitter.Split(nil, r.Data, aggregate.Range{})
	if err != nil {
		subs = []aggregate.Record{{Data: r.Data}}
	}
	if p.at.Sub >= int64(len(subs)) {
		return in, fmt.Errorf("%s: there are %d records", Describe(p.shard, p.String()), len(subs))
	}
	sub := &subs[p.at.Sub]
	return collector.Input{Data: bytes.Trim(sub.Data, blanks), Meta: envelope(r, sub)}, nil
}

func expired(p place) error {
	return fmt.Errorf("the stream does not have %s any more", Describe(p.shard, p.String()))
}
