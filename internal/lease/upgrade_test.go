package lease_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
)

const (
	steadily = 10 * time.Minute // for which a fleet is ready before its upgrade ends
	// lately is within what time after that it ends at the latest: the regime is read every 75 s, the election held every five minutes,
	// and a check made every minute.
	lately = 9 * time.Minute
)

// newUpgrade is a table of n leases whose takers are on their way to a leader.
func newUpgrade(t *testing.T, n int) *leasetest.Fleet {
	t.Helper()
	fleet := newFollowers(t, n)
	fleet.SetRegime(leasetest.Upgrading())
	return fleet
}

// silent is a worker of 2.x: it takes its share, and never heard of reports.
type silent struct{ lease.Store }

// upgradeEnds fails unless the fleet is upgraded once, after it was ready for ten minutes.
func upgradeEnds(t *testing.T, fleet *leasetest.Fleet, ready time.Time) {
	t.Helper()
	time.Sleep(time.Until(ready.Add(steadily + lately)))
	ends := fleet.Upgrades()
	if len(ends) != 1 {
		t.Errorf("upgraded %d times within %v of being ready, want once", len(ends), steadily+lately)
		return
	}
	if took := ends[0].Sub(ready); took < steadily {
		t.Errorf("upgraded %v after it was ready, want %v at least", took, steadily)
	}
	if r, _ := fleet.Regime(t.Context()); !r.Assigned {
		t.Errorf("regime %+v, want followers", r)
	}
}

