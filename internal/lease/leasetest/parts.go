package leasetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"trunkline/internal/lease"
)

func describe(t *testing.T, h Harness) {
	ctx := t.Context()
	l := must(h.Store.Take(ctx, created(t, h.Store, New("a")), "w1"))(t)
	noErr := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	noErr(h.Store.Describe(ctx, "a", lease.Facts{}))
	is(t, h.Store, l)
	noErr(h.Store.Describe(ctx, "a", lease.Facts{Children: []string{"c1", "c2"}}))
	l.Children = []string{"c1", "c2"}
	is(t, h.Store, l)
	noErr(h.Store.Describe(ctx, "a", lease.Facts{Range: lease.Range{Start: "5", End: "9"}}))
	l.Range = lease.Range{Start: "5", End: "9"}
	is(t, h.Store, l)
	// The owner does not lose its lease by it.
	l.Counter++
	if got, err := h.Store.Renew(ctx, lease.Lease{Key: "a", Owner: "w1", Counter: 1}, 0); err != nil || !gocmp.Equal(order(got), l) {
		t.Errorf("Renew after Describe: got %+v %v, want %+v", got, err, l)
	}
	if err := h.Store.Describe(ctx, "b", lease.Facts{Children: []string{"c"}}); !errors.Is(err, lease.ErrNotFound) {
		t.Errorf("Describe of no lease: got %v, want ErrNotFound", err)
	}
	if all := must(h.Store.List(ctx))(t); len(all) != 1 {
		t.Errorf("Describe made a lease: %v", all)
	}
}

// fencing: what a former owner sends late changes nothing.
func fencing(t *testing.T, h Harness) {
	ctx, s := t.Context(), h.Store
	old := must(s.Take(ctx, created(t, s, New("a")), "w1"))(t)
	now := must(s.Take(ctx, old, "w2"))(t)
	refused := func(what string, met lease.Lease, err error) {
		t.Helper()
		if !errors.Is(err, lease.ErrConflict) || met.Key != "" && !gocmp.Equal(order(met), order(now)) {
			t.Errorf("%s by a former owner: got %+v %v, want ErrConflict, with the row as it is or none", what, met, err)
		}
		is(t, s, now)
	}
	met, err := s.Checkpoint(ctx, old, lease.Checkpoint{Position: "1"})
	refused("Checkpoint", met, err)
	met, err = s.Renew(ctx, old, 1)
	refused("Renew", met, err)
	met, err = s.Take(ctx, old, "w1")
	refused("Take", met, err)
	met, err = s.Evict(ctx, old)
	refused("Evict", met, err)
	met, err = s.Assign(ctx, old, "w3")
	refused("Assign", met, err)
	refused("Delete", lease.Lease{}, s.Delete(ctx, old))

	// An eviction by itself moves the counter, so that the owner that was evicted cannot go on.
	now = must(s.Evict(ctx, now))(t)
	evicted := now
	evicted.Owner, evicted.Counter = "w2", now.Counter-1
	met, err = s.Checkpoint(ctx, evicted, lease.Checkpoint{Position: "2"})
	refused("Checkpoint", met, err)
	met, err = s.Renew(ctx, evicted, 0)
	refused("Renew", met, err)
}

// missing: no write brings a lease into being, or back.
func missing(t *testing.T, h Harness) {
	ctx, s := t.Context(), h.Store
	ghost := New("a")
	ghost.Owner = "w1"
	for what, err := range map[string]error{
		"Renew":                        second(s.Renew(ctx, ghost, 1)),
		"Take":                         second(s.Take(ctx, ghost, "w1")),
		"Checkpoint":                   second(s.Checkpoint(ctx, ghost, lease.Checkpoint{Position: "1"})),
		"Assign":                       second(s.Assign(ctx, ghost, "w2")),
		"Evict":                        second(s.Evict(ctx, ghost)),
		"Evict of an unassigned lease": second(s.Evict(ctx, New("a"))),
		"Delete":                       s.Delete(ctx, ghost),
	} {
		if !errors.Is(err, lease.ErrConflict) {
			t.Errorf("%s of no lease: got %v, want ErrConflict", what, err)
		}
	}
	empty(t, h)
}

