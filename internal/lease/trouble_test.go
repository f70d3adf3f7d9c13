package lease_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
)

// idle is work that waits for its end.
func idle(ctx context.Context, _ *lease.Tenure) error {
	<-ctx.Done()
	return nil
}

// A thief that stops before it began leaves the lease to expire: given up, it would be begun by the next worker while its first owner,
// who has not had a heartbeat since, is still at it.
func TestStolenAndStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a", "b")
		stop1 := run(hire(t, &table, "w1", idle))
		synctest.Wait()
		stop2 := run(hire(t, &table, "w2", idle))
		synctest.Wait()
		time.Sleep(time.Second)
		_ = stop2()
		owners := get(t, &table, "a").Owner + get(t, &table, "b").Owner
		if owners != "w1w2" && owners != "w2w1" {
			t.Errorf("a second after the theft: owners %q, want w1 and w2, who has stopped", owners)
		}
		time.Sleep(60 * time.Second)
		if owners := get(t, &table, "a").Owner + get(t, &table, "b").Owner; owners != "w1w1" {
			t.Errorf("a minute later: owners %q, want w1 for both", owners)
		}
		_ = stop1()
	})
}

// An owner whose heartbeats arrived but were not answered does not take its own writes for somebody else's.
func TestAnswersLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a")
		wire := newWire(&table, 1)
		var begun atomic.Int32
		stop := run(hire(t, wire, "w1", func(ctx context.Context, tenure *lease.Tenure) error {
			begun.Add(1)
			return idle(ctx, tenure)
		}))
		time.Sleep(5 * time.Second)
		before := get(t, &table, "a").Counter
		wire.set(mute)
		time.Sleep(3 * time.Second)
		wire.set(up)
		time.Sleep(time.Minute)
		if got := get(t, &table, "a"); begun.Load() != 1 || got.Owner != "w1" || got.Counter < before+15 {
			t.Errorf("work begun %d times, lease %+v; want once, and renewed after counter %d", begun.Load(), got, before)
		}
		_ = stop()
	})
}

// The same for the answer to a take: the lease is held from then on.
func TestTakeAnswerLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a")
		first := onceLost{Store: &table}
		w := hire(t, &first, "w1", idle)
		stop := run(w)
		synctest.Wait()
		if l := get(t, &table, "a"); len(w.Held()) != 1 || l.Owner != "w1" || l.Counter != 2 {
			t.Errorf("after a take whose answer was lost: held %v, lease %+v; want it held and renewed", w.Held(), l)
		}
		_ = stop()
	})
}

// retrying takes a second time whenever it has taken, as the SDK does when the answer is lost, and shows the answer to that.
type retrying struct {
	lease.Store
	rows bool // a conflict comes with the row
}

func (s retrying) Take(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	if l, err := s.Store.Take(ctx, known, owner); err != nil {
		return l, err
	}
	_, err := s.Store.Take(ctx, known, owner)
	if !s.rows || !errors.Is(err, lease.ErrConflict) {
		return lease.Lease{}, err
	}
	row, _ := s.Get(ctx, known.Key)
	return row, err
}

// A store that repeats a take by itself meets its own write: the lease is this worker's, and is held, and where it was stolen, after
// the failover time only. What somebody else took is left alone.
func TestTakeRepeated(t *testing.T) {
	for _, rows := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var table leasetest.Table
			add(t, &table, "a", "b")
			stop1 := run(hire(t, retrying{&table, rows}, "w1", idle))
			synctest.Wait()
			for _, key := range []string{"a", "b"} {
				if l := get(t, &table, key); l.Owner != "w1" || l.Counter != 2 {
					t.Errorf("with rows %v: lease %+v, want it taken and renewed at once", rows, l)
				}
			}
			var begun atomic.Int64
			stop2 := run(hire(t, retrying{&table, rows}, "w2", func(ctx context.Context, tenure *lease.Tenure) error {
				begun.Store(time.Now().UnixNano())
				return idle(ctx, tenure)
			}))
			stolen := time.Now()
			time.Sleep(lease.DefaultFailover + time.Second)
			if wait := time.Unix(0, begun.Load()).Sub(stolen); wait < lease.DefaultFailover {
				t.Errorf("with rows %v: work on a stolen lease began after %v, want the failover time at least", rows, wait)
			}
			time.Sleep(time.Minute)
			held := map[string]bool{}
			for _, key := range []string{"a", "b"} {
				held[get(t, &table, key).Owner] = true
			}
			if !held["w1"] || !held["w2"] {
				t.Errorf("with rows %v: owners %v, want each to hold one", rows, held)
			}
			_, _ = stop1(), stop2()
		})
	}
}

