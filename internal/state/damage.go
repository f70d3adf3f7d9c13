package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"sync"
	"syscall"

	"go.etcd.io/bbolt"
)

// CorruptError says that the file cannot be relied on.
type CorruptError struct {
	Path string
	Err  error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("state file %s is damaged (%v): restore it from a backup, or move it away to start afresh: the source is then"+
		" read from its configured start, and records may be delivered again", e.Path, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// failure is the first error of a Commit. After it nothing is written any more: what reached the disk is not known, and a second
// fsync of the same pages may report a success that is none.
type failure struct {
	mu    sync.Mutex
	err   error
	panic bool
}

func (f *failure) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *failure) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *failure) setPanicked() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.panic = true
}

func (f *failure) panicked() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.panic
}

// guard runs work with bbolt. What bbolt panics with on a damaged file becomes a *CorruptError, and so does the fault of touching
// a mapped page that the file does not have.
func (s *Store) guard(work func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			s.failure.setPanicked()
			err = &CorruptError{s.path, fmt.Errorf("%v", r)}
		}
	}()
	return work()
}

// view reads in one transaction.
func (s *Store) view(read func(*bbolt.Tx) error) error {
	if s.failure.panicked() {
		return &CorruptError{s.path, errors.New("as was found before")}
	}
	return s.guard(func() error { return s.db.View(read) })
}

// explain adds to an error of the file system what to do about it.
func (s *Store) explain(doing string, err error) error {
	hint := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		hint = ": there is no room for it: free some and start again; nothing is lost"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint = ": let this user write the file and its folder, or name another state.file"
	}
	return fmt.Errorf("%s state file %s: %w%s", doing, s.path, err, hint)
}

// The layout of a bbolt file's first two pages, which describe the rest: a page header of 16 bytes, then
// magic 4, version 4, page size 4, flags 4, root bucket 16, free list 8, pages 8, transaction 8, FNV-1a of all this 8,
// in the byte order of the machine.
const (
	metaAt    = 16
	metaBytes = 4*4 + 16 + 3*8
	magic     = 0xED0CDAED
)

// checkFile looks at the file before it is mapped into memory: whether it is ours at all, and whether it was cut off. It is fresh
// where nothing was ever written: not there, empty, or the zeros that a crash of the machine may leave of a new file.
func checkFile(path string) (fresh bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("state file: %w: let this user read it", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("state file: %w", err)
	}
	size := info.Size()
	head := make([]byte, min(size, 128<<10))
	if _, err := io.ReadFull(f, head); err != nil {
		return false, fmt.Errorf("state file %s: %w", path, err)
	}
	if size < 64<<10 && len(bytes.TrimLeft(head, "\x00")) == 0 {
		return true, nil
	}
	known := false
	var need int64
	var newest uint64
	for at := 0; at+metaAt+metaBytes+8 <= len(head); {
		meta := head[at+metaAt:][: metaBytes+8 : metaBytes+8]
		order := binary.NativeEndian
		pageSize := order.Uint32(meta[8:])
		if order.Uint32(meta) == magic {
			known = true
			sum := fnv.New64a()
			sum.Write(meta[:metaBytes])
			if tx := order.Uint64(meta[48:]); order.Uint64(meta[metaBytes:]) == sum.Sum64() && tx >= newest {
				newest = tx
				need = int64(order.Uint64(meta[40:])) * int64(pageSize)
			}
		}
		if at > 0 {
			break
		}
		if at = int(pageSize); order.Uint32(meta) != magic || at < 1<<10 || at > 64<<10 {
			at = os.Getpagesize()
		}
	}
	switch {
	case !known:
		return false, fmt.Errorf("%s is not a trunkline state file: name another one as state.file", path)
	case need == 0:
		return false, &CorruptError{path, errors.New("both descriptions of it are invalid")}
	case size < need:
		return false, &CorruptError{path, fmt.Errorf("it has %d bytes and should have %d: it was cut off", size, need)}
	}
	return false, nil
}

// inspect reads through all of the file, so that damage shows at the start, and checks that its layout is known. It is fresh where
// it has no buckets: a crash came between the making of the file and the first transaction.
func (s *Store) inspect() (fresh bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		if first, _ := tx.Cursor().First(); first == nil {
			fresh = true
			return nil
		}
		var version []byte
		if meta := tx.Bucket(metaBucket); meta != nil {
			version = meta.Get([]byte("format"))
		}
		if len(version) != 4 {
			return fmt.Errorf("%s is not a trunkline state file: name another one as state.file", s.path)
		}
		if v := binary.BigEndian.Uint32(version); v != format {
			return fmt.Errorf("state file %s has format %d, this trunkline knows %d: use the version of trunkline that wrote it, or"+
				" another state.file", s.path, v, format)
		}
		for _, name := range buckets {
			if tx.Bucket(name) == nil {
				return &CorruptError{s.path, fmt.Errorf("it has no %s", name)}
			}
		}
		return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			return bucket.ForEach(func(k, v []byte) error { return nil })
		})
	})
	return fresh, err
}
