package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
)

// open opens the file for appending, and locks it. flags may add os.O_EXCL.
func open(path string, flags int) (*os.File, error) {
	// Looked at before it is opened: to open a pipe would wait for its reader.
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("destination.file.path: %s is a folder; name a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("destination.file.path: %s is not a regular file; for pipes, use destination: {stdout: {}}", path)
	case errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("destination.file.path: %s is a file, where a folder is needed", filepath.Dir(path))
	case errors.Is(err, os.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("destination.file.path: folder %s does not exist; make it: mkdir -p %[1]s", filepath.Dir(path))
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("destination.file.path: %w%s", err, hint(err))
	}
	if err := lock(f, path); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lock takes the file for this process. It ends with the file's last descriptor, also after a kill.
func lock(f *os.File, path string) error {
	err := retryInterrupted(func() error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) })
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("destination.file.path: another process writes to %s; stop it, or name another file", path)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	// Between the opening and the lock, the one who held it may have renamed the file away as full.
	opened, err := f.Stat()
	if err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	if named, err := os.Stat(path); err != nil || !os.SameFile(opened, named) {
		return fmt.Errorf("destination.file.path: another process writes to %s; stop it, or name another file", path)
	}
	return nil
}

func retryInterrupted(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// mend returns the file's size after it has seen to it that the last line is whole. What a crash has torn is cut off: it was never
// reported as delivered. A record that lacks nothing but its newline gets it: nothing is cut that can be read. A file that does not
// look as if it were ours is refused.
func mend(f *os.File, logger *slog.Logger) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("size of %s: %w", f.Name(), err)
	}
	size := info.Size()
	whole, err := lastLineEnd(f, size)
	if err != nil {
		return 0, fmt.Errorf("read the end of %s: %w", f.Name(), err)
	}
	if whole == size {
		return size, nil
	}
	tail := make([]byte, 1)
	if _, err := f.ReadAt(tail, whole); err != nil {
		return 0, fmt.Errorf("read the end of %s: %w", f.Name(), err)
	}
	switch {
	case tail[0] == 0: // after a power cut, blocks that were never written read as zeros
	case tail[0] != '{' || size-whole > maxTail:
		return 0, fmt.Errorf("destination.file.path: %s is not a file of JSON lines; name another file, or move it away", f.Name())
	default:
		tail = make([]byte, size-whole)
		if _, err := f.ReadAt(tail, whole); err != nil {
			return 0, fmt.Errorf("read the end of %s: %w", f.Name(), err)
		}
	}
	if json.Valid(tail) {
		if _, err := f.Write([]byte("\n")); err != nil {
			return 0, fmt.Errorf("end the last line of %s: %w%s", f.Name(), err, hint(err))
		}
		logger.Warn("last line lacked its newline", "file", f.Name())
		whole = size + 1
	} else {
		if err := f.Truncate(whole); err != nil {
			return 0, fmt.Errorf("cut the torn last line off %s: %w%s", f.Name(), err, hint(err))
		}
		logger.Warn("torn last line cut off: it is delivered again", "file", f.Name(), "bytes", size-whole)
	}
	if err := f.Sync(); err != nil {
		return 0, fmt.Errorf("sync %s: %w", f.Name(), err)
	}
	return whole, nil
}

// maxTail is more than any record has.
const maxTail = 128 << 20

// lastLineEnd returns the offset behind the last newline before size, or 0.
func lastLineEnd(r io.ReaderAt, size int64) (int64, error) {
	buffer := make([]byte, 64<<10)
	for end := size; end > 0; {
		start := max(end-int64(len(buffer)), 0)
		part := buffer[:end-start]
		if _, err := r.ReadAt(part, start); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}

// syncFolder makes names in the folder durable.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("sync folder %s: %w", folder, err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync folder %s: %w", folder, err)
	}
	return nil
}
