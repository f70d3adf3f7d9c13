package kinesis

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/lease/leasetest"
)

// TestManyShards: with hundreds of shards and large records, what is fetched stays within the memory given, and the shards take turns.
func TestManyShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const count, memory = 300, 24 << 20
		s := newService(count)
		big := bytes.Repeat([]byte("x"), 1<<20-100)
		for shard := range count {
			for range 12 {
				s.putBytes(shard, big)
			}
		}
		r := begin(t, s, &leasetest.Table{}, "w", true, func(o *Options) { o.Memory = memory })
		for len(r.records()) < count*12 {
			time.Sleep(100 * time.Millisecond)
			r.mu.Lock()
			r.settleKept()
			seen, most := map[string]int{}, 0
			for _, shard := range r.from {
				seen[shard]++
				most = max(most, seen[shard])
			}
			if most > 10 && len(seen) < count { // an answer has ten
				t.Fatalf("a shard had a second turn when %d of %d had one", len(seen), count)
			}
			r.mu.Unlock()
		}
		r.close()
		if r.most > memory {
			t.Errorf("%d bytes were held, want at most %d", r.most, memory)
		}
		if free := r.source.budget.free; free != memory {
			t.Errorf("%d bytes are free at the end, want %d", free, memory)
		}
	})
}

// TestLost: a lease is taken while records are in flight. They are revoked, what is settled later moves nothing, and when the lease comes
// back all that was not checkpointed comes again, in order.
func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, table := newService(1), &leasetest.Table{}
		for _, text := range numbered(0, 10) {
			s.put(0, text)
		}
		r := begin(t, s, table, "w", true, nil)
		r.until(10)
		b := r.kept[0]
		l, err := table.Get(t.Context(), s.order[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := table.Take(t.Context(), l, "thief"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * time.Second)
		if b.Hold.Context().Err() == nil || b.Hold.Confirm(t.Context()) == nil {
			t.Error("the hold is not lost when somebody else has the lease")
		}
		b.Hold.Settled(b.Positions.After(9))
		time.Sleep(time.Second)
		if got := checkpoint(t, table, 0); got != "TRIM_HORIZON:0" {
			t.Errorf("the late checkpoint moved the lease to %s", got)
		}
		b.Release()
		r.mu.Lock()
		r.kept, r.held = nil, 0
		r.mu.Unlock()
		r.set(false)
		r.until(20) // the thief does nothing: its lease expires
		r.close()
		wantRecords(t, r.records(), append(numbered(0, 10), numbered(0, 10)...))
		if c := r.source.Counts(); c.Lost != 1 || c.Gained != 2 {
			t.Errorf("counts %+v, want 1 lost and 2 gained", c)
		}
	})
}

// TestHandOver: a lease is promised to another worker. What is in flight is settled and checkpointed first, and nothing more is fetched.
func TestHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, table := newService(1), &leasetest.Table{}
		for _, text := range numbered(0, 10) {
			s.put(0, text)
		}
		r := begin(t, s, table, "w", true, nil)
		r.until(10)
		if err := table.Promise(t.Context(), s.order[0], "next"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		s.put(0, "late")
		time.Sleep(5 * time.Second)
		if got := r.records(); len(got) != 10 {
			t.Errorf("%d records came during the hand-over, want 10", len(got))
		}
		r.set(false)
		time.Sleep(5 * time.Second)
		l, err := table.Get(t.Context(), s.order[0])
		if err != nil || l.Owner != "next" || l.Drainer != "" || l.Checkpoint.Position != *s.shards[s.order[0]].records[9].SequenceNumber {
			t.Errorf("after the hand-over the lease is %+v (%v)", l, err)
		}
		r.close()
	})
}

// TestRevokedHere: a worker that cannot confirm its lease gives it up, and begins again from the checkpoint.
func TestRevokedHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, table := newService(1), &leasetest.Table{}
		for _, text := range numbered(0, 3) {
			s.put(0, text)
		}
		r := begin(t, s, table, "w", true, nil)
		r.until(3)
		r.settle(r.kept[0], 0)
		r.kept = nil
		r.source.mu.Lock()
		for task := range r.source.tasks {
			task.revoke(errors.New("not confirmed"))
		}
		r.source.mu.Unlock()
		r.until(5)
		r.set(false)
		r.close()
		wantRecords(t, r.records(), []string{"record 0", "record 1", "record 2", "record 1", "record 2"})
	})
}
