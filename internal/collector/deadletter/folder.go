package deadletter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"filippo.io/age"
)

// Folder keeps letters in segment files of a folder: OWNER-00000001.jsonl and so on, one letter a line, only ever appended to. A
// segment ends at a size, and a process never continues the segment of another. It is safe for concurrent use.
type Folder struct {
	path       string
	owner      string
	recipients []age.Recipient
	size       int64

	mu          sync.Mutex
	failure     error    // after a failed write or fsync nothing more is written
	file        *os.File // the segment being written; nil before the first letter
	name        string
	end         int64
	dirty       bool
	next        int            // number of the next segment
	uncommitted map[string]int // letters by segment that are not known to be in the index
}

// FolderOptions of OpenFolder.
type FolderOptions struct {
	// Recipients that records are encrypted to. With none, letters do not hold their records.
	Recipients []age.Recipient
	// Owner tells the segments of one state file from those of another in the same folder: state.Store.ID. Letters, digits.
	Owner string
	// SegmentSize in bytes after which a segment is full; DefaultSegmentSize where 0.
	SegmentSize int64
}

// DefaultSegmentSize is how large a segment gets before the next begins. One letter may exceed it.
const DefaultSegmentSize = 64 << 20

// MaxLetter bounds what reading takes into memory: a record of 10 MiB and its envelope are below 15 MiB.
const MaxLetter = 64 << 20

const suffix = ".jsonl"

// OpenFolder opens the folder, or makes it, and checks that it can be written.
func OpenFolder(path string, o FolderOptions) (*Folder, error) {
	f := &Folder{
		path: path, owner: o.Owner, recipients: o.Recipients, size: o.SegmentSize,
		next: 1, uncommitted: map[string]int{},
	}
	if f.size <= 0 {
		f.size = DefaultSegmentSize
	}
	if o.Owner == "" {
		return nil, errors.New("dead-letter folder: no owner given")
	}
	switch info, err := os.Stat(path); {
	case err == nil && !info.IsDir():
		return nil, fmt.Errorf("dead-letter folder %s is a file: name a folder as dead_letter.folder", path)
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, f.explain("make", err)
		}
		if err := syncFolder(filepath.Dir(path)); err != nil {
			return nil, f.explain("make", err)
		}
	case err != nil:
		return nil, f.explain("open", err)
	}
	probe, err := os.CreateTemp(path, ".probe-*")
	if err != nil {
		return nil, f.explain("write to", err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, f.explain("write to", err)
	}
	for segment, err := range f.segments() {
		if err != nil {
			return nil, err
		}
		f.next = max(f.next, segment.number+1)
	}
	return f, nil
}