func assignAndEvict(t *testing.T, h Harness) {
	ctx, s := t.Context(), h.Store
	l := must(s.Assign(ctx, created(t, s, New("a")), "w1"))(t)
	want := New("a")
	want.Owner, want.Counter, want.Switches = "w1", 1, 1
	if diff := gocmp.Diff(l, want); diff != "" {
		t.Errorf("Assign of an unassigned lease, got - want +:\n%s", diff)
	}
	// Both hold on the owner, not on the counter: the owner renews meanwhile.
	want = must(s.Renew(ctx, l, 0))(t)
	l = must(s.Assign(ctx, l, "w2"))(t)
	want.Owner, want.Counter, want.Switches = "w2", 3, 2
	if diff := gocmp.Diff(l, want); diff != "" {
		t.Errorf("Assign, got - want +:\n%s", diff)
	}
	want = must(s.Renew(ctx, l, 0))(t)
	l = must(s.Evict(ctx, l))(t)
	want.Owner, want.Counter = "", 5
	if diff := gocmp.Diff(l, want); diff != "" {
		t.Errorf("Evict, got - want +:\n%s", diff)
	}
	is(t, s, want)
}

func handOver(t *testing.T, h Harness) {
	if h.HandOver == nil {
		return
	}
	ctx, s := t.Context(), h.Store
	begin := func(key string) (known, moving lease.Lease) {
		known = must(s.Take(ctx, created(t, s, New(key)), "w1"))(t)
		if err := h.HandOver(ctx, key, "w2"); err != nil {
			t.Fatalf("start to hand %s over: %v", key, err)
		}
		moving = known
		moving.Owner, moving.Drainer = "w2", "w1"
		is(t, s, moving)
		return known, moving
	}

	known, moving := begin("a")
	if got, err := s.Renew(ctx, known, 0); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("Renew without knowing of the hand-over: got %+v %v, want ErrConflict", got, err)
	}
	moving = must(s.Renew(ctx, moving, 0))(t)
	moving = must(s.Checkpoint(ctx, moving, lease.Checkpoint{Position: "7"}))(t)
	want := moving
	want.Owner, want.Drainer, want.Counter, want.Switches = "w2", "", moving.Counter+1, 1
	if got := must(s.Assign(ctx, moving, "w2"))(t); !gocmp.Equal(got, want) {
		t.Errorf("Assign at the end of a hand-over: got %+v, want %+v", got, want)
	}
	is(t, s, want)
	if _, err := s.Checkpoint(ctx, moving, lease.Checkpoint{Position: "8"}); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("Checkpoint after the hand-over: got %v, want ErrConflict", err)
	}

	// A checkpoint does not need to know.
	known, moving = begin("b")
	moving.Checkpoint, moving.Counter = lease.Checkpoint{Position: "9"}, moving.Counter+1
	if got, err := s.Checkpoint(ctx, known, moving.Checkpoint); err != nil || !gocmp.Equal(got, moving) {
		t.Errorf("Checkpoint without knowing of the hand-over: got %+v %v, want %+v", got, err, moving)
	}
	// A drainer that is evicted leaves the lease to the next owner.
	want = moving
	want.Drainer, want.Counter = "", moving.Counter+1
	if got := must(s.Evict(ctx, moving))(t); !gocmp.Equal(got, want) {
		t.Errorf("Evict during a hand-over: got %+v, want %+v", got, want)
	}

	// A taker ends it.
	_, moving = begin("c")
	want = moving
	want.Owner, want.Drainer, want.Counter, want.Switches = "w3", "", moving.Counter+1, 1
	if got := must(s.Take(ctx, moving, "w3"))(t); !gocmp.Equal(got, want) {
		t.Errorf("Take during a hand-over: got %+v, want %+v", got, want)
	}
	_, moving = begin("d")
	if _, err := s.Evict(ctx, lease.Lease{Key: "d", Owner: "w2"}); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("Evict without knowing of the hand-over: got %v, want ErrConflict", err)
	}
	is(t, s, moving)
}

