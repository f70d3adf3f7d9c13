// Package file delivers records to a file of JSON lines that is rotated by size.
//
//	Deliver ─▶ rotate when full ─▶ one write at the end ─▶ nil          Sync ─▶ fsync ─▶ nil
//	                                │ short (disk full)                          │ error
//	                                └▶ cut back, error                           └▶ the file is given up: every later call fails
//
// Its promises: what was delivered before a Sync that returned nil survives a power cut; no line is ever torn, neither after a full
// disk nor after a crash, once the file has been opened again; two processes never write to one file; memory is that of one batch.
//
// Deliver does not wait for the disk itself: the kernel writes while the next records are prepared, and one fsync serves many
// batches. No position moves over a record before the Sync behind it.
//
// A full delivered.jsonl becomes delivered.jsonl.000001, the next one .000002, and so on: the highest number is the youngest.
package file

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"trunkline/internal/collector"
)

// Options say where to write. Errors about them name the key of the config file.
type Options struct {
	// Path of the file. It is made, with mode 0600, if missing; its folder must exist.
	Path string
	// Rotate is the size in bytes that no file grows beyond, unless one batch alone is larger; 0 is no limit.
	Rotate int64
	// Keep is how many full files to keep beside the present one; 0 keeps all.
	Keep int
	// Logger tells of a torn line that was cut off. slog.Default() when nil.
	Logger *slog.Logger
}

// Destination is the file. Its methods are safe for concurrent use; one Deliver writes at a time.
type Destination struct {
	path   string
	folder string
	rotate int64
	keep   int
	turn   chan struct{} // held by who uses what is below
	file   handle
	size   int64
	last   int    // number of the youngest full file
	buffer []byte // of one batch
	broken error  // why nothing can be written any more
}

// handle is what is used of an *os.File. Tests put failing disks in its place.
type handle interface {
	Write([]byte) (int, error)
	Truncate(int64) error
	Sync() error
	Close() error
}

// New opens the file, locks it against other processes, and cuts off a last line that a crash has torn.
func New(o Options) (*Destination, error) {
	switch {
	case o.Path == "":
		return nil, errors.New("destination.file.path: missing; write the name of the file")
	case o.Rotate < 0:
		return nil, errors.New("destination.file.rotate: less than nothing; write for instance 100MB")
	case o.Keep < 0:
		return nil, errors.New("destination.file.keep: less than nothing; write the number of full files to keep, or 0 for all")
	}
	path := o.Path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a full file is renamed where it is, not the link to it
	}
	logger := o.Logger
	if logger == nil {
		logger = slog.Default()
	}
	f, err := open(path, 0)
	if err != nil {
		return nil, err
	}
	d := &Destination{
		path: path, folder: filepath.Dir(path), rotate: o.Rotate, keep: o.Keep, turn: make(chan struct{}, 1), file: f,
	}
	if d.size, err = mend(f, logger); err == nil {
		d.last, err = d.youngest()
	}
	if err == nil {
		err = syncFolder(d.folder)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return d, nil
}

// Deliver appends the records, one a line, in one write. All of them are written or none. They are on the disk after Sync.
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
	defer d.trim()
	if d.rotate > 0 && d.size > 0 && d.size+int64(len(d.buffer)) > d.rotate {
		if err := d.turnOver(); err != nil {
			return err
		}
	}
	return d.append()
}

// maxIdleBuffer is what a Destination keeps between batches.
const maxIdleBuffer = 4 << 20

func (d *Destination) trim() {
	if cap(d.buffer) > maxIdleBuffer {
		d.buffer = nil
	}
}

func (d *Destination) append() error {
	if _, err := d.file.Write(d.buffer); err != nil {
		err = fmt.Errorf("write to %s: %w%s", d.path, err, hint(err))
		if cut := d.file.Truncate(d.size); cut != nil {
			d.broken = fmt.Errorf("%w; and its torn end cannot be cut off: %w; start again to mend it", err, cut)
			return d.broken
		}
		return err
	}
	d.size += int64(len(d.buffer))
	return nil
}

// Sync implements collector.Syncer. Records may be delivered meanwhile.
func (d *Destination) Sync() error {
	d.turn <- struct{}{}
	file, err := d.file, d.broken
	<-d.turn
	if err != nil {
		return err
	}
	if err = file.Sync(); err == nil {
		return nil
	}
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	if errors.Is(err, os.ErrClosed) && d.file != file {
		return nil // the file became full meanwhile, and was synced before it was closed
	}
	return d.unsynced(err)
}

// unsynced gives the file up. The kernel may have thrown the pages away and call the next fsync a success: what is on the disk is
// unknown.
func (d *Destination) unsynced(err error) error {
	d.broken = fmt.Errorf("sync %s: %w; check the disk, then start again: the records are sent again", d.path, err)
	return d.broken
}

// Close closes the file and gives its lock free.
func (d *Destination) Close() error {
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	if errors.Is(d.broken, errClosed) {
		return nil
	}
	d.broken = fmt.Errorf("write to %s: %w", d.path, errClosed)
	if err := d.file.Close(); err != nil {
		return fmt.Errorf("close %s: %w", d.path, err)
	}
	return nil
}

var errClosed = errors.New("closed")

// hint says what to do about an error of the file system, when we know.
func hint(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "; free some space, then start again: nothing is lost"
	case errors.Is(err, syscall.EFBIG):
		return "; set destination.file.rotate below the largest size that this file system or ulimit -f allows"
	case errors.Is(err, syscall.EROFS):
		return "; the file system is read-only: name another destination.file.path"
	case errors.Is(err, os.ErrPermission):
		return "; give this user the right to write there, or name another destination.file.path"
	}
	return ""
}
