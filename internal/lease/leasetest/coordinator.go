package leasetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"trunkline/internal/lease"
)

// Coordinated is a store that coordinates a fleet.
type Coordinated interface {
	lease.Store
	lease.Coordinator
}

// RunCoordinator checks what every coordinator must do. open makes a fresh one for each part, with nothing in it and in a regime of
// followers.
func RunCoordinator(t *testing.T, open func(*testing.T) Coordinated) {
	for _, part := range []struct {
		name  string
		check func(*testing.T, Coordinated)
	}{
		{"regime", regime},
		{"upgrade", upgrade},
		{"assigned", assigned},
		{"hand-over begins", handOverBegins},
		{"reports", reports},
		{"lock", lock},
		{"one leader", oneLeader},
	} {
		t.Run(part.name, func(t *testing.T) { part.check(t, open(t)) })
	}
}

func regime(t *testing.T, s Coordinated) {
	got, err := s.Regime(t.Context())
	if err != nil || !got.Assigned || !got.Reported || got.Leaderless || got.Name == "" {
		t.Errorf("Regime: got %+v %v, want followers with a name", got, err)
	}
}

// upgrade: followers are prepared to be what they are, and have nothing to upgrade to.
func upgrade(t *testing.T, s Coordinated) {
	if err := s.Prepared(t.Context()); err != nil {
		t.Errorf("Prepared: got %v, want nil", err)
	}
	before := must(s.Regime(t.Context()))(t)
	if err := s.Upgrade(t.Context(), "w1"); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("Upgrade of followers: got %v, want ErrConflict", err)
	}
	if after := must(s.Regime(t.Context()))(t); after != before {
		t.Errorf("regime after an Upgrade that was refused: got %+v, want %+v", after, before)
	}
}

func assigned(t *testing.T, s Coordinated) {
	for _, owner := range []string{"w1", "w2", "w1", ""} {
		l := created(t, s, New("lease-"+string('a'+rune(len(must(s.List(t.Context()))(t))))))
		if owner != "" {
			must(s.Take(t.Context(), l, owner))(t)
		}
	}
	for worker, want := range map[string][]string{"w1": {"lease-a", "lease-c"}, "w2": {"lease-b"}, "w3": nil} {
		got := slices.Sorted(slices.Values(must(s.Assigned(t.Context(), worker))(t)))
		if !slices.Equal(got, want) {
			t.Errorf("Assigned to %s: got %q, want %q", worker, got, want)
		}
	}
}

func handOverBegins(t *testing.T, s Coordinated) {
	ctx := t.Context()
	free := created(t, s, New("free"))
	if got, err := s.HandOver(ctx, free, "w2"); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("HandOver of a lease that nobody has: got %+v %v, want ErrConflict", got, err)
	}
	l := must(s.Take(ctx, created(t, s, New("a")), "w1"))(t)
	want := must(s.Renew(ctx, l, 0))(t) // the leader does not know
	want.Owner, want.Drainer = "w2", "w1"
	if got := must(s.HandOver(ctx, l, "w2"))(t); !gocmp.Equal(got, want) {
		t.Errorf("HandOver: got %+v, want %+v", got, want)
	}
	is(t, s, want)
	if got, err := s.HandOver(ctx, want, "w3"); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("HandOver of a lease on its way: got %+v %v, want ErrConflict", got, err)
	}
	if got, err := s.HandOver(ctx, l, "w3"); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("HandOver from a former owner: got %+v %v, want ErrConflict", got, err)
	}
	is(t, s, want)
	// It is assigned to the next owner, who leaves it alone until it is drained.
	if got := must(s.Assigned(ctx, "w2"))(t); !slices.Equal(got, []string{"a"}) {
		t.Errorf("Assigned during a hand-over: got %q, want the lease", got)
	}
	if got, err := s.HandOver(ctx, lease.Lease{Key: "none", Owner: "w1"}, "w2"); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("HandOver of no lease: got %+v %v, want ErrConflict", got, err)
	}
}

