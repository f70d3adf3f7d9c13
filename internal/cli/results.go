package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
)

// exitPipe is what a shell reports of a program that SIGPIPE has ended.
const exitPipe = 128 + 13

// results is standard output as commands print on it. Not every print looks at its error: results keeps the first one for the exit
// status, and stops the command, which works for nobody then. It is safe for concurrent use.
type results struct {
	to   io.Writer // standard output itself
	stop context.CancelFunc

	mu     sync.Mutex
	broken error
}

// Write implements io.Writer. After an error it returns that error again.
func (r *results) Write(p []byte) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return 0, r.broken
	}
	n, err = r.to.Write(p)
	if err == nil {
		return n, nil
	}
	r.broken = fmt.Errorf("write to standard output: %w", err)
	if r.stop != nil {
		r.stop()
	}
	return n, r.broken
}

// outcome is what a command's error comes to, together with what became of its results. A reader that has gone, such as head, has
// what it wanted: nothing is said about it, as standard tools do.
func (r *results) outcome(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.broken == nil:
		return err
	case errors.Is(r.broken, syscall.EPIPE) || errors.Is(r.broken, io.ErrClosedPipe):
		return &exit{status: exitPipe}
	}
	return r.broken
}
