package collector

import (
	"context"
	"sync"
)

// room bounds the bytes in flight. One batch is always let in, however large.
type room struct {
	size  int
	mu    sync.Mutex
	taken int
	freed chan struct{} // has a token after bytes were given back
}

func newRoom(size int) *room { return &room{size: size, freed: make(chan struct{}, 1)} }

// take waits until n bytes fit in, or none are taken. One goroutine takes.
func (r *room) take(ctx context.Context, n int) error {
	for {
		r.mu.Lock()
		fits := r.taken == 0 || r.taken+n <= r.size
		if fits {
			r.taken += n
		}
		r.mu.Unlock()
		if fits {
			return nil
		}
		select {
		case <-r.freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *room) give(n int) {
	r.mu.Lock()
	r.taken -= n
	r.mu.Unlock()
	select {
	case r.freed <- struct{}{}:
	default:
	}
}
