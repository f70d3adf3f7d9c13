package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Holder is who has a state file open for writing.
type Holder struct {
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`
	Command string    `json:"command"`
}

// LockedError says that another process has the file.
type LockedError struct {
	Path string
	// Holder is zero where the other process did not say, e.g. because it only reads.
	Holder Holder
}

func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("state file %s is in use by another process: wait until it is done, or name another state.file", e.Path)
	}
	return fmt.Sprintf("state file %s is in use by process %d (%s) since %s: stop that one first, or name another state.file",
		e.Path, e.Holder.PID, e.Holder.Command, e.Holder.Since.UTC().Format(time.RFC3339))
}

// lock is a lock on PATH.lock, a file whose text says who has it. The operating system drops the lock with the process, so a text
// that a killed process has left behind means nothing. The file stays: to remove it would let two processes lock two files of one
// name.
type lock struct{ file *os.File }

func lockPath(path string) string { return path + ".lock" }

// takeLock does not wait.
func takeLock(path string, holder Holder) (*lock, error) {
	f, err := os.OpenFile(lockPath(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, (&Store{path: path}).explain("lock", err)
	}
	free, err := tryLock(f, syscall.LOCK_EX)
	if err != nil || !free {
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("lock state file: %w", err)
		}
		return nil, lockedBy(path)
	}
	text, err := json.Marshal(holder)
	if err == nil {
		err = errors.Join(f.Truncate(0), writeAll(f, append(text, '\n')))
	}
	if err != nil {
		_ = f.Close()
		return nil, (&Store{path: path}).explain("lock", err)
	}
	return &lock{f}, nil
}

// keepWritersOut takes the lock that bbolt's readers share, on the state file itself, until done.
func keepWritersOut(path string) (done func(), err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("state file: %w: let this user read it", err)
	}
	free, err := tryLock(f, syscall.LOCK_SH)
	if err != nil || !free {
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("lock state file: %w", err)
		}
		return nil, lockedBy(path)
	}
	return func() { _ = f.Close() }, nil
}

// tryLock locks the file for this process, until it is closed. It tells false where another process has it.
func tryLock(f *os.File, how int) (bool, error) {
	err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func writeAll(f *os.File, text []byte) error {
	_, err := f.WriteAt(text, 0)
	return err
}

func (l *lock) release() error { return errors.Join(l.file.Truncate(0), l.file.Close()) }

// lockedBy reads who has the file. Where the text is missing or half written, nobody is named.
func lockedBy(path string) *LockedError {
	e := &LockedError{Path: path}
	if text, err := os.ReadFile(lockPath(path)); err == nil {
		if json.Unmarshal(text, &e.Holder) != nil {
			e.Holder = Holder{}
		}
	}
	return e
}
