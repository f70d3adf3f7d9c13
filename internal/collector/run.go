package collector

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"sync"
	"time"
)

// Options of a Collector. Those without a default are required.
type Options struct {
	Source      Source
	Stages      []Stage // in this order, before rendering
	Destination Destination
	Journal     Journal
	Keys        Keys
	Observer    Observer // default: none

	Deduplicate bool // ask the journal before delivering
	Keyed       bool // the destination wants each record's Idempotency-Key
	Concurrency int  // calls of Deliver at once, default 1: then records are delivered in stream order throughout
	Group       int  // records in a call of Deliver at most, default 1
	Workers     int  // goroutines that take records through the stages, default 1

	InFlight int           // bytes of records read and not settled, with what they cost beside, beyond which nothing more is read; default 2 MiB
	Commit   time.Duration // longest time between a settlement and its being durable, default 100 ms
	Grace    time.Duration // how long a stopped run goes on delivering what it has read, default 10 s
	Now      func() time.Time
}

// Collector is one run of the loop.
type Collector struct {
	o      Options
	seed   maphash.Seed
	ledger *ledger
	lanes  lanes
	room   *room
	jobs   chan *job    // to the preparers
	queue  chan *job    // the same jobs in stream order, to the dispatcher
	groups chan []*item // to the deliverers
	spare  chan *job    // settled ones, for their memory
}

// New prepares a run.
func New(o Options) *Collector {
	o.Concurrency, o.Group, o.Workers = max(o.Concurrency, 1), max(o.Group, 1), max(o.Workers, 1)
	if o.InFlight <= 0 {
		o.InFlight = 2 << 20
	}
	if o.Commit <= 0 {
		o.Commit = 100 * time.Millisecond
	}
	if o.Grace <= 0 {
		o.Grace = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observer == nil {
		o.Observer = silent{}
	}
	c := &Collector{
		o:      o,
		seed:   maphash.MakeSeed(),
		lanes:  lanes{busy: map[uint64][]*item{}},
		room:   newRoom(o.InFlight),
		jobs:   make(chan *job, o.Workers),
		queue:  make(chan *job, 4*o.Workers),
		groups: make(chan []*item),
		spare:  make(chan *job, 8*o.Workers),
	}
	c.ledger = newLedger(o.Observer, c.release)
	return c
}

// Counts returns the outcomes so far and the number of records in flight. It may be called while Run runs.
func (c *Collector) Counts() (Counts, int) { return c.ledger.summary() }

// errGrace ends the delivering of a run that was stopped.
var errGrace = errors.New("the grace period is over")

// Run collects until a finite source has ended, ctx is done, or something fails that no retry can mend; it returns when all is
// quiet. A done ctx ends the reading; what has been read is still delivered, within Options.Grace. Then Run returns nil: what is
// not settled will be read again. It does not close the source and the destination.
func (c *Collector) Run(ctx context.Context) error {
	// delivering outlives ctx by the grace period; a failure anywhere ends it at once.
	delivering, fail := context.WithCancelCause(context.WithoutCancel(ctx))
	defer fail(nil)
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	context.AfterFunc(delivering, stopReading)
	grace := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(c.o.Grace, func() { fail(errGrace) })
		context.AfterFunc(delivering, func() { timer.Stop() })
	})
	defer grace()

	var preparers, deliverers, committer sync.WaitGroup
	for range c.o.Workers {
		preparers.Go(func() {
			p := c.preparer()
			for j := range c.jobs {
				p.prepare(j)
				close(j.ready)
			}
		})
	}
	for range c.o.Concurrency {
		deliverers.Go(func() {
			if err := c.deliverer(delivering); err != nil {
				fail(err)
			}
		})
	}
	quiet := make(chan struct{})
	committer.Go(func() {
		if err := c.commits(quiet); err != nil {
			fail(err)
		}
	})
	var reader sync.WaitGroup
	var readErr error
	reader.Go(func() {
		defer close(c.queue)
		defer close(c.jobs)
		if err := c.read(reading); err != nil && !(reading.Err() != nil && errors.Is(err, reading.Err())) {
			readErr = err // not that it was told to stop
		}
	})
	c.dispatchAll(delivering, fail)
	stopReading()
	reader.Wait()
	preparers.Wait()
	close(c.groups)
	deliverers.Wait()
	close(quiet)
	committer.Wait()

	err := context.Cause(delivering)
	if err == errGrace {
		err = nil
	}
	if readErr != nil {
		err = errors.Join(err, readErr) // it says itself what was read
	}
	return err
}

// read takes batches from the source to the preparers and, in the same order, to the dispatcher.
func (c *Collector) read(ctx context.Context) error {
	for {
		batch, err := c.o.Source.Read(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		j := c.job(batch)
		if err := c.room.take(ctx, j.cost()); err != nil {
			return err
		}
		c.o.Observer.Read(len(j.items), j.size)
		c.jobs <- j
		c.queue <- j
	}
}

// keepOut is the most memory for rendered records that a job keeps for the next batch.
const keepOut = 2 << 20

func (c *Collector) job(batch *Batch) *job {
	var j *job
	select {
	case j = <-c.spare:
	default:
		j = &job{}
	}
	n := len(batch.Records)
	if cap(j.items) < n {
		j.items, j.done = make([]item, n), make([]bool, n)
	}
	clear(j.items[:cap(j.items)])
	clear(j.done[:cap(j.done)])
	if cap(j.out) > keepOut {
		j.out = nil
	}
	*j = job{batch: batch, read: c.o.Now(), ready: make(chan struct{}), items: j.items[:n], done: j.done[:n], out: j.out[:0]}
	for i := range batch.Records {
		j.size += len(batch.Records[i].Data)
	}
	return j
}

// release gives a settled job's memory back.
func (c *Collector) release(j *job) {
	if j.batch.Release != nil {
		j.batch.Release()
	}
	c.room.give(j.cost())
	select {
	case c.spare <- j:
	default:
	}
}

// dispatchAll hands out jobs as they come, or, once delivering has ended, only empties the queue.
func (c *Collector) dispatchAll(delivering context.Context, fail context.CancelCauseFunc) {
	for j := range c.queue {
		<-j.ready
		if delivering.Err() != nil {
			continue
		}
		empty := len(j.items) == 0
		if c.ledger.open(j); empty {
			continue // settled, and perhaps another batch by now
		}
		if err := c.dispatch(delivering, j); err != nil {
			fail(err)
		}
	}
}

// commits makes settlements durable until quiet is closed, and what is left then.
func (c *Collector) commits(quiet <-chan struct{}) error {
	for {
		select {
		case <-quiet:
			return c.commit()
		case <-c.ledger.dirty:
		}
		if err := c.commit(); err != nil {
			return err
		}
		select {
		case <-time.After(c.o.Commit):
		case <-quiet:
		}
	}
}

func (c *Collector) commit() error {
	began := time.Now()
	flush := func() error { return nil }
	if d, ok := c.o.Destination.(Syncer); ok {
		flush = d.Sync
	}
	settled, held := c.ledger.take()
	if err := c.o.Journal.Commit(settled, flush); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	for hold, position := range held {
		hold.Settled(position)
	}
	c.o.Observer.Committed(time.Since(began))
	return nil
}
