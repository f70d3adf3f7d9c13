package lambda

import (
	"context"
	"errors"
	"sync"

	"trunkline/internal/collector"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/pipeline"
)

// LetterStore keeps dead letters: a queue or a bucket. It is safe for concurrent use.
type LetterStore interface {
	Append(l deadletter.Letter, record []byte) error
	// Sync returns when all letters that were appended are stored.
	Sync() error
}

// stored are Letters in a LetterStore, which is opened for the first letter, and anew when it has failed: it takes nothing more then.
type stored struct {
	open func(context.Context) (LetterStore, error)

	mu    sync.Mutex
	store LetterStore
}

// Store returns when the letter is stored, or ctx is done.
func (s *stored) Store(ctx context.Context, l collector.Letter) error {
	store, err := s.opened(ctx)
	if err != nil {
		return err
	}
	done := make(chan error, 1) // the store ends by itself: it has a patience of its own
	letter := pipeline.Letter(l, l.Place)
	record := append([]byte(nil), l.Record...) // the invocation may be over before
	go func() {
		err := store.Append(letter, record)
		done <- errors.Join(err, store.Sync())
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.store == store {
			s.store = nil
		}
	}
	return err
}

func (s *stored) opened(ctx context.Context) (LetterStore, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		store, err := s.open(ctx)
		if err != nil {
			return nil, err
		}
		s.store = store
	}
	return s.store, nil
}
