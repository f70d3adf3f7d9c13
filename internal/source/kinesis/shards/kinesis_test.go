package shards

import (
	"cmp"
	"context"
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
	"trunkline/internal/lease/dynamo"
	"trunkline/test/emulators"
)

// paged asks for pages of one shard, which makes every listing one of many pages.
type paged struct{ *kinesis.Client }

func (p paged) ListShards(ctx context.Context, in *kinesis.ListShardsInput, o ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	small := *in
	small.MaxResults = aws.Int32(1)
	return p.Client.ListShards(ctx, &small, o...)
}

// real is a stream of kinesis-mock and a table of dynalite.
type real struct {
	t      *testing.T
	client *kinesis.Client
	store  lease.Store
	arn    string
}

func newReal(t *testing.T, shards int32) *real {
	static := aws.CredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""))
	r := &real{t: t, client: kinesis.New(kinesis.Options{
		Region: "eu-central-1", Credentials: static, BaseEndpoint: aws.String(emulators.Kinesis(t)),
	})}
	store, err := dynamo.Open(t.Context(), dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", Credentials: static, BaseEndpoint: aws.String(emulators.DynamoDB(t)),
	}), dynamo.Options{Table: "leases", Create: dynamo.OnDemand})
	if err != nil {
		t.Fatal(err)
	}
	r.store = store
	r.create(shards)
	return r
}

func (r *real) create(shards int32) {
	_, err := r.client.CreateStream(r.t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("calls"), ShardCount: &shards})
	r.ok(err)
	r.active()
}

// active waits until the stream is at rest.
func (r *real) active() {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		out, err := r.client.DescribeStreamSummary(r.t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("calls")})
		if err == nil && out.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive {
			r.arn = aws.ToString(out.StreamDescriptionSummary.StreamARN)
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("the stream is not active after a minute: %v", err)
		}
	}
}

func (r *real) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *real) lister(client Client, s Stream) *Lister { return newLister(r.t, client, s) }

// finish reads a closed shard to its end and returns the children that it names.
func (r *real) finish(l lease.Lease) []types.ChildShard {
	r.t.Helper()
	from, err := fromHorizon.Resume(l.Checkpoint, time.Time{})
	r.ok(err)
	out, err := r.client.GetShardIterator(r.t.Context(), &kinesis.GetShardIteratorInput{
		StreamARN: &r.arn, ShardId: &l.Key, ShardIteratorType: from.Type, StartingSequenceNumber: from.SequenceNumber, Timestamp: from.Timestamp,
	})
	r.ok(err)
	iterator := out.ShardIterator
	for range 100 {
		got, err := r.client.GetRecords(r.t.Context(), &kinesis.GetRecordsInput{StreamARN: &r.arn, ShardIterator: iterator})
		r.ok(err)
		if len(got.ChildShards) > 0 {
			return got.ChildShards
		}
		if iterator = got.NextShardIterator; iterator == nil {
			break
		}
	}
	r.t.Fatalf("shard %s does not end", l.Key)
	return nil
}

func (r *real) leases() Table {
	r.t.Helper()
	all, err := r.store.List(r.t.Context())
	r.ok(err)
	return ByKey(all)
}

// end does at the end of a shard what its reader does.
func (r *real) end(s *Syncer, shard string) {
	r.t.Helper()
	l := r.leases()[shard]
	r.ok(s.End(r.t.Context(), shard, r.finish(l)))
	l, err := r.store.Take(r.t.Context(), r.leases()[shard], "w1")
	r.ok(err)
	_, err = r.store.Checkpoint(r.t.Context(), l, lease.Checkpoint{Position: End})
	r.ok(err)
}

