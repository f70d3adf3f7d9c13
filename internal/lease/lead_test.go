package lease_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
)

// newFollowers is a table in which a leader assigns, with n leases.
func newFollowers(t *testing.T, n int) *leasetest.Fleet {
	t.Helper()
	fleet := &leasetest.Fleet{}
	fleet.SetRegime(leasetest.Followers())
	for i := range n {
		add(t, fleet, fmt.Sprintf("lease-%04d", i))
	}
	return fleet
}

// drain is work that ends when the lease is to be handed over.
func drain(ctx context.Context, tenure *lease.Tenure) error {
	select {
	case <-ctx.Done():
	case <-tenure.Draining():
		time.Sleep(2 * time.Second)
	}
	return tenure.Checkpoint(context.WithoutCancel(ctx), lease.Checkpoint{Position: "drained"})
}

// A fleet of this program's workers alone has a leader at once, and a new one within 150 s and a round when that dies.
func TestLeaderDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := newFollowers(t, 6)
		var wires []*fleetWire
		var all []*lease.Worker
		var stops []func() error
		for i := range 3 {
			wires = append(wires, newFleetWire(fleet, uint64(i)))
			all = append(all, hire(t, wires[i], fmt.Sprint("w", i), drain))
			stops = append(stops, run(all[i]))
			time.Sleep(5 * time.Second)
		}
		// A scan shows the reports, the next round hands over, what is drained is found by the next owner.
		time.Sleep(scanPeriod + lease.DefaultFailover + 5*time.Second)
		for i, w := range all {
			if n := len(w.Held()); n != 2 {
				t.Errorf("w%d has %d leases, want 2", i, n)
			}
		}
		if lock, _ := fleet.Lock(t.Context()); lock.Owner != "w0" {
			t.Fatalf("lock %+v, want w0's", lock)
		}
		wires[0].set(dead)
		killed := time.Now()
		for len(all[1].Held())+len(all[2].Held()) < 6 && time.Since(killed) < 10*time.Minute {
			time.Sleep(time.Second)
		}
		// A new leader has seen nothing: it looks at the counters once, and again.
		want := 150*time.Second + lease.DefaultFailover + scanPeriod + lease.DefaultFailover
		if took := time.Since(killed); took > want {
			t.Errorf("a dead leader's leases have living owners after %v, want %v", took, want)
		}
		for _, stop := range stops {
			_ = stop()
		}
		if lock, _ := fleet.Lock(t.Context()); lock.Version != "" {
			t.Errorf("lock %+v after the end, want none", lock)
		}
	})
}

// Where workers of another program live, one of them is to lead: it moves a migration on.
func TestDeference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := newFollowers(t, 1)
		java := func() {
			_ = fleet.SetReport(t.Context(), lease.Report{Worker: "java", Updated: time.Now().Truncate(time.Second), Able: true})
		}
		var done atomic.Bool
		alive := func() {
			for !done.Load() {
				java()
				time.Sleep(30 * time.Second)
			}
		}
		go alive()
		synctest.Wait()
		stop := run(hire(t, fleet, "w1", drain))
		time.Sleep(70 * time.Second)
		if lock, _ := fleet.Lock(t.Context()); lock.Version != "" {
			t.Errorf("lock %+v while another may want it, want none", lock)
		}
		time.Sleep(50 * time.Second)
		if lock, _ := fleet.Lock(t.Context()); lock.Owner != "w1" {
			t.Errorf("lock %+v when no other wanted it, want w1's", lock)
		}
		time.Sleep(5 * time.Minute)
		if lock, _ := fleet.Lock(t.Context()); lock.Owner != "w1" {
			t.Errorf("lock %+v, want it kept", lock)
		}
		// A second one comes: perhaps that one leads.
		_ = fleet.SetReport(t.Context(), lease.Report{Worker: "java-2", Updated: time.Now().Truncate(time.Second), Able: true})
		time.Sleep(25 * time.Second)
		lock, _ := fleet.Lock(t.Context())
		if lock.Version != "" {
			t.Errorf("lock %+v after a newcomer, want it given up", lock)
		}
		if _, err := fleet.Lead(t.Context(), lock, "java-2"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Second)
		if lock, _ := fleet.Lock(t.Context()); lock.Owner != "java-2" {
			t.Errorf("lock %+v, want it left alone", lock)
		}
		done.Store(true)
		_ = stop()
		time.Sleep(time.Minute)
	})
}

