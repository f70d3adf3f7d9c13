package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errLost = errors.New("lost")

// tenure is a Hold whose position goes to a shard's, until it is lost.
type tenure struct {
	shard *leased
	ctx   context.Context
	lose  context.CancelCauseFunc
	quiet bool // the loss shows in Confirm first, as after a pause
}

func (h *tenure) Context() context.Context { return h.ctx }

func (h *tenure) Confirm(context.Context) error {
	h.shard.mu.Lock()
	defer h.shard.mu.Unlock()
	if h.quiet {
		h.lose(errLost)
	}
	return context.Cause(h.ctx)
}

func (h *tenure) Settled(position string) {
	h.shard.mu.Lock()
	defer h.shard.mu.Unlock()
	if h.ctx.Err() == nil && !h.quiet {
		h.shard.position, _ = strconv.Atoi(position)
	}
}

// leased is a source of one shard whose lease is lost and gained again at random. Each tenure reads from where the last one's position was.
type leased struct {
	tape
	lives int // tenures that are still to be lost

	mu       sync.Mutex
	position int
	now      *tenure
}

func (s *leased) gain() {
	h := &tenure{shard: s}
	h.ctx, h.lose = context.WithCancelCause(context.Background())
	s.now, s.next = h, s.position
	if s.lives == 0 {
		return
	}
	s.lives--
	time.AfterFunc(time.Duration(s.random.IntN(40))*time.Millisecond, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if h.quiet = s.lives%2 == 0; !h.quiet {
			h.lose(errLost)
		}
	})
}

func (s *leased) Read(ctx context.Context) (*Batch, error) {
	for {
		s.mu.Lock()
		if s.now == nil || s.now.ctx.Err() != nil {
			s.gain()
		}
		done, all, now := s.position == len(s.records), s.next == len(s.records), s.now
		s.mu.Unlock()
		switch {
		case done:
			return nil, io.EOF
		case all:
			time.Sleep(time.Millisecond)
			_ = now.Confirm(ctx)
			continue
		}
		b, err := s.tape.Read(ctx)
		if err != nil {
			return nil, err
		}
		if len(b.Records) == 0 {
			b.Release()
			continue
		}
		b.Partition, b.Hold = "shard", now
		return b, nil
	}
}

// strict is a destination that takes its time, and records under which Hold each record came.
type strict struct {
	receiver
}

func (d *strict) Deliver(ctx context.Context, batch []*Outgoing) error {
	d.mu.Lock()
	for _, o := range batch {
		if o.Hold != batch[0].Hold {
			d.fault = "records of two Holds in one call"
		}
	}
	down := d.random.IntN(8) == 0
	d.mu.Unlock()
	if down { // what is lost meanwhile is not sent
		select {
		case <-time.After(30 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := batch[0].Hold.Confirm(ctx); err != nil {
		return err
	}
	return d.receiver.Deliver(ctx, batch)
}

type revocations struct {
	silent
	mu sync.Mutex
	n  int
}

func (r *revocations) Revoked(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n += n
}

// TestRevoked loses the right to what is in flight again and again: nothing is lost or out of order, no position of an earlier tenure
// counts, all memory comes back, and the journal gets no position.
func TestRevoked(t *testing.T) {
	revoked := 0
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 7))
			var stream [][]byte
			for n := range 300 {
				stream = append(stream, record(fmt.Sprint("c-", random.IntN(20)), n, []string{"", "", "", "filter", "fail", "refuse"}[random.IntN(6)]))
			}
			source := &leased{tape: tape{records: stream, random: random}, lives: 8}
			dest := &strict{receiver: receiver{random: rand.New(rand.NewPCG(seed, 8)), busy: map[string]bool{}}}
			journal, watch := newMemory(), &revocations{}
			c := New(Options{
				Source: source, Stages: stages(), Destination: dest, Journal: journal, Keys: DeriveKeys([]byte("secret")), Keyed: true, Observer: watch,
				Concurrency: 1 + int(seed%3)*4, Group: 1 + int(seed%2)*3, Workers: 1, InFlight: 1 << 14, Commit: time.Millisecond,
			})
			if err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if dest.fault != "" && c.o.Group == 1 || dest.fault == "records of two Holds in one call" {
				t.Error(dest.fault)
			}
			if source.open != 0 || c.room.taken != 0 {
				t.Errorf("%d batches were not released, %d bytes are taken", source.open, c.room.taken)
			}
			if len(c.ledger.partitions)+len(c.lanes.busy) != 0 {
				t.Errorf("%d strands and %d lanes are left", len(c.ledger.partitions), len(c.lanes.busy))
			}
			if journal.position != "" {
				t.Errorf("the journal got the position %s", journal.position)
			}
			if counts, left := c.Counts(); left != 0 || counts.Total() < int64(len(stream)) {
				t.Errorf("%d records are in flight at the end, %d settled, want none, and %d or more", left, counts.Total(), len(stream))
			}
			takeStock(t, stream, dest.got, journal.letters, Counts{Delivered: int64(len(stream))})
			revoked += watch.n
		})
	}
	if revoked < 100 {
		t.Errorf("%d records were revoked in all: the test shows nothing", revoked)
	}
}

// TestLostWhileDown: records of a lost right leave a destination that is down, and those of others go on.
func TestLostWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shard := &leased{}
		shard.gain()
		first := shard.now
		batches := make(chan *Batch, 4)
		under := func(h Hold, from int, records ...[]byte) *Batch {
			b := &Batch{Partition: "shard", Hold: h, Positions: span(from)}
			for _, r := range records {
				b.Records = append(b.Records, Input{Data: r})
			}
			return b
		}
		batches <- under(first, 0, record("a", 1, ""), record("a", 2, ""), record("b", 1, ""))
		var mu sync.Mutex
		var got []string
		down := true
		dest := deliverFunc(func(ctx context.Context, batch []*Outgoing) error {
			if down {
				<-ctx.Done()
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, string(batch[0].Body))
			return nil
		})
		c := New(Options{Source: sourceFunc(batches), Destination: dest, Journal: newMemory(), Keys: DeriveKeys([]byte("x")), Concurrency: 4})
		done := make(chan error, 1)
		go func() { done <- c.Run(t.Context()) }()
		synctest.Wait()
		first.lose(errLost)
		synctest.Wait()
		if _, inFlight := c.Counts(); inFlight != 0 {
			t.Errorf("%d records are in flight after the loss, want 0", inFlight)
		}
		down = false
		shard.gain()
		batches <- under(first, 3, record("a", 3, "")) // read before the loss was known
		batches <- under(shard.now, 0, record("a", 1, ""), record("a", 2, ""), record("b", 1, ""))
		close(batches)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		want := []string{string(record("a", 1, "")), string(record("a", 2, "")), string(record("b", 1, ""))}
		if !slices.Equal(got, want) || shard.position != 3 {
			t.Errorf("got %s and position %d, want %s and 3", got, shard.position, want)
		}
	})
}

type sourceFunc chan *Batch

func (s sourceFunc) Read(ctx context.Context) (*Batch, error) {
	select {
	case b, ok := <-s:
		if !ok {
			return nil, io.EOF
		}
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s sourceFunc) Close() error { return nil }

type deliverFunc func(context.Context, []*Outgoing) error

func (f deliverFunc) Deliver(ctx context.Context, batch []*Outgoing) error { return f(ctx, batch) }
func (f deliverFunc) Close() error                                         { return nil }