// Append writes a letter and its record, as [Letter.Seal] makes them. A nil record is to be read again from the letter's Source. The entry may enter the index after the next Sync, and then Committed must be told of
// it. After an error nothing was dead-lettered, all later calls return the same error, and the run should end.
func (f *Folder) Append(l Letter, record []byte) (Entry, error) {
	line, e, err := l.Seal(record, f.recipients)
	if err != nil {
		return Entry{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failure != nil {
		return Entry{}, f.failure
	}
	if f.file == nil || f.end >= f.size {
		if err := f.roll(); err != nil {
			return Entry{}, f.fail(err)
		}
	}
	if _, err := f.file.WriteAt(line, f.end); err != nil {
		return Entry{}, f.fail(err)
	}
	e.Segment, e.Offset = f.name, f.end
	f.end += e.Length
	f.dirty = true
	f.uncommitted[f.name]++
	return e, nil
}

// roll begins a segment. The one before is on disk when it returns.
func (f *Folder) roll() error {
	if err := f.sync(); err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%08d%s", f.owner, f.next, suffix)
	file, err := os.OpenFile(filepath.Join(f.path, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := syncFolder(f.path); err != nil {
		return errors.Join(err, file.Close())
	}
	if f.file != nil {
		if err := f.file.Close(); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	f.file, f.name, f.end = file, name, 0
	f.next++
	return nil
}

// Sync returns when all letters that were appended before are on disk. It costs nothing when there are none.
func (f *Folder) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failure != nil {
		return f.failure
	}
	if err := f.sync(); err != nil {
		return f.fail(err)
	}
	return nil
}

func (f *Folder) sync() error {
	if !f.dirty {
		return nil
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	f.dirty = false
	return nil
}

// Committed tells that these entries of Append are in the index, or were given up for good.
func (f *Folder) Committed(entries ...Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range entries {
		if f.uncommitted[e.Segment]--; f.uncommitted[e.Segment] <= 0 {
			delete(f.uncommitted, e.Segment)
		}
	}
}

// Prune deletes the segments that hold nothing of use: whose name is not in used, the segments of the index, read after the last
// call of Committed. It leaves alone the segment being written, those with letters not yet committed, and those of other owners.
func (f *Folder) Prune(used map[string]int) (deleted int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for segment, err := range f.segments() {
		if err != nil {
			return deleted, err
		}
		if segment.name == f.name || used[segment.name] > 0 || f.uncommitted[segment.name] > 0 {
			continue
		}
		if err := os.Remove(filepath.Join(f.path, segment.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return deleted, f.explain("delete a segment of", err)
		}
		deleted++
	}
	if deleted > 0 {
		if err := syncFolder(f.path); err != nil {
			return deleted, f.explain("delete a segment of", err)
		}
	}
	return deleted, nil
}

// Close syncs and closes the folder. It does not tell again of a failure that an earlier call has told.
func (f *Folder) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	var err error
	if f.failure == nil {
		if err = f.sync(); err != nil {
			err = f.fail(err)
		}
	}
	err = errors.Join(err, f.file.Close())
	f.file = nil
	if f.failure == nil {
		f.failure = fmt.Errorf("dead-letter folder %s is closed", f.path)
	}
	return err
}

// LetterError says that a letter is not where the index has it.
type LetterError struct {
	ID      ID
	Segment string
	Err     error
}

func (e *LetterError) Error() string {
	return fmt.Sprintf("dead letter %s in %s cannot be read: %v", e.ID, e.Segment, e.Err)
}

func (e *LetterError) Unwrap() error { return e.Err }

// Read returns the letter of an entry. The error is a *LetterError.
func (f *Folder) Read(e Entry) (Letter, error) {
	l, err := f.read(e)
	if err != nil {
		return Letter{}, &LetterError{e.ID, filepath.Join(f.path, filepath.Base(e.Segment)), err}
	}
	return l, nil
}

func (f *Folder) read(e Entry) (l Letter, err error) {
	if e.Segment != filepath.Base(e.Segment) || !strings.HasSuffix(e.Segment, suffix) {
		return l, errors.New("the index names no segment file")
	}
	if e.Offset < 0 || e.Length < 1 || e.Length > MaxLetter {
		return l, fmt.Errorf("the index says %d bytes at %d", e.Length, e.Offset)
	}
	file, err := os.Open(filepath.Join(f.path, e.Segment))
	if err != nil {
		return l, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return l, err
	}
	if e.Offset > info.Size()-e.Length {
		return l, fmt.Errorf("the segment has %d bytes, the letter should end at %d", info.Size(), e.Offset+e.Length)
	}
	line := make([]byte, e.Length)
	if _, err := file.ReadAt(line, e.Offset); err != nil {
		return l, err
	}
	if line[len(line)-1] != '\n' {
		return l, fmt.Errorf("no letter ends at byte %d", e.Offset+e.Length)
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return l, fmt.Errorf("no letter at byte %d", e.Offset) // the JSON error would quote the text
	}
	if l.ID != e.ID {
		return l, fmt.Errorf("the letter at byte %d is dead letter %s", e.Offset, l.ID)
	}
	return l, nil
}

// segment is a segment file of this owner.
type segment struct {
	name   string
	number int
}

func (f *Folder) segments() iter.Seq2[segment, error] {
	return func(yield func(segment, error) bool) {
		files, err := os.ReadDir(f.path)
		if err != nil {
			yield(segment{}, f.explain("read", err))
			return
		}
		for _, file := range files {
			digits, ok := strings.CutPrefix(file.Name(), f.owner+"-")
			if !ok {
				continue
			}
			if digits, ok = strings.CutSuffix(digits, suffix); !ok {
				continue
			}
			number, err := strconv.Atoi(digits)
			if err == nil && number > 0 && !yield(segment{file.Name(), number}, nil) {
				return
			}
		}
	}
}

// fail notes the error that ends all writing. What a failed write or fsync left on disk is not known.
func (f *Folder) fail(err error) error {
	f.failure = f.explain("write to", err)
	return f.failure
}

func (f *Folder) explain(doing string, err error) error {
	hint := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		hint = ": there is no room for it: free some and start again; nothing is lost"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint = ": let this user write there, or name another dead_letter.folder"
	}
	return fmt.Errorf("%s dead-letter folder %s: %w%s", doing, f.path, err, hint)
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
