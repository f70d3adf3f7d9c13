package state

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/dedupe"
)

// full makes a state file with something in every bucket and returns its bytes.
func full(t *testing.T) []byte {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
	for i := range 40 {
		e := entry(byte(i+1), byte(i/2+1))
		commit(t, s, Settlement{
			Positions:   map[string]string{fmt.Sprintf("file-%d", i): "1"},
			Window:      dedupe.Change{Append: make([]byte, 3000)},
			DeadLetters: []deadletter.Entry{e},
			Delivered:   map[deadletter.Hash]int64{e.Contact: 5},
			Outcomes:    map[string]uint64{fmt.Sprint(i): 1},
		})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.db, s.lock = nil, nil
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// use opens a state file and reads and writes everything in it.
func use(path string) (err error) {
	s, err := Open(path, options())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, err := s.Positions(); err != nil {
		return err
	}
	if err := s.WindowChunks(func([]byte) error { return nil }); err != nil {
		return err
	}
	if _, err := s.Contacts(); err != nil {
		return err
	}
	if _, err := s.Segments(); err != nil {
		return err
	}
	e := entry(1, 1)
	return s.Commit(Settlement{
		Positions: map[string]string{"file-1": "2"}, Window: dedupe.Change{Drop: 1, Append: []byte("x")},
		DeadLetters: []deadletter.Entry{e}, Replayed: []deadletter.ID{{2}, {3}}, Outcomes: map[string]uint64{"1": 1},
	})
}

// TestDamage damages a file in many places: there is an error that names the file, or the damage is in what nothing needs, but
// never a panic. (A panic in a goroutine of bbolt would end this test binary.)
func TestDamage(t *testing.T) {
	good := full(t)
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	pageSize := os.Getpagesize()
	refused := 0
	const rounds = 300
	for round := range rounds {
		bad := bytes.Clone(good)
		begin := random.IntN(64) * pageSize // most pages in use are near the beginning
		for range 1 + random.IntN(8) {
			at := begin + random.IntN(32) // page headers and the first elements: the structure
			if round%3 == 0 {
				at = begin + random.IntN(pageSize)
			}
			bad[at%len(bad)] = byte(random.Uint32())
		}
		if round%10 == 9 {
			bad = bad[:random.IntN(len(bad))]
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.db", round))
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := use(path); err != nil {
			refused++
			if !strings.Contains(err.Error(), path) {
				t.Errorf("round %d: the error does not name the file: %v", round, err)
			}
		}
		_ = os.Remove(path)
	}
	if refused < rounds/10 {
		t.Errorf("only %d of %d damaged files were refused", refused, rounds)
	}
	path := filepath.Join(dir, "good.db")
	if err := errors.Join(os.WriteFile(path, good, 0o600), use(path)); err != nil {
		t.Errorf("the file that was not damaged: %v", err)
	}
}

func TestCutFile(t *testing.T) {
	good := full(t)
	path := filepath.Join(t.TempDir(), "trunkline.db")
	for _, size := range []int{100, 5000, 9000, 40_000, 100_000} {
		if err := os.WriteFile(path, good[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		err := use(path)
		if _, ok := errors.AsType[*CorruptError](err); !ok && size > 5000 {
			t.Errorf("cut to %d bytes: got %v, want a *CorruptError", size, err)
		}
		if err == nil {
			t.Errorf("cut to %d bytes: no error", size)
		}
	}
}

// TestCorruptChunk: the error of the window's loader names the file and what to do.
func TestCorruptChunk(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
	commit(t, s, Settlement{Window: dedupe.Change{Append: []byte("no chunk")}})
	err := s.WindowChunks(dedupe.New(dedupe.Options{}).Load)
	if _, ok := errors.AsType[*CorruptError](err); !ok || !errors.Is(err, dedupe.ErrCorrupt) || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("got %v, want a *CorruptError", err)
	}
}

// TestFilesOfACrashAtTheStart: what a crash leaves of a file that was being made is made anew.
func TestFilesOfACrashAtTheStart(t *testing.T) {
	dir := t.TempDir()
	without := filepath.Join(dir, "without-buckets.db")
	db, err := bbolt.Open(without, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int{"empty.db": 0, "zeros.db": 16 << 10} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"without-buckets.db", "empty.db", "zeros.db"} {
		readOnly := options()
		readOnly.ReadOnly = true
		if _, err := Open(filepath.Join(dir, name), readOnly); err == nil || !strings.Contains(err.Error(), "nothing has run with it yet") {
			t.Errorf("%s, to read: got %v", name, err)
		}
		s := open(t, filepath.Join(dir, name))
		commit(t, s, Settlement{Positions: map[string]string{"a": "1"}})
		s = reopen(t, s)
		if got, _, err := s.Position("a"); got != "1" || err != nil {
			t.Errorf("%s: position %q (%v)", name, got, err)
		}
	}
}

func TestOtherFormats(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.db, s.lock = nil, nil
	change := func(work func(*bbolt.Bucket) error) {
		t.Helper()
		db, err := bbolt.Open(s.path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error { return work(tx.Bucket(metaBucket)) })
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	change(func(meta *bbolt.Bucket) error { return meta.Put([]byte("format"), []byte{0, 0, 0, 2}) })
	if _, err := Open(s.path, options()); err == nil || !strings.Contains(err.Error(), "has format 2, this trunkline knows 1") {
		t.Errorf("a newer format: got %v", err)
	}
	change(func(meta *bbolt.Bucket) error { return meta.Delete([]byte("format")) })
	if _, err := Open(s.path, options()); err == nil || !strings.Contains(err.Error(), "is not a trunkline state file") {
		t.Errorf("another program's bbolt file: got %v", err)
	}
}

// hold opens a state file and keeps it until standard input ends.
func hold(path string) error {
	s, err := Open(path, options())
	if err != nil {
		return err
	}
	fmt.Println("open")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return s.Close()
}

func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trunkline.db")
	cmd := child(t, "hold", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("the first process says %q (%v)", line, err)
	}
	for _, readOnly := range []bool{false, true} {
		o := options()
		o.ReadOnly = readOnly
		_, err := Open(path, o)
		locked, ok := errors.AsType[*LockedError](err)
		if !ok {
			t.Fatalf("the second process: got %v, want a *LockedError", err)
		}
		if got, want := locked.Holder, (Holder{PID: cmd.Process.Pid, Since: epoch, Command: "trunkline run -c test.yaml"}); got != want {
			t.Errorf("holder %+v, want %+v", got, want)
		}
		want := fmt.Sprintf("state file %s is in use by process %d (trunkline run -c test.yaml) since 2026-11-22T10:00:00Z: stop that one first, or name another state.file", path, cmd.Process.Pid)
		if err.Error() != want {
			t.Errorf("got %s\nwant %s", err, want)
		}
	}
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	// What a killed process leaves in the lock file means nothing, and neither does rubbish.
	for _, stale := range []string{`{"pid":1,"since":"2020-01-01T00:00:00Z","command":"long dead"}`, "{", ""} {
		if err := os.WriteFile(lockPath(path), []byte(stale), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, options())
		if err == nil {
			err = errors.Join(s.Commit(Settlement{Positions: map[string]string{"a": "1"}}), s.Close())
		}
		if err != nil {
			t.Errorf("with the lock text %q left behind: %v", stale, err)
		}
	}
	if text, err := os.ReadFile(lockPath(path)); len(text) != 0 || err != nil {
		t.Errorf("after Close the lock file says %q (%v), want nothing", text, err)
	}
}

// TestReaderBesideWriter: a reader either reads a whole file or is told who writes it; it never takes a page that is being written
// for a damaged one.
func TestReaderBesideWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trunkline.db")
	s, err := Open(path, options())
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		defer close(done)
		for i := range 20 {
			s, err := Open(path, options())
			if err != nil {
				done <- fmt.Errorf("the writer's opening %d: %w", i, err)
				return
			}
			for range 20 {
				err = errors.Join(err, s.Commit(Settlement{Window: dedupe.Change{Append: make([]byte, 20_000)}}))
			}
			if err := errors.Join(err, s.Close()); err != nil {
				done <- err
				return
			}
		}
	}()
	o := options()
	o.ReadOnly = true
	read, locked := 0, 0
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			if locked == 0 {
				t.Errorf("read %d times and never met the writer", read)
			}
			return
		default:
		}
		s, err := Open(path, o)
		if _, ok := errors.AsType[*LockedError](err); ok {
			locked++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		read++
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // the writer tries 20 times a second: let it in
	}
}

// TestReaderMeetsHalfAPage: what a writer has half written is no damage.
func TestReaderMeetsHalfAPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trunkline.db")
	good := full(t)
	if err := os.WriteFile(path, good[:len(good)/8], 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.ReadOnly = true
	_, err = Open(path, o)
	if _, ok := errors.AsType[*CorruptError](err); !ok {
		t.Errorf("without a writer: got %v, want a *CorruptError", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	_, err = Open(path, o)
	if _, ok := errors.AsType[*LockedError](err); !ok {
		t.Errorf("with a writer: got %v, want a *LockedError", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestWriterWaitsForReader: a reader is done soon; one that is not keeps the writer out.
func TestWriterWaitsForReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trunkline.db")
	s, err := Open(path, options())
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	o := options()
	o.ReadOnly = true
	r, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(path, options())
	if locked, ok := errors.AsType[*LockedError](err); !ok || locked.Holder != (Holder{}) || !strings.Contains(err.Error(), "in use by another process: wait until it is done") {
		t.Errorf("beside a reader: got %v, want a *LockedError that names nobody", err)
	}
	time.AfterFunc(200*time.Millisecond, func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	if s, err = Open(path, options()); err != nil {
		t.Fatalf("beside a reader that is done soon: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFolderThatCannotBeWritten opens as a user who may not write; root may everything, so root becomes nobody in a child.
func TestFolderThatCannotBeWritten(t *testing.T) {
	dir, err := os.MkdirTemp("", "state")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	cmd := child(t, "open", filepath.Join(dir, "trunkline.db"))
	if os.Getuid() == 0 {
		// The test binary stands where nobody may not read: give it a place where everybody may.
		bin, err := os.MkdirTemp("", "state-bin")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(bin)
		binary, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		cmd.Path = filepath.Join(bin, "state.test")
		if err := errors.Join(os.WriteFile(cmd.Path, binary, 0o755), os.Chmod(bin, 0o755)); err != nil {
			t.Fatal(err)
		}
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "let this user write the file and its folder, or name another state.file") {
		t.Errorf("got %v: %s", err, out)
	}
}

// TestNothingInClear: neither what identifies a contact nor a record is in the state file.
func TestNothingInClear(t *testing.T) {
	dir := t.TempDir()
	c, err := start(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.record = []byte(" canary-4f1c")
	if err := errors.Join(c.settle(100), c.close()); err != nil {
		t.Fatal(err)
	}
	c, err = start(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	letters := 0
	for _, err := range c.store.DeadLetters() {
		if err != nil {
			t.Fatal(err)
		}
		letters++
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "trunkline.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, canary := range []string{"contact-", "canary-4f1c", textOf(7)} {
		if bytes.Contains(text, []byte(canary)) {
			t.Errorf("the state file holds %q in clear", canary)
		}
	}
	if letters != 14 || !bytes.Contains(text, []byte("a test")) {
		t.Errorf("%d dead letters, want 14 with their reason", letters)
	}
}
