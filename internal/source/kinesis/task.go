package kinesis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/aggregate"
	"trunkline/internal/source/kinesis/shards"
)

// task reads one shard during one tenure. It is the collector.Hold of what it reads.
type task struct {
	source *Source
	tenure *lease.Tenure
	shard  string
	held   context.Context // ends when the lease is lost, or the task is over
	revoke context.CancelCauseFunc

	resume   lease.Checkpoint // records up to it were settled before
	resumed  bool             // nothing has been fetched since
	past     bool             // what was fetched is past it
	splitter aggregate.Splitter
	subs     []aggregate.Record
	hashes   aggregate.Range

	denied atomic.Bool
	pulse  pulse

	mu      sync.Mutex
	handed  string // the position behind what went to the collector
	settled string // the position behind what is settled
	written string // the position in the table

	news, progress chan struct{} // each has a token after settled has moved: for keep, and for settle
}

var _ collector.Hold = (*task)(nil)

var errOver = errors.New("the shard is not read here any more")

// The time that the last checkpoint of a task may take, and between two looks at what it waits for.
const (
	lastWord   = 10 * time.Second
	parentPoll = 10 * time.Second
	endPoll    = 5 * time.Second
)

// work is the lease.Work of a shard.
func (s *Source) work(ctx context.Context, tenure *lease.Tenure) error {
	l := tenure.Lease()
	t := &task{source: s, tenure: tenure, shard: l.Key, resume: l.Checkpoint, resumed: true, news: make(chan struct{}, 1), progress: make(chan struct{}, 1)}
	t.held, t.revoke = context.WithCancelCause(ctx)
	defer t.revoke(errOver)
	defer t.enter()()
	err := t.run(t.held)
	if cause := context.Cause(t.held); errors.Is(cause, lease.ErrLost) {
		s.counts.lost.Add(1)
		return cause
	}
	return err
}

// run reads until the shard ends, the lease is to be handed over, or ctx, which is held, is done. What is settled by then is
// checkpointed.
func (t *task) run(ctx context.Context) error {
	if t.resume.Position == shards.End {
		return nil
	}
	reading, stopReading := context.WithCancel(ctx)
	keeping, stopKeeping := context.WithCancel(ctx)
	var watcher, keeper sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-t.tenure.Draining():
			stopReading()
		case <-reading.Done():
		}
	})
	keeper.Go(func() { t.keep(keeping) })
	defer watcher.Wait()
	defer stopReading()

	last, err := t.read(reading)
	ended := err == nil
	if ended || reading.Err() != nil {
		err = t.settle(ctx) // nothing more comes, of what has come nothing is to be left behind
	}
	stopKeeping()
	keeper.Wait()
	if ended && err == nil {
		return t.end(ctx, last)
	}
	if errors.Is(context.Cause(ctx), lease.ErrLost) {
		return err
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	return errors.Join(err, t.checkpoint(limited))
}

// read hands records to the collector until the shard ends, and returns its last stretch.
func (t *task) read(ctx context.Context) (last stretch, err error) {
	if err := t.begin(ctx); err != nil {
		return last, err
	}
	from, err := t.source.o.Start.Resume(t.resume, t.source.syncer.Since(t.shard))
	if err != nil {
		return last, fmt.Errorf("read %s: %w", t.shard, err)
	}
	var feed feed
	if t.source.o.Subscribe != nil {
		feed = t.source.push(t, from)
	} else {
		feed = t.source.poll(t, from)
	}
	defer feed.close()
	for {
		st, err := feed.next(ctx)
		if err != nil {
			return last, err
		}
		t.pulse.fetched(st)
		t.gap(st)
		if err := t.handOn(ctx, st); err != nil {
			return last, err
		}
		if st.ended {
			return st, nil
		}
		// Without a checkpoint, who comes after a failure begins LATEST anew, and skips what came between.
		if t.resume.Position == shards.Latest && len(st.records) > 0 && t.position() == "" {
			if err := t.settle(ctx); err != nil {
				return last, err
			}
			if err := t.checkpoint(ctx); err != nil {
				return last, err
			}
		}
	}
}

