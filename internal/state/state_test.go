package state

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/dedupe"
)

var epoch = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func options() Options {
	return Options{Command: "trunkline run -c test.yaml", Now: epoch, Random: rand.Reader}
}

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(path, options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// reopen closes the store and opens its file again.
func reopen(t testing.TB, s *Store) *Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.db, s.lock = nil, nil
	return open(t, s.path)
}

func commit(t testing.TB, s *Store, c Settlement) {
	t.Helper()
	if err := s.Commit(c); err != nil {
		t.Fatal(err)
	}
}

func entry(n byte, contact byte) deadletter.Entry {
	version := int64(n)
	return deadletter.Entry{
		ID: deadletter.ID{n}, Contact: deadletter.Hash{contact}, Version: &version,
		Time: epoch.Add(time.Duration(n) * time.Minute), Stage: "redact", Reason: fmt.Sprintf("reason %d", n),
		Segment: fmt.Sprintf("segment-%d", n/10), Offset: int64(n) * 100, Length: 100,
	}
}

func TestSettlementSurvives(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
	secret, id := s.Secret(), s.ID()
	commit(t, s, Settlement{})
	commit(t, s, Settlement{
		Positions: map[string]string{"a.jsonl": "12:34", "empty": ""},
		Window:    dedupe.Change{Append: []byte("one ")},
		Outcomes:  map[string]uint64{"delivered": 3, "filtered": 1},
	})
	commit(t, s, Settlement{
		Positions: map[string]string{"a.jsonl": "56:78", "b.jsonl": "1"},
		Window:    dedupe.Change{Append: []byte("two"), Extend: true},
		Outcomes:  map[string]uint64{"delivered": 4},
	})
	commit(t, s, Settlement{Window: dedupe.Change{Append: []byte("three")}})
	s = reopen(t, s)

	if s.Secret() != secret || s.ID() != id || secret == [32]byte{} || len(id) != 16 {
		t.Errorf("after opening again the secret or the id %q (was %q) is another", s.ID(), id)
	}
	if !s.Created().Equal(epoch) {
		t.Errorf("created %v, want %v", s.Created(), epoch)
	}
	positions, err := s.Positions()
	if diff := cmp.Diff(positions, map[string]string{"a.jsonl": "56:78", "b.jsonl": "1", "empty": ""}); diff != "" || err != nil {
		t.Errorf("positions (%v), got - want +:\n%s", err, diff)
	}
	if got, ok, err := s.Position("b.jsonl"); got != "1" || !ok || err != nil {
		t.Errorf("position of b.jsonl: got %q %v %v", got, ok, err)
	}
	if got, ok, err := s.Position("c.jsonl"); ok || err != nil {
		t.Errorf("position of c.jsonl: got %q %v %v, want none", got, ok, err)
	}
	if _, ok, err := s.Position("empty"); !ok || err != nil {
		t.Errorf("an empty position is none (%v)", err)
	}
	outcomes, err := s.Outcomes()
	if diff := cmp.Diff(outcomes, map[string]uint64{"delivered": 7, "filtered": 1}); diff != "" || err != nil {
		t.Errorf("outcomes (%v), got - want +:\n%s", err, diff)
	}
	if got, want := chunks(t, s), []string{"one two", "three"}; !cmp.Equal(got, want) {
		t.Errorf("chunks %q, want %q", got, want)
	}
	commit(t, s, Settlement{Window: dedupe.Change{Drop: 1, Append: []byte("four")}})
	a, _, err := s.Position("a.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := s.Position("b.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, Settlement{Gone: map[string]string{"a.jsonl": "moved since", "b.jsonl": b, "never.jsonl": "1"}})
	if got, ok, err := s.Position("a.jsonl"); got != a || !ok || err != nil {
		t.Errorf("a position that moved since its partition was found gone: got %q %v %v, want %q", got, ok, err, a)
	}
	if _, ok, err := s.Position("b.jsonl"); ok || err != nil {
		t.Errorf("the position of a partition that is gone is still there (%v)", err)
	}
	if got, want := chunks(t, s), []string{"three", "four"}; !cmp.Equal(got, want) {
		t.Errorf("chunks %q, want %q", got, want)
	}
}

