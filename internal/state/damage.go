package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
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
	full := func(e syscall.Errno) bool {
		return errors.Is(err, e) || strings.HasSuffix(err.Error(), e.Error()) // bbolt does not always wrap
	}
	switch {
	case full(syscall.ENOSPC), full(syscall.EDQUOT), full(syscall.EFBIG):
		hint = ": there is no room for it: free some and start again; nothing is lost"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint = ": let this user write the file and its folder, or name another state.file"
	}
	return fmt.Errorf("%s state file %s: %w%s", doing, s.path, err, hint)
}

// checkLayout checks that the buckets are those that this package knows.
func (s *Store) checkLayout() error {
	return s.view(func(tx *bbolt.Tx) error {
		var version []byte
		if meta := tx.Bucket(metaBucket); meta != nil {
			version = meta.Get([]byte("format"))
		}
		if len(version) != 4 {
			return fmt.Errorf("%s is %w: name another one as state.file", s.path, errNotOurs)
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
		return nil
	})
}