// The table changes between takers and a leader while workers run: they keep what they hold, and take or follow from then on. In a
// regime that is not understood, nobody takes and nobody leads.
func TestRegimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fleet leasetest.Fleet
		add(t, &fleet, "a", "b", "c", "d")
		var begun atomic.Int32
		work := func(ctx context.Context, tenure *lease.Tenure) error {
			begun.Add(1)
			return drain(ctx, tenure)
		}
		wire := newFleetWire(&fleet, 1)
		one := hire(t, wire, "w1", work)
		stop := run(one)
		time.Sleep(5 * time.Minute)
		if n := wire.count("Report") + wire.count("Lock") + wire.count("Assigned"); n != 0 || len(one.Held()) != 4 {
			t.Errorf("a taker: %d calls of a follower, %d leases, want none and 4", n, len(one.Held()))
		}
		fleet.SetRegime(lease.Regime{Reported: true, Name: "upgrade"})
		time.Sleep(10 * time.Minute)
		if n := wire.count("Report"); n < 17 || n > 20 {
			t.Errorf("%d reports in ten minutes, want one in 30 s from the next look at the regime on", n)
		}
		fleet.SetRegime(leasetest.Followers())
		time.Sleep(76 * time.Second)
		scans := wire.count("List")
		if n := begun.Load(); n != 4 || len(one.Held()) != 4 {
			t.Errorf("after the change: work begun %d times, %d leases held, want 4 and 4", n, len(one.Held()))
		}
		stop2 := run(hire(t, &fleet, "w2", work))
		time.Sleep(2 * time.Minute)
		if n := len(one.Held()); n != 2 {
			t.Errorf("with a second worker: %d leases, want 2", n)
		}
		if n := wire.count("List") - scans; n > 7 {
			t.Errorf("%d scans in two minutes of a leader, want 3 a minute", n)
		}
		fleet.SetRegime(lease.Regime{Assigned: true, Reported: true, Leaderless: true, Name: "stray"})
		time.Sleep(76 * time.Second)
		lists := wire.count("List")
		add(t, &fleet, "e")
		_ = stop2()
		time.Sleep(5 * time.Minute)
		if n := wire.count("List") - lists; n != 0 || len(one.Held()) != 2 {
			t.Errorf("in a strange regime: %d scans, %d leases, want none and 2", n, len(one.Held()))
		}
		if lock, _ := fleet.Lock(t.Context()); lock.Version != "" {
			t.Errorf("in a strange regime: lock %+v, want none", lock)
		}
		fleet.SetRegime(lease.Regime{})
		time.Sleep(2 * time.Minute)
		if n := len(one.Held()); n != 5 {
			t.Errorf("back to takers: %d leases, want 5", n)
		}
		reports := wire.count("Report")
		time.Sleep(5 * time.Minute)
		if n := wire.count("Report") - reports; n != 0 {
			t.Errorf("back to takers: %d reports, want none", n)
		}
		_ = stop()
	})
}

// lateFleet renews a lease for its owner just after each scan, from the second on.
type lateFleet struct {
	*leasetest.Fleet
	scans *atomic.Int32
}

func (f lateFleet) List(ctx context.Context) ([]lease.Lease, error) {
	all, err := f.Fleet.List(ctx)
	if f.scans.Add(1) > 1 {
		for _, l := range all {
			if l.Owner == "slow" {
				_, _ = f.Renew(ctx, l, 0)
			}
		}
	}
	return all, err
}

// An owner that was silent for longer than the failover time, and renews between the leader's scan and its write, keeps its lease.
func TestOwnerReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := newFollowers(t, 1)
		if _, err := fleet.Take(t.Context(), leasetest.New("lease-0000"), "slow"); err != nil {
			t.Fatal(err)
		}
		var scans atomic.Int32
		stop := run(hire(t, lateFleet{fleet, &scans}, "w1", drain))
		time.Sleep(2*time.Second + 4*scanPeriod)
		if l := get(t, fleet, "lease-0000"); l.Owner != "slow" || scans.Load() < 4 {
			t.Errorf("after %d scans: %+v, want it still with its owner", scans.Load(), l)
		}
		_ = stop()
	})
}

