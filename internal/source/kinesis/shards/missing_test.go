package shards

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trunkline/internal/lease"
)

// graph is a listing in short: "8=6+7" is a merge, "9=5" one half of a split, "4" a shard without listed parents; a "." behind it says
// that it is closed. Shards begin in the order of their numbers.
func graph(text string) (listing []types.Shard) {
	for field := range strings.FieldsSeq(text) {
		field, closed := strings.CutSuffix(field, ".")
		id, from, _ := strings.Cut(field, "=")
		one, other, _ := strings.Cut(from, "+")
		n, _ := new(big.Int).SetString(id, 10)
		s := types.Shard{
			ShardId: aws.String(id), HashKeyRange: &types.HashKeyRange{StartingHashKey: aws.String("0"), EndingHashKey: aws.String("9")},
			SequenceNumberRange: &types.SequenceNumberRange{StartingSequenceNumber: aws.String(fmt.Sprint(n.Int64() * 7))},
		}
		if one != "" {
			s.ParentShardId = aws.String(one)
		}
		if other != "" {
			s.AdjacentParentShardId = aws.String(other)
		}
		if closed {
			s.SequenceNumberRange.EndingSequenceNumber = aws.String("10000")
		}
		listing = append(listing, s)
	}
	return listing
}

// table is leases in short: "4 5@123 7@SHARD_END"; without a position they are at 1000.
func table(text string) (leases []lease.Lease) {
	for field := range strings.FieldsSeq(text) {
		id, at, found := strings.Cut(field, "@")
		if !found {
			at = "1000"
		}
		leases = append(leases, lease.Lease{Key: id, Checkpoint: lease.Checkpoint{Position: at}})
	}
	return leases
}

func short(leases []lease.Lease) string {
	var all []string
	for _, l := range leases {
		all = append(all, l.Key+"@"+l.Checkpoint.Position)
	}
	return strings.Join(all, " ")
}

const (
	// The stream of the Java library's own example: shards 0 to 5; 6 = merge(0,1), 7 = merge(2,3), 8 = merge(6,7); 9, 10 = split(5).
	example = "0. 1. 2. 3. 4 5. 6=0+1. 7=2+3. 8=6+7 9=5 10=5"
	// Two halves, each split and merged again, three times.
	braid = "0. 1. 2=0. 3=0. 4=1. 5=1. 6=2+3. 7=4+5. 8=6+7 "
)

func TestMissing(t *testing.T) {
	for _, test := range []struct {
		name, listing, leases  string
		latest, horizon, stamp string
	}{
		{"the worked example", example, "4 5 7", "6@LATEST", "0@TRIM_HORIZON 1@TRIM_HORIZON", "0@AT_TIMESTAMP 1@AT_TIMESTAMP"},
		{
			"one parent of a parent", example, "3 4 5",
			"2@LATEST 6@LATEST", "0@TRIM_HORIZON 1@TRIM_HORIZON 2@TRIM_HORIZON", "0@AT_TIMESTAMP 1@AT_TIMESTAMP 2@AT_TIMESTAMP",
		},
		{"all of an epoch", example, "0 1 2 3 4 5", "", "", ""},
		{"all of another", example, "4 5 6 7", "", "", ""},
		{"and of the last", example, "4 8 9 10", "", "", ""},
		{
			"nothing but one", example, "4", "8@LATEST 9@LATEST 10@LATEST",
			"0@TRIM_HORIZON 1@TRIM_HORIZON 2@TRIM_HORIZON 3@TRIM_HORIZON 5@TRIM_HORIZON",
			"0@AT_TIMESTAMP 1@AT_TIMESTAMP 2@AT_TIMESTAMP 3@AT_TIMESTAMP 5@AT_TIMESTAMP",
		},
		{"half of a split", example, "4 8 9", "10@LATEST", "5@TRIM_HORIZON", "5@AT_TIMESTAMP"},
		{
			"ancestors have expired", "4 6. 7. 8=6+7 9=5 10=5", "4 7", "6@LATEST 9@LATEST 10@LATEST",
			"6@TRIM_HORIZON 9@TRIM_HORIZON 10@TRIM_HORIZON", "6@AT_TIMESTAMP 9@AT_TIMESTAMP 10@AT_TIMESTAMP",
		},
		{"a shard that has expired with its lease", "9=5 10=5", "5", "", "", ""},
		{"open shards that nothing came before", "0 1 2", "1", "0@LATEST 2@LATEST", "0@TRIM_HORIZON 2@TRIM_HORIZON", "0@AT_TIMESTAMP 2@AT_TIMESTAMP"},
		{"deep, by one ancestor", braid, "0", "7@LATEST", "1@TRIM_HORIZON", "1@AT_TIMESTAMP"},
		{"deep, by one in the middle", braid, "2 1", "3@LATEST", "0@TRIM_HORIZON", "0@AT_TIMESTAMP"},
		// No end of a shard will create these: it has come.
		{"behind an end", "0. 1=0 2=0", "0@SHARD_END 1", "2@TRIM_HORIZON", "2@TRIM_HORIZON", "2@TRIM_HORIZON"},
		{"behind an end, closed", "0. 1=0. 2=0. 3=1+2", "0@SHARD_END 1", "2@TRIM_HORIZON", "2@TRIM_HORIZON", "2@TRIM_HORIZON"},
		{"behind the end of one that has expired", "1=0 2=0", "0@SHARD_END 1", "2@TRIM_HORIZON", "2@TRIM_HORIZON", "2@TRIM_HORIZON"},
		{"one parent has ended, one goes on", "0. 1. 2=0+1", "0@SHARD_END 1", "2@TRIM_HORIZON", "2@TRIM_HORIZON", "2@TRIM_HORIZON"},
	} {
		for position, want := range map[string]string{Latest: test.latest, TrimHorizon: test.horizon, AtTimestamp: test.stamp} {
			got, err := Missing(graph(test.listing), table(test.leases), position)
			if short(got) != want || err != nil {
				t.Errorf("%s: Missing(%q, %q, %s): got %q %v, want %q", test.name, test.listing, test.leases, position, short(got), err, want)
			}
		}
	}
}