// slowTake takes a second for what is asked, and another for the answer.
type slowTake struct{ lease.Store }

func (s slowTake) Take(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	if err := sleep(ctx, time.Second); err != nil {
		return lease.Lease{}, err
	}
	l, err := s.Store.Take(ctx, known, owner)
	if err := sleep(ctx, time.Second); err != nil {
		return lease.Lease{}, err
	}
	return l, err
}

// A worker that stops while it takes a lease does not begin work on it, and does not leave it behind with its name.
func TestStopDuringTake(t *testing.T) {
	for _, after := range []time.Duration{500 * time.Millisecond, 1500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			var table leasetest.Table
			add(t, &table, "a", "b")
			var begun atomic.Int32
			stop := run(hire(t, slowTake{&table}, "w1", func(ctx context.Context, tenure *lease.Tenure) error {
				begun.Add(1)
				return idle(ctx, tenure)
			}))
			time.Sleep(after)
			began := time.Now()
			if err := stop(); err != nil {
				t.Errorf("Run: got %v, want nil", err)
			}
			if took := time.Since(began); took > lease.DefaultFailover/4+time.Second {
				t.Errorf("stopped after %v, want no longer than a call may take", took)
			}
			for _, key := range []string{"a", "b"} {
				if l := get(t, &table, key); l.Owner != "" || begun.Load() != 0 {
					t.Errorf("stopped %v after it began to take: lease %+v, work begun %d times; want no owner, and none", after, l, begun.Load())
				}
			}
		})
	}
}

// onceLost loses the answer to the first Take.
type onceLost struct {
	lease.Store
	lost atomic.Bool
}

func (s *onceLost) Take(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	l, err := s.Store.Take(ctx, known, owner)
	if s.lost.CompareAndSwap(false, true) {
		return lease.Lease{}, errWire
	}
	return l, err
}

// Work that does not see that its lease is lost is not begun a second time beside itself.
func TestStubbornWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a")
		wire := newWire(&table, 1)
		var begun, atWork, most atomic.Int32
		stop := run(hire(t, wire, "w1", func(ctx context.Context, _ *lease.Tenure) error {
			begun.Add(1)
			most.Store(max(most.Load(), atWork.Add(1)))
			defer atWork.Add(-1)
			<-ctx.Done()
			time.Sleep(90 * time.Second)
			return nil
		}))
		time.Sleep(time.Second)
		wire.set(down)
		time.Sleep(15 * time.Second)
		wire.set(up)
		time.Sleep(5 * time.Minute)
		if begun.Load() != 2 || most.Load() != 1 {
			t.Errorf("work was begun %d times, %d at once; want twice, one after the other", begun.Load(), most.Load())
		}
		_ = stop()
	})
}

// slowList answers a scan late.
type slowList struct{ lease.Store }

func (s slowList) List(ctx context.Context) ([]lease.Lease, error) {
	all, err := s.Store.List(ctx)
	time.Sleep(5 * time.Second)
	return all, err
}

// A lease is read again before it is stolen after a slow scan: its owner has renewed it since, and the theft would fail.
func TestSlowScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a", "b")
		stop1 := run(hire(t, &table, "w1", idle))
		synctest.Wait()
		thief := hire(t, slowList{&table}, "w2", idle)
		stop2 := run(thief)
		time.Sleep(6 * time.Second)
		if held := thief.Held(); len(held) != 1 {
			t.Errorf("after a scan of 5 s: %d leases stolen, want 1", len(held))
		}
		_, _ = stop1(), stop2()
	})
}

// Work that neither drains nor ends when it is cancelled has lost its lease before a leader may give it away, 40 s after the hand-over
// began, though it is renewed all the time.
func TestStubbornDrainer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a")
		began := make(chan *lease.Tenure, 1)
		stop := run(hire(t, &table, "w1", func(_ context.Context, tenure *lease.Tenure) error {
			began <- tenure
			time.Sleep(2 * time.Minute)
			return nil
		}))
		tenure := <-began
		time.Sleep(17 * time.Second)
		if err := table.Promise(t.Context(), "a", "w2"); err != nil {
			t.Fatal(err)
		}
		promised := time.Now()
		for tenure.Held() && time.Since(promised) < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		if held := time.Since(promised); held < 30*time.Second || held > 39*time.Second {
			t.Errorf("held for %v after the hand-over began, want 30 to 39 s", held)
		}
		if err := tenure.Confirm(t.Context()); !errors.Is(err, lease.ErrLost) {
			t.Errorf("Confirm after that: got %v, want ErrLost", err)
		}
		_ = stop()
	})
}
