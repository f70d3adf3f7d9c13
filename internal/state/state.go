// Package state is the store of a collector on one machine: one bbolt file with the positions of its source, the deduplication
// window, the index of dead letters, the totals of outcomes, and the leases of workers that share no table with other machines.
//
//	delivered, dropped, dead-lettered ─▶ Settlement ─▶ Commit: one transaction ─▶ the source may be told
//
// Its promises: a [Settlement] is in the file whole or not at all, and once Commit has returned nil it survives a crash of the
// process and of the machine. One process has the file open for writing; a second is told who has it. The file holds no contact's
// name, only keyed hashes, and is readable by its owner alone. A damaged file gives an error, not a panic. Every error names the
// file and says what to do.
package state

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// format is the version of the file's layout that this package reads and writes.
const format = 1

// The buckets. Numbers are big endian, so that keys stand in their order.
var (
	metaBucket      = []byte("meta")      // format, created (Unix seconds), secret, id
	positionsBucket = []byte("positions") // partition → position
	windowBucket    = []byte("window")    // sequence → chunk of package dedupe
	lettersBucket   = []byte("letters")   // sequence → deadletter.Entry as JSON
	idsBucket       = []byte("ids")       // id of a dead letter → its sequence
	contactsBucket  = []byte("contacts")  // key of a contact, sequence of a dead letter of it → nothing
	deliveredBucket = []byte("delivered") // key of a contact with dead letters → the newest version delivered since
	outcomesBucket  = []byte("outcomes")  // name → total

	buckets = [][]byte{
		metaBucket, positionsBucket, windowBucket, lettersBucket, idsBucket, contactsBucket, deliveredBucket, outcomesBucket,
	}
)

// Options of Open.
type Options struct {
	// ReadOnly opens an existing file without any change to it or beside it, for as long as no other process writes it.
	ReadOnly bool
	// Command is what a second process is told of this one, e.g. "trunkline run -c trunkline.yaml".
	Command string
	// Now is the time to note as the beginning of the lock and of a new file.
	Now time.Time
	// Random makes the secret of a new file: crypto/rand.Reader.
	Random io.Reader
}

// Store is an open state file. Its methods are safe for concurrent use; Commits take place one after another.
type Store struct {
	path    string
	db      *bbolt.DB
	lock    *lock
	secret  [32]byte
	id      string
	created time.Time
	failure failure
}

