package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/config"
	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
	"trunkline/internal/source/kinesis"
	"trunkline/internal/source/kinesis/shards"
	"trunkline/internal/state"
)

// TestWatchLeases watches leases of which some are renewed.
func TestWatchLeases(t *testing.T) {
	all := func(lease.Lease) bool { return true }
	for _, c := range []struct {
		name    string
		renewed map[string]bool
		wanted  func(lease.Lease) bool
		alive   string
		took    time.Duration
	}{
		{"all live", map[string]bool{"a": true, "b": true}, all, "a b", 4 * time.Second},
		{"one is dead", map[string]bool{"a": true}, all, "a", 12 * time.Second},
		{"the dead one is not asked about", map[string]bool{"a": true}, func(l lease.Lease) bool { return l.Key == "a" }, "a", 4 * time.Second},
		{"none is asked about", nil, func(lease.Lease) bool { return false }, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				look := func(context.Context) (now []lease.Lease, _ error) {
					for _, key := range []string{"a", "b"} {
						l := lease.Lease{Key: key, Owner: "worker", Counter: 7}
						if c.renewed[key] {
							l.Counter += int64(time.Since(began) / (3300 * time.Millisecond)) // as a worker does
						}
						now = append(now, l)
					}
					return append(now, lease.Lease{Key: "free", Counter: int64(time.Since(began))}), nil
				}
				first, _ := look(t.Context())
				h, err := watchLeases(t.Context(), look, first, c.wanted, 10*time.Second)
				var alive []string
				for key, is := range h.alive {
					if is {
						alive = append(alive, key)
					}
				}
				slices.Sort(alive)
				if got, took := strings.Join(alive, " "), time.Since(began); err != nil || got != c.alive || took != c.took {
					t.Errorf("alive are %q after %v (%v), want %q after %v", got, took, err, c.alive, c.took)
				}
			})
		})
	}
}

// TestWatchLeasesEnds: an interrupt, and an error of the table, end the watching at once.
func TestWatchLeasesEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := []lease.Lease{{Key: "a", Owner: "worker"}}
		broken := errors.New("table gone")
		fails := func(context.Context) ([]lease.Lease, error) { return nil, broken }
		if _, err := watchLeases(t.Context(), fails, first, func(lease.Lease) bool { return true }, 10*time.Second); !errors.Is(err, broken) {
			t.Errorf("of a table that is gone: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		_, err := watchLeases(ctx, fails, first, func(lease.Lease) bool { return true }, 10*time.Second)
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took != time.Second {
			t.Errorf("interrupted after a second: %v after %v", err, took)
		}
	})
}