func reports(t *testing.T, s Coordinated) {
	ctx := t.Context()
	if all := must(s.Reports(ctx))(t); len(all) != 0 {
		t.Errorf("Reports before any: got %v", all)
	}
	began := time.Now()
	for worker, blind := range map[string]bool{"w1": false, "w2": true} {
		if err := s.Report(ctx, worker, blind); err != nil {
			t.Fatalf("Report: %v", err)
		}
	}
	all := must(s.Reports(ctx))(t)
	if len(all) != 2 {
		t.Fatalf("Reports: got %v, want two", all)
	}
	for _, r := range all {
		if age := r.Updated.Sub(began); r.Able != (r.Worker == "w1") || !r.Ours || age < -2*time.Second || age > time.Minute {
			t.Errorf("Reports: got %+v at %v", r, began)
		}
	}
	if leases := must(s.List(ctx))(t); len(leases) != 0 {
		t.Errorf("reports are taken for leases: %v", leases)
	}
	other := all[0]
	other.Updated = other.Updated.Add(-time.Hour)
	if err := s.Forget(ctx, other); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("Forget of a report that is newer: got %v, want ErrConflict", err)
	}
	if err := s.Forget(ctx, all[0]); err != nil {
		t.Errorf("Forget: %v", err)
	}
	if left := must(s.Reports(ctx))(t); len(left) != 1 || left[0].Worker != all[1].Worker {
		t.Errorf("after Forget: got %v, want %v", left, all[1:])
	}
}

func lock(t *testing.T, s Coordinated) {
	ctx := t.Context()
	if l := must(s.Lock(ctx))(t); l != (lease.Lock{}) {
		t.Errorf("Lock before any: got %+v", l)
	}
	conflict := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, lease.ErrConflict) {
			t.Errorf("%s: got %v, want ErrConflict", what, err)
		}
	}
	first := must(s.Lead(ctx, lease.Lock{}, "w1"))(t)
	if first.Owner != "w1" || first.Version == "" || first.Duration != 2*time.Minute || first.Released {
		t.Errorf("Lead: got %+v, want w1's for two minutes", first)
	}
	if l := must(s.Lock(ctx))(t); l != first {
		t.Errorf("Lock: got %+v, want %+v", l, first)
	}
	conflict("Lead where somebody does", second(s.Lead(ctx, lease.Lock{}, "w2")))
	beat := must(s.Lead(ctx, first, "w1"))(t)
	if beat.Owner != "w1" || beat.Version == first.Version {
		t.Errorf("Lead again: got %+v after %+v, want a new version", beat, first)
	}
	conflict("Lead by the version before", second(s.Lead(ctx, first, "w2")))
	conflict("Resign of the version before", s.Resign(ctx, first))
	next := must(s.Lead(ctx, beat, "w2"))(t)
	if next.Owner != "w2" || next.Version == beat.Version {
		t.Errorf("Lead after expiry: got %+v after %+v", next, beat)
	}
	conflict("a late heartbeat", second(s.Lead(ctx, beat, "w1")))
	if err := s.Resign(ctx, next); err != nil {
		t.Errorf("Resign: %v", err)
	}
	if l := must(s.Lock(ctx))(t); l.Version != "" && !l.Released {
		t.Errorf("Lock after Resign: got %+v, want it free", l)
	}
	conflict("Resign again", s.Resign(ctx, next))
	conflict("a heartbeat after Resign", second(s.Lead(ctx, next, "w2")))
	must(s.Lead(ctx, lease.Lock{}, "w3"))(t)
	if leases := must(s.List(ctx))(t); len(leases) != 0 {
		t.Errorf("the lock is taken for a lease: %v", leases)
	}
}

func oneLeader(t *testing.T, s Coordinated) {
	won := make(chan lease.Lock, 8)
	for i := range 8 {
		go func() {
			l, err := s.Lead(t.Context(), lease.Lock{}, string('a'+rune(i)))
			if err != nil && !errors.Is(err, lease.ErrConflict) {
				t.Errorf("Lead: %v", err)
			}
			won <- l
		}()
	}
	leaders := 0
	for range 8 {
		if l := <-won; l.Version != "" {
			leaders++
		}
	}
	if leaders != 1 {
		t.Errorf("%d of 8 lead, want 1", leaders)
	}
}