// A parent that is not listed leaves the hash range as the only trace of descent.
func TestMissingOrphans(t *testing.T) {
	for _, test := range []struct{ start, end, position, want string }{
		{"5", "20", "1000", ""},
		{"5", "20", End, "3@TRIM_HORIZON"},
		{"10", "20", "1000", "3@LATEST"},
		{"10", "20", End, "3@LATEST"},
		{"", "", "1000", "3@LATEST"},
	} {
		l := lease.Lease{Key: "0", Range: lease.Range{Start: test.start, End: test.end}, Checkpoint: lease.Checkpoint{Position: test.position}}
		got, err := Missing(graph("3=1"), []lease.Lease{l}, Latest) // keys 0 to 9
		if short(got) != test.want || err != nil {
			t.Errorf("beside %+v: got %q %v, want %q", l, short(got), err, test.want)
		}
		// One that has no parents descends from nobody.
		if got, err := Missing(graph("3"), []lease.Lease{l}, Latest); short(got) != "3@LATEST" || err != nil {
			t.Errorf("without parents, beside %+v: got %q %v, want %q", l, short(got), err, "3@LATEST")
		}
	}
}

func TestMissingRefuses(t *testing.T) {
	if got, err := Missing(graph("0 1=0 2=0"), table("0"), TrimHorizon); !errors.Is(err, ErrUnsettled) {
		t.Errorf("an open shard with an open parent: got %v %v, want ErrUnsettled", got, err)
	}
	// A listing in which shards come from each other ends all the same.
	if got, err := Missing(graph("0=1. 1=0. 2=1"), table("7"), TrimHorizon); err != nil {
		t.Errorf("a circle: got %v %v, want no error", got, err)
	}
	other := lease.Lease{Key: "111122223333:calls:1700000000:0", Stream: "111122223333:calls:1700000000", Shard: "0", Checkpoint: lease.Checkpoint{Position: "5"}}
	got, err := Missing(graph("0"), append(table("9"), other), Latest)
	if want := "0@LATEST"; short(got) != want || err != nil {
		t.Errorf("beside a lease of an application with several streams: got %q %v, want %q", short(got), err, want)
	}
}

func TestCreationOrder(t *testing.T) {
	listing := graph("2 10 1")
	listing[0].SequenceNumberRange.StartingSequenceNumber = aws.String("100") // 2 begins after 10, by value and not by text
	listing[1].SequenceNumberRange.StartingSequenceNumber = aws.String("20")
	listing[2].SequenceNumberRange.StartingSequenceNumber = aws.String("100")
	got, err := Missing(listing, table("7"), Latest)
	if want := "10@LATEST 1@LATEST 2@LATEST"; short(got) != want || err != nil {
		t.Errorf("order: got %q %v, want %q", short(got), err, want)
	}
}

