package lease_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
)

// hire makes a worker of its own process.
func hire(t *testing.T, store lease.Store, id string, work lease.Work) *lease.Worker {
	t.Helper()
	w, err := lease.New(store, work, lease.Options{ID: id, Random: rand.New(rand.NewPCG(7, uint64(len(id))))})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// run runs the worker until stop is called, which returns what Run did.
func run(w *lease.Worker) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- w.Run(ctx) }()
	return func() error {
		cancel()
		return <-result
	}
}

func add(t *testing.T, store lease.Store, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := store.Create(t.Context(), leasetest.New(key)); err != nil {
			t.Fatal(err)
		}
	}
}

func get(t *testing.T, store lease.Store, key string) lease.Lease {
	t.Helper()
	l, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestOptions(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for name, o := range map[string]lease.Options{
		"no id":          {Random: random},
		"no randomness":  {ID: "w1"},
		"short failover": {ID: "w1", Random: random, Policy: lease.Policy{Failover: time.Millisecond}},
		"negative bound": {ID: "w1", Random: random, Policy: lease.Policy{MaxLeases: -1}},
	} {
		if _, err := lease.New(&leasetest.Table{}, nil, o); err == nil {
			t.Errorf("New with %s: got no error", name)
		}
	}
}

// A worker that starts takes what is there, hears of more by Wake, checkpoints at its end and leaves the leases free.
func TestTakeWakeStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a")
		w := hire(t, &table, "w1", func(ctx context.Context, tenure *lease.Tenure) error {
			<-ctx.Done()
			time.Sleep(25 * time.Second) // what is in flight takes longer than the failover time
			return tenure.Checkpoint(context.WithoutCancel(ctx), lease.Checkpoint{Position: "last of " + tenure.Lease().Key})
		})
		stop := run(w)
		synctest.Wait()
		if got := len(w.Held()); got != 1 {
			t.Fatalf("at the start: %d leases held, want 1", got)
		}
		time.Sleep(time.Second)
		add(t, &table, "b")
		w.Wake()
		synctest.Wait()
		if got := len(w.Held()); got != 2 {
			t.Fatalf("after Wake: %d leases held, want 2", got)
		}
		time.Sleep(time.Minute)
		if err := stop(); err != nil {
			t.Errorf("Run: got %v, want nil", err)
		}
		for _, key := range []string{"a", "b"} {
			if l := get(t, &table, key); l.Owner != "" || l.Checkpoint.Position != "last of "+key {
				t.Errorf("after the end: got %+v, want no owner and the last checkpoint", l)
			}
		}
	})
}

// Work that fails is given up for the next scan of anybody; work that is done is not done again.
func TestWorkEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "bad", "good")
		calls := map[string]*atomic.Int32{"bad": {}, "good": {}}
		stop := run(hire(t, &table, "w1", func(_ context.Context, tenure *lease.Tenure) error {
			key := tenure.Lease().Key
			if calls[key].Add(1); key == "bad" {
				return errors.New("bad weather")
			}
			return tenure.Checkpoint(t.Context(), lease.Checkpoint{Position: "SHARD_END"})
		}))
		time.Sleep(90 * time.Second)
		if n := calls["good"].Load(); n != 1 || get(t, &table, "good").Owner != "w1" {
			t.Errorf("work that is done: called %d times, lease %+v; want once, and held", n, get(t, &table, "good"))
		}
		if n := calls["bad"].Load(); n < 3 || n > 5 {
			t.Errorf("work that fails: called %d times in 90 s, want about once in a scan of 20 s", n)
		}
		_ = stop()
	})
}

// A restart under the same id goes on at once.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a", "b")
		for _, key := range []string{"a", "b"} {
			if _, err := table.Take(t.Context(), leasetest.New(key), "w1"); err != nil {
				t.Fatal(err)
			}
		}
		if err := table.Promise(t.Context(), "b", "w2"); err != nil {
			t.Fatal(err)
		}
		w := hire(t, &table, "w1", func(ctx context.Context, _ *lease.Tenure) error { <-ctx.Done(); return nil })
		stop := run(w)
		synctest.Wait()
		if held := w.Held(); len(held) != 1 || held[0].Key != "a" {
			t.Errorf("held at the start: %+v, want a, and not b, which is handed over", held)
		}
		_ = stop()
	})
}

// A worker that is cut off from the table stops before its lease may be taken, and what it sends later is refused.
func TestCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a")
		cut := newWire(&table, 1)
		var ended time.Time
		var cause, late error
		stop := run(hire(t, cut, "w1", func(ctx context.Context, tenure *lease.Tenure) error {
			<-ctx.Done()
			ended, cause = time.Now(), context.Cause(ctx)
			late = tenure.Checkpoint(context.WithoutCancel(ctx), lease.Checkpoint{Position: "1"})
			if tenure.Held() || tenure.Confirm(context.WithoutCancel(ctx)) == nil {
				t.Error("a lost lease is held")
			}
			return nil
		}))
		synctest.Wait()
		began := time.Now()
		cut.set(down)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := ended.Sub(began); got > 10*time.Second || got < 9*time.Second {
			t.Errorf("work ended %v after the last heartbeat, want just below 10s", got)
		}
		for what, err := range map[string]error{"cause": cause, "late checkpoint": late} {
			if !errors.Is(err, lease.ErrLost) {
				t.Errorf("%s: got %v, want ErrLost", what, err)
			}
		}
		cut.set(up)
		_ = stop()
	})
}

