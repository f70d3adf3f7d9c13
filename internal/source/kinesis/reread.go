package kinesis

import (
	"bytes"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/awsclient"
	"trunkline/internal/source/kinesis/aggregate"
)

// ReadAt reads the record of a stream again that stands at a position, the text of Positions.At, for as long as the stream has it. The
// result is that of the reading before: of an aggregate that is broken, the whole of it.
func ReadAt(ctx context.Context, client Client, stream, text string) ([]byte, error) {
	p, err := parsePlace(text)
	if err != nil {
		return nil, err
	}
	iterator, err := client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamARN: &stream, ShardId: &p.shard,
		ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: &p.at.Position,
	})
	if err != nil {
		return nil, awsclient.Call{Action: "kinesis:GetShardIterator", Resource: stream}.Explain(ctx, err)
	}
	next := iterator.ShardIterator
	for next != nil {
		out, err := client.GetRecords(ctx, &kinesis.GetRecordsInput{StreamARN: &stream, ShardIterator: next, Limit: aws.Int32(1)})
		if err != nil {
			return nil, awsclient.Call{Action: "kinesis:GetRecords", Resource: stream}.Explain(ctx, err)
		}
		if len(out.Records) > 0 {
			return pick(out.Records[0], p)
		}
		if aws.ToInt64(out.MillisBehindLatest) == 0 {
			break
		}
		if err := sleep(ctx, pace); err != nil {
			return nil, err
		}
		next = out.NextShardIterator
	}
	return nil, expired(p)
}

// pick takes a record out of the one that the service has.
func pick(r types.Record, p place) ([]byte, error) {
	if aws.ToString(r.SequenceNumber) != p.at.Position {
		return nil, expired(p)
	}
	var splitter aggregate.Splitter
	// It was of the shard when it was read first.
	subs, err := splitter.Split(nil, r.Data, aggregate.Range{})
	if err != nil {
		return bytes.Trim(r.Data, blanks), nil
	}
	if p.at.Sub >= int64(len(subs)) {
		return nil, fmt.Errorf("%s holds %d records, no record %d", Describe("", place{p.shard, p.at}.String()), len(subs), p.at.Sub)
	}
	return bytes.Trim(subs[p.at.Sub].Data, blanks), nil
}

func expired(p place) error {
	return fmt.Errorf("the stream does not have %s any more", Describe("", p.String()))
}