// TestKinesis goes through a split and a merge with the SDK, kinesis-mock and dynalite.
func TestKinesis(t *testing.T) {
	r := newReal(t, 2)
	ctx := t.Context()
	syncer, err := New(r.store, r.lister(paged{r.client}, Stream{ARN: r.arn}), Options{
		Worker: "w1", Start: fromHorizon, Random: rand.New(rand.NewPCG(1, 1)),
	})
	r.ok(err)
	r.ok(syncer.Sync(ctx))
	covered := func(when string, want int) {
		t.Helper()
		table := r.leases()
		var all []lease.Lease
		for _, l := range table {
			all = append(all, l)
		}
		if holes := Holes(all); len(holes) > 0 || len(table) != want {
			t.Errorf("%s: got %d leases with the holes %v, want %d without: %+v", when, len(table), holes, want, table)
		}
	}
	covered("first start", 2)

	shards, err := syncer.lister.List(ctx, nil)
	r.ok(err)
	slices.SortFunc(shards, func(a, b types.Shard) int { return cmp.Compare(*a.ShardId, *b.ShardId) })
	first, second := aws.ToString(shards[0].ShardId), aws.ToString(shards[1].ShardId)
	half, _ := parse(hashRange(shards[0].HashKeyRange))
	middle := new(big.Int).Rsh(half.end, 1).String()
	_, err = r.client.SplitShard(ctx, &kinesis.SplitShardInput{StreamARN: &r.arn, ShardToSplit: &first, NewStartingHashKey: &middle})
	r.ok(err)
	r.active()
	r.ok(syncer.Sync(ctx))
	covered("after the split: the halves wait for the end of their parent", 2)
	r.end(syncer, first)
	covered("after the end of what was split", 4)

	children := r.leases()[first].Children
	upper := children[0]
	if r.leases()[upper].Range.Start != middle {
		upper = children[1]
	}
	_, err = r.client.MergeShards(ctx, &kinesis.MergeShardsInput{StreamARN: &r.arn, ShardToMerge: &upper, AdjacentShardToMerge: &second})
	r.ok(err)
	r.active()
	r.end(syncer, second)
	covered("after the end of one that was merged", 5)
	merged := r.leases()[r.leases()[second].Children[0]]
	if ready, err := syncer.Startable(ctx, merged); ready || err != nil || len(merged.Parents) != 2 {
		t.Errorf("the merged shard, one parent of two ended: got %v %v, want false: %+v", ready, err, merged)
	}
	r.end(syncer, upper)
	if ready, err := syncer.Startable(ctx, merged); !ready || err != nil {
		t.Errorf("the merged shard, both parents ended: got %v %v, want true", ready, err)
	}
	covered("after the end of both", 5)
	r.ok(syncer.Sync(ctx))
	covered("a round finds nothing to do", 5)

	// What a listing says of the children is what the shard says itself.
	all, err := syncer.lister.List(ctx, nil)
	r.ok(err)
	for _, shard := range []string{first, second, upper} {
		l := r.leases()[shard]
		var named []string
		offspring, complete := Offspring(all, shard, l.Range)
		for _, c := range offspring {
			named = append(named, aws.ToString(c.ShardId))
		}
		slices.Sort(named)
		if got := slices.Sorted(slices.Values(l.Children)); !slices.Equal(named, got) || !complete {
			t.Errorf("children of %s by a listing: got %v, complete %v, want %v", shard, named, complete, got)
		}
	}
	for name, lister := range map[string]*Lister{
		"by name": r.lister(paged{r.client}, Stream{Name: "calls"}), "in one page": r.lister(r.client, Stream{ARN: r.arn}),
	} {
		if got, err := lister.List(ctx, nil); len(got) != len(all) || err != nil {
			t.Errorf("%s: got %d shards %v, want %d", name, len(got), err, len(all))
		}
		if got, err := lister.Range(ctx, first); got != r.leases()[first].Range || err != nil {
			t.Errorf("%s: range of %s: got %v %v, want %v", name, first, got, err, r.leases()[first].Range)
		}
	}
	if _, err := r.lister(r.client, Stream{Name: "nothing"}).List(ctx, nil); !errors.Is(err, ErrNoStream) {
		t.Errorf("a stream that is not there: got %v, want ErrNoStream", err)
	}
	recreateReal(r, syncer)
}

// recreateReal deletes the stream, makes another one of its name, and wants the Syncer to refuse it.
func recreateReal(r *real, s *Syncer) {
	r.t.Helper()
	_, err := r.client.DeleteStream(r.t.Context(), &kinesis.DeleteStreamInput{StreamARN: &r.arn})
	r.ok(err)
	for deadline := time.Now().Add(time.Minute); !errors.Is(s.Sync(r.t.Context()), ErrNoStream); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatal("the stream is still there a minute after it was deleted")
		}
	}
	r.create(2)
	if err := s.Sync(r.t.Context()); !is[*RecreatedError](err) {
		r.t.Errorf("another stream of the same name: got %v, want a *RecreatedError", err)
	}
}
