package lease

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// handOver notes that the lease is promised to another worker. Two limits follow: the work is cancelled when it has not drained in
// time, and the tenure is over, whatever the work does, before the leader may give the lease away by force. That one began to wait
// after our last heartbeat without a hand-over.
func (t *Tenure) handOver(row Lease) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lease = row
	if t.draining || t.cause != nil {
		return
	}
	t.draining = true
	close(t.drain)
	t.patience = time.AfterFunc(t.limits.drain, func() {
		t.cancel(fmt.Errorf("hand over lease of %s: not drained within %v", row.Key, t.limits.drain))
	})
	t.forced = t.sent.Add(t.limits.force)
	t.force = time.AfterFunc(time.Until(t.forced), func() {
		t.end(fmt.Errorf("%w: not handed over within %v", ErrLost, t.limits.force))
	})
}

// giveUp ends the tenure on the worker's own account, and lets others have the lease at once where the table can be reached: the
// next owner where one was named, else anybody.
func (t *Tenure) giveUp(ctx context.Context) error {
	select {
	case t.writing <- struct{}{}:
		defer func() { <-t.writing }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if t.ended() != nil {
		return nil // there is nothing to give up
	}
	defer t.end(fmt.Errorf("%w: it was given up", ErrLost))
	known := t.Lease()
	for attempts := 1; ; attempts++ {
		row, err := t.call(ctx, func(ctx context.Context) (Lease, error) {
			if known.Drainer != "" {
				return t.store.Assign(ctx, known, known.Owner)
			}
			return t.store.Evict(ctx, known)
		})
		if err == nil {
			return nil
		}
		promised := known.Drainer != ""
		if errors.Is(err, ErrConflict) && !promised {
			// It may have been promised to somebody since the last heartbeat.
			if err = nil; row.Key == "" {
				row, err = t.call(ctx, func(ctx context.Context) (Lease, error) { return t.store.Get(ctx, known.Key) })
			}
			if known = row; err == nil && known.Drainer == t.id {
				continue
			}
		}
		if err == nil || errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
			return nil // somebody else has it already, or an answer was lost
		}
		if attempts < takeAttempts {
			continue
		}
		return fmt.Errorf("give up lease of %s: %w", t.key(), err)
	}
}
