package shards

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"trunkline/internal/lease"
)

const sequence = "49546986683135544286507457936321625675700192471156785154"

func TestValid(t *testing.T) {
	for position, want := range map[string]bool{
		"AT_TIMESTAMP": true, "TRIM_HORIZON": true, "LATEST": true, "SHARD_END": true, "0": true, "7": true, sequence: true,
		"": false, "latest": false, "-1": false, "+1": false, "01": false, "1e3": false, "1 ": false, "٣": false, "AT_SEQUENCE_NUMBER": false,
		strings.Repeat("9", 129): true, strings.Repeat("9", 130): false,
	} {
		if got := Valid(position); got != want {
			t.Errorf("Valid(%q): got %v, want %v", position, got, want)
		}
	}
}

// The order of facts: sentinels, then numbers by value, then the end; the index within decides last.
func TestCompareOrder(t *testing.T) {
	order := []lease.Checkpoint{
		{Position: "nonsense"},
		{Position: AtTimestamp},
		{Position: TrimHorizon},
		{Position: Latest},
		{Position: "0"},
		{Position: "9"},
		{Position: "9", Sub: 1},
		{Position: "10"},
		{Position: "99"},
		{Position: "100"},
		{Position: sequence},
		{Position: sequence, Sub: 2},
		{Position: "1" + sequence},
		{Position: End},
	}
	for i, a := range order {
		for j, b := range order {
			if got, want := Compare(a, b), cmpInt(i, j); got != want {
				t.Errorf("Compare(%v, %v): got %d, want %d", a, b, got, want)
			}
		}
	}
	if got := Compare(lease.Checkpoint{Position: "0017"}, lease.Checkpoint{Position: "17"}); got != 0 {
		t.Errorf("Compare of numbers with leading zeros: got %d, want 0", got)
	}
}

func cmpInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestCompareIsThatOfBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`0|[1-9][0-9]{0,60}`)
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, _ := new(big.Int).SetString(a, 10)
		y, _ := new(big.Int).SetString(b, 10)
		if got, want := Compare(lease.Checkpoint{Position: a}, lease.Checkpoint{Position: b}), x.Cmp(y); got != want {
			t.Errorf("Compare(%s, %s): got %d, want %d", a, b, got, want)
		}
	})
}

func TestResume(t *testing.T) {
	configured, seen := time.Unix(1_800_000_000, 0), time.Unix(1_700_000_000, 0)
	horizon, latest, at := Start{Position: TrimHorizon}, Start{Position: Latest}, Start{Position: AtTimestamp, Time: configured}
	for _, test := range []struct {
		start    Start
		position string
		since    time.Time
		want     types.StartingPosition
	}{
		{latest, TrimHorizon, seen, types.StartingPosition{Type: "TRIM_HORIZON"}},
		{latest, Latest, time.Time{}, types.StartingPosition{Type: "LATEST"}},
		{horizon, Latest, seen, types.StartingPosition{Type: "AT_TIMESTAMP", Timestamp: &seen}},
		{at, AtTimestamp, seen, types.StartingPosition{Type: "AT_TIMESTAMP", Timestamp: &configured}},
		{at, sequence, seen, types.StartingPosition{Type: "AT_SEQUENCE_NUMBER", SequenceNumber: aws.String(sequence)}},
	} {
		got, err := test.start.Resume(lease.Checkpoint{Position: test.position, Sub: 3}, test.since)
		if diff := cmp.Diff(got, test.want, cmpopts.IgnoreUnexported(types.StartingPosition{})); diff != "" || err != nil {
			t.Errorf("Resume at %s (%v), got - want +:\n%s", test.position, err, diff)
		}
	}
	if _, err := at.Resume(lease.Checkpoint{Position: End}, seen); !errors.Is(err, ErrEnded) {
		t.Errorf("Resume at the end: got %v, want ErrEnded", err)
	}
	for _, position := range []string{AtTimestamp, "", "x", "-5"} {
		if got, err := latest.Resume(lease.Checkpoint{Position: position}, seen); err == nil {
			t.Errorf("Resume at %q without a configured time: got %+v, want an error", position, got)
		}
	}
	want := types.StartingPosition{Type: "AFTER_SEQUENCE_NUMBER", SequenceNumber: aws.String("5")}
	if diff := cmp.Diff(After("5"), want, cmpopts.IgnoreUnexported(types.StartingPosition{})); diff != "" {
		t.Errorf("After, got - want +:\n%s", diff)
	}
}

