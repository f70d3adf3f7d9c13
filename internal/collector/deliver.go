package collector

import (
	"context"
	"fmt"

	"trunkline/contact"
	"trunkline/internal/collector/dedupe"
)

// dispatch sends a prepared job's records on their way, in stream order: what is settled already to the ledger, the rest to the
// deliverers, in groups.
func (c *Collector) dispatch(ctx context.Context, j *job) error {
	if j.batch.lost() {
		c.revoke(j)
		return nil
	}
	var group []*item
	flush := func() error {
		if len(group) == 0 {
			return nil
		}
		select {
		case c.groups <- group:
			group = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var settled []*item
	for i := range j.items {
		it := &j.items[i]
		if it.outcome == DeadLetter {
			if err := c.deadLetter(it); err != nil {
				return err
			}
		}
		if it.outcome != Pending {
			settled = append(settled, it)
			continue
		}
		if c.o.Concurrency > 1 && !c.lanes.enter(it) {
			continue
		}
		if group = append(group, it); len(group) >= c.o.Group {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	c.ledger.settle(settled...)
	return flush()
}

// revoke gives up a job that nothing was done with.
func (c *Collector) revoke(j *job) {
	all := make([]*item, len(j.items))
	for i := range j.items {
		all[i] = &j.items[i]
		all[i].outcome = revoked
	}
	c.ledger.settle(all...)
}

// deliverer takes groups to the destination until there are no more.
func (c *Collector) deliverer(ctx context.Context) error {
	for {
		select {
		case group, ok := <-c.groups:
			if !ok {
				return nil
			}
			for len(group) > 0 {
				var err error
				if group, err = c.deliver(ctx, group); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// deliver settles the records of a group and returns those that waited for them.
func (c *Collector) deliver(ctx context.Context, group []*item) (next []*item, err error) {
	for rest := group; len(rest) > 0; {
		var run []*item
		if run, rest, err = c.deliverRun(ctx, rest); err != nil {
			return nil, err
		}
		if c.o.Concurrency > 1 {
			next = c.lanes.leave(run, next)
		}
		c.ledger.settle(run...) // from here on the items may be other records
	}
	return next, nil
}

// deliverRun delivers records from the front of items: up to one whose verdict waits for a record before it, or that has another
// Hold. It returns those that have an outcome now or are revoked, and the rest.
func (c *Collector) deliverRun(ctx context.Context, items []*item) (run, rest []*item, err error) {
	batch := items[0].job.batch
	if batch.Hold != nil {
		if err := batch.Hold.Confirm(ctx); err != nil && !batch.lost() {
			return nil, nil, fmt.Errorf("deliver: %w", err)
		}
	}
	out := make([]*Outgoing, 0, len(items))
	var seen map[[16]byte]bool
	if c.o.Deduplicate && len(items) > 1 {
		seen = make(map[[16]byte]bool, len(items))
	}
	n := 0
	for ; n < len(items); n++ {
		it := items[n]
		if it.job.batch.Hold != batch.Hold {
			break
		}
		if c.o.Deduplicate {
			if seen[it.version.ID] {
				break
			}
			if seen != nil {
				seen[it.version.ID] = true
			}
			switch c.o.Journal.Seen(it.version) {
			case dedupe.Duplicate:
				it.outcome, it.stage = Duplicate, "deduplicate"
				continue
			case dedupe.Superseded:
				it.outcome, it.stage = Superseded, "deduplicate"
				continue
			}
		}
		it.out.Hold = batch.Hold
		out = append(out, &it.out)
	}
	sent, err := c.send(ctx, batch, out)
	if err != nil {
		return nil, nil, fmt.Errorf("deliver: %w", err)
	}
	for _, it := range items[:n] {
		switch {
		case it.outcome != Pending:
		case !sent, it.out.Refused != nil && batch.lost():
			it.outcome = revoked
		case it.out.Refused != nil:
			it.outcome, it.stage, it.err = DeadLetter, "deliver", it.out.Refused
			if err := c.deadLetter(it); err != nil {
				return nil, nil, err
			}
		default:
			it.outcome = Delivered
			switch {
			case c.o.Deduplicate:
				c.o.Journal.Delivered(it.version)
			case c.o.Journal.Watching():
				c.o.Journal.Delivered(c.version(it))
			}
		}
	}
	return items[:n], items[n:], nil
}

// send delivers records of one Hold. sent is false when that was lost, and perhaps some of them were sent before.
func (c *Collector) send(ctx context.Context, batch *Batch, out []*Outgoing) (sent bool, err error) {
	switch {
	case len(out) == 0:
		return true, nil
	case batch.lost():
		return false, nil
	case batch.Hold == nil:
		return true, c.o.Destination.Deliver(ctx, out)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(batch.Hold.Context(), cancel)()
	if err = c.o.Destination.Deliver(ctx, out); err != nil && batch.lost() {
		return false, nil
	}
	return err == nil, err
}

// version identifies a delivered record again. It is wanted only while there are dead letters, so preparers do not pay for it.
func (c *Collector) version(it *item) dedupe.Version {
	var r contact.Record
	if r.Parse(it.raw()) != nil {
		return dedupe.Version{Time: dedupe.NoTime} // not possible: it was parsed before
	}
	var of identity
	of.take(&r)
	return c.o.Keys.identifier().version(&of, it.raw())
}

// deadLetter writes the record of an item that has failed to the journal.
func (c *Collector) deadLetter(it *item) error {
	batch := it.job.batch
	in := &batch.Records[it.index]
	l := Letter{
		Time: c.o.Now(), Stage: it.stage, Reason: it.err, Attempts: it.out.Attempts,
		Partition: batch.Partition, Record: in.Data, IdempotencyKey: it.out.Key,
	}
	if batch.Positions != nil {
		l.At, l.Place = batch.Positions.At(it.index), batch.Positions.Place(it.index)
	}
	ident := c.o.Keys.identifier()
	l.Version = dedupe.Version{Time: dedupe.NoTime, Content: ident.contentHash(in.Data)}
	var r contact.Record
	if r.Parse(in.Data) == nil {
		var of identity
		of.take(&r)
		l.Kind, l.ID, l.Version = of.kind, string(of.id), ident.version(&of, in.Data)
		if l.IdempotencyKey == "" {
			l.IdempotencyKey = ident.key(&of, l.Version.Content)
		}
	}
	if err := c.o.Journal.DeadLetter(l); err != nil {
		return fmt.Errorf("dead letter: %w", err)
	}
	return nil
}