func TestOf(t *testing.T) {
	got := Of(types.Shard{
		ShardId: aws.String("c"), ParentShardId: aws.String("a"), AdjacentParentShardId: aws.String("b"),
		HashKeyRange: &types.HashKeyRange{StartingHashKey: aws.String("5"), EndingHashKey: aws.String("17")},
	}, AtTimestamp)
	want := lease.Lease{
		Key: "c", Parents: []string{"a", "b"}, Range: lease.Range{Start: "5", End: "17"}, Checkpoint: lease.Checkpoint{Position: AtTimestamp},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("Of, got - want +:\n%s", diff)
	}
	got = OfChild(types.ChildShard{
		ShardId: aws.String("c"), ParentShards: []string{"a", "b"},
		HashKeyRange: &types.HashKeyRange{StartingHashKey: aws.String("5"), EndingHashKey: aws.String("17")},
	})
	want.Checkpoint.Position = TrimHorizon
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("OfChild, got - want +:\n%s", diff)
	}
	if err := Of(types.Shard{ShardId: aws.String("c")}, Latest).Check(); err != nil {
		t.Errorf("a lease of a shard of which little is known: %v", err)
	}
}

const maxKey = "340282366920938463463374607431768211455"

func TestHoles(t *testing.T) {
	const middle, above = "170141183460469231731687303715884105727", "170141183460469231731687303715884105728"
	for _, test := range []struct {
		name   string
		ranges [][2]string
		want   []lease.Range
	}{
		{"nothing", nil, []lease.Range{{Start: "0", End: maxKey}}},
		{"one", [][2]string{{"0", maxKey}}, nil},
		{"two", [][2]string{{above, maxKey}, {"0", middle}}, nil},
		{"overlapping", [][2]string{{"0", above}, {"5", "9"}, {middle, maxKey}}, nil},
		{"the first key", [][2]string{{"1", maxKey}}, []lease.Range{{Start: "0", End: "0"}}},
		{"the last key", [][2]string{{"0", "340282366920938463463374607431768211454"}}, []lease.Range{{Start: maxKey, End: maxKey}}},
		{"between", [][2]string{{"0", "9"}, {"20", maxKey}}, []lease.Range{{Start: "10", End: "19"}}},
		{"9 is less than 10", [][2]string{{"10", maxKey}, {"0", "9"}}, nil},
		{"two holes", [][2]string{{"5", "9"}, {"20", maxKey}}, []lease.Range{{Start: "0", End: "4"}, {Start: "10", End: "19"}}},
		{"unknown", [][2]string{{"", ""}}, []lease.Range{{Start: "0", End: maxKey}}},
		{"nonsense", [][2]string{{"0", "x"}, {"-1", maxKey}, {"9", "3"}, {"0", strings.Repeat("9", 1000)}}, []lease.Range{{Start: "0", End: maxKey}}},
	} {
		var leases []lease.Lease
		for i, r := range test.ranges {
			leases = append(leases, lease.Lease{Key: fmt.Sprint(i), Range: lease.Range{Start: r[0], End: r[1]}, Checkpoint: lease.Checkpoint{Position: "5"}})
		}
		if diff := cmp.Diff(Holes(leases), test.want); diff != "" {
			t.Errorf("%s: Holes(%v), got - want +:\n%s", test.name, test.ranges, diff)
		}
	}
	ended := []lease.Lease{{Range: lease.Range{Start: "0", End: maxKey}, Checkpoint: lease.Checkpoint{Position: End}}}
	if got := Holes(ended); len(got) != 1 {
		t.Errorf("a lease that has ended: got %v, want one hole", got)
	}
}

// Holes and ranges together are everything, and no key is in both: checked on a small hash range, key by key.
func TestUncoveredKeyByKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const keys = 40
		var covered [keys]bool
		var ranges []lease.Range
		for range rapid.IntRange(0, 8).Draw(t, "ranges") {
			from := rapid.IntRange(0, keys-1).Draw(t, "from")
			to := rapid.IntRange(from, keys-1).Draw(t, "to")
			ranges = append(ranges, lease.Range{Start: fmt.Sprint(from), End: fmt.Sprint(to)})
			for k := from; k <= to; k++ {
				covered[k] = true
			}
		}
		var open [keys]bool
		for _, r := range uncovered(span{big.NewInt(0), big.NewInt(keys - 1)}, ranges) {
			s, _ := parse(r)
			for k := s.start.Int64(); k <= s.end.Int64(); k++ {
				open[k] = true
			}
		}
		for k := range keys {
			if covered[k] == open[k] {
				t.Errorf("ranges %v: key %d covered %v, in a hole %v", ranges, k, covered[k], open[k])
			}
		}
	})
}
