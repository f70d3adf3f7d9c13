package lease_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
)

// scanPeriod is that of takers and leaders.
const scanPeriod = 2 * (lease.DefaultFailover + 25*time.Millisecond)

// The moments, from one scan to the next, at which a worker is killed.
const (
	step    = 1300 * time.Millisecond
	moments = 16
)

// A worker that is killed at any moment between two scans of the others has its leases taken by them within the failover time and
// one scan. By two periods of scanning alone it would be up to 40 s.
func TestTakeover(t *testing.T) {
	const grace = 500 * time.Millisecond // for the heartbeat that was the last, and the extra scan's millisecond
	for _, test := range []struct {
		name        string
		survivors   int
		checkpoints time.Duration // between two of one lease; each is a heartbeat too
	}{
		{"one survivor", 1, 0},
		{"three survivors", 3, 0},
		{"with checkpoints", 1, 1300 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			var worst time.Duration
			for after := range moments {
				took := killAfter(t, test.survivors, test.checkpoints, time.Duration(after)*step)
				worst = max(worst, took)
				if took > lease.DefaultFailover+scanPeriod+grace {
					t.Errorf("killed %v later: all leases have living owners after %v, want %v", time.Duration(after)*step, took, lease.DefaultFailover+scanPeriod)
				}
			}
			t.Logf("worst of %d moments: %v", moments, worst)
		})
	}
}

// killAfter kills one of the workers and returns how long it took until all its leases have living owners.
func killAfter(t *testing.T, survivors int, checkpoints, after time.Duration) (took time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		work := func(ctx context.Context, tenure *lease.Tenure) error {
			for checkpoints > 0 && sleep(ctx, checkpoints) == nil {
				_ = tenure.Checkpoint(ctx, tenure.Lease().Checkpoint)
			}
			<-ctx.Done()
			return nil
		}
		for i := range 3 * (survivors + 1) {
			add(t, &table, fmt.Sprint("lease-", i))
		}
		victim := newWire(&table, 1)
		stops := []func() error{run(hire(t, victim, "victim", work))}
		time.Sleep(time.Second)
		for i := range survivors {
			stops = append(stops, run(hire(t, &table, fmt.Sprint("w", i), work)))
			time.Sleep(6 * time.Second)
		}
		time.Sleep(3*time.Minute + after) // shares are settled
		victim.set(dead)
		killed := time.Now()
		for alive := false; !alive && time.Since(killed) < time.Minute; time.Sleep(50 * time.Millisecond) {
			alive = true
			for i := range 3 * (survivors + 1) {
				alive = alive && get(t, &table, fmt.Sprint("lease-", i)).Owner != "victim"
			}
		}
		took = time.Since(killed)
		for _, stop := range stops {
			_ = stop()
		}
	})
	return took
}

// The same where a leader assigns: it gives nothing back to a worker that has let its leases expire.
func TestTakeoverByLeader(t *testing.T) {
	for after := range moments {
		synctest.Test(t, func(t *testing.T) {
			var fleet leasetest.Fleet
			fleet.SetRegime(leasetest.Followers())
			for i := range 6 {
				add(t, &fleet, fmt.Sprint("lease-", i))
			}
			leader := hire(t, &fleet, "w1", idle)
			stop := run(leader)
			time.Sleep(time.Second)
			wire := newFleetWire(&fleet, 1)
			victim := hire(t, wire, "w2", idle)
			stop2 := run(victim)
			time.Sleep(2*time.Minute + time.Duration(after)*step)
			if n := len(victim.Held()); n != 3 {
				t.Fatalf("before: the victim has %d leases, want 3", n)
			}
			wire.set(dead)
			killed := time.Now()
			for len(leader.Held()) < 6 && time.Since(killed) < 3*time.Minute {
				time.Sleep(10 * time.Millisecond)
			}
			want := lease.DefaultFailover + scanPeriod + 500*time.Millisecond
			if took := time.Since(killed); took > want {
				t.Errorf("killed %v later: the leader has all after %v, want %v", time.Duration(after)*step, took, want)
			}
			_, _ = stop(), stop2()
		})
	}
}

// What a fleet asks of the table stays within the Java library's own formulae, whatever it does: 3.0 scans a minute and one in five
// minutes to ask who leads, 60/3.308 = 18.1 heartbeats for each lease and minute, and a write for each checkpoint.
func TestTableCost(t *testing.T) {
	const minutes, workers, leases = 30, 3, 6
	for name, every := range map[string]func(*rand.Rand) time.Duration{
		"idle":        func(*rand.Rand) time.Duration { return 2 * minutes * time.Minute },
		"checkpoints": func(*rand.Rand) time.Duration { return 5 * time.Second },
		"bursts": func(r *rand.Rand) time.Duration {
			if r.IntN(20) == 0 {
				return time.Duration(r.Int64N(int64(time.Minute)))
			}
			return time.Second
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var table leasetest.Table
				for i := range leases {
					add(t, &table, fmt.Sprint("lease-", i))
				}
				var wires []*wire
				var stops []func() error
				for i := range workers {
					wire := newWire(&table, uint64(i))
					wires = append(wires, wire)
					stops = append(stops, run(hire(t, wire, fmt.Sprint("w", i), func(ctx context.Context, tenure *lease.Tenure) error {
						random := rand.New(rand.NewPCG(uint64(i), 8))
						for sleep(ctx, every(random)) == nil {
							_ = tenure.Checkpoint(ctx, lease.Checkpoint{Position: "1"})
						}
						return nil
					})))
				}
				time.Sleep(minutes * time.Minute)
				renewals, checkpoints := 0, 0
				for i, wire := range wires {
					if scans := wire.count("List"); float64(scans) > minutes*(60/scanPeriod.Seconds()+1./5)+1 {
						t.Errorf("w%d: %d scans in %d minutes, want %.1f a minute at most", i, scans, minutes, 60/scanPeriod.Seconds()+1./5)
					}
					renewals += wire.count("Renew")
					checkpoints += wire.count("Checkpoint")
				}
				java := 60 / 3.308 * minutes * leases
				if float64(renewals) > java+leases*workers {
					t.Errorf("%d renewals in %d minutes of %d leases, want %.0f at most", renewals, minutes, leases, java)
				}
				t.Logf("scans a worker and minute: %.2f (Java %.2f); writes a lease and minute: %.1f (Java %.1f)",
					float64(wires[0].count("List"))/minutes, 60/scanPeriod.Seconds()+0.2,
					float64(renewals+checkpoints)/minutes/leases, java/minutes/leases+float64(checkpoints)/minutes/leases)
				for _, stop := range stops {
					_ = stop()
				}
			})
		})
	}
}
