package deadletter

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Outbox hands letters to a service, several at a time, and tells when all of them are there. After the first that could not be
// stored it takes no more: the run should end, and nothing is settled that is not stored. It is safe for concurrent use; its zero value
// is ready.
type Outbox struct {
	mu      sync.Mutex
	change  sync.Cond // the one of mu; made on first use
	flying  int
	failure error
}

const (
	atOnce = 16 // letters on their way, which bounds their memory
	// Patience is how long a service may take to store or return one letter, with all retries.
	Patience = time.Minute
)

var errClosed = errors.New("the store of dead letters is closed")

func (o *Outbox) lock() {
	o.mu.Lock()
	o.change.L = &o.mu
}

// Send calls store in the background, when fewer than 16 letters are on their way. It returns why an earlier letter could not be
// stored. The context of store ends after Patience, and not with the run: what is read has its time to be settled when a run ends.
func (o *Outbox) Send(store func(ctx context.Context) error) error {
	o.lock()
	defer o.mu.Unlock()
	for o.flying >= atOnce && o.failure == nil {
		o.change.Wait()
	}
	if o.failure != nil {
		return o.failure
	}
	o.flying++
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		err := store(ctx)
		o.lock()
		defer o.mu.Unlock()
		o.flying--
		if o.failure == nil {
			o.failure = err
		}
		o.change.Broadcast()
	}()
	return nil
}

// Wait returns when all letters that were sent are stored, or why one could not be.
func (o *Outbox) Wait() error {
	o.lock()
	defer o.mu.Unlock()
	for o.flying > 0 {
		o.change.Wait()
	}
	return o.failure
}

// Close waits for the letters on their way. It does not tell again of a failure that Send or Wait has told, or would.
func (o *Outbox) Close() error {
	err := o.Wait()
	o.lock()
	defer o.mu.Unlock()
	if o.failure == nil {
		o.failure = errClosed
	}
	if errors.Is(err, errClosed) {
		return nil
	}
	return err
}