// Workers with whatever names, one of which they elect, come and go, on a table that loses requests and answers. As long as a worker
// among them does not report, nothing happens; ten minutes after the last change the fleet is upgraded, once, and has a leader.
func TestUpgrade(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,3}`), 1, 5, rapid.ID[string]).Draw(r, "names")
		old := rapid.Bool().Draw(r, "a worker of 2.x")
		killed := rapid.IntRange(0, min(2, len(names)-1)).Draw(r, "killed")
		minutes := rapid.IntRange(1, 15).Draw(r, "minutes before")
		faults := rapid.SampledFrom([]float64{0, 0.02}).Draw(r, "faults")
		ok := t.Run("", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { upgradeAmong(t, seed, names, old, killed, minutes, faults) })
		})
		if !ok {
			r.Fatalf("seed %d, names %q, a worker of 2.x: %v, %d killed, %d minutes before, faults %v", seed, names, old, killed, minutes, faults)
		}
	})
}

// upgradeAmong is with a failover time of a minute, which spares the test most heartbeats.
func upgradeAmong(t *testing.T, seed uint64, names []string, old bool, killed, minutes int, faults float64) {
	const failover = time.Minute
	fleet := newUpgrade(t, len(names)+2)
	hire := func(store lease.Store, id string, i int) *lease.Worker {
		w, err := lease.New(store, idle, lease.Options{
			ID: id, Random: rand.New(rand.NewPCG(seed, uint64(i))), Policy: lease.Policy{Failover: failover},
		})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	random := rand.New(rand.NewPCG(seed, 1))
	stopOld := func() error { return nil }
	if old {
		stopOld = run(hire(silent{fleet}, "old", len(names)))
	}
	var wires []*fleetWire
	var stops []func() error
	for i, name := range names {
		wire := newFleetWire(fleet, seed+uint64(i))
		wire.faults, wire.delay = faults, 500*time.Millisecond
		wires, stops = append(wires, wire), append(stops, runUntilUp(hire(wire, name, i)))
		time.Sleep(time.Duration(random.Int64N(int64(time.Minute))))
	}
	ready := time.Now()
	time.Sleep(time.Duration(minutes) * time.Minute)
	if n := len(fleet.Upgrades()); n > 0 && (old || minutes < 9) {
		t.Errorf("upgraded %d times in %d minutes, one of 2.x among the workers: %v", n, minutes, old)
	}
	_ = stopOld() // it leaves its leases to the others
	if old {
		ready = time.Now()
	}
	for _, wire := range wires[:killed] {
		if wire.set(dead); len(fleet.Upgrades()) == 0 {
			ready = time.Now()
		}
		time.Sleep(time.Duration(random.Int64N(int64(3 * time.Minute))))
	}
	most := steadily + lately + 6*failover // what a dead worker had expires and is taken
	if faults > 0 {
		most = 4 * time.Hour // a scan that is not answered takes six minutes, and each report that is lost may begin the ten anew
	}
	for len(fleet.Upgrades()) == 0 && time.Since(ready) < most {
		time.Sleep(time.Minute)
	}
	if n := len(fleet.Upgrades()); n != 1 {
		t.Errorf("upgraded %d times within %v of the last change, want once", n, most)
	}
	led := func() bool {
		lock, _ := fleet.Lock(t.Context())
		return lock.Version != ""
	}
	for since := time.Now(); !led() && time.Since(since) < time.Hour; time.Sleep(time.Minute) {
	}
	if r, _ := fleet.Regime(t.Context()); !r.Assigned || !led() {
		t.Errorf("after the upgrade: regime %+v, led: %v, want followers with a leader", r, led())
	}
	for _, stop := range stops {
		_ = stop()
	}
	time.Sleep(time.Minute) // requests may still be on their way
}

// The one that is elected is killed just before the fleet would be upgraded: another is elected, and sees for itself that all are ready.
func TestElectedDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := newUpgrade(t, 6)
		wires, stops := map[string]*fleetWire{}, []func() error{}
		for i, name := range []string{"a", "b", "c"} { // of three the last is elected, and of two the first
			wires[name] = newFleetWire(fleet, uint64(i))
			stops = append(stops, run(hire(t, wires[name], name, idle)))
			time.Sleep(time.Minute)
		}
		time.Sleep(steadily - 2*time.Minute)
		wires["c"].set(dead)
		upgradeEnds(t, fleet, time.Now()) // its successor begins anew
		if n := wires["a"].count("Upgrade"); n != 1 {
			t.Errorf("the successor upgraded %d times, want once", n)
		}
		for _, stop := range stops {
			_ = stop()
		}
	})
}

// What the upgrade waits for is said when it changes: an owner that does not report, a lease without one, a store that is not prepared.
// Each of them begins the ten minutes anew. What denies the write is said once, and the upgrade ends when it is allowed.
func TestUpgradeWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := newUpgrade(t, 4)
		fleet.SetPrepared(fmt.Errorf("%w: no index", lease.ErrSetup))
		var log lines
		wire := &deniedFleet{fleetWire: newFleetWire(fleet, 1)}
		w, err := lease.New(wire, idle, lease.Options{
			ID: "a", Random: rand.New(rand.NewPCG(1, 1)), Policy: lease.Policy{MaxLeases: 2},
			Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		stops := []func() error{func() error { return nil }, func() error { return nil }}
		step := func(want string, change func()) {
			t.Helper()
			log.reset()
			change()
			time.Sleep(steadily + 2*time.Minute)
			if got := log.String(); strings.Count(got, want) != 1 || len(fleet.Upgrades()) > 0 {
				t.Errorf("upgraded %d times; want never, and %q once:\n%s", len(fleet.Upgrades()), want, got)
			}
		}
		step("no index", func() { stops[0] = run(w) })
		step("for=\"a worker for each lease\"", func() { fleet.SetPrepared(nil) })
		step("for=\"reports of 1 workers: b\"", func() { stops[1] = run(hire(t, silent{fleet}, "b", idle)) })
		step("allow it", func() {
			_ = stops[1]()
			stops[1] = run(hire(t, fleetOnly{fleet}, "b2", idle))
		})
		wire.allowed.Store(true)
		time.Sleep(2 * time.Minute)
		if n := len(fleet.Upgrades()); n != 1 || strings.Count(log.String(), "the fleet is upgraded") != 1 {
			t.Errorf("upgraded %d times when it was allowed, want once, and said so:\n%s", n, log.String())
		}
		for _, stop := range stops {
			_ = stop()
		}
	})
}

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

// deniedFleet may not change the state until it is allowed.
type deniedFleet struct {
	*fleetWire
	allowed atomic.Bool
}

func (f *deniedFleet) Upgrade(ctx context.Context, worker string) error {
	if !f.allowed.Load() {
		return fmt.Errorf("%w: allow it", lease.ErrSetup)
	}
	return f.fleetWire.Upgrade(ctx, worker)
}

// fleetOnly reports and looks after nothing: as a worker that is not elected.
type fleetOnly struct{ leasetest.Coordinated }

func (f fleetOnly) Regime(ctx context.Context) (lease.Regime, error) {
	r, err := f.Coordinated.Regime(ctx)
	r.Upgrading = false
	return r, err
}

// A migration that is rolled back while the elected one counts begins anew when it goes on; one that somebody else has ended is left.
func TestUpgradeRolledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := newUpgrade(t, 2)
		wire := newFleetWire(fleet, 1)
		stop := run(hire(t, wire, "a", idle))
		time.Sleep(steadily - time.Minute)
		fleet.SetRegime(lease.Regime{Name: "2.x"})
		time.Sleep(20 * time.Minute)
		if n := wire.count("Prepared"); n > 10 {
			t.Errorf("%d checks, want none after the migration was rolled back", n)
		}
		fleet.SetRegime(leasetest.Upgrading())
		upgradeEnds(t, fleet, time.Now())
		if n := wire.count("Upgrade"); n != 1 {
			t.Errorf("Upgrade was called %d times, want once", n)
		}
		_ = stop()
	})
}

// What it costs: a worker that is not elected scans once in five minutes, and the one that is, once a minute.
func TestUpgradeCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const minutes = 60
		fleet := newUpgrade(t, 4)
		fleet.SetPrepared(fmt.Errorf("%w: no index", lease.ErrSetup))
		scans := map[string]float64{}
		var stops []func() error
		wires := map[string]*fleetWire{}
		for _, name := range []string{"a", "b"} {
			wires[name] = newFleetWire(fleet, 1)
			stops = append(stops, run(hire(t, wires[name], name, idle)))
			time.Sleep(time.Second)
		}
		time.Sleep(minutes * time.Minute)
		for name, more := range map[string]float64{"a": 1, "b": 0.2} {
			scans[name] = float64(wires[name].count("List"))
			if most := minutes*(60/scanPeriod.Seconds()+more+0.2) + 2; scans[name] > most {
				t.Errorf("%s, elected or not: %v scans in %d minutes, want %.0f at most", name, scans[name], minutes, most)
			}
		}
		for _, stop := range stops {
			_ = stop()
		}
	})
}
