// Package stdout delivers records as JSON lines to a writer, as a rule standard output.
//
// Its promises: each Deliver is one write, and holds nothing back; when the reader has gone, the run ends with an error that says
// so. The command must ignore SIGPIPE, or Go ends the process before the error is seen.
package stdout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"trunkline/internal/collector"
)

// ErrClosed is why nothing can be written any more: the reader has gone.
var ErrClosed = errors.New("standard output is closed: its reader has ended")

// Destination is the writer. Its methods are safe for concurrent use; one Deliver writes at a time.
type Destination struct {
	w      io.Writer
	turn   chan struct{} // held by who uses what is below
	buffer []byte
	broken error // why nothing can be written any more
}

// New makes a destination of w. A Deliver that waits for a slow reader ends with its context where w has a SetWriteDeadline
// that works, such as a pipe in non-blocking mode; elsewhere it ends with the write.
func New(w io.Writer) *Destination {
	return &Destination{w: w, turn: make(chan struct{}, 1)}
}

// maxIdleBuffer is what a Destination keeps between batches.
const maxIdleBuffer = 4 << 20

// Deliver writes the records, one a line. After an error, a line may be torn: every later Deliver returns the same error.
func (d *Destination) Deliver(ctx context.Context, batch []*collector.Outgoing) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.turn }()
	if d.broken != nil {
		return d.broken
	}
	if len(batch) == 0 {
		return nil
	}
	d.buffer = d.buffer[:0]
	for _, r := range batch {
		d.buffer = append(append(d.buffer, r.Body...), '\n')
		r.Attempts++
	}
	err := d.write(ctx)
	if cap(d.buffer) > maxIdleBuffer {
		d.buffer = nil
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		d.broken = fmt.Errorf("write to standard output: cut short: %w", err)
		return ctx.Err()
	case errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe):
		d.broken = ErrClosed
	default:
		d.broken = fmt.Errorf("write to standard output: %w", err)
	}
	return d.broken
}

func (d *Destination) write(ctx context.Context) error {
	if w, ok := d.w.(interface{ SetWriteDeadline(time.Time) error }); ok && w.SetWriteDeadline(time.Time{}) == nil {
		// A deadline that has passed ends a write that waits.
		done := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(done)
			w.SetWriteDeadline(time.Unix(1, 0))
		})
		defer func() {
			if !stop() {
				<-done // or it would end the next write
			}
		}()
	}
	_, err := d.w.Write(d.buffer)
	return err
}

// Close leaves the writer open: it is the caller's.
func (d *Destination) Close() error { return nil }
