package kinesis

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"trunkline/internal/awsclient"
	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/shards"
)

const aShard = "shardId-000000000000"

func look(t *testing.T, s *service, at lease.Checkpoint) Standing {
	t.Helper()
	time.Sleep(time.Second) // five calls a second
	got, err := Look(t.Context(), s, aStream, shards.Start{Position: shards.TrimHorizon}, aShard, at)
	if err != nil {
		t.Fatalf("look at %v: %v", at, err)
	}
	return got
}

// TestLook: the distance of a checkpoint from the end of its shard, and what became of its record.
func TestLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(1)
		if got := look(t, s, lease.Checkpoint{Position: shards.TrimHorizon}); got != (Standing{}) {
			t.Errorf("in an empty shard: got %+v, want nothing", got)
		}
		first := s.put(0, "one")
		began := time.Now()
		time.Sleep(time.Minute)
		second := s.put(0, "two")
		if got, want := look(t, s, lease.Checkpoint{Position: first}), (Standing{Behind: time.Second, Arrived: began}); got != want {
			t.Errorf("at the first of two records: got %+v, want %+v", got, want)
		}
		if got, want := look(t, s, lease.Checkpoint{Position: second, Sub: 3}), (Standing{Arrived: began.Add(time.Minute)}); got != want {
			t.Errorf("at the last record: got %+v, want %+v", got, want)
		}
		s.shards[aShard].trimmed = 1
		if got, want := look(t, s, lease.Checkpoint{Position: first}), (Standing{Gone: true, Next: second}); got != want {
			t.Errorf("at a record that is forgotten: got %+v, want %+v", got, want)
		}
		s.shards[aShard].trimmed = 2
		if got, want := look(t, s, lease.Checkpoint{Position: second}), (Standing{Gone: true}); got != want {
			t.Errorf("at a record that is forgotten, as the shard's last: got %+v, want %+v", got, want)
		}
		if _, err := Look(t.Context(), s, aStream, shards.Start{}, aShard, lease.Checkpoint{Position: shards.End}); !errors.Is(err, shards.ErrEnded) {
			t.Errorf("at the end: got %v, want ErrEnded", err)
		}
		if len(s.broken) > 0 {
			t.Errorf("limits were not kept: %v", s.broken)
		}
	})
}

// TestLookDenied: the error names the permission.
func TestLookDenied(t *testing.T) {
	for _, action := range []string{"GetShardIterator", "GetRecords"} {
		s := newService(1)
		s.put(0, "one")
		s.fault = func(operation, _ string) error {
			if operation != action {
				return nil
			}
			return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized"}
		}
		_, err := Look(t.Context(), s, aStream, shards.Start{}, aShard, lease.Checkpoint{Position: shards.TrimHorizon})
		e, ok := errors.AsType[*awsclient.Error](err)
		if want := "; allow kinesis:" + action + " on " + aStream; !ok || !e.Denied || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("without %s: got %v, want an error that ends in %q", action, err, want)
		}
	}
}

// TestLastBefore puts records at some moments and asks for the checkpoint before others.
func TestLastBefore(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name    string
		arrive  []time.Duration // since the beginning
		t       time.Duration
		trimmed int
		before  int // index of the record that is wanted, -1 for TRIM_HORIZON
		next    int // index of the first at t or later, -1 for none
	}{
		{"empty", nil, day, 0, -1, -1},
		{"between", []time.Duration{0, time.Second, 2 * time.Second}, time.Second + time.Millisecond, 0, 1, 2},
		{"exactly at one", []time.Duration{0, time.Second, 2 * time.Second}, time.Second, 0, 0, 1},
		{"before all", []time.Duration{day}, day - 1, 0, -1, 0},
		{"at the first", []time.Duration{day}, day, 0, -1, 0},
		{"after all, just now", []time.Duration{0, 0, 0}, time.Second, 0, 2, -1},
		{"after a silence of days", []time.Duration{0, time.Second, time.Minute, 9 * day}, 8 * day, 0, 2, 3},
		{"in a silence after a busy time", append(every(time.Second, 5000), 3*day), 2 * day, 0, 4999, 5000},
		{"in a busy time", every(100*time.Millisecond, 5000), 250*time.Second + time.Millisecond, 0, 2500, 2501},
		{"what was before is forgotten", []time.Duration{0, time.Second, day}, time.Hour, 2, -1, 2},
		{"several in one moment", []time.Duration{0, 0, 0, time.Hour, time.Hour}, time.Hour, 0, 2, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, zero := newService(1), time.Now()
				for _, at := range c.arrive {
					time.Sleep(time.Until(zero.Add(at)))
					s.put(0, "record")
				}
				time.Sleep(time.Until(zero.Add(c.t)))
				time.Sleep(time.Second)
				f := s.shards[aShard]
				f.trimmed = c.trimmed
				at, next, err := LastBefore(t.Context(), s, aStream, aShard, zero.Add(c.t))
				if err != nil {
					t.Fatal(err)
				}
				want := lease.Checkpoint{Position: shards.TrimHorizon}
				if c.before >= 0 {
					want.Position = *f.records[c.before].SequenceNumber
				}
				var wantNext time.Time
				if c.next >= 0 {
					wantNext = *f.records[c.next].ApproximateArrivalTimestamp
				}
				if at != want || !next.Equal(wantNext) {
					t.Errorf("got %v, next at %v; want %v, %v", at, next, want, wantNext)
				}
				if len(s.broken) > 0 || len(s.calls) > 120 {
					t.Errorf("%d calls, limits not kept: %v", len(s.calls), s.broken)
				}
			})
		})
	}
}

func every(d time.Duration, n int) (all []time.Duration) {
	for i := range n {
		all = append(all, time.Duration(i)*d)
	}
	return all
}

// TestLastBeforeAggregate: a checkpoint behind an aggregate is behind the last of it.
func TestLastBeforeAggregate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(1)
		seq := s.put(0, aggregateOf("key", "one", "two", "three"))
		time.Sleep(time.Second)
		at, _, err := LastBefore(t.Context(), s, aStream, aShard, time.Now())
		if want := (lease.Checkpoint{Position: seq, Sub: 2}); err != nil || at != want {
			t.Errorf("got %v (%v), want %v", at, err, want)
		}
	})
}

// TestLastBeforeEnds: an interrupt ends the search.
func TestLastBeforeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(1)
		s.put(0, "long ago")
		time.Sleep(24 * time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := LastBefore(ctx, s, aStream, aShard, time.Now()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
		s.fault = func(string, string) error { return &types.ResourceNotFoundException{} }
		_, _, err := LastBefore(t.Context(), s, aStream, aShard, time.Now())
		if e, ok := errors.AsType[*awsclient.Error](err); !ok || !e.Missing {
			t.Errorf("of a shard that is gone: %v, want an error that says so", err)
		}
	})
}