func chunks(t *testing.T, s *Store) (all []string) {
	t.Helper()
	err := s.WindowChunks(func(chunk []byte) error {
		all = append(all, string(chunk))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCommitIsAllOrNothing(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
	err := s.Commit(Settlement{
		Positions:   map[string]string{"a": "1"},
		DeadLetters: []deadletter.Entry{entry(1, 1)},
		Window:      dedupe.Change{Drop: 1}, // there is none
	})
	if err == nil {
		t.Fatal("a chunk that is not there was dropped")
	}
	if again := s.Commit(Settlement{Positions: map[string]string{"a": "1"}}); again == nil || again.Error() != err.Error() {
		t.Errorf("after a failed Commit the next one returned %v, want %v", again, err)
	}
	s = reopen(t, s)
	if _, ok, err := s.Position("a"); ok || err != nil {
		t.Errorf("the failed Commit left a position (%v)", err)
	}
	if n, err := s.DeadLetterCount(); n != 0 || err != nil {
		t.Errorf("the failed Commit left %d dead letters (%v)", n, err)
	}
}

func TestDeadLetterIndex(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
	ids := func() (got []byte) {
		for e, err := range s.DeadLetters() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.ID[0])
		}
		return got
	}
	commit(t, s, Settlement{DeadLetters: []deadletter.Entry{entry(3, 7), entry(1, 7)}})
	commit(t, s, Settlement{DeadLetters: []deadletter.Entry{entry(2, 8), entry(14, 0)}})
	again := entry(3, 7)
	again.Segment, again.Offset = "segment-9", 5
	commit(t, s, Settlement{DeadLetters: []deadletter.Entry{again}})
	if got, want := ids(), []byte{3, 1, 2, 14}; !bytes.Equal(got, want) {
		t.Errorf("dead letters %v, want %v: each once, in the order of the first settling", got, want)
	}
	if got, ok, err := s.DeadLetter(again.ID); !ok || err != nil || cmp.Diff(got, again) != "" {
		t.Errorf("dead letter 3: got %v %v %v, want the later place %v", got, ok, err, again)
	}
	segments, err := s.Segments()
	if diff := cmp.Diff(segments, map[string]int{"segment-0": 2, "segment-1": 1, "segment-9": 1}); diff != "" || err != nil {
		t.Errorf("segments (%v), got - want +:\n%s", err, diff)
	}

	// Delivered since: only of contacts with dead letters, only what is newer.
	commit(t, s, Settlement{Delivered: map[deadletter.Hash]int64{{7}: 50, {9}: 50}})
	commit(t, s, Settlement{Delivered: map[deadletter.Hash]int64{{7}: 40}})
	contacts, err := s.Contacts()
	if diff := cmp.Diff(contacts, map[deadletter.Hash]int64{{7}: 50, {8}: deadletter.NothingDelivered}); diff != "" || err != nil {
		t.Errorf("contacts (%v), got - want +:\n%s", err, diff)
	}
	if got, err := s.Delivered(deadletter.Hash{7}); got != 50 || err != nil {
		t.Errorf("delivered of contact 7: %d, want 50 (%v)", got, err)
	}
	if got, err := s.Delivered(deadletter.Hash{9}); got != deadletter.NothingDelivered || err != nil {
		t.Errorf("delivered of contact 9: %d, want nothing (%v)", got, err)
	}

	commit(t, s, Settlement{Replayed: []deadletter.ID{{1}, {99}}})
	if got, _ := s.Delivered(deadletter.Hash{7}); got != 50 {
		t.Errorf("delivered of contact 7, which has a dead letter left: %d, want 50", got)
	}
	commit(t, s, Settlement{Replayed: []deadletter.ID{{3}, {14}}})
	s = reopen(t, s)
	if got, want := ids(), []byte{2}; !bytes.Equal(got, want) {
		t.Errorf("dead letters %v, want %v", got, want)
	}
	if got, _ := s.Delivered(deadletter.Hash{7}); got != deadletter.NothingDelivered {
		t.Errorf("delivered of contact 7 without dead letters: %d, want nothing", got)
	}
	if _, ok, err := s.DeadLetter(deadletter.ID{3}); ok || err != nil {
		t.Errorf("a replayed dead letter is still there (%v)", err)
	}
}

// TestReplayWhileReading removes each dead letter while the loop over all of them runs.
func TestReplayWhileReading(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
	const n = 3*page + 1
	var c Settlement
	for i := range n {
		e := entry(1, 1)
		e.ID = deadletter.ID{byte(i), byte(i >> 8)}
		c.DeadLetters = append(c.DeadLetters, e)
	}
	commit(t, s, c)
	seen := 0
	for e, err := range s.DeadLetters() {
		if err != nil {
			t.Fatal(err)
		}
		seen++
		if seen%100 == 0 || seen > n-3 {
			commit(t, s, Settlement{Replayed: []deadletter.ID{e.ID}})
		}
	}
	left, err := s.DeadLetterCount()
	if seen != n || left != n-7-3 || err != nil {
		t.Errorf("saw %d of %d, %d left, want %d (%v)", seen, n, left, n-10, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "records.jsonl")
	if err := os.WriteFile(text, []byte(strings.Repeat(`{"ContactId":"x"}`+"\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		readOnly   bool
		want       string
	}{
		{"a folder", dir, false, "is a folder: name a file in it, e.g. " + filepath.Join(dir, "trunkline.db")},
		{"something else", text, false, "is not a trunkline state file: name another one as state.file"},
		{"something else to read", text, true, "is not a trunkline state file"},
		{"a file in no folder", filepath.Join(dir, "none", "trunkline.db"), false, "make it with mkdir -p"},
		{"a device", "/dev/null", false, "is not a regular file"},
		{"nothing to read", filepath.Join(dir, "trunkline.db"), true, "nothing has run with it yet"},
	} {
		o := options()
		o.ReadOnly = c.readOnly
		s, err := Open(c.path, o)
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Open(%s) = %v, want %q", c.name, c.path, err, c.want)
		}
	}
	o := options()
	o.ReadOnly = true
	if _, err := Open(filepath.Join(dir, "trunkline.db"), o); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.db*")); len(left) != 0 {
		t.Errorf("the refused opens left %v", left)
	}
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trunkline.db")
	s := open(t, path)
	commit(t, s, Settlement{Positions: map[string]string{"a": "1"}})
	o := options()
	o.ReadOnly = true
	_, err := Open(path, o)
	if locked, ok := errors.AsType[*LockedError](err); !ok || locked.Holder.PID != os.Getpid() {
		t.Errorf("while it is written: got %v, want a *LockedError that names this process", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.db, s.lock = nil, nil
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	r2, err := Open(path, o)
	if err != nil {
		t.Fatalf("a second reader: %v", err)
	}
	if got, _, err := r2.Position("a"); got != "1" || err != nil {
		t.Errorf("position %q (%v), want 1", got, err)
	}
	if err := r.Commit(Settlement{Positions: map[string]string{"a": "2"}}); err == nil {
		t.Error("a reader committed")
	}
	if err := errors.Join(r.Close(), r2.Close()); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("reading changed the file (%v)", err)
	}
}

func TestPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trunkline.db")
	open(t, path)
	for _, name := range []string{path, lockPath(path)} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), got)
		}
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "trunkline.db"))
			w := dedupe.New(dedupe.Options{})
			i := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				for range n {
					var v dedupe.Version
					i++
					copy(v.ID[:], number(i*0x9e3779b97f4a7c15))
					v.Time = int64(i)
					w.Add(v, epoch)
				}
				err := s.Commit(Settlement{
					Positions: map[string]string{"records.jsonl": fmt.Sprint(i)},
					Window:    w.Take(epoch),
					Outcomes:  map[string]uint64{"delivered": uint64(n)},
				})
				if err != nil {
					b.Fatal(err)
				}
				w.Confirm()
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "versions/s")
		})
	}
}

// BenchmarkStart opens a file with a full deduplication window and loads it.
func BenchmarkStart(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "trunkline.db"))
	w := dedupe.New(dedupe.Options{})
	for i := range uint64(dedupe.DefaultMax) {
		w.Add(versionOf(i), epoch)
		if i%5000 == 4999 {
			commit(b, s, Settlement{Window: w.Take(epoch)})
			w.Confirm()
		}
	}
	for b.Loop() {
		s = reopen(b, s)
		w := dedupe.New(dedupe.Options{})
		if err := s.WindowChunks(w.Load); err != nil {
			b.Fatal(err)
		}
		if got := w.Check(versionOf(1)); got != dedupe.Duplicate {
			b.Fatalf("got %v, want %v", got, dedupe.Duplicate)
		}
	}
}