// blindFleet has no index.
type blindFleet struct{ *leasetest.Fleet }

func (f blindFleet) Assigned(context.Context, string) ([]string, error) {
	return nil, fmt.Errorf("%w: allow dynamodb:Query on the index", lease.ErrSetup)
}

// A worker that cannot see what it is assigned says so once, reports it, and is passed over.
func TestBlind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := newFollowers(t, 2)
		var log bytes.Buffer
		blind, err := lease.New(blindFleet{fleet}, drain, lease.Options{
			ID: "w1", Random: rand.New(rand.NewPCG(1, 1)), Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		stop := run(blind)
		time.Sleep(time.Minute)
		sees := hire(t, fleet, "w2", drain)
		stop2 := run(sees)
		time.Sleep(3 * time.Minute)
		if n := len(sees.Held()); n != 2 {
			t.Errorf("the worker that sees has %d leases, want 2", n)
		}
		_, _ = stop(), stop2()
		if n := strings.Count(log.String(), "allow dynamodb:Query"); n != 1 || !strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("said %d times, want once, as an error:\n%s", n, &log)
		}
	})
}

// A thousand leases over twenty workers, of which the first leads and has them all. The protocol allows for: one round until the
// reports of all are seen and all hand-overs begun, at once; a heartbeat of the owner until it knows, its draining, and half a round
// until the next owner asks. That is two rounds with room; by stealing it is fifty.
func TestThousandLeasesByLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const leases, workers, share = 1000, 20, 50
		fleet := newFollowers(t, leases)
		first := hire(t, fleet, "w00", drain)
		all, stops := []*lease.Worker{first}, []func() error{run(first)}
		time.Sleep(time.Minute)
		if n := len(first.Held()); n != leases {
			t.Fatalf("before: %d leases held, want all", n)
		}
		for i := 1; i < workers; i++ {
			all = append(all, hire(t, fleet, fmt.Sprintf("w%02d", i), drain))
			stops = append(stops, run(all[i]))
		}
		time.Sleep(2*time.Second + 2*scanPeriod) // the first report, two rounds
		for i, w := range all {
			if n := len(w.Held()); n != share {
				t.Errorf("w%02d has %d leases, want %d", i, n, share)
			}
		}
		for _, stop := range stops {
			_ = stop()
		}
	})
}

// What a fleet with a leader asks of the table, as the Java library's formulae have it: the leader scans 3.0 times a minute; everybody
// asks the index 6.0 times, reads the lock or renews it twice, and reports twice.
func TestFollowersCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const minutes, leases = 60, 4
		fleet := newFollowers(t, leases)
		var wires []*fleetWire
		var stops []func() error
		for i := range 3 {
			wires = append(wires, newFleetWire(fleet, uint64(i)))
			stops = append(stops, run(hire(t, wires[i], fmt.Sprint("w", i), drain)))
			time.Sleep(time.Second)
		}
		time.Sleep(minutes * time.Minute)
		for i, wire := range wires {
			most := map[string]float64{"List": 0, "Assigned": 6.1, "Lock": 2.1, "Lead": 0.1, "Report": 2, "Regime": 1, "Reports": 0, "Take": 0.2, "HandOver": 0.1}
			if i == 0 {
				most["List"], most["Lead"], most["Reports"], most["Lock"] = 3.2, 2, 3.3, 0.1
			}
			for operation, rate := range most {
				if n := wire.count(operation); float64(n) > rate*minutes+2 {
					t.Errorf("w%d: %d times %s in %d minutes, want %.1f a minute", i, n, operation, minutes, rate)
				}
			}
		}
		for _, stop := range stops {
			_ = stop()
		}
	})
}

// A table whose regime cannot be read is told at the start, and lived with later.
func TestRegimeUnreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := newFollowers(t, 1)
		wire := newFleetWire(fleet, 1)
		wire.set(dead)
		if err := hire(t, wire, "w1", drain).Run(t.Context()); !errors.Is(err, errDead) {
			t.Errorf("Run: got %v, want %v", err, errDead)
		}
	})
}
