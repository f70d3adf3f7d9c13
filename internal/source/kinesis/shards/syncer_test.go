package shards

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
)

// fixture is a Syncer of worker w1 on a stream of two shards and an empty table.
type fixture struct {
	*Syncer
	t      *testing.T
	stream *stream
	table  *leasetest.Table
	held   atomic.Pointer[[]lease.Lease]
	woken  atomic.Int32
}

func newFixture(t *testing.T, start Start, change ...func(*Options)) *fixture {
	f := &fixture{t: t, stream: newStream(1, 2), table: &leasetest.Table{}}
	f.hold()
	f.Syncer = f.another("w1", start, change...)
	return f
}

func (f *fixture) hold(leases ...lease.Lease) { f.held.Store(&leases) }

func (f *fixture) another(worker string, start Start, change ...func(*Options)) *Syncer {
	o := Options{
		Worker: worker, Start: start, Random: rand.New(rand.NewPCG(1, uint64(worker[1]))),
		Held: func() []lease.Lease { return *f.held.Load() }, Changed: func() { f.woken.Add(1) },
	}
	for _, c := range change {
		c(&o)
	}
	s, err := New(f.table, newLister(f.t, f.stream, Stream{Name: "calls"}), o)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// run runs a Syncer until the test ends or stop is called.
func run(t *testing.T, s *Syncer) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

// leases shows the table in short, without the beginning that all shard ids share.
func (f *fixture) leases() string {
	f.t.Helper()
	all, err := f.table.List(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b lease.Lease) int { return strings.Compare(a.Key, b.Key) })
	return strings.ReplaceAll(short(all), "shardId-00000000000", "")
}

func (f *fixture) want(want string) {
	f.t.Helper()
	if got := f.leases(); got != want {
		f.t.Errorf("leases: got %q, want %q", got, want)
	}
}

func id(n string) string { return "shardId-00000000000" + n }

// own makes a lease this worker's, at a position.
func (f *fixture) own(n, position string) lease.Lease {
	f.t.Helper()
	l, err := f.table.Get(f.t.Context(), id(n))
	if err == nil {
		l, err = f.table.Take(f.t.Context(), l, "w1")
	}
	if err == nil {
		l, err = f.table.Checkpoint(f.t.Context(), l, lease.Checkpoint{Position: position})
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

func (f *fixture) add(l lease.Lease) {
	f.t.Helper()
	if err := f.table.Create(f.t.Context(), l); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) ok(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

var (
	fromHorizon = Start{Position: TrimHorizon}
	fromLatest  = Start{Position: Latest}
)

func TestFirstStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromHorizon)
		time.Sleep(time.Hour)
		f.stream.split(0)
		began := time.Now()
		stop := run(t, f.Syncer)
		for f.leases() == "" && time.Since(began) < time.Minute {
			time.Sleep(time.Millisecond)
		}
		if took := time.Since(began); took < time.Second || took > 31*time.Second {
			t.Errorf("the first leases came after %v, want 1s to 30s", took)
		}
		synctest.Wait()
		f.want("0@TRIM_HORIZON 1@TRIM_HORIZON") // those open at the horizon, closed since or not
		if f.woken.Load() != 1 {
			t.Errorf("Changed was called %d times, want once", f.woken.Load())
		}
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// Who waits sees what another one made, and makes nothing.
func TestFirstStartOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromHorizon)
		stop := run(t, f.Syncer)
		time.Sleep(500 * time.Millisecond)
		for _, s := range f.stream.all() {
			f.add(Of(s, Latest))
		}
		time.Sleep(40 * time.Second)
		f.want("0@LATEST 1@LATEST")
		if f.woken.Load() != 0 {
			t.Errorf("Changed was called %d times, want never", f.woken.Load())
		}
		f.ok(stop())
	})
}

func TestFirstPositions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := newFixture(t, fromLatest)
		time.Sleep(time.Hour)
		open.stream.split(0) // 0 becomes 2 and 3
		before := time.Now()
		time.Sleep(time.Hour)
		open.stream.merge(1) // 3 and 1 become 4
		open.ok(open.Sync(t.Context()))
		open.want("2@LATEST 4@LATEST")
		for _, test := range []struct {
			name string
			time time.Time
			want string
		}{
			{"between", before, "1@AT_TIMESTAMP 2@AT_TIMESTAMP 3@AT_TIMESTAMP"},
			{"to come", time.Now().Add(time.Hour), "2@AT_TIMESTAMP 4@AT_TIMESTAMP"},
			// The service knows no open shard of a time before the stream was made.
			{"before", before.Add(-100 * time.Hour), "0@AT_TIMESTAMP 1@AT_TIMESTAMP"},
		} {
			f := newFixture(t, Start{Position: AtTimestamp, Time: test.time})
			f.stream = open.stream
			f.Syncer = f.another("w1", Start{Position: AtTimestamp, Time: test.time})
			f.ok(f.Sync(t.Context()))
			if got := f.leases(); got != test.want {
				t.Errorf("a time %s: got %q, want %q", test.name, got, test.want)
			}
		}
	})
}

