package kinesis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/collector"
	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/aggregate"
	"trunkline/internal/source/kinesis/shards"
)

// A batch is full with that many bytes or records: small enough that several goroutines share the work of an answer, large enough that
// a batch costs next to nothing.
const (
	fullBytes   = 256 << 10
	fullRecords = 512
)

// blanks may stand around a record.
const blanks = " \t\r\n"

// batch is records on their way to the collector, and their positions.
type batch struct {
	shard   string
	records []collector.Input
	at      []lease.Checkpoint
	size    int // bytes of the records
	cost    int // of the budget, given back when they are settled
}

// At implements collector.Positions.
func (b *batch) At(i int) string { return place{b.shard, b.at[i]}.String() }

// Place implements collector.Positions: where a record stands never changes.
func (b *batch) Place(i int) string { return b.At(i) }

// After implements collector.Positions. It is not asked for the position before the batch, which is never empty.
func (b *batch) After(i int) string { return position(b.at[i]) }

// handOn gives what a stretch holds to the collector, batch by batch, and takes over its cost.
func (t *task) handOn(ctx context.Context, st stretch) error {
	left := st.cost
	defer func() { t.source.budget.give(left) }()
	b := &batch{shard: t.shard}
	flush := func() error {
		if len(b.records) == 0 {
			return nil
		}
		b.cost = min(b.cost, left)
		left -= b.cost
		if err := t.send(ctx, b); err != nil {
			return err
		}
		b = &batch{shard: t.shard}
		return nil
	}
	for i := range st.records {
		r := &st.records[i]
		subs, problem := t.split(r)
		for sub := range subs {
			if sub == len(subs)-1 {
				b.cost += bytesOf(r) // its memory is used until then
			}
			at := lease.Checkpoint{Position: aws.ToString(r.SequenceNumber), Sub: int64(sub)}
			if t.before(at) {
				continue
			}
			t.add(b, r, &subs[sub], at, problem)
			if b.size >= fullBytes || len(b.records) == fullRecords {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// split takes an aggregate apart. What is broken in it is the problem of the one record that it then is.
func (t *task) split(r *types.Record) (subs []aggregate.Record, problem error) {
	subs, err := t.splitter.Split(t.subs[:0], r.Data, t.hashes)
	switch {
	case errors.Is(err, aggregate.ErrElsewhere):
		t.source.counts.elsewhere.Add(1)
		return nil, nil
	case err != nil:
		return []aggregate.Record{{Data: r.Data}}, err
	}
	if cap(subs) <= keepSubs {
		t.subs = subs
	}
	return subs, nil
}

// keepSubs is how many sub-records a task keeps room for: one huge aggregate must not hold memory for ever.
const keepSubs = 4096

// before tells whether a record was settled before this tenure.
func (t *task) before(at lease.Checkpoint) bool {
	if t.past {
		return false
	}
	t.past = shards.Compare(at, t.resume) > 0
	return !t.past
}

// add puts a record into a batch.
func (t *task) add(b *batch, r *types.Record, sub *aggregate.Record, at lease.Checkpoint, problem error) {
	in := collector.Input{Data: bytes.Trim(sub.Data, blanks), Problem: problem}
	if t.source.o.Meta {
		in.Meta = envelope(r, sub)
	}
	b.records, b.at, b.size = append(b.records, in), append(b.at, at), b.size+len(in.Data)
}

// envelope is what a pipe puts around a record.
func envelope(r *types.Record, sub *aggregate.Record) []collector.Meta {
	key := aws.ToString(r.PartitionKey)
	if sub.PartitionKey != nil {
		key = string(sub.PartitionKey)
	}
	quoted, _ := json.Marshal(key) // of a string there is no error
	meta := []collector.Meta{
		{Name: "kinesisSchemaVersion", Raw: []byte(`"1.0"`)},
		{Name: "partitionKey", Raw: quoted},
		{Name: "sequenceNumber", Raw: []byte(`"` + aws.ToString(r.SequenceNumber) + `"`)},
	}
	if at := r.ApproximateArrivalTimestamp; at != nil {
		seconds := strconv.AppendFloat(nil, float64(at.UnixMilli())/1000, 'f', -1, 64)
		meta = append(meta, collector.Meta{Name: "approximateArrivalTimestamp", Raw: seconds})
	}
	return meta
}

// send waits until the collector takes a batch.
func (t *task) send(ctx context.Context, b *batch) error {
	release := func() { t.source.budget.give(b.cost) }
	out := &collector.Batch{Partition: t.shard, Records: b.records, Positions: b, Hold: t, Release: release}
	select {
	case t.source.batches <- out:
	case <-ctx.Done():
		release()
		return ctx.Err()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.handed = b.After(len(b.at) - 1)
	return nil
}
