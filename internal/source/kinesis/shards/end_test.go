package shards

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
)

// children is what the end of a shard answers, in short: "1=0 2=0" a split, "2=0+1" a merge.
func children(text string) (all []types.ChildShard) {
	for field := range strings.FieldsSeq(text) {
		id, from, _ := strings.Cut(field, "=")
		c := types.ChildShard{ShardId: aws.String(id), HashKeyRange: &types.HashKeyRange{StartingHashKey: aws.String("0"), EndingHashKey: aws.String("9")}}
		if from != "" {
			c.ParentShards = strings.Split(from, "+")
		}
		all = append(all, c)
	}
	return all
}

func TestChildren(t *testing.T) {
	for _, test := range []struct {
		name, parent, children, leases, expired string
		want                                    string
		err                                     error
	}{
		{"split", "0", "1=0 2=0", "0", "", "1@TRIM_HORIZON 2@TRIM_HORIZON", nil},
		{"split, again after a crash", "0", "1=0 2=0", "0 1@500", "", "2@TRIM_HORIZON", nil},
		{"merge", "0", "2=0+1", "0 1", "", "2@TRIM_HORIZON", nil},
		{"merge, the other parent has ended", "1", "2=0+1", "0@SHARD_END 1 2@TRIM_HORIZON", "", "", nil},
		{"merge, the other parent is missing", "0", "2=0+1", "0", "", "", ErrWait},
		{"merge, the other parent is gone and the child there", "0", "2=0+1", "0 2", "", "", nil},
		{"merge, the other parent has expired", "0", "2=0+1", "0", "1", "2@TRIM_HORIZON", nil},
		{"nothing follows", "0", "", "0", "", "", nil},
		{"one half of a split", "0", "1=0", "0", "", "", ErrInvalid},
		{"no parents named", "0", "1 2", "0", "", "", ErrInvalid},
		{"another's children", "0", "1=7 2=7", "0", "", "", ErrInvalid},
		{"its own child", "0", "0=0 2=0", "0", "", "", ErrInvalid},
		{"two children with two parents", "0", "2=0+1 3=0+1", "0 1", "", "", ErrInvalid},
	} {
		got, err := Children(test.parent, children(test.children), ByKey(table(test.leases)), func(_ lease.Lease, id string) bool { return id == test.expired })
		if short(got) != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: got %q %v, want %q %v", test.name, short(got), err, test.want, test.err)
		}
	}
	if _, err := Children("0", []types.ChildShard{{}, {}}, nil, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("children without anything: got %v, want ErrInvalid", err)
	}
}

func TestStartable(t *testing.T) {
	l := lease.Lease{Key: "2", Parents: []string{"0", "1"}}
	for leases, want := range map[string]bool{
		"": true, "0@SHARD_END": true, "0@SHARD_END 1@SHARD_END": true, "7": true,
		"0": false, "0@TRIM_HORIZON": false, "0@SHARD_END 1@LATEST": false, "1@9": false,
	} {
		if got := Startable(l, ByKey(table(leases))); got != want {
			t.Errorf("Startable beside %q: got %v, want %v", leases, got, want)
		}
	}
}

func TestDeletable(t *testing.T) {
	ended := func(children ...string) lease.Lease {
		return lease.Lease{Key: "2", Parents: []string{"0", "1"}, Children: children, Checkpoint: lease.Checkpoint{Position: End}}
	}
	for _, test := range []struct {
		lease  lease.Lease
		leases string
		want   bool
	}{
		{ended("3", "4"), "3@50 4@60", true},
		{ended("3", "4"), "3@SHARD_END 4@LATEST", true},
		{ended("3"), "3@60", true},
		{ended("3", "4"), "3@50 4@TRIM_HORIZON", false},
		{ended("3", "4"), "3@50 4@AT_TIMESTAMP", false},
		{ended("3", "4"), "3@50", false},
		{ended("3", "4"), "3@50 4@60 1@SHARD_END", false},
		{ended(), "", false},
		{lease.Lease{Key: "2", Children: []string{"3"}, Checkpoint: lease.Checkpoint{Position: "90"}}, "3@50", false},
	} {
		if got := Deletable(test.lease, ByKey(table(test.leases))); got != test.want {
			t.Errorf("Deletable(%+v) beside %q: got %v, want %v", test.lease, test.leases, got, test.want)
		}
	}
}

func TestGarbage(t *testing.T) {
	for _, test := range []struct {
		position, listing, leases string
		want                      bool
	}{
		{End, "3=2 4=2", "3 4", true},
		{End, "7", "", true},
		{End, "", "", true},
		{End, "3=2 4=2", "3", false},
		{End, "2. 3=2 4=2", "3 4", false},
		{"90", "7", "", false},
	} {
		l := lease.Lease{Key: "2", Checkpoint: lease.Checkpoint{Position: test.position}}
		if got := Garbage(l, graph(test.listing), ByKey(table(test.leases))); got != test.want {
			t.Errorf("Garbage at %s of %q beside %q: got %v, want %v", test.position, test.listing, test.leases, got, test.want)
		}
	}
}

func TestOffspring(t *testing.T) {
	listing := graph("0. 1. 2=0 3=0 4=1")
	set := func(i int, start, end string) {
		listing[i].HashKeyRange = &types.HashKeyRange{StartingHashKey: aws.String(start), EndingHashKey: aws.String(end)}
	}
	set(2, "0", "4")
	set(3, "5", "9")
	whole := lease.Range{Start: "0", End: "9"}
	got, complete := Offspring(listing, "0", whole)
	if len(got) != 2 || !complete || aws.ToString(got[1].ShardId) != "3" || got[1].ParentShards[0] != "0" {
		t.Errorf("two halves: got %+v, complete %v", got, complete)
	}
	set(3, "6", "9")
	if _, complete := Offspring(listing, "0", whole); complete {
		t.Error("two halves with a gap are complete")
	}
	if got, complete := Offspring(listing[:3], "0", whole); len(got) != 1 || complete {
		t.Errorf("one half: got %+v, complete %v", got, complete)
	}
	if got, complete := Offspring(listing, "4", whole); len(got) != 0 || complete {
		t.Errorf("no children: got %+v, complete %v", got, complete)
	}
	if _, complete := Offspring(listing, "0", lease.Range{}); complete {
		t.Error("the children of a shard of unknown range are complete")
	}
}

func TestRecreated(t *testing.T) {
	here, elsewhere := []lease.Range{{Start: "9", End: "12"}}, []lease.Range{{Start: "10", End: "12"}}
	for _, test := range []struct {
		listing, leases string
		unread          []lease.Range
		want            bool
	}{
		{"5 6", "5@35 6@1000", here, false},
		{"5 6", "5@34 6", nil, true},
		{"5 6", "5@TRIM_HORIZON 6@LATEST", here, false},
		{"5 6", "5@SHARD_END", nil, false},
		{"5 6", "5@SHARD_END", elsewhere, false},
		{"5 6", "5@SHARD_END", here, true},
		{"5. 6", "5@SHARD_END", here, false},
	} {
		got := recreated(graph(test.listing), ByKey(table(test.leases)), test.unread)
		if (got != "") != test.want {
			t.Errorf("%q beside %q: got %q, want %v", test.listing, test.leases, got, test.want)
		}
	}
}