// A stolen lease is lost at the next heartbeat; the thief begins after that.
func TestStolen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a", "b")
		var lostAt, beganAt time.Time
		var cause error
		stop := run(hire(t, &table, "w1", func(ctx context.Context, _ *lease.Tenure) error {
			<-ctx.Done()
			if lostAt.IsZero() {
				lostAt, cause = time.Now(), context.Cause(ctx)
			}
			return nil
		}))
		synctest.Wait()
		stop2 := run(hire(t, &table, "w2", func(ctx context.Context, tenure *lease.Tenure) error {
			if beganAt.IsZero() {
				beganAt = time.Now()
			}
			<-ctx.Done()
			return nil
		}))
		synctest.Wait()
		began := time.Now()
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if lostAt.IsZero() || !errors.Is(cause, lease.ErrLost) || !strings.Contains(cause.Error(), "w2 has it") {
			t.Errorf("lost at %v because of %v, want ErrLost that names w2", lostAt, cause)
		}
		if lost := lostAt.Sub(began); lost > 4*time.Second {
			t.Errorf("the theft was noticed after %v, want a heartbeat", lost)
		}
		if begin := beganAt.Sub(began); begin < 10*time.Second {
			t.Errorf("the thief began after %v, want the failover time", begin)
		}
		_, _ = stop(), stop2()
	})
}

// A lease that its leader hands over is drained, checkpointed and assigned; one that is not drained in time is cancelled first.
func TestHandOver(t *testing.T) {
	for name, drains := range map[string]bool{"drains": true, "does not drain": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var table leasetest.Table
				add(t, &table, "a")
				stop := run(hire(t, &table, "w1", func(ctx context.Context, tenure *lease.Tenure) error {
					<-tenure.Draining()
					if drains {
						time.Sleep(12 * time.Second)
					} else {
						<-ctx.Done()
					}
					return tenure.Checkpoint(context.WithoutCancel(ctx), lease.Checkpoint{Position: "drained"})
				}))
				synctest.Wait()
				if err := table.Promise(t.Context(), "a", "w2"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				if l := get(t, &table, "a"); l.Owner != "w2" || l.Drainer != "w1" {
					t.Errorf("while it drains: got %+v", l)
				}
				time.Sleep(7 * time.Second)
				if l := get(t, &table, "a"); (l.Drainer == "") != drains {
					t.Errorf("after 17 s: got %+v", l)
				}
				time.Sleep(18 * time.Second)
				if l := get(t, &table, "a"); l.Owner != "w2" || l.Drainer != "" || l.Checkpoint.Position != "drained" {
					t.Errorf("after the hand-over: got %+v, want it with w2 and drained", l)
				}
				_ = stop()
			})
		})
	}
}

// A lease that nobody needs is deleted by its owner.
func TestDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table leasetest.Table
		add(t, &table, "a")
		w := hire(t, &table, "w1", func(ctx context.Context, tenure *lease.Tenure) error {
			if err := tenure.Delete(ctx); err != nil || tenure.Held() {
				t.Errorf("Delete: %v, held %v", err, tenure.Held())
			}
			return nil
		})
		stop := run(w)
		time.Sleep(30 * time.Second)
		if all, _ := table.List(t.Context()); len(all)+len(w.Held()) != 0 {
			t.Errorf("after Delete: got %v", all)
		}
		_ = stop()
	})
}

// A table that cannot be read is told at the start.
func TestRunFirstScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := newWire(&leasetest.Table{}, 1)
		broken.set(dead)
		if err := hire(t, broken, "w1", nil).Run(t.Context()); !errors.Is(err, errDead) {
			t.Errorf("Run: got %v, want %v", err, errDead)
		}
	})
}

// Heartbeats keep to the rate of the Java library, and checkpoints replace some of them.
func TestCost(t *testing.T) {
	for name, every := range map[string]time.Duration{"no checkpoints": time.Hour, "checkpoints": time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var table leasetest.Table
				add(t, &table, "a")
				wire := newWire(&table, 1)
				stop := run(hire(t, wire, "w1", func(ctx context.Context, tenure *lease.Tenure) error {
					for ctx.Err() == nil {
						time.Sleep(every)
						if err := tenure.Checkpoint(ctx, lease.Checkpoint{Position: "1"}); err != nil {
							return err
						}
					}
					return nil
				}))
				time.Sleep(10 * time.Minute)
				lists, renewals := wire.count("List"), wire.count("Renew")
				if lists < 29 || lists > 31 {
					t.Errorf("%d scans in 10 minutes, want 3.0 a minute", lists)
				}
				switch every {
				case time.Hour:
					if renewals < 179 || renewals > 182 {
						t.Errorf("%d renewals in 10 minutes, want 18.1 a minute", renewals)
					}
				default:
					if renewals != 0 {
						t.Errorf("%d renewals beside a checkpoint each second, want none", renewals)
					}
				}
				wire.set(dead)
				_ = stop()
			})
		})
	}
}
