package kinesis

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
	"trunkline/internal/source/kinesis/shards"
)

// TestReshard splits and merges: what a shard holds comes after all that its parents held is settled, and nothing is lost.
func TestReshard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, table := newService(2), &leasetest.Table{}
		s.half = 3 // answers that end a shard by half: asked again
		s.put(0, "0")
		s.put(1, "1")
		s.split(0)
		s.put(2, "2 after 0")
		s.put(3, "3 after 0")
		r := read(t, s, table, "w", nil)
		r.until(4)
		r.set(true)
		s.put(3, "3")
		r.until(5)
		s.merge(3, 1)
		s.put(4, "4 after 3 and 1")
		time.Sleep(5 * time.Minute)
		if got := r.records(); len(got) != 5 {
			t.Errorf("%q came while what is before is not settled", got)
		}
		r.set(false)
		r.until(6)
		time.Sleep(30 * time.Minute) // ended leases are deleted
		r.close()
		got := r.records()
		for text, before := range map[string][]string{"2 after 0": {"0"}, "3 after 0": {"0"}, "4 after 3 and 1": {"3", "1"}} {
			for _, b := range before {
				if slices.Index(got, text) < slices.Index(got, b) || !slices.Contains(got, b) {
					t.Errorf("%q came before %q: %q", text, b, got)
				}
			}
		}
		if len(got) != 6 {
			t.Errorf("got %q", got)
		}
		if _, err := table.Get(t.Context(), s.order[0]); !errors.Is(err, lease.ErrNotFound) {
			t.Errorf("the lease of a shard that ended long ago: %v, want that it is deleted", err)
		}
	})
}

// TestForgotten: a shard that the stream does not list any more has ended, whether it still lists all of its children or not.
func TestForgotten(t *testing.T) {
	for forgotten := range 2 {
		synctest.Test(t, func(t *testing.T) {
			s, table := newService(1), &leasetest.Table{}
			s.put(0, "0")
			r := read(t, s, table, "w", nil)
			r.until(1)
			s.split(0)
			s.put(1, "1")
			if forgotten > 0 {
				s.split(1)
				s.put(3, "1")
			}
			s.mu.Lock()
			for i := range forgotten + 1 {
				s.shards[s.order[i]].hidden = true
			}
			s.mu.Unlock()
			s.put(2, "2")
			r.until(3)
			r.close()
			got := r.records()
			slices.Sort(got)
			wantRecords(t, got, []string{"0", "1", "2"})
			if got := checkpoint(t, table, 0); got != "SHARD_END:0" {
				t.Errorf("the forgotten shard is at %s", got)
			}
		})
	}
}

// TestGap: records that the stream has forgotten are told of, and only those.
func TestGap(t *testing.T) {
	for _, c := range []struct {
		name       string
		trim, more int
		gaps       uint64
		log        string
	}{
		{"nothing trimmed", 0, 1, 0, ""},
		{"before the checkpoint", 2, 1, 0, ""},
		{"the checkpoint and one after", 4, 1, 1, "records lost"},
		{"all, and nothing came since", 3, 0, 0, "the record of the checkpoint has expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, table := newService(1), &leasetest.Table{}
				for i := range 3 {
					s.put(0, fmt.Sprint(i))
				}
				first := read(t, s, table, "first", nil)
				first.until(3)
				first.close()
				for i := range 2 * c.more {
					s.put(0, fmt.Sprint(3+i))
				}
				s.mu.Lock()
				s.shards[s.order[0]].trimmed = c.trim
				s.mu.Unlock()
				second := read(t, s, table, "second", nil)
				time.Sleep(30 * time.Second)
				second.close()
				if got := second.source.Counts().Gaps; got != c.gaps {
					t.Errorf("%d gaps, want %d", got, c.gaps)
				}
				if text := second.log.String(); c.log != "" && !strings.Contains(text, c.log) || c.log == "" && strings.Contains(text, "expired") {
					t.Errorf("want %q in the log:\n%s", c.log, text)
				}
			})
		})
	}
}

