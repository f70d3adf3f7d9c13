// Package leasetest is what the tests of leases share: one behaviour suite for every implementation of lease.Store, and a Table in
// memory that passes it.
package leasetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"trunkline/internal/lease"
)

// Harness is one store under test.
type Harness struct {
	// Store under test, empty.
	Store lease.Store
	// HandOver starts to hand a lease over as the leader of a fleet does, past the store's own interface: owner becomes next, and the
	// former owner the drainer. nil: the table has no leader.
	HandOver func(ctx context.Context, key, next string) error
	// Reopen, where a store keeps its leases, closes it and opens it again. nil: it does not.
	Reopen func() lease.Store
}

// Run checks what every store must do. open makes a fresh one for each part; it may use t.Cleanup.
func Run(t *testing.T, open func(*testing.T) Harness) {
	for _, part := range []struct {
		name  string
		check func(*testing.T, Harness)
	}{
		{"empty", empty},
		{"create", create},
		{"create refuses", createRefuses},
		{"life of a lease", life},
		{"every field survives", fields},
		{"describe", describe},
		{"fencing", fencing},
		{"missing", missing},
		{"assign and evict", assignAndEvict},
		{"hand-over", handOver},
		{"one winner", oneWinner},
		{"writes do not lose each other", concurrent},
		{"cancelled", cancelled},
		{"opened again", reopened},
	} {
		t.Run(part.name, func(t *testing.T) { part.check(t, open(t)) })
	}
}

// New is a lease as the suite creates them.
func New(key string) lease.Lease {
	return lease.Lease{Key: key, Checkpoint: lease.Checkpoint{Position: "TRIM_HORIZON"}}
}

func empty(t *testing.T, h Harness) {
	all, err := h.Store.List(t.Context())
	if len(all) != 0 || err != nil {
		t.Errorf("List of an empty store: got %v %v, want nothing", all, err)
	}
}

func create(t *testing.T, h Harness) {
	var want []lease.Lease
	for i := range 30 {
		want = append(want, created(t, h.Store, New(fmt.Sprintf("shardId-%012d", 29-i))))
	}
	want = sorted(want)
	got, err := h.Store.List(t.Context())
	if diff := gocmp.Diff(sorted(got), want); diff != "" || err != nil {
		t.Errorf("List (%v), got - want +:\n%s", err, diff)
	}
}

func createRefuses(t *testing.T, h Harness) {
	first := New("a")
	first.Parents = []string{"p"}
	taken := must(h.Store.Take(t.Context(), created(t, h.Store, first), "w1"))(t)
	if err := h.Store.Create(t.Context(), New("a")); !errors.Is(err, lease.ErrExists) {
		t.Errorf("Create again: got %v, want ErrExists", err)
	}
	is(t, h.Store, taken)
	for name, l := range map[string]lease.Lease{
		"no key":       New(""),
		"no position":  {Key: "b"},
		"owner":        {Key: "b", Checkpoint: lease.Checkpoint{Position: "1"}, Owner: "w1"},
		"counter":      {Key: "b", Checkpoint: lease.Checkpoint{Position: "1"}, Counter: 3},
		"empty parent": {Key: "b", Checkpoint: lease.Checkpoint{Position: "1"}, Parents: []string{"a", ""}},
		"half a range": {Key: "b", Checkpoint: lease.Checkpoint{Position: "1"}, Range: lease.Range{Start: "0"}},
	} {
		if err := h.Store.Create(t.Context(), l); err == nil {
			t.Errorf("Create of a lease with a fault (%s): got no error", name)
		}
	}
	if all := must(h.Store.List(t.Context()))(t); len(all) != 1 {
		t.Errorf("after Creates that were refused: got %v, want one lease", all)
	}
}

func life(t *testing.T, h Harness) {
	ctx, s := t.Context(), h.Store
	l := created(t, s, New("a"))

	want := l
	step := func(what string, got lease.Lease, err error) {
		t.Helper()
		if diff := gocmp.Diff(got, want); diff != "" || err != nil {
			t.Fatalf("%s (%v), got - want +:\n%s", what, err, diff)
		}
		is(t, s, want)
		l = got
	}
	want.Owner, want.Counter = "w1", 1
	got, err := s.Take(ctx, l, "w1")
	step("Take of an unassigned lease", got, err)

	want.Counter = 2
	got, err = s.Renew(ctx, l, 0)
	step("Renew", got, err)

	want.Counter, want.Throughput = 3, 12.25
	got, err = s.Renew(ctx, l, 12.25)
	step("Renew with throughput", got, err)

	want.Counter = 4
	got, err = s.Renew(ctx, l, 0)
	step("Renew without throughput keeps what was reported", got, err)

	want.Counter, want.Owner, want.Switches = 5, "w2", 1
	got, err = s.Take(ctx, l, "w2")
	step("Take from another", got, err)

	want.Counter = 6
	got, err = s.Take(ctx, l, "w2")
	step("Take of one's own", got, err)

	want.Counter, want.Checkpoint, want.Switches = 7, lease.Checkpoint{Position: "49546986683135544286507457936321625675700192471156785154", Sub: 17}, 0
	got, err = s.Checkpoint(ctx, l, want.Checkpoint)
	step("Checkpoint", got, err)

	want.Counter, want.Checkpoint = 8, lease.Checkpoint{Position: "SHARD_END"}
	got, err = s.Checkpoint(ctx, l, want.Checkpoint)
	step("Checkpoint back to sub-sequence number 0", got, err)

	want.Counter, want.Owner = 9, ""
	got, err = s.Evict(ctx, l)
	step("Evict", got, err)

	want.Counter, want.Owner = 10, "w3"
	got, err = s.Take(ctx, l, "w3")
	step("Take after Evict is no switch", got, err)

	if err := s.Delete(ctx, l); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	if got, err := s.Get(ctx, "a"); !errors.Is(err, lease.ErrNotFound) {
		t.Errorf("Get after Delete: got %v %v, want ErrNotFound", got, err)
	}
	created(t, s, New("a"))
}

func fields(t *testing.T, h Harness) {
	full := New("123456789012:stream:1700000000:shardId-000000000007")
	full.Checkpoint = lease.Checkpoint{Position: "AT_TIMESTAMP", Sub: 3}
	full.Parents, full.Children = []string{"p1", "p2"}, []string{"c1", "c2"}
	full.Range = lease.Range{Start: "0", End: "340282366920938463463374607431768211455"}
	full.Stream, full.Shard = "123456789012:stream:1700000000", "shardId-000000000007"
	bare := New("bare")
	for _, l := range []lease.Lease{full, bare} {
		got := must(h.Store.Take(t.Context(), created(t, h.Store, l), "w1"))(t)
		l.Owner, l.Counter = "w1", 1
		if diff := gocmp.Diff(order(got), l); diff != "" {
			t.Errorf("Take, got - want +:\n%s", diff)
		}
		l.Checkpoint, l.Counter = lease.Checkpoint{Position: "5", Sub: 1}, 2
		got = must(h.Store.Checkpoint(t.Context(), got, l.Checkpoint))(t)
		if diff := gocmp.Diff(order(got), l); diff != "" {
			t.Errorf("Checkpoint, got - want +:\n%s", diff)
		}
		is(t, h.Store, l)
	}
}
