package fanout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"pgregory.net/rapid"

	"trunkline/test/emulators/subscribetoshard"
)

// plan is one life of a shard and its reader.
type plan struct {
	batch  int
	before int // records that are there at the start
	skip   int // of them that the starting position leaves out
	start  types.ShardIteratorType
	writes []write // afterwards
	reads  []read  // again and again
	faults []subscribetoshard.Fault
	random []float64 // again and again
}

type write struct {
	pause   time.Duration
	records int
}

type read struct {
	pause   time.Duration // before Next
	limit   time.Duration // of its context
	another bool          // close the Subscription first, and go on with another one at its position
}

var codes = []string{
	"LimitExceededException", "ResourceInUseException", "ResourceNotFoundException", "AccessDeniedException", "InvalidArgumentException",
	"InternalFailureException", "KMSDisabledException", "KMSThrottlingException", "ExpiredTokenException",
}

func drawPlan(t *rapid.T) plan {
	span := func(least, most time.Duration) *rapid.Generator[time.Duration] {
		return rapid.Map(rapid.Int64Range(int64(least), int64(most)), func(n int64) time.Duration { return time.Duration(n) })
	}
	p := plan{
		batch:  rapid.IntRange(1, 4).Draw(t, "batch"),
		before: rapid.IntRange(1, 6).Draw(t, "before"),
		start: rapid.SampledFrom([]types.ShardIteratorType{
			types.ShardIteratorTypeTrimHorizon, types.ShardIteratorTypeLatest, types.ShardIteratorTypeAtTimestamp,
			types.ShardIteratorTypeAtSequenceNumber, types.ShardIteratorTypeAfterSequenceNumber,
		}).Draw(t, "start"),
		writes: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) write {
			pause := rapid.OneOf(span(0, time.Second), span(0, 7*time.Minute)).Draw(t, "pause")
			return write{pause, rapid.IntRange(1, 9).Draw(t, "records")}
		}), 0, 12).Draw(t, "writes"),
		reads: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) read {
			r := read{limit: rapid.OneOf(span(time.Second/2, 8*time.Second), span(time.Second, time.Hour)).Draw(t, "limit")}
			if rapid.IntRange(0, 3).Draw(t, "slow") == 0 {
				r.pause = span(0, 6*time.Minute).Draw(t, "pause")
			}
			r.another = rapid.IntRange(0, 9).Draw(t, "another") == 0
			return r
		}), 1, 8).Draw(t, "reads"),
		faults: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) subscribetoshard.Fault {
			return subscribetoshard.Fault{
				Kind:  rapid.SampledFrom(subscribetoshard.Kinds()).Draw(t, "kind"),
				After: rapid.IntRange(0, 5).Draw(t, "after"),
				Code:  rapid.SampledFrom(codes).Draw(t, "code"),
			}
		}), 0, 12).Draw(t, "faults"),
		random: rapid.SliceOfN(rapid.Float64Range(0, 0.999), 1, 5).Draw(t, "random"),
	}
	p.skip = rapid.IntRange(0, p.before-1).Draw(t, "skip")
	return p
}

// TestExactlyOnce: whatever happens to calls and streams, however the reader behaves, the records that are handed on are those of the shard
// from the starting position to its end, once each and in order.
func TestExactlyOnce(t *testing.T) {
	rounds := 1
	if os.Getenv("TRUNKLINE_SOAK") != "" {
		rounds = 100
	}
	for range rounds {
		rapid.Check(t, func(rt *rapid.T) {
			p := drawPlan(rt)
			var err error
			inWorld(t, func(w *world) { err = p.run(w) })
			if err != nil {
				rt.Fatalf("%+v: %v", p, err)
			}
		})
	}
}

func (p plan) run(w *world) error {
	from, total := p.prepare(w)
	var mu sync.Mutex // TestExactlyOnce has one reader; the consumer may not know
	rolls := 0
	w.consumer.random = func() float64 {
		mu.Lock()
		defer mu.Unlock()
		rolls++
		return p.random[rolls%len(p.random)]
	}
	s := w.subscribe(from)
	defer func() { s.Close() }()
	var writer sync.WaitGroup
	writer.Go(func() {
		time.Sleep(time.Minute) // LATEST: after the first answer
		next := p.before
		for _, write := range p.writes {
			time.Sleep(write.pause)
			w.put(next, next+write.records)
			next += write.records
		}
		w.end()
	})
	defer writer.Wait()
	var got []string
	since, ended := time.Now(), false
	var waited time.Duration // in Next, since the last record
	for i := 0; ; i++ {
		if waited > time.Hour {
			return fmt.Errorf("no record in an hour after %q; the observer heard %v", got, w.seen.all)
		}
		r := p.reads[i%len(p.reads)]
		// The first answer must not wait: what comes before it is not LATEST's.
		if i > 0 && r.pause > 0 {
			time.Sleep(r.pause)
		}
		// A worker that gives up too often gets nowhere: it does not know of the calls that were made before.
		if position := s.Position(); r.another && position.Type == types.ShardIteratorTypeAfterSequenceNumber && !ended && time.Since(since) > time.Minute {
			since = time.Now()
			s.Close()
			s = w.subscribe(position)
		}
		ctx, cancel := context.WithTimeout(w.Context(), r.limit)
		begin := time.Now()
		event, err := s.Next(ctx)
		cancel()
		waited += time.Since(begin)
		_, decide := errors.AsType[*Error](err)
		switch {
		case errors.Is(err, io.EOF):
			if want := numbers(total-p.wanted(), total); !slices.Equal(got, want) {
				return fmt.Errorf("got %q, want %q", got, want)
			}
			return nil
		case err == nil:
			got = append(got, data(event)...)
			if len(event.Records) > 0 {
				waited = 0
			}
			ended = event.ContinuationSequenceNumber == nil
		case !decide && !errors.Is(err, context.DeadlineExceeded):
			return fmt.Errorf("got %w", err)
		}
	}
}

// prepare puts the first records and returns where to start, and how many records there will be.
func (p plan) prepare(w *world) (from types.StartingPosition, total int) {
	w.server.Batch = p.batch
	total = p.before
	for _, write := range p.writes {
		total += write.records
	}
	from = types.StartingPosition{Type: p.start}
	for i := range p.before {
		if i == p.skip {
			time.Sleep(10 * time.Second)
			if p.start == types.ShardIteratorTypeAtTimestamp {
				from.Timestamp = new(time.Now())
			}
		}
		number := w.server.Put(shardID, fmt.Append(nil, i))[0]
		if i == p.skip && p.start == types.ShardIteratorTypeAtSequenceNumber || i == p.skip-1 && p.start == types.ShardIteratorTypeAfterSequenceNumber {
			from.SequenceNumber = &number
		}
	}
	if p.start == types.ShardIteratorTypeAfterSequenceNumber && p.skip == 0 {
		from.SequenceNumber = new("1")
	}
	time.Sleep(10 * time.Second)
	w.server.Fault(shardID, p.faults...)
	return from, total
}

// wanted is how many of the shard's last records are handed on.
func (p plan) wanted() int {
	n := 0
	for _, write := range p.writes {
		n += write.records
	}
	switch p.start {
	case types.ShardIteratorTypeTrimHorizon:
		n += p.before
	case types.ShardIteratorTypeAtTimestamp, types.ShardIteratorTypeAtSequenceNumber, types.ShardIteratorTypeAfterSequenceNumber:
		n += p.before - p.skip
	}
	return n
}
