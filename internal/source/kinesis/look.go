package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/awsclient"
	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/aggregate"
	"trunkline/internal/source/kinesis/shards"
)

// lookPace is the time between two calls of an operator's command on a shard: a worker that reads it shares the five a second.
const lookPace = 250 * time.Millisecond

// Standing is where a checkpoint is in its shard.
type Standing struct {
	// Behind is the time from the checkpoint to the end of the shard.
	Behind time.Duration
	// Arrived is when the record of the checkpoint came to the stream; zero where the checkpoint is no record's.
	Arrived time.Time
	// Gone says that the stream does not have the record of the checkpoint: it was forgotten, or never was. Next is then the first that
	// reading would begin with, "" where there is none.
	Gone bool
	Next string
}

// emptyAnswers is how many answers without a record are taken for the truth about a place in a shard.
const emptyAnswers = 3

// Look finds out where a checkpoint is in its shard. start is where a shard without one begins. It makes one call of GetShardIterator
// and one of GetRecords, seldom three, which reads one record. The error of a call is an *[awsclient.Error]; that of a checkpoint where
// nothing can be read is [shards.Start.Resume]'s.
func Look(ctx context.Context, client Client, stream string, start shards.Start, shard string, at lease.Checkpoint) (s Standing, err error) {
	from, err := start.Resume(at, time.Time{})
	if err != nil {
		return s, err
	}
	r := &lookout{client: client, stream: stream, shard: shard}
	if err := r.turn(ctx, from); err != nil {
		return s, err
	}
	numbered := from.Type == types.ShardIteratorTypeAtSequenceNumber
	for range emptyAnswers {
		records, err := r.next(ctx, 1)
		if err != nil {
			return s, err
		}
		s.Behind = r.behind
		if len(records) > 0 {
			first := records[0]
			if next := aws.ToString(first.SequenceNumber); numbered && next != at.Position {
				s.Gone, s.Next = true, next
			} else if numbered {
				s.Arrived = aws.ToTime(first.ApproximateArrivalTimestamp)
			}
			return s, nil
		}
		if r.over || r.behind == 0 {
			s.Gone = numbered
			break
		}
	}
	return s, nil
}

// window is how much of a shard LastBefore reads whole, a few megabytes at most.
const window = 10 * time.Second

// LastBefore finds the checkpoint from which reading goes on with the first record that came to a shard at t or later: that of the last
// one before, whole if it is an aggregate, or [shards.TrimHorizon] where the stream has none before. next is when that first record
// came, zero where there is none yet. Between the two calls that a busy shard takes and some dozens for one that was silent for long,
// it reads one record with each, and ten seconds' worth with the last.
func LastBefore(ctx context.Context, client Client, stream, shard string, t time.Time) (at lease.Checkpoint, next time.Time, err error) {
	r := &lookout{client: client, stream: stream, shard: shard}
	before := func(arrived time.Time) bool { return !arrived.IsZero() && arrived.Before(t) }
	since := t.Add(-window)
	arrived, err := r.first(ctx, atTime(since))
	if err == nil && !before(arrived) {
		empty := since // nothing came between it and t
		next = arrived
		arrived, err = r.first(ctx, types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon})
		if err == nil && !before(arrived) {
			return lease.Checkpoint{Position: shards.TrimHorizon}, arrived, nil
		}
		since = arrived
		for err == nil && empty.Sub(since) > window {
			middle := since.Add(empty.Sub(since) / 2)
			if arrived, err = r.first(ctx, atTime(middle)); before(arrived) {
				since = arrived
			} else {
				next, empty = arrived, middle
			}
		}
	}
	if err != nil {
		return at, next, err
	}
	at, later, err := r.lastOf(ctx, since, t)
	if later.IsZero() {
		later = next
	}
	return at, later, err
}

func atTime(t time.Time) types.StartingPosition {
	return types.StartingPosition{Type: types.ShardIteratorTypeAtTimestamp, Timestamp: &t}
}

// first is when the first record came from a place on; the zero time when none has.
func (r *lookout) first(ctx context.Context, from types.StartingPosition) (arrived time.Time, err error) {
	if err := r.turn(ctx, from); err != nil {
		return arrived, err
	}
	for {
		records, err := r.next(ctx, 1)
		if err != nil {
			return arrived, err
		}
		if len(records) > 0 {
			return aws.ToTime(records[0].ApproximateArrivalTimestamp), nil
		}
		if r.over || r.behind == 0 {
			return arrived, nil
		}
	}
}

// lastOf reads from since, where there is a record, to the first that came at t or later.
func (r *lookout) lastOf(ctx context.Context, since, t time.Time) (at lease.Checkpoint, later time.Time, err error) {
	if err := r.turn(ctx, atTime(since)); err != nil {
		return at, later, err
	}
	var last types.Record
	for later.IsZero() {
		records, err := r.next(ctx, mostRecords)
		if err != nil {
			return at, later, err
		}
		for _, record := range records {
			if arrived := aws.ToTime(record.ApproximateArrivalTimestamp); !arrived.Before(t) {
				later = arrived
				break
			}
			last = record
		}
		if r.over || len(records) == 0 && r.behind == 0 {
			break
		}
	}
	if last.SequenceNumber == nil { // what was there is forgotten by now
		return lease.Checkpoint{Position: shards.TrimHorizon}, later, nil
	}
	var splitter aggregate.Splitter
	at = lease.Checkpoint{Position: *last.SequenceNumber}
	if subs, err := splitter.Split(nil, last.Data, aggregate.Range{}); err == nil {
		at.Sub = max(int64(len(subs))-1, 0)
	}
	return at, later, nil
}

// lookout reads a shard here and there.
type lookout struct {
	client        Client
	stream, shard string
	iterator      *string
	called        time.Time // when GetRecords was called last

	over   bool // the shard has ended, and all of it was read
	behind time.Duration
}

// turn looks at another place.
func (r *lookout) turn(ctx context.Context, to types.StartingPosition) error {
	out, err := r.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamARN: &r.stream, ShardId: &r.shard, ShardIteratorType: to.Type, StartingSequenceNumber: to.SequenceNumber, Timestamp: to.Timestamp,
	})
	if err != nil {
		return r.fault(ctx, "kinesis:GetShardIterator", err)
	}
	r.iterator, r.over, r.behind = out.ShardIterator, out.ShardIterator == nil, 0
	return nil
}

// next reads on.
func (r *lookout) next(ctx context.Context, limit int32) ([]types.Record, error) {
	if r.over {
		return nil, nil
	}
	if err := sleep(ctx, time.Until(r.called.Add(lookPace))); err != nil {
		return nil, err
	}
	out, err := r.client.GetRecords(ctx, &kinesis.GetRecordsInput{StreamARN: &r.stream, ShardIterator: r.iterator, Limit: &limit})
	r.called = time.Now()
	if err != nil {
		return nil, r.fault(ctx, "kinesis:GetRecords", err)
	}
	r.iterator, r.over, r.behind = out.NextShardIterator, aws.ToString(out.NextShardIterator) == "", millis(out.MillisBehindLatest)
	return out.Records, nil
}

// fault makes an *awsclient.Error of what a call returned.
func (r *lookout) fault(ctx context.Context, action string, err error) error {
	call := awsclient.Call{Action: action, Resource: r.stream}
	err = explain(ctx, call, err)
	if _, done := errors.AsType[*awsclient.Error](err); done {
		return err
	}
	return call.Explain(ctx, err)
}