// TestLeaseStates: what each lease is called, by what the table says and what was seen.
func TestLeaseStates(t *testing.T) {
	number := lease.Checkpoint{Position: "49"}
	oldest := lease.Checkpoint{Position: shards.TrimHorizon}
	leases := []lease.Lease{
		{Key: "held", Owner: "living", Checkpoint: number},
		{Key: "expired", Owner: "dead", Checkpoint: number},
		{Key: "free", Checkpoint: number},
		{Key: "draining", Owner: "next", Drainer: "living", Checkpoint: number},
		{Key: "waiting", Checkpoint: oldest, Parents: []string{"held"}},
		{Key: "waiting, and held", Owner: "living", Checkpoint: oldest, Parents: []string{"held"}},
		{Key: "begun", Owner: "living", Checkpoint: oldest, Parents: []string{"ended", "not there"}},
		{Key: "ended", Owner: "dead", Checkpoint: lease.Checkpoint{Position: shards.End}},
		{Key: "of another stream", Stream: "111122223333:other:1", Checkpoint: number},
	}
	want := map[string]string{
		"held": "held", "expired": "expired", "free": "free", "draining": "draining", "waiting": "waiting", "waiting, and held": "waiting",
		"begun": "held", "ended": "ended",
	}
	g := &leaseGathering{
		place:   &leasePlace{table: nil, list: func(context.Context) ([]lease.Lease, error) { return leases, nil }, config: &config.Config{}},
		running: &runningLeases{Worker: "living"}, flags: leaseFlags{noLag: true},
	}
	if err := g.gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range g.report.Leases {
		got[l.Shard] = l.State
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !g.left() {
		t.Error("a free lease beside a living worker is nothing to speak of")
	}
	if len(g.report.Unknown) != 1 || !strings.Contains(g.report.Unknown[0], "1 leases of other streams") {
		t.Errorf("of the other stream's lease it says %q", g.report.Unknown)
	}
	var text strings.Builder
	if err := g.report.print(&text); err != nil || !strings.Contains(text.String(), "draining to next") || !strings.Contains(text.String(), "living (here)") {
		t.Errorf("prints %s (%v)", text.String(), err)
	}
	g.running = nil
	if err := g.gather(t.Context()); err != nil || g.left() {
		t.Errorf("without workers, free leases are taken for something to see to (%v)", err)
	}
}

// TestLeaseLags: the collector's own word counts; a permission that is missing is asked for once.
func TestLeaseLags(t *testing.T) {
	g := &leaseGathering{flags: leaseFlags{noLag: true}, running: &runningLeases{Shards: []kinesis.Shard{
		{ID: "a", Known: true, Behind: 1500 * time.Millisecond, Records: 3, Bytes: 900}, {ID: "b"}, {ID: "c", Known: true, Ended: true},
	}}}
	lags := g.lags(t.Context(), nil)
	if l := lags["a"]; len(lags) != 1 || *l.ms != 1500 || *l.records != 3 || *l.bytes != 900 {
		t.Errorf("got %v, want what the collector tells of a", lags)
	}
}

// TestParseTarget: places that --to takes.
func TestParseTarget(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	one := leaseChoice{shards: []string{"shardId-000000000000"}}
	for text, want := range map[string]target{
		"trim_horizon":              {at: lease.Checkpoint{Position: shards.TrimHorizon}},
		"latest":                    {time: now},
		"2026-11-22T12:00:00Z":      {time: now},
		"2026-11-22T12:00:00+01:00": {time: now.Add(-time.Hour)},
		"4968048":                   {at: lease.Checkpoint{Position: "4968048"}},
		"4968048/7":                 {at: lease.Checkpoint{Position: "4968048", Sub: 7}},
	} {
		if got, err := parseTarget(text, one, now); err != nil || got.at != want.at || !got.time.Equal(want.time) {
			t.Errorf("--to %s: got %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "LATEST", "SHARD_END", "AT_TIMESTAMP", "01", "1/", "1/-1", "1/2/3", "/", "2026-11-22", "2026-11-22T12:00:01Z", strings.Repeat("9", 200)} {
		if got, err := parseTarget(text, one, now); err == nil {
			t.Errorf("--to %q: got %v, want an error", text, got)
		}
	}
}

// TestReset moves the checkpoint of a lease whose owner was paused: when it wakes, nothing that it writes is accepted.
func TestReset(t *testing.T) {
	file, err := state.Open(filepath.Join(t.TempDir(), "state.db"), state.Options{Now: time.Now(), Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ctx, store := t.Context(), file.Leases()
	const key = "shardId-000000000000"
	fresh := lease.Lease{Key: key, Checkpoint: lease.Checkpoint{Position: "49", Sub: 1}}
	if err := store.Create(ctx, fresh); err != nil {
		t.Fatal(err)
	}
	paused, err := store.Take(ctx, fresh, "paused")
	if err != nil {
		t.Fatal(err)
	}
	plan := resetLease{Shard: key, Before: spot(paused.Checkpoint), After: leaseSpot{Position: shards.TrimHorizon}, Owner: "paused"}
	if err := reset(ctx, store, plan, false); err != nil {
		t.Fatal(err)
	}
	if l, err := store.Get(ctx, key); err != nil || l.Holder() != "" || l.Checkpoint.Position != shards.TrimHorizon {
		t.Errorf("after a reset: %+v (%v)", l, err)
	}
	// Not even as an owner would that believes its own answer was lost: it looks whether the counter has moved by one.
	if l, _ := store.Get(ctx, key); l.Owner == "paused" || l.Counter == paused.Counter+1 {
		t.Errorf("the paused owner would take %+v for its own", l)
	}
	if _, err := store.Checkpoint(ctx, paused, lease.Checkpoint{Position: "50"}); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("the checkpoint of the paused owner: %v, want a conflict", err)
	}

	// What has happened between the plan and the reset.
	if err := reset(ctx, store, plan, false); err == nil || !strings.Contains(err.Error(), "its checkpoint has moved to TRIM_HORIZON meanwhile") {
		t.Errorf("of a checkpoint that has moved: %v", err)
	}
	l, err := store.Get(ctx, key)
	if err == nil {
		_, err = store.Take(ctx, l, "quick")
	}
	if err != nil {
		t.Fatal(err)
	}
	plan.Before, plan.After, plan.Owner = plan.After, leaseSpot{Position: "60"}, ""
	if err := reset(ctx, store, plan, false); err == nil || !strings.Contains(err.Error(), "quick has taken it meanwhile") {
		t.Errorf("of a lease that was taken: %v", err)
	}
	if err := reset(ctx, store, plan, true); err != nil {
		t.Errorf("by force, of a lease that was taken: %v", err)
	}
	if l, err := store.Get(ctx, key); err != nil || l.Owner != "" || l.Checkpoint.Position != "60" {
		t.Errorf("after a reset by force: %+v (%v)", l, err)
	}
	if err := reset(ctx, store, resetLease{Shard: "not there"}, false); !errors.Is(err, lease.ErrNotFound) {
		t.Errorf("of no lease: %v", err)
	}
}

// TestHandOver: in the middle of a hand-over, a release ends it, and a reset leaves the lease with nobody.
func TestHandOver(t *testing.T) {
	ctx, store := t.Context(), &leasetest.Table{}
	for _, key := range []string{"released", "reset"} {
		fresh := lease.Lease{Key: key, Checkpoint: lease.Checkpoint{Position: "49"}}
		if err := store.Create(ctx, fresh); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Take(ctx, fresh, "drainer"); err != nil {
			t.Fatal(err)
		}
		if err := store.Promise(ctx, key, "next"); err != nil {
			t.Fatal(err)
		}
	}
	l, err := store.Get(ctx, "released")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := release(ctx, store, l), (releasedLease{Shard: "released", Outcome: "released", Owner: "drainer", Next: "next"}); got != want {
		t.Errorf("release: got %+v, want %+v", got, want)
	}
	if err := reset(ctx, store, resetLease{Shard: "reset", Before: leaseSpot{Position: "49"}, After: leaseSpot{Position: "50"}, Owner: "drainer"}, false); err != nil {
		t.Fatal(err)
	}
	if l, err := store.Get(ctx, "reset"); err != nil || l.Owner != "" || l.Drainer != "" || l.Checkpoint.Position != "50" {
		t.Errorf("reset: %+v (%v), want it at 50 and with nobody", l, err)
	}
}

// TestResetDirection: what is said of a move.
func TestResetDirection(t *testing.T) {
	at := func(p string, sub int64) lease.Checkpoint { return lease.Checkpoint{Position: p, Sub: sub} }
	for _, c := range []struct {
		before, after lease.Checkpoint
		outcome, way  string
	}{
		{at("100", 0), at("99", 0), "planned", "back"},
		{at("99", 0), at("100", 0), "planned", "forward"},
		{at("99", 1), at("99", 0), "planned", "back"},
		{at("99", 1), at("99", 1), "same", ""},
		{at(shards.TrimHorizon, 0), at("1", 0), "planned", "forward"},
		{at(shards.Latest, 0), at("1", 0), "planned", "begin"},
		{at(shards.AtTimestamp, 0), at(shards.TrimHorizon, 0), "planned", "begin"},
		{at(shards.End, 0), at("1", 0), "planned", "back"},
	} {
		got := direct(resetLease{Before: spot(c.before), After: spot(c.after)}, lease.Lease{Checkpoint: c.before}, nil)
		if got.Outcome != c.outcome || got.Direction != c.way {
			t.Errorf("%v to %v: got %s, %s; want %s, %s", c.before, c.after, got.Outcome, got.Direction, c.outcome, c.way)
		}
	}
}