// TestLatest: what comes after the leases were made is read, whatever happens before the first checkpoint.
func TestLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, table := newService(1), &leasetest.Table{}
		latest := func(o *Options) { o.Start = shards.Start{Position: shards.Latest} }
		s.put(0, "before")
		time.Sleep(time.Minute)
		r := read(t, s, table, "w", latest)
		time.Sleep(time.Second)
		s.mu.Lock()
		s.fault = func(operation, _ string) error {
			if operation == "GetRecords" {
				return &types.ExpiredIteratorException{}
			}
			return nil
		}
		s.mu.Unlock()
		time.Sleep(time.Minute)
		s.put(0, "first")
		time.Sleep(time.Minute)
		s.mu.Lock()
		s.fault = nil
		s.mu.Unlock()
		r.set(true)
		r.until(1)
		s.put(0, "second")
		time.Sleep(time.Minute)
		if got := r.records(); len(got) != 1 {
			t.Errorf("%q came before the first was settled and checkpointed", got)
		}
		r.set(false)
		r.until(2)
		r.close()
		wantRecords(t, r.records(), []string{"first", "second"})
	})
}

// TestStart begins at a time.
func TestStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(1)
		s.put(0, "before")
		time.Sleep(time.Hour)
		from := time.Now()
		s.put(0, "after")
		r := read(t, s, &leasetest.Table{}, "w", func(o *Options) { o.Start = shards.Start{Position: shards.AtTimestamp, Time: from} })
		r.until(1)
		r.close()
		wantRecords(t, r.records(), []string{"after"})
	})
}

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
		r := read(t, s, &leasetest.Table{}, "w", func(o *Options) { o.Memory = memory })
		r.set(true)
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
		r := read(t, s, table, "w", nil)
		r.set(true)
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
		r := read(t, s, table, "w", nil)
		r.set(true)
		r.until(10)
		if err := table.HandOver(t.Context(), s.order[0], "next"); err != nil {
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

// TestBroken: an aggregate that cannot be taken apart is one record with a problem; one that belongs to another shard is none.
func TestBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(2)
		broken := sealed([]byte{3<<3 | 2, 5, 1 << 3, 7, 3<<3 | 2, 1, 'x'}) // a partition key beyond the table
		keyOf := func(shard int) string {
			for i := 0; ; i++ {
				key := fmt.Sprint("key-", i)
				sum := md5.Sum([]byte(key))
				n, f := new(big.Int).SetBytes(sum[:]), s.shards[s.order[shard]]
				if n.Cmp(f.low) >= 0 && n.Cmp(f.high) <= 0 {
					return key
				}
			}
		}
		s.put(0, broken)
		s.put(0, aggregateOf(keyOf(1), "elsewhere"))
		s.put(0, aggregateOf(keyOf(0), " here\n"))
		r := read(t, s, &leasetest.Table{}, "w", func(o *Options) { o.Meta = true })
		r.set(true)
		r.until(2)
		got := r.records()
		if !strings.HasPrefix(got[0], "problem: aggregate") || got[1] != "here" {
			t.Errorf("got %q", got)
		}
		meta := ""
		for _, m := range r.kept[len(r.kept)-1].Records {
			for _, m := range m.Meta {
				meta += m.Name + "=" + string(m.Raw) + " "
			}
		}
		if want := fmt.Sprintf(`partitionKey=%q sequenceNumber="49`, keyOf(0)); !strings.Contains(meta, want) {
			t.Errorf("got %s, want %s in it", meta, want)
		}
		if n := r.source.Counts().Elsewhere; n != 1 {
			t.Errorf("%d aggregates were elsewhere, want 1", n)
		}
		for _, b := range r.kept {
			for i, in := range b.Records {
				time.Sleep(time.Second) // the SDK's client would wait by itself
				again, err := ReadAt(t.Context(), s, aStream, b.Positions.At(i))
				if err != nil || !bytes.Equal(again.Data, in.Data) {
					t.Errorf("read again at %s: %q (%v), want %q", b.Positions.At(i), again.Data, err, in.Data)
				}
			}
		}
		r.set(false)
		r.close()
	})
}

// TestReadAtFails: positions that lead nowhere are errors that quote no record.
func TestReadAtFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(1)
		seq := s.put(0, "secret")
		for at, want := range map[string]string{
			"":                                    "no place",
			"shardId-000000000000":                "no place",
			"shardId-000000000000:TRIM_HORIZON:0": "no place",
			"shardId-000000000000:" + seq + ":1":  "there are 1 records",
			"shardId-000000000000:" + sequence(9): "no place",
			"shardId-000000000000:" + sequence(99_999_999) + ":0": "does not have",
			"shardId-000000000007:" + seq + ":0":                  "ResourceNotFoundException",
		} {
			time.Sleep(time.Second)
			if _, err := ReadAt(t.Context(), s, aStream, at); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("read at %q: %v, want %q", at, err, want)
			}
		}
	})
}

