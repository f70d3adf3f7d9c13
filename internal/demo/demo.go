// Package demo shows the whole of trunkline on one machine: a synthetic contact centre, the collector, and a receiver that
// misbehaves a little on purpose.
//
//	centre ─▶ records.jsonl ─▶ collector (trunkline.yaml) ─▶ receiver on 127.0.0.1
//	  │                            │                            │
//	  └ what must become of each   └ its state file             └ the Idempotency-Keys it took
//	                  ╲____________ Summary: do the three agree? ___________╱
//
// Its promises: the three sides count on their own, and a [Summary] with Problems says where they differ; with the same seed, rate
// and duration, the same records are written and the same faults happen; nothing leaves this machine; nothing is written outside
// the folder, and memory and disk are bounded by [MaxRecords].
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"trunkline/internal/collector"
)

// MaxRecords ends a demo without a duration: about a gigabyte.
const MaxRecords = 200_000

// Options of [Run]. All but Screen are required.
type Options struct {
	Folder   string        // exists and is empty; what the demo makes stays in it
	Duration time.Duration // how long the centre writes; 0: until ctx is done or MaxRecords are written
	Rate     float64       // records a second, more than 0
	Seed     uint64        // of the records and the faults
	Collect  Collect       // the collector
	Log      io.Writer     // of the collector
	Screen   Screen        // nil: nothing is shown
}

// Collect runs the collector of a config file until ctx is done and all that it has read is settled. As soon as there is something to
// count, it calls started, once. It returns what the collector has kept of the run.
type Collect func(ctx context.Context, config string, log io.Writer, started func(Progress)) (Books, error)

// Progress tells the outcomes so far: of the records that a checkpoint may pass. It may be called at any time.
type Progress func() collector.Counts

// Screen shows a demo while it runs. Its methods are called by one goroutine.
type Screen interface {
	// Begin is called before the first record.
	Begin(*Folder)
	// Update is called several times a second.
	Update(Now)
	// End is called once, after the last Update.
	End()
}

// Now is a demo at one time. What is Written and not yet Settled is on its way.
type Now struct {
	Elapsed  time.Duration
	Planned  time.Duration // 0: no end
	Written  int           // records
	Bytes    int64
	Settled  collector.Counts
	Received Received
	Latest   []Arrival // the newest first
	Ending   bool      // nothing more is written: only what is on its way is waited for
}

const (
	look = 100 * time.Millisecond // between two updates of the screen
	// stall is how long the end waits for a record to be settled. The receiver's faults cost a record some seconds at most.
	stall = 20 * time.Second
)

// Run runs a demo to its end. When ctx is done, the centre stops, and what it has written is still accounted for. The error says that
// something could not be done at all; that counts differ is in the Summary.
func Run(ctx context.Context, o Options) (summary *Summary, err error) {
	if o.Screen == nil {
		o.Screen = blank{}
	}
	receiver, err := newReceiver(o.Seed)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, receiver.close()) }()
	folder, err := writeFolder(o.Folder, o.Seed, receiver)
	if err != nil {
		return nil, err
	}
	o.Screen.Begin(folder)
	d := &demo{o: o, receiver: receiver, began: time.Now()}
	if d.centre, err = newCentre(folder.Records, o.Seed, receiver); err != nil {
		return nil, err
	}
	books, err := d.run(ctx, folder)
	o.Screen.End()
	if err != nil {
		return nil, err
	}
	return d.summary(books), nil
}

// demo is one run.
type demo struct {
	o        Options
	centre   *centre
	receiver *receiver
	began    time.Time
}

// run lets the centre write and the collector collect, until all that was written is settled or nothing moves any more.
func (d *demo) run(ctx context.Context, folder *Folder) (books Books, err error) {
	collecting, stop := context.WithCancel(context.WithoutCancel(ctx))
	writing, stopWriting := context.WithCancel(ctx)
	var both sync.WaitGroup
	defer both.Wait()
	defer stopWriting()
	defer stop()

	started := make(chan Progress, 1)
	var collectErr, writeErr error
	collected, written := make(chan struct{}), make(chan struct{})
	both.Go(func() {
		defer close(collected)
		books, collectErr = d.o.Collect(collecting, folder.Config, d.o.Log, func(p Progress) { started <- p })
	})
	select {
	case progress := <-started:
		both.Go(func() {
			defer close(written)
			writeErr = d.centre.write(writing, d.o.Rate, d.limit())
		})
		d.watch(progress, written, collected)
	case <-collected:
	}
	stopWriting()
	stop()
	both.Wait()
	if err := errors.Join(collectErr, writeErr); err != nil {
		return books, fmt.Errorf("demo: %w", err)
	}
	return books, nil
}

// limit is how many records the centre writes. By number and not by time, so that a seed stands for one account.
func (d *demo) limit() int {
	if d.o.Duration == 0 {
		return MaxRecords
	}
	return int(min(max(1, d.o.Rate*d.o.Duration.Seconds()), MaxRecords))
}

// watch updates the screen until all that the centre has written is settled, the collector has ended, or nothing moves any more.
func (d *demo) watch(progress Progress, written, collected <-chan struct{}) {
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	var settled int64
	moved := time.Now()
	for {
		ending := false
		select {
		case <-collected:
			return
		case <-written:
			ending = true
		default:
		}
		now := d.now(progress, ending)
		d.o.Screen.Update(now)
		if n := now.Settled.Total(); n != settled || !ending {
			settled, moved = n, time.Now()
		}
		if ending && (settled >= int64(now.Written) || time.Since(moved) > stall) {
			return
		}
		<-ticker.C
	}
}

func (d *demo) now(progress Progress, ending bool) Now {
	n := Now{Elapsed: time.Since(d.began), Planned: d.o.Duration, Ending: ending}
	// In this order, no later side is ahead of an earlier one.
	n.Received, n.Latest = d.receiver.received()
	n.Settled = progress()
	n.Written, n.Bytes = d.centre.written()
	return n
}

// blank is the Screen of those who want none.
type blank struct{}

func (blank) Begin(*Folder) {}
func (blank) Update(Now)    {}
func (blank) End()          {}