// A first listing that shows half of a split makes nothing, three times a second apart, and Run tries again.
func TestFirstStartUnsettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		f.stream.shards[1].opened = time.Now().Add(time.Minute) // it is not listed before
		began := time.Now()
		if err := f.Sync(t.Context()); !errors.Is(err, ErrUnsettled) || time.Since(began) != 2*time.Second {
			t.Errorf("got %v after %v, want ErrUnsettled after 2s", err, time.Since(began))
		}
		f.want("")
		stop := run(t, f.Syncer)
		time.Sleep(2 * time.Minute)
		f.want("0@LATEST 1@LATEST")
		f.ok(stop())
	})
}

func TestRunRefusesAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		f.stream.gone = true
		if err := f.Run(t.Context()); !errors.Is(err, ErrNoStream) {
			t.Errorf("a stream that is not there: got %v, want ErrNoStream", err)
		}
		if _, err := New(f.table, f.lister, Options{Worker: "w1", Random: f.o.Random}); err == nil {
			t.Error("no start position: got no error")
		}
	})
}

// A table whose maker died half-way is completed at the next start, by whoever starts.
func TestHalfAStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromHorizon)
		f.add(Of(f.stream.all()[0], TrimHorizon))
		l, err := f.table.Get(t.Context(), id("0"))
		f.ok(err)
		_, err = f.table.Take(t.Context(), l, "somebody else")
		f.ok(err)
		stop := run(t, f.Syncer)
		synctest.Wait()
		f.want("0@TRIM_HORIZON 1@TRIM_HORIZON")
		f.ok(stop())
	})
}

// The audit acts on a hole that it has seen three times: 60, 180 and 300 seconds after the start.
func TestAudit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		f.ok(f.Sync(t.Context()))
		stop := run(t, f.Syncer)
		synctest.Wait()
		remove := func(n string) {
			l, err := f.table.Get(t.Context(), id(n))
			f.ok(err)
			f.ok(f.table.Delete(t.Context(), l))
		}
		remove("1")
		time.Sleep(299 * time.Second)
		f.want("0@LATEST")
		time.Sleep(2 * time.Second)
		f.want("0@LATEST 1@LATEST")
		// A hole that is another one each time is no reason: the stream is being resharded.
		for range 2 {
			remove("1")
			time.Sleep(240 * time.Second)
			f.want("0@LATEST")
			f.add(Of(f.stream.all()[1], Latest))
			time.Sleep(120 * time.Second)
		}
		// Nothing at all is.
		remove("0")
		remove("1")
		time.Sleep(120 * time.Second)
		f.want("0@LATEST 1@LATEST")
		f.ok(stop())
	})
}

func TestAuditOnlyByTheLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		f.ok(f.Sync(t.Context()))
		f.own("0", "5000000")
		other := f.another("w2", fromLatest)
		stop := run(t, other)
		synctest.Wait()
		l, err := f.table.Get(t.Context(), id("1"))
		f.ok(err)
		f.ok(f.table.Delete(t.Context(), l))
		time.Sleep(20 * time.Minute)
		f.want("0@5000000") // w1, which owns the only lease, leads
		l, err = f.table.Get(t.Context(), id("0"))
		f.ok(err)
		_, err = f.table.Take(t.Context(), l, "w2")
		f.ok(err)
		time.Sleep(5*time.Minute + 3*120*time.Second)
		f.want("0@5000000 1@LATEST")
		f.ok(stop())

		asked := 0
		third := f.another("w3", fromLatest, func(o *Options) {
			o.Leads = func(context.Context) (bool, error) { asked++; return false, nil }
		})
		stop = run(t, third)
		time.Sleep(181 * time.Second)
		f.ok(stop())
		if asked != 2 {
			t.Errorf("Leads was asked %d times in 181s, want twice", asked)
		}
	})
}

// Leases of old Java workers have no hash range: it is filled in, which takes the lease from nobody.
func TestFillRanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		for _, s := range f.stream.all() {
			l := Of(s, Latest)
			l.Range = lease.Range{}
			f.add(l)
		}
		owned := f.own("0", "0")
		stop := run(t, f.Syncer)
		time.Sleep(61 * time.Second)
		for i, n := range []string{"0", "1"} {
			l, err := f.table.Get(t.Context(), id(n))
			if want := Of(f.stream.all()[i], Latest).Range; l.Range != want || err != nil {
				t.Errorf("range of %s: got %v %v, want %v", n, l.Range, err, want)
			}
		}
		if _, err := f.table.Renew(t.Context(), owned, 0); err != nil {
			t.Errorf("Renew by the owner: %v", err)
		}
		f.ok(stop())
	})
}