// begin waits until the shard may be read: what it follows must have been read whole.
func (t *task) begin(ctx context.Context) error {
	l := t.tenure.Lease()
	for {
		turn := t.source.awaitTurn()
		ready, err := t.source.syncer.Startable(ctx, l)
		if err != nil && ctx.Err() == nil {
			t.source.log.Warn("leases of the shards before were not read", "shard", t.shard, "error", err)
		}
		if ready && err == nil {
			break
		}
		timer := time.NewTimer(parentPoll)
		select {
		case <-ctx.Done():
		case <-turn:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	// Aggregates of before a reshard can hold records of other shards. Without the range, all count as the shard's own.
	hashes := l.Range
	if hashes == (lease.Range{}) {
		hashes, _ = t.source.lister.Range(ctx, t.shard)
	}
	if hashes != (lease.Range{}) {
		var err error
		if t.hashes, err = aggregate.ParseRange(hashes.Start, hashes.End); err != nil {
			return fmt.Errorf("lease of %s: %w", t.shard, err)
		}
	}
	return ctx.Err()
}

// gap says loudly when the first records after a checkpoint show that the stream has forgotten some that were never read.
func (t *task) gap(st stretch) {
	if !t.resumed || len(st.records) == 0 && (st.behind > 0 || st.ended) {
		return
	}
	t.resumed = false
	at := t.resume.Position
	if at[0] < '0' || at[0] > '9' {
		return
	}
	if len(st.records) == 0 {
		t.source.log.Warn("the record of the checkpoint has expired, and the shard has none after it: if there were any, they are lost",
			"shard", t.shard, "checkpoint", at)
		return
	}
	first := st.records[0]
	if shards.Compare(lease.Checkpoint{Position: *first.SequenceNumber}, lease.Checkpoint{Position: at}) > 0 {
		t.source.counts.gaps.Add(1)
		t.source.log.Error("records lost: the stream has forgotten the record of the checkpoint, and perhaps others that were never read",
			"shard", t.shard, "checkpoint", at, "oldest", *first.SequenceNumber, "arrived", first.ApproximateArrivalTimestamp)
	}
}

// end makes the leases of the children, and then says that the shard was read.
func (t *task) end(ctx context.Context, last stretch) error {
	for {
		err := t.source.syncer.End(ctx, t.shard, last.children)
		if last.forgotten && errors.Is(err, shards.ErrInvalid) {
			err = t.source.syncer.End(ctx, t.shard, nil) // some of the children are forgotten too
		}
		if err == nil {
			err = t.tenure.Checkpoint(ctx, lease.Checkpoint{Position: shards.End})
		}
		if err == nil {
			t.source.log.Info("shard ended", "shard", t.shard, "children", len(last.children))
			t.source.nextTurn()
			if last.forgotten {
				err = t.source.syncer.Sync(ctx) // for leases that its end should have made
			}
			return err
		}
		if ctx.Err() != nil {
			return err
		}
		if errors.Is(err, shards.ErrInvalid) { // the same children would be refused again
			if listed, err := t.source.syncer.Offspring(ctx, t.shard); err == nil && len(listed) > 0 {
				last.children = listed
			}
		}
		t.source.log.Warn("end of a shard was not noted, will try again", "shard", t.shard, "error", err)
		timer := time.NewTimer(endPoll)
		select {
		case <-ctx.Done():
		case <-t.tenure.Draining(): // the next owner finds the end too
			timer.Stop()
			return err
		case <-timer.C:
		}
		timer.Stop()
	}
}

// enter makes the task one of the source's, until the returned function is called.
func (t *task) enter() (leave func()) {
	s := t.source
	s.counts.gained.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tasks[t] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.tasks, t)
	}
}

// awaitTurn returns what is closed when a shard has ended here: another one may wait for that.
func (s *Source) awaitTurn() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turn
}

func (s *Source) nextTurn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.turn)
	s.turn = make(chan struct{})
}