func oneWinner(t *testing.T, h Harness) {
	l := created(t, h.Store, New("a"))
	for round := range 5 {
		var won atomic.Int32
		var calls sync.WaitGroup
		for i := range 16 {
			calls.Go(func() {
				switch _, err := h.Store.Take(t.Context(), l, fmt.Sprintf("w%d", i)); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, lease.ErrConflict):
					t.Errorf("Take: %v", err)
				}
			})
		}
		calls.Wait()
		if won.Load() != 1 {
			t.Errorf("round %d: %d of 16 took one lease, want 1", round, won.Load())
		}
		l = must(h.Store.Get(t.Context(), "a"))(t)
		if l.Counter != int64(round+1) {
			t.Errorf("round %d: counter %d, want %d", round, l.Counter, round+1)
		}
	}
}

func concurrent(t *testing.T, h Harness) {
	const writers, writes = 8, 10
	var done sync.WaitGroup
	for i := range writers {
		l := must(h.Store.Take(t.Context(), created(t, h.Store, New(fmt.Sprintf("lease-%d", i))), "w1"))(t)
		done.Go(func() {
			for n := range writes {
				var err error
				if l, err = h.Store.Checkpoint(t.Context(), l, lease.Checkpoint{Position: fmt.Sprint(n + 1)}); err != nil {
					t.Errorf("Checkpoint: %v", err)
					return
				}
				if err := h.Store.Describe(t.Context(), l.Key, lease.Facts{Children: []string{fmt.Sprint(n)}}); err != nil {
					t.Errorf("Describe: %v", err)
				}
			}
		})
	}
	done.Wait()
	for _, l := range must(h.Store.List(t.Context()))(t) {
		if l.Counter != writes+1 || l.Checkpoint.Position != fmt.Sprint(writes) || len(l.Children) != 1 {
			t.Errorf("after %d checkpoints: got %+v", writes, l)
		}
	}
}

func cancelled(t *testing.T, h Harness) {
	l := must(h.Store.Take(t.Context(), created(t, h.Store, New("a")), "w1"))(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for what, err := range map[string]error{
		"List":       second(h.Store.List(ctx)),
		"Get":        second(h.Store.Get(ctx, "a")),
		"Create":     h.Store.Create(ctx, New("b")),
		"Renew":      second(h.Store.Renew(ctx, l, 0)),
		"Take":       second(h.Store.Take(ctx, l, "w2")),
		"Checkpoint": second(h.Store.Checkpoint(ctx, l, lease.Checkpoint{Position: "1"})),
		"Delete":     h.Store.Delete(ctx, l),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a context that is done: got %v, want %v", what, err, context.Canceled)
		}
	}
	is(t, h.Store, l)
}

func reopened(t *testing.T, h Harness) {
	if h.Reopen == nil {
		return
	}
	l := New("a")
	l.Parents = []string{"p"}
	l = must(h.Store.Take(t.Context(), created(t, h.Store, l), "w1"))(t)
	l = must(h.Store.Checkpoint(t.Context(), l, lease.Checkpoint{Position: "5", Sub: 2}))(t)
	s := h.Reopen()
	is(t, s, l)
	must(s.Renew(t.Context(), l, 0))(t)
}

// created creates a lease and returns it.
func created(t *testing.T, s lease.Store, l lease.Lease) lease.Lease {
	t.Helper()
	if err := s.Create(t.Context(), l); err != nil {
		t.Fatalf("Create %s: %v", l.Key, err)
	}
	is(t, s, l)
	return l
}

// is checks what the store has of a lease.
func is(t *testing.T, s lease.Store, want lease.Lease) {
	t.Helper()
	got, err := s.Get(t.Context(), want.Key)
	if diff := gocmp.Diff(order(got), order(want)); diff != "" || err != nil {
		t.Errorf("Get %s (%v), got - want +:\n%s", want.Key, err, diff)
	}
}

// order sorts what a store may keep as sets.
func order(l lease.Lease) lease.Lease {
	l.Parents, l.Children = slices.Sorted(slices.Values(l.Parents)), slices.Sorted(slices.Values(l.Children))
	return l
}

func sorted(all []lease.Lease) []lease.Lease {
	return slices.SortedFunc(slices.Values(all), func(a, b lease.Lease) int { return cmp.Compare(a.Key, b.Key) })
}

// must ends the test on an error: must(call())(t).
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func second[T any](_ T, err error) error { return err }
