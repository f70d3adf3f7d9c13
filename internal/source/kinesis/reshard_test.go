package kinesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/collector"
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

// TestRandom reshards, fails and changes workers at random under load: every record comes, and per shard in order.
func TestRandom(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			random, chance := rand.New(rand.NewPCG(seed, 5)), rand.New(rand.NewPCG(seed, 6))
			s, table := newService(2), &leasetest.Table{}
			faults := []error{
				&types.ProvisionedThroughputExceededException{}, &types.ExpiredIteratorException{}, &types.InternalFailureException{}, context.DeadlineExceeded,
			}
			s.fault = func(operation, _ string) error {
				if strings.HasPrefix(operation, "Get") && chance.IntN(10) == 0 {
					return faults[chance.IntN(len(faults))]
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
				last := map[collector.Hold]int{}
				for i, text := range w.got {
					var n int
					fmt.Sscan(text, &n)
					if before, found := last[w.under[i]]; found && n <= before {
						t.Errorf("seed %d: %d came after %d in one tenure of %s", seed, n, before, w.from[i])
					}
					last[w.under[i]] = n
				}
			}
		})
	}
}
