package file

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"trunkline/internal/collector"
)

// disk is a file on a disk that fails as told.
type disk struct {
	*os.File
	space             int // bytes that can still be written; -1: no limit
	truncate, syncing error
}

func (d *disk) Write(p []byte) (int, error) {
	if d.space < 0 || len(p) <= d.space {
		return d.File.Write(p)
	}
	n, err := d.File.Write(p[:d.space])
	if err == nil {
		err = &os.PathError{Op: "write", Path: d.Name(), Err: syscall.ENOSPC}
	}
	return n, err
}

func (d *disk) Truncate(size int64) error {
	if d.truncate != nil {
		return d.truncate
	}
	return d.File.Truncate(size)
}

func (d *disk) Sync() error {
	if d.syncing != nil {
		return d.syncing
	}
	return d.File.Sync()
}

func onDisk(t testing.TB) (*Destination, *disk) {
	d, err := New(Options{Path: filepath.Join(t.TempDir(), "delivered.jsonl"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	failing := &disk{File: d.file.(*os.File), space: -1}
	d.file = failing
	t.Cleanup(func() { d.Close() })
	return d, failing
}

func send(t *testing.T, d *Destination, body string) error {
	return d.Deliver(t.Context(), []*collector.Outgoing{{Body: []byte(body)}})
}

func content(t *testing.T, d *Destination, want string) {
	t.Helper()
	if got, err := os.ReadFile(d.path); string(got) != want || err != nil {
		t.Errorf("file: got %q, %v, want %q", got, err, want)
	}
}

// Wherever a full disk cuts the write, no part of the batch stays, and delivery goes on when there is space again.
func TestDiskFull(t *testing.T) {
	for space := range 8 {
		d, disk := onDisk(t)
		if err := send(t, d, `{"a":1}`); err != nil {
			t.Fatal(err)
		}
		disk.space = space
		err := send(t, d, `{"b":2}`)
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space") {
			t.Errorf("%d bytes left: got %v, want no space left, and what to do", space, err)
		}
		content(t, d, "{\"a\":1}\n")
		disk.space = -1
		if err := send(t, d, `{"b":2}`); err != nil {
			t.Errorf("with space again: %v", err)
		}
		content(t, d, "{\"a\":1}\n{\"b\":2}\n")
	}
}

// When the torn end cannot be cut off either, nothing is written behind it; the next start mends the file.
func TestDiskFullAndNoTruncate(t *testing.T) {
	d, disk := onDisk(t)
	disk.space, disk.truncate = 3, syscall.EIO
	for range 2 {
		if err := send(t, d, `{"b":2}`); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, syscall.EIO) {
			t.Errorf("got %v, want both errors", err)
		}
		disk.space = -1
	}
	content(t, d, `{"b`)
	d.Close()
	again, err := New(Options{Path: d.path, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	content(t, again, "")
}

// After a failed fsync nobody knows what is on the disk: it is not tried again on this file.
func TestSyncFails(t *testing.T) {
	d, disk := onDisk(t)
	if err := send(t, d, `{"a":1}`); err != nil {
		t.Fatal(err)
	}
	disk.syncing = syscall.EIO
	first := d.Sync()
	disk.syncing = nil
	second, third := d.Sync(), send(t, d, `{"b":2}`)
	if !errors.Is(first, syscall.EIO) || !errors.Is(second, syscall.EIO) || !errors.Is(third, syscall.EIO) {
		t.Errorf("got %v, then %v and %v, want the first error for good", first, second, third)
	}
	content(t, d, "{\"a\":1}\n")
}

// TestRotationSyncs: a full file is on the disk before the next one begins, and a Sync that comes too late for it is no error.
func TestRotationSyncs(t *testing.T) {
	d, disk := onDisk(t)
	d.rotate = 10
	if err := send(t, d, `{"a":1}`); err != nil {
		t.Fatal(err)
	}
	disk.syncing = syscall.EIO
	if err := send(t, d, `{"b":2}`); !errors.Is(err, syscall.EIO) {
		t.Errorf("rotating a file that cannot be synced gave %v", err)
	}
	if _, err := os.Stat(d.path + ".000001"); err == nil {
		t.Error("a file that could not be synced was given its number")
	}
}

// TestSyncWhileRotating: Sync and Deliver go on side by side.
func TestSyncWhileRotating(t *testing.T) {
	d, err := New(Options{Path: filepath.Join(t.TempDir(), "out.jsonl"), Rotate: 100, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	done := make(chan error, 1)
	go func() {
		for range 300 {
			if err := d.Sync(); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for i := range 300 {
		if err := send(t, d, fmt.Sprintf(`{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