// Open opens the state file at path, or makes it. The error is a *LockedError when another process has it, a *CorruptError when
// it is damaged, and wraps fs.ErrNotExist when a file to be read only is not there.
func Open(path string, o Options) (*Store, error) {
	if err := checkPlace(path, o.ReadOnly); err != nil {
		return nil, err
	}
	s := &Store{path: path}
	if o.ReadOnly {
		// A writer changes pages while they are checked.
		done, err := keepWritersOut(path)
		if err != nil {
			return nil, err
		}
		defer done()
	} else {
		var err error
		if s.lock, err = takeLock(path, Holder{PID: os.Getpid(), Since: o.Now, Command: o.Command}); err != nil {
			return nil, err
		}
	}
	if err := s.open(o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(o Options) error {
	fresh, err := checkFile(s.path)
	switch {
	case err != nil:
		return err
	case o.ReadOnly && fresh:
		return fmt.Errorf("state file %s is empty: nothing has run with it yet (%w)", s.path, fs.ErrNotExist)
	case fresh:
		if err := os.Truncate(s.path, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.explain("make", err)
		}
	}
	if err := s.openDB(o.ReadOnly); err != nil {
		return err
	}
	if fresh {
		err = s.create(o)
	} else {
		err = s.checkLayout()
	}
	if err != nil {
		return err
	}
	return s.readMeta()
}

// openDB opens the file with bbolt.
func (s *Store) openDB(readOnly bool) error {
	options := &bbolt.Options{
		ReadOnly: readOnly,
		// Nobody but a short-lived reader can be in the way of a writer, which has the lock already.
		Timeout:        2 * time.Second,
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
		NoStatistics:   true,
	}
	if readOnly {
		options.Timeout = time.Nanosecond // try once
	} else {
		options.InitialMmapSize = 256 << 20 // of address space, so that the file seldom has to be mapped anew
	}
	var file *os.File
	options.OpenFile = func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}
	err := s.guard(func() (err error) {
		s.db, err = bbolt.Open(s.path, 0o600, options)
		return err
	})
	switch {
	case err == nil:
		s.db.AllocSize = 1 << 20
		return nil
	case errors.Is(err, berrors.ErrTimeout) && readOnly:
		return lockedBy(s.path)
	case errors.Is(err, berrors.ErrTimeout):
		return &LockedError{Path: s.path} // a reader, who does not say who it is
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return &CorruptError{s.path, err}
	}
	if _, ok := errors.AsType[*CorruptError](err); ok {
		if file != nil {
			_ = file.Close() // bbolt panicked with the file open and locked
		}
		return err
	}
	return s.explain("open", err)
}

// checkPlace catches the usual mistakes before anything is made.
func checkPlace(path string, readOnly bool) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("state file %s is a folder: name a file in it, e.g. %s", path, filepath.Join(path, "trunkline.db"))
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("state file %s is not a regular file (%s)", path, info.Mode().Type())
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("state file: %w", err)
	case readOnly:
		return fmt.Errorf("no state file %s: nothing has run with it yet (%w)", path, fs.ErrNotExist)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return fmt.Errorf("state file %s: no folder %s: make it with mkdir -p (%w)", path, filepath.Dir(path), err)
	}
	return nil
}

// create lays out a new file.
func (s *Store) create(o Options) error {
	var random [40]byte
	if _, err := io.ReadFull(o.Random, random[:]); err != nil {
		return fmt.Errorf("state file %s: make a secret: %w", s.path, err)
	}
	err := s.guard(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error {
			for _, name := range buckets {
				if _, err := tx.CreateBucketIfNotExists(name); err != nil {
					return err
				}
			}
			meta := tx.Bucket(metaBucket)
			return errors.Join(
				meta.Put([]byte("format"), binary.BigEndian.AppendUint32(nil, format)),
				meta.Put([]byte("created"), binary.BigEndian.AppendUint64(nil, uint64(o.Now.Unix()))),
				meta.Put([]byte("secret"), random[:32]),
				meta.Put([]byte("id"), random[32:]),
			)
		})
	})
	if err != nil {
		return s.explain("make", err)
	}
	return syncFolder(filepath.Dir(s.path))
}

// readMeta reads what a file says of itself.
func (s *Store) readMeta() error {
	return s.view(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		secret, id, created := meta.Get([]byte("secret")), meta.Get([]byte("id")), meta.Get([]byte("created"))
		if len(secret) != len(s.secret) || len(id) != 8 || len(created) != 8 {
			return &CorruptError{s.path, errors.New("its own description is incomplete")}
		}
		s.secret = [32]byte(secret)
		s.id = hex.EncodeToString(id)
		s.created = time.Unix(int64(binary.BigEndian.Uint64(created)), 0).UTC()
		return nil
	})
}

// Close closes the file and gives it free for others.
func (s *Store) Close() error {
	var errs []error
	// A transaction in which bbolt panicked may have left its locks taken: Close would wait for ever. The file is then closed
	// with the process.
	if s.db != nil && !s.failure.panicked() {
		errs = append(errs, s.db.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release())
	}
	return errors.Join(errs...)
}

// Path is the file's name, as given to Open.
func (s *Store) Path() string { return s.path }

// Secret is a random key that was made with the file, for the keyed hashes of a collector that was given no key.
func (s *Store) Secret() [32]byte { return s.secret }

// ID is a random text that was made with the file, 16 hex digits: what files beside it can be told to belong to it by.
func (s *Store) ID() string { return s.id }

// Created is when the file was made.
func (s *Store) Created() time.Time { return s.created }

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