func TestStartCheck(t *testing.T) {
	for _, s := range []Start{{Position: TrimHorizon}, {Position: Latest}, {Position: AtTimestamp, Time: time.Unix(1, 0)}} {
		if err := s.Check(); err != nil {
			t.Errorf("%+v: got %v", s, err)
		}
	}
	for _, s := range []Start{{}, {Position: End}, {Position: "7"}, {Position: AtTimestamp}, {Position: Latest, Time: time.Unix(1, 0)}} {
		if err := s.Check(); err == nil {
			t.Errorf("%+v: got no error", s)
		}
	}
}

// What Java does with new Random(1947), made once by:
//
//	jshell> for (int n : new int[]{1, 2, 3, 4, 5, 7, 8, 16, 33, 100}) {
//	   ...>   List<String> l = new ArrayList<>();
//	   ...>   for (int i = 0; i < n; i++) l.add(String.format("worker-%03d", i));
//	   ...>   Collections.shuffle(l, new Random(1947));
//	   ...>   System.out.println(n + " " + l.subList(0, Math.min(n, 8)));
//	   ...> }
func TestShuffleIsJavas(t *testing.T) {
	for n, want := range map[int][]int{
		1: {0}, 2: {0, 1}, 3: {2, 0, 1}, 4: {3, 0, 1, 2}, 5: {4, 0, 2, 1, 3}, 7: {2, 4, 3, 5, 0, 6, 1},
		8: {2, 3, 0, 6, 4, 7, 1, 5}, 16: {11, 3, 9, 2, 0, 6, 12, 5}, 33: {21, 2, 14, 16, 1, 20, 9, 30},
		100: {95, 33, 83, 68, 3, 24, 72, 87},
	} {
		var all []string
		for i := range n {
			all = append(all, string(rune('A'+i)))
		}
		javaShuffle(all, 1947)
		var got []int
		for _, s := range all[:len(want)] {
			got = append(got, int([]rune(s)[0]-'A'))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d shuffled: got %v, want %v", n, got, want)
		}
	}
}

func TestLeads(t *testing.T) {
	owned := func(owners ...string) (all []lease.Lease) {
		for _, o := range owners {
			all = append(all, lease.Lease{Owner: o})
		}
		return all
	}
	for _, test := range []struct {
		leases []lease.Lease
		leader string
	}{
		{owned("worker-000"), "worker-000"},
		// Three owners, by their order, whatever that of their leases, and once each.
		{owned("worker-002", "", "worker-001", "worker-000", "worker-001", "worker-002"), "worker-002"},
		{owned("worker-003", "worker-000", "worker-001", "worker-002", "worker-004"), "worker-004"},
		// Java sorts by the units of UTF-16: 😀 (D83D DE00) before ｚ (FF5A), the other way round by bytes. The second of four is last.
		{owned("a", "b", "\uff5a", "\U0001f600"), "\uff5a"},
	} {
		for _, l := range test.leases {
			if got, want := Leads(l.Owner, test.leases), l.Owner == test.leader; got != want && l.Owner != "" {
				t.Errorf("%s among %v: got %v, want %v", l.Owner, test.leases, got, want)
			}
		}
	}
	if !Leads("anybody", owned("", "")) {
		t.Error("a table without owners: nobody leads, want everybody")
	}
	if Leads("nobody", owned("a")) {
		t.Error("a worker without leases leads one that has some")
	}
}
