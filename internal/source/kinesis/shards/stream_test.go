package shards

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// stream is a Kinesis stream as far as its shards go. Sequence numbers are milliseconds since it was made, so that a record is a moment
// and a checkpoint says until when a shard was read. A shard is forgotten when its last record is older than the retention. Listings
// may lag: shards appear, and are shown as closed, only after a while that differs from shard to shard and call to call.
type stream struct {
	retention time.Duration
	lag       time.Duration // the longest
	page      int           // shards a page

	mu      sync.Mutex
	random  *rand.Rand
	created time.Time
	shards  []*shard
	listing map[string][]types.Shard // by token, what is left of a listing
	gone    bool                     // the stream was deleted
}

type shard struct {
	id             string
	parents        []string
	start, end     *big.Int
	opened, closed time.Time // closed is zero as long as it is open
}

func newStream(seed uint64, count int) *stream {
	s := &stream{
		retention: 24 * time.Hour, page: 1000, created: time.Now(), random: rand.New(rand.NewPCG(seed, 1)), listing: map[string][]types.Shard{},
	}
	whole := everything()
	size := new(big.Int).Lsh(big.NewInt(1), 128)
	cut := func(i int) *big.Int {
		return new(big.Int).Div(new(big.Int).Mul(size, big.NewInt(int64(i))), big.NewInt(int64(count)))
	}
	for i := range count {
		end := new(big.Int).Sub(cut(i+1), big.NewInt(1))
		if i == count-1 {
			end = whole.end
		}
		s.add(cut(i), end)
	}
	return s
}

func (s *stream) add(start, end *big.Int, parents ...string) *shard {
	n := &shard{id: fmt.Sprintf("shardId-%012d", len(s.shards)), parents: parents, start: start, end: end, opened: time.Now()}
	s.shards = append(s.shards, n)
	return n
}

// open are the open shards by their place in the hash range.
func (s *stream) open() []*shard {
	var all []*shard
	for _, n := range s.shards {
		if n.closed.IsZero() {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b *shard) int { return a.start.Cmp(b.start) })
	return all
}

// split closes an open shard, chosen by pick, and opens its halves.
func (s *stream) split(pick int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.open()
	n := all[pick%len(all)]
	middle := new(big.Int).Rsh(new(big.Int).Add(n.start, n.end), 1)
	n.closed = time.Now()
	s.add(n.start, middle, n.id)
	s.add(new(big.Int).Add(middle, big.NewInt(1)), n.end, n.id)
}

// merge closes two neighbours and opens one in their place.
func (s *stream) merge(pick int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.open()
	if len(all) < 2 {
		return
	}
	i := pick % (len(all) - 1)
	a, b := all[i], all[i+1]
	a.closed, b.closed = time.Now(), time.Now()
	s.add(a.start, b.end, a.id, b.id)
}

func (s *stream) sequence(t time.Time) string {
	return fmt.Sprint(t.Sub(s.created).Milliseconds())
}

// find returns a shard that the stream still has.
func (s *stream) find(id string) *shard {
	for _, n := range s.shards {
		if n.id == id && !s.gone && (n.closed.IsZero() || time.Since(n.closed) < s.retention) {
			return n
		}
	}
	return nil
}

// children is what the end of a shard answers: nothing when it is open.
func (s *stream) children(id string) (all []types.ChildShard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.shards {
		if slices.Contains(n.parents, id) {
			all = append(all, types.ChildShard{ShardId: &n.id, ParentShards: n.parents, HashKeyRange: n.hashRange()})
		}
	}
	return all
}

func (n *shard) hashRange() *types.HashKeyRange {
	return &types.HashKeyRange{StartingHashKey: aws.String(n.start.String()), EndingHashKey: aws.String(n.end.String())}
}

func (s *stream) late() time.Duration {
	if s.lag == 0 {
		return 0
	}
	return time.Duration(s.random.Int64N(int64(s.lag)))
}

func (s *stream) ListShards(_ context.Context, in *kinesis.ListShardsInput, _ ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil, &types.ResourceNotFoundException{}
	}
	rest, found := s.listing[aws.ToString(in.NextToken)]
	if in.NextToken == nil {
		rest = s.list(in.ShardFilter)
	} else if !found {
		return nil, &types.ExpiredNextTokenException{}
	}
	out := &kinesis.ListShardsOutput{Shards: rest[:min(s.page, len(rest))]}
	if rest = rest[len(out.Shards):]; len(rest) > 0 {
		out.NextToken = aws.String(fmt.Sprint(s.random.Uint64()))
		s.listing[*out.NextToken] = rest
	}
	return out, nil
}

func (s *stream) all() []types.Shard {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list(nil)
}

func (s *stream) list(filter *types.ShardFilter) (all []types.Shard) {
	now := time.Now()
	kind := types.ShardFilterType("")
	if filter != nil {
		kind = filter.Type
	}
	for _, n := range s.shards {
		lag := s.late()
		if now.Sub(n.opened) < lag || s.find(n.id) == nil {
			continue
		}
		closed := !n.closed.IsZero() && now.Sub(n.closed) >= lag
		at := now
		switch kind {
		case types.ShardFilterTypeAtTimestamp:
			at = *filter.Timestamp
		case types.ShardFilterTypeAtTrimHorizon:
			if at = now.Add(-s.retention); at.Before(s.created) {
				at = s.created
			}
		}
		if kind != "" && (n.opened.After(at) || closed && !n.closed.After(at)) {
			continue
		}
		listed := types.Shard{
			ShardId: &n.id, HashKeyRange: n.hashRange(),
			SequenceNumberRange: &types.SequenceNumberRange{StartingSequenceNumber: aws.String(s.sequence(n.opened))},
		}
		if closed {
			listed.SequenceNumberRange.EndingSequenceNumber = aws.String(s.sequence(n.closed))
		}
		for i, p := range n.parents {
			if i == 0 {
				listed.ParentShardId = &p
			} else {
				listed.AdjacentParentShardId = &p
			}
		}
		all = append(all, listed)
	}
	slices.SortFunc(all, func(a, b types.Shard) int { return cmp.Compare(*a.ShardId, *b.ShardId) })
	return all
}

func (s *stream) DescribeStreamSummary(context.Context, *kinesis.DescribeStreamSummaryInput, ...func(*kinesis.Options)) (*kinesis.DescribeStreamSummaryOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil, &types.ResourceNotFoundException{}
	}
	created := s.created
	return &kinesis.DescribeStreamSummaryOutput{StreamDescriptionSummary: &types.StreamDescriptionSummary{StreamCreationTimestamp: &created}}, nil
}