// script is a fan-out subscription.
type script struct {
	events []any
	closed bool
}

func (s *script) Next(ctx context.Context) (*types.SubscribeToShardEvent, error) {
	if len(s.events) == 0 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	next := s.events[0]
	s.events = s.events[1:]
	if err, ok := next.(error); ok {
		return nil, err
	}
	return next.(*types.SubscribeToShardEvent), nil
}

func (s *script) Close() { s.closed = true }

// TestFanOut reads by subscriptions: their events, errors and the end of the shard.
func TestFanOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, table := newService(1), &leasetest.Table{}
		s.split(0)
		event := func(n int) *types.SubscribeToShardEvent {
			return &types.SubscribeToShardEvent{
				ContinuationSequenceNumber: aws.String(sequence(n)), MillisBehindLatest: aws.Int64(7),
				Records: []types.Record{{Data: fmt.Appendf(nil, "record %d", n), SequenceNumber: aws.String(sequence(n))}},
			}
		}
		parent := &script{events: []any{
			event(0), &types.AccessDeniedException{}, event(1), &types.ResourceNotFoundException{}, event(2), io.ErrUnexpectedEOF,
			&types.SubscribeToShardEvent{ChildShards: s.shards[s.order[0]].children},
		}}
		children := &script{}
		asked := map[string]types.ShardIteratorType{}
		r := read(t, s, table, "w", func(o *Options) {
			o.Subscribe = func(shard string, from types.StartingPosition) Subscription {
				if asked[shard] = from.Type; shard == s.order[0] {
					return parent
				}
				return children
			}
		})
		r.until(3)
		time.Sleep(time.Minute)
		if len(asked) != 3 || asked[s.order[1]] != types.ShardIteratorTypeTrimHorizon {
			t.Errorf("subscriptions were made of %v", asked)
		}
		r.close()
		wantRecords(t, r.records(), numbered(0, 3))
		if !parent.closed || !children.closed {
			t.Error("a subscription was not closed")
		}
		if got := checkpoint(t, table, 0); got != "SHARD_END:0" {
			t.Errorf("the parent is at %s", got)
		}
	})
}

// TestRandom reshards, fails and changes workers at random under load: every record comes, and per shard in order.
func TestRandom(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 5))
			s, table := newService(2), &leasetest.Table{}
			faults := []error{
				&types.ProvisionedThroughputExceededException{}, &types.ExpiredIteratorException{}, &types.InternalFailureException{}, context.DeadlineExceeded,
			}
			s.fault = func(operation, _ string) error {
				if strings.HasPrefix(operation, "Get") && random.IntN(10) == 0 {
					return faults[random.IntN(len(faults))]
				}
				return nil
			}
			workers := []*reading{read(t, s, table, "w0", nil)}
			sent := map[string]bool{}
			for i := range 200 {
				s.mu.Lock()
				var open []int
				for n, id := range s.order {
					if !s.shards[id].closed {
						open = append(open, n)
					}
				}
				s.mu.Unlock()
				text := fmt.Sprintf("%d", i)
				sent[text] = true
				s.put(open[random.IntN(len(open))], text)
				switch random.IntN(30) {
				case 0:
					if len(open) < 8 {
						s.split(open[random.IntN(len(open))])
					}
				case 1:
					workers = append(workers, read(t, s, table, fmt.Sprintf("w%d", len(workers)), nil))
				case 2:
					workers[random.IntN(len(workers))].close()
				}
				time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
			}
			workers = append(workers, read(t, s, table, "last", nil))
			came := func() map[string]bool {
				all := map[string]bool{}
				for _, w := range workers {
					for _, text := range w.records() {
						all[text] = true
					}
				}
				return all
			}
			for deadline := time.Now().Add(time.Hour); len(came()) < len(sent); time.Sleep(time.Second) {
				if time.Now().After(deadline) {
					t.Fatalf("seed %d: %d records have come, want %d", seed, len(came()), len(sent))
				}
			}
			for _, w := range workers {
				w.close()
				last := map[string]int{}
				for i, text := range w.got {
					var n int
					fmt.Sscan(text, &n)
					shard := w.from[i]
					if before, found := last[shard]; found && n <= before && w.source.Counts().Gained <= uint64(len(last)) {
						t.Errorf("seed %d: %d came after %d in %s", seed, n, before, shard)
					}
					last[shard] = n
				}
			}
		})
	}
}
