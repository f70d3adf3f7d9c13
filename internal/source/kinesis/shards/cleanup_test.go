package shards

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestCleanUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromHorizon)
		f.ok(f.Sync(t.Context()))
		stop := run(t, f.Syncer)
		time.Sleep(time.Second)
		f.stream.split(0)
		f.ok(f.End(t.Context(), id("0"), f.stream.children(id("0"))))
		f.want("0@TRIM_HORIZON 1@TRIM_HORIZON 2@TRIM_HORIZON 3@TRIM_HORIZON")
		f.hold(f.own("0", End), f.own("2", f.stream.sequence(time.Now())))
		time.Sleep(20 * time.Minute)
		f.want("0@SHARD_END 1@TRIM_HORIZON 2@1000 3@TRIM_HORIZON") // 3 has not begun
		f.own("3", "1000")
		time.Sleep(6 * time.Minute)
		f.want("1@TRIM_HORIZON 2@1000 3@1000")

		// A merge, of which the holder knows no children: a Java worker made them.
		f.stream.merge(1)
		for _, c := range f.stream.children(id("3")) {
			f.add(OfChild(c))
		}
		f.hold(f.own("3", End), f.own("1", End))
		f.own("4", "2000")
		time.Sleep(5 * time.Minute)
		f.want("1@SHARD_END 2@1000 3@SHARD_END 4@2000") // too early
		time.Sleep(2 * time.Minute)
		f.want("2@1000 4@2000")
		f.ok(stop())
	})
}

// Nobody deletes what somebody else holds, and a lease that is renewed all the time is deleted all the same.
func TestCleanUpOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromHorizon)
		f.ok(f.Sync(t.Context()))
		stop := run(t, f.Syncer)
		f.stream.split(0)
		f.ok(f.End(t.Context(), id("0"), f.stream.children(id("0"))))
		f.own("2", "1")
		f.own("3", "1")
		stale := f.own("0", End)
		taken, err := f.table.Take(t.Context(), stale, "w2")
		f.ok(err)
		f.hold(stale)
		time.Sleep(20 * time.Minute)
		f.want("0@SHARD_END 1@TRIM_HORIZON 2@1 3@1")
		_, err = f.table.Take(t.Context(), taken, "w1")
		f.ok(err)
		time.Sleep(6 * time.Minute)
		f.want("1@TRIM_HORIZON 2@1 3@1")
		f.ok(stop())
	})
}

func TestGarbageIsCleanedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, fromHorizon)
		f.stream.retention = 10 * time.Minute
		f.ok(f.Sync(t.Context()))
		stop := run(t, f.Syncer)
		f.stream.split(0)
		// Java ends a shard that is gone without looking for its children.
		f.hold(f.own("0", End))
		time.Sleep(11 * time.Minute)
		// The audit has seen the hole and made them.
		f.want("0@SHARD_END 1@TRIM_HORIZON 2@TRIM_HORIZON 3@TRIM_HORIZON")
		time.Sleep(18 * time.Minute)
		f.want("0@SHARD_END 1@TRIM_HORIZON 2@TRIM_HORIZON 3@TRIM_HORIZON")
		time.Sleep(8 * time.Minute)
		f.want("1@TRIM_HORIZON 2@TRIM_HORIZON 3@TRIM_HORIZON")
		f.ok(stop())
	})
}