func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		f.ok(f.Sync(t.Context()))
		time.Sleep(time.Second)
		f.stream.merge(0)
		merged := f.stream.children(id("0"))
		other, err := f.table.Get(t.Context(), id("1"))
		f.ok(err)
		f.ok(f.table.Delete(t.Context(), other))
		// The other parent's lease is missing: it is made first.
		f.ok(f.End(t.Context(), id("0"), merged))
		f.want("0@LATEST 1@LATEST 2@TRIM_HORIZON")
		l, err := f.table.Get(t.Context(), id("0"))
		if diff := cmp.Diff(l.Children, []string{id("2")}); diff != "" || err != nil {
			t.Errorf("children in the parent's lease (%v), got - want +:\n%s", err, diff)
		}
		child, err := f.table.Get(t.Context(), id("2"))
		f.ok(err)
		for _, step := range []struct {
			ended string
			want  bool
		}{{"", false}, {"0", false}, {"1", true}} {
			if step.ended != "" {
				f.own(step.ended, End)
			}
			if got, err := f.Startable(t.Context(), child); got != step.want || err != nil {
				t.Errorf("startable after the end of %q: got %v %v, want %v", step.ended, got, err, step.want)
			}
		}
		f.ok(f.End(t.Context(), id("0"), merged)) // again, after a crash
		f.ok(f.End(t.Context(), id("2"), nil))
		if err := f.End(t.Context(), id("2"), merged); !errors.Is(err, ErrInvalid) {
			t.Errorf("somebody else's children: got %v, want ErrInvalid", err)
		}
	})
}

// The other parent has expired, and its lease is gone: nothing to wait for.
func TestEndOfExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		f.stream.retention = time.Hour
		f.ok(f.Sync(t.Context()))
		f.stream.merge(0)
		other, err := f.table.Get(t.Context(), id("1"))
		f.ok(err)
		f.ok(f.table.Delete(t.Context(), other))
		time.Sleep(2 * time.Hour)
		children, err := f.Offspring(t.Context(), id("0"))
		f.ok(err)
		f.ok(f.End(t.Context(), id("0"), children))
		f.want("0@LATEST 2@TRIM_HORIZON")
	})
}

func TestRecreatedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		f.ok(f.Sync(t.Context()))
		stop := run(t, f.Syncer)
		time.Sleep(time.Hour)
		f.stream.mu.Lock()
		f.stream.created = time.Now()
		f.stream.mu.Unlock()
		time.Sleep(121 * time.Second)
		err := stop()
		if e, ok := errors.AsType[*RecreatedError](err); !ok || !strings.Contains(e.Error(), "lease reset") {
			t.Errorf("another stream under the name, while running: got %v, want a *RecreatedError that says what to do", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		time.Sleep(time.Minute)
		f.stream.split(0) // 2 and 3 begin at 60000
		f.ok(f.Sync(t.Context()))
		f.own("2", "59999")
		if err := f.Run(t.Context()); !is[*RecreatedError](err) {
			t.Errorf("a checkpoint from before the shard, at the start: got %v, want a *RecreatedError", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		f.ok(f.Sync(t.Context()))
		f.own("0", End)
		began := time.Now()
		if err := f.Run(t.Context()); !is[*RecreatedError](err) || time.Since(began) != 300*time.Second {
			t.Errorf("an open shard that has ended: got %v after %v, want a *RecreatedError after 5m", err, time.Since(began))
		}
	})
}

// What a lease at LATEST counts from.
func TestSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromLatest)
		if got := f.Since(id("0")); !got.IsZero() {
			t.Errorf("before anything was listed: got %v", got)
		}
		time.Sleep(time.Second)
		made := time.Now()
		f.ok(f.Sync(t.Context()))
		time.Sleep(time.Minute)
		watching := f.another("w2", fromLatest)
		first := time.Now()
		f.ok(watching.Sync(t.Context()))
		time.Sleep(time.Minute)
		late := Of(f.stream.all()[0], Latest)
		late.Key = "made by a Java worker"
		f.add(late)
		time.Sleep(time.Minute)
		for range 3 {
			for name, test := range map[string]struct {
				s    *Syncer
				key  string
				want time.Time
			}{
				"its own":                       {f.Syncer, id("0"), made},
				"there at its first listing":    {watching, id("0"), first},
				"not there at its last listing": {watching, late.Key, first},
			} {
				if got, want := test.s.Since(test.key), test.want.Add(-margin); !got.Equal(want) {
					t.Errorf("%s: got %v, want %v", name, got, want)
				}
			}
			time.Sleep(time.Minute)
			f.ok(f.Sync(t.Context()))
			f.ok(watching.Sync(t.Context()))
		}
	})
}
