package kinesis

import (
	"context"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const aStream = "arn:aws:kinesis:eu-west-2:111122223333:stream/contacts"

// service plays a stream with the limits that are published and no emulator has: five calls and two megabytes a second for a shard, ten
// megabytes for an answer and none for five seconds after one, iterators that live five minutes.
type service struct {
	mu      sync.Mutex
	shards  map[string]*fakeShard
	order   []string
	fault   func(operation, shard string) error // asked before each call; nil: none
	half    int                                 // answers at the end of a shard that have only one of no iterator and children
	calls   []string                            // "GetRecords shardId-… 12:00:01.2"
	broken  []string                            // limits that were not kept
	largest int                                 // bytes of an answer
}

type fakeShard struct {
	id         string
	low, high  *big.Int
	parents    []string
	children   []types.ChildShard
	closed     bool
	hidden     bool // forgotten by the stream
	records    []types.Record
	trimmed    int         // how many of records are gone
	recent     []time.Time // of calls
	lockedTill time.Time   // after a large answer
}

func newService(shards int) *service {
	s := &service{shards: map[string]*fakeShard{}}
	width := new(big.Int).Lsh(big.NewInt(1), 128)
	for i := range shards {
		cut := func(i int) *big.Int {
			return new(big.Int).Div(new(big.Int).Mul(width, big.NewInt(int64(i))), big.NewInt(int64(shards)))
		}
		s.add(cut(i), new(big.Int).Sub(cut(i+1), big.NewInt(1)))
	}
	return s
}

func (s *service) add(low, high *big.Int, parents ...string) *fakeShard {
	f := &fakeShard{id: fmt.Sprintf("shardId-%012d", len(s.order)), low: low, high: high, parents: parents}
	s.shards[f.id] = f
	s.order = append(s.order, f.id)
	return f
}

// sequence numbers have 56 digits, and grow over the whole stream.
func sequence(n int) string { return fmt.Sprintf("49%054d", n) }

// put adds a record to a shard.
func (s *service) put(shard int, data string) (seq string) { return s.putBytes(shard, []byte(data)) }

func (s *service) putBytes(shard int, data []byte) (seq string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.shards[s.order[shard]]
	if f.closed {
		panic("put into a closed shard")
	}
	seq = sequence(len(s.order)*1_000_000 + len(f.records)*1000)
	f.records = append(f.records, types.Record{
		Data: data, SequenceNumber: &seq, PartitionKey: aws.String("key"), ApproximateArrivalTimestamp: aws.Time(time.Now()),
	})
	return seq
}

// split ends a shard with two children.
func (s *service) split(shard int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.shards[s.order[shard]]
	middle := new(big.Int).Rsh(new(big.Int).Add(f.low, f.high), 1)
	s.end(f, s.add(f.low, middle, f.id), s.add(new(big.Int).Add(middle, big.NewInt(1)), f.high, f.id))
}

// merge ends two shards with one child.
func (s *service) merge(a, b int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, other := s.shards[s.order[a]], s.shards[s.order[b]]
	child := s.add(one.low, other.high, one.id, other.id)
	s.end(one, child)
	s.end(other, child)
}

func (s *service) end(f *fakeShard, children ...*fakeShard) {
	f.closed = true
	for _, c := range children {
		f.children = append(f.children, types.ChildShard{
			ShardId: &c.id, ParentShards: c.parents,
			HashKeyRange: &types.HashKeyRange{StartingHashKey: aws.String(c.low.String()), EndingHashKey: aws.String(c.high.String())},
		})
	}
}

func (s *service) enter(operation, shard string) error {
	s.calls = append(s.calls, fmt.Sprintf("%s %s %s", operation, shard, time.Now().Format("15:04:05.000")))
	if s.fault == nil {
		return nil
	}
	return s.fault(operation, shard)
}

func (s *service) ListShards(ctx context.Context, in *kinesis.ListShardsInput, _ ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enter("ListShards", ""); err != nil {
		return nil, err
	}
	out := &kinesis.ListShardsOutput{}
	for i, id := range s.order {
		f := s.shards[id]
		if f.hidden || in.ShardFilter != nil && in.ShardFilter.Type == types.ShardFilterTypeAtLatest && f.closed ||
			in.ShardFilter != nil && in.ShardFilter.Type != types.ShardFilterTypeAtLatest && len(f.parents) > 0 {
			continue
		}
		shard := types.Shard{
			ShardId:             &f.id,
			HashKeyRange:        &types.HashKeyRange{StartingHashKey: aws.String(f.low.String()), EndingHashKey: aws.String(f.high.String())},
			SequenceNumberRange: &types.SequenceNumberRange{StartingSequenceNumber: aws.String(sequence(i))},
		}
		if f.closed {
			shard.SequenceNumberRange.EndingSequenceNumber = aws.String(sequence(999_999_999))
		}
		for n, p := range f.parents {
			if n == 0 {
				shard.ParentShardId = &p
			} else {
				shard.AdjacentParentShardId = &p
			}
		}
		out.Shards = append(out.Shards, shard)
	}
	return out, nil
}

func (s *service) DescribeStreamSummary(context.Context, *kinesis.DescribeStreamSummaryInput, ...func(*kinesis.Options)) (*kinesis.DescribeStreamSummaryOutput, error) {
	return &kinesis.DescribeStreamSummaryOutput{StreamDescriptionSummary: &types.StreamDescriptionSummary{StreamCreationTimestamp: aws.Time(time.Unix(1, 0))}}, nil
}

func (s *service) GetShardIterator(_ context.Context, in *kinesis.GetShardIteratorInput, _ ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enter("GetShardIterator", *in.ShardId); err != nil {
		return nil, err
	}
	f := s.shards[*in.ShardId]
	if f == nil || f.hidden {
		return nil, &types.ResourceNotFoundException{}
	}
	at := f.trimmed
	number := aws.ToString(in.StartingSequenceNumber)
	switch in.ShardIteratorType {
	case types.ShardIteratorTypeLatest:
		at = len(f.records)
	case types.ShardIteratorTypeAtTimestamp:
		for at < len(f.records) && f.records[at].ApproximateArrivalTimestamp.Before(*in.Timestamp) {
			at++
		}
	case types.ShardIteratorTypeAtSequenceNumber:
		for at < len(f.records) && *f.records[at].SequenceNumber < number {
			at++
		}
	case types.ShardIteratorTypeAfterSequenceNumber:
		for at < len(f.records) && *f.records[at].SequenceNumber <= number {
			at++
		}
	}
	return &kinesis.GetShardIteratorOutput{ShardIterator: iterator(f.id, at)}, nil
}

func iterator(shard string, at int) *string {
	return aws.String(fmt.Sprintf("%s/%d/%d", shard, at, time.Now().UnixNano()))
}

func (s *service) GetRecords(_ context.Context, in *kinesis.GetRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := strings.Split(*in.ShardIterator, "/")
	f := s.shards[parts[0]]
	if err := s.enter("GetRecords", f.id); err != nil {
		return nil, err
	}
	at, _ := strconv.Atoi(parts[1])
	issued, _ := strconv.ParseInt(parts[2], 10, 64)
	now := time.Now()
	switch {
	case f.hidden:
		return nil, &types.ResourceNotFoundException{}
	case now.Sub(time.Unix(0, issued)) > 5*time.Minute:
		return nil, &types.ExpiredIteratorException{}
	}
	for len(f.recent) > 0 && now.Sub(f.recent[0]) >= time.Second {
		f.recent = f.recent[1:]
	}
	if f.recent = append(f.recent, now); len(f.recent) > 5 || now.Before(f.lockedTill) {
		s.broken = append(s.broken, fmt.Sprintf("%s at %s", f.id, now.Format("15:04:05.000")))
		return nil, &types.ProvisionedThroughputExceededException{}
	}
	out := &kinesis.GetRecordsOutput{MillisBehindLatest: aws.Int64(0)}
	size := 0
	for at = max(at, f.trimmed); at < len(f.records) && len(out.Records) < int(*in.Limit); at++ {
		if size+len(f.records[at].Data) > 10<<20 {
			break
		}
		size += len(f.records[at].Data)
		out.Records = append(out.Records, f.records[at])
	}
	s.largest = max(s.largest, size)
	f.lockedTill = now.Add(time.Duration(float64(size) / (2 << 20) * float64(time.Second)))
	if at < len(f.records) {
		out.MillisBehindLatest = aws.Int64(max(1, now.Sub(*f.records[at].ApproximateArrivalTimestamp).Milliseconds()))
	}
	if f.closed && at == len(f.records) {
		if out.ChildShards = f.children; s.half > 0 {
			s.half--
			out.ChildShards = nil
		}
		return out, nil
	}
	out.NextShardIterator = iterator(f.id, at)
	return out, nil
}
