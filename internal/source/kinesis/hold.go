package kinesis

import (
	"context"
	"errors"

	"trunkline/internal/lease"
)

// Context implements collector.Hold.
func (t *task) Context() context.Context { return t.held }

// Confirm implements collector.Hold.
func (t *task) Confirm(ctx context.Context) error {
	if t.held.Err() != nil {
		return context.Cause(t.held)
	}
	err := t.tenure.Confirm(ctx)
	if err != nil && ctx.Err() == nil {
		t.revoke(err)
	}
	return err
}

// Settled implements collector.Hold.
func (t *task) Settled(position string) {
	t.mu.Lock()
	t.settled = position
	t.mu.Unlock()
	for _, listener := range []chan struct{}{t.news, t.progress} {
		select {
		case listener <- struct{}{}:
		default:
		}
	}
}

// position is that of the last checkpoint, "" before the first.
func (t *task) position() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written
}

// settle waits until all that went to the collector is settled.
func (t *task) settle(ctx context.Context) error {
	for {
		t.mu.Lock()
		done := t.settled == t.handed
		t.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-t.progress:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// keep writes a checkpoint when records are settled, and then no other one for a few seconds, until ctx is done.
func (t *task) keep(ctx context.Context) {
	for {
		select {
		case <-t.news:
		case <-ctx.Done():
			return
		}
		if err := t.checkpoint(ctx); err != nil && ctx.Err() == nil {
			if errors.Is(err, lease.ErrLost) {
				return // it ends the work too
			}
			t.source.log.Warn("checkpoint was not written, will try again", "shard", t.shard, "error", err)
			t.Settled(t.last()) // also when nothing more comes
		}
		t.tenure.Measured(t.pulse.rate())
		if sleep(ctx, t.source.o.Checkpoint) != nil {
			return
		}
	}
}

// last is the position behind what is settled.
func (t *task) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settled
}

// checkpoint writes what is settled to the table, unless it is there.
func (t *task) checkpoint(ctx context.Context) error {
	t.mu.Lock()
	settled := t.settled
	done := settled == t.written
	t.mu.Unlock()
	if done {
		return nil
	}
	at, err := parsePosition(settled)
	if err != nil {
		return err
	}
	if err := t.tenure.Checkpoint(ctx, at); err != nil {
		if errors.Is(err, lease.ErrLost) {
			t.source.counts.refused.Add(1)
		}
		return err
	}
	t.source.counts.checkpoints.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.written = settled
	return nil
}
