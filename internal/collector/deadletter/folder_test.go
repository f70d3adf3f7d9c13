package deadletter

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
)

var epoch = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func identity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func openFolder(t testing.TB, path string, o FolderOptions) *Folder {
	t.Helper()
	if o.Owner == "" {
		o.Owner = "owner"
	}
	f, err := OpenFolder(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func letter(n int) Letter {
	return Letter{
		Time: epoch, Stage: "redact", Reason: "CustomerEndpoint.Address is not a text", Attempts: 3,
		Source: Source{Partition: "records.jsonl", Position: fmt.Sprint(n), Location: fmt.Sprintf("line %d", n)},
		Kind:   "contact record", ContactID: fmt.Sprintf("contact-%d", n), Version: epoch.Add(time.Second),
		Contact: Hash{byte(n), 1}, IdempotencyKey: "key", ContentHash: Hash{byte(n), 2},
	}
}

func appendLetter(t testing.TB, f *Folder, l Letter, record string) Entry {
	t.Helper()
	e, err := f.Append(l, []byte(record))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestFolder(t *testing.T) {
	for _, record := range []string{"", "{}", "not JSON\x00\xff", strings.Repeat(`{"a":"b"}`, 100_000)} {
		id, other := identity(t), identity(t)
		f := openFolder(t, filepath.Join(t.TempDir(), "new", "dead-letters"), FolderOptions{Recipients: []age.Recipient{other.Recipient(), id.Recipient()}})
		appendLetter(t, f, letter(1), "another")
		e := appendLetter(t, f, letter(2), record)
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		got, err := f.Read(e)
		if err != nil {
			t.Fatal(err)
		}
		want := letter(2)
		want.ID, want.Record = e.ID, got.Record
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("got - want +:\n%s", diff)
		}
		text, err := got.Decrypt(id)
		if err != nil || string(text) != record {
			t.Errorf("decrypted %d bytes (%v), want the %d of the record", len(text), err, len(record))
		}
		version := epoch.Add(time.Second).UnixMicro()
		wantEntry := Entry{
			ID: NewID("records.jsonl", "2", Hash{2, 2}), Time: epoch, Stage: "redact", Reason: want.Reason, Contact: want.Contact,
			Version: &version, Segment: e.Segment, Offset: e.Offset, Length: e.Length,
		}
		if diff := cmp.Diff(e, wantEntry); diff != "" {
			t.Errorf("entry, got - want +:\n%s", diff)
		}
	}
}

// TestWrittenAgain: a letter whose replay failed is written again with its new reason, and neither loses its record where no
// recipient is set any more, nor gets one that it never had.
func TestWrittenAgain(t *testing.T) {
	id, other := identity(t), identity(t)
	sealing := openFolder(t, t.TempDir(), FolderOptions{Recipients: []age.Recipient{id.Recipient()}})
	plain := openFolder(t, t.TempDir(), FolderOptions{})
	resealing := openFolder(t, t.TempDir(), FolderOptions{Recipients: []age.Recipient{other.Recipient()}})
	again := func(from, to *Folder, e Entry, record []byte) Letter {
		t.Helper()
		l, err := from.Read(e)
		if err != nil {
			t.Fatal(err)
		}
		l.Reason = "HTTP 422"
		e2, err := to.Append(l, record)
		if err != nil {
			t.Fatal(err)
		}
		got, err := to.Read(e2)
		if err != nil {
			t.Fatal(err)
		}
		if got.ID != e.ID || got.Reason != "HTTP 422" {
			t.Errorf("written again, %s became %s with the reason %q", e.ID, got.ID, got.Reason)
		}
		return got
	}
	sealed := appendLetter(t, sealing, letter(1), "record")
	for _, to := range []*Folder{sealing, plain, resealing} {
		got := again(sealing, to, sealed, []byte("record"))
		if text, err := got.Decrypt(id); string(text) != "record" || err != nil {
			t.Errorf("the record became %q (%v)", text, err)
		}
	}
	got := again(plain, sealing, appendLetter(t, plain, letter(2), "record"), nil)
	if _, err := got.Decrypt(id); err == nil || got.Record != "" {
		t.Errorf("a letter without its record got one (%v)", err)
	}
}

func TestSegments(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir, FolderOptions{SegmentSize: 1500})
	var entries []Entry
	for i := range 10 {
		entries = append(entries, appendLetter(t, f, letter(i), ""))
	}
	var segments []string
	used := map[string]int{}
	for _, e := range entries {
		segments = append(segments, e.Segment)
		used[e.Segment]++
	}
	segments = slices.Compact(segments)
	if len(segments) < 3 || segments[0] != "owner-00000001.jsonl" {
		t.Fatalf("10 letters went to %v, want several segments", segments)
	}
	stranger := filepath.Join(dir, "other-00000001.jsonl")
	if err := os.WriteFile(stranger, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	prune := func(used map[string]int, want ...string) {
		t.Helper()
		if _, err := f.Prune(used); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, name := range files {
			got = append(got, filepath.Base(name))
		}
		want = append([]string{filepath.Base(stranger)}, want...)
		if slices.Sort(want); !cmp.Equal(got, want) {
			t.Errorf("after pruning with %v there are %v, want %v", used, got, want)
		}
	}
	prune(nil, segments...) // nothing is committed yet
	f.Committed(entries...)
	prune(used, segments...)
	delete(used, segments[1])
	prune(used, slices.Concat(segments[:1], segments[2:])...)
	prune(nil, segments[len(segments)-1]) // the segment being written stays

	// The next process begins a segment of its own, and may delete those of this one.
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = openFolder(t, dir, FolderOptions{SegmentSize: 1500})
	e := appendLetter(t, f, letter(1), "")
	if e.Segment <= segments[len(segments)-1] {
		t.Errorf("the next process writes %s, after %v", e.Segment, segments)
	}
	prune(nil, e.Segment)
}

// TestTornTail: what a crash left behind the last whole letter is in nobody's way.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir, FolderOptions{})
	first, second := appendLetter(t, f, letter(1), ""), appendLetter(t, f, letter(2), "")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, first.Segment)
	for cut := int64(1); cut <= second.Length; cut++ {
		if err := os.Truncate(path, second.Offset+second.Length-cut); err != nil {
			t.Fatal(err)
		}
		f := openFolder(t, dir, FolderOptions{})
		if _, err := f.Read(first); err != nil {
			t.Fatalf("%d bytes cut: the letter before cannot be read: %v", cut, err)
		}
		_, err := f.Read(second)
		if _, ok := errors.AsType[*LetterError](err); !ok {
			t.Fatalf("%d bytes cut: the cut letter reads as %v, want a *LetterError", cut, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	f := openFolder(t, t.TempDir(), FolderOptions{})
	first, second := appendLetter(t, f, letter(1), ""), appendLetter(t, f, letter(2), "")
	change := func(change func(*Entry)) Entry {
		e := first
		change(&e)
		return e
	}
	for _, c := range []struct {
		name string
		e    Entry
		want string
	}{
		{"another letter's place", change(func(e *Entry) { e.Offset, e.Length = second.Offset, second.Length }), "is dead letter " + second.ID.String()},
		{"the middle of a letter", change(func(e *Entry) { e.Offset++; e.Length-- }), "no letter at byte 1"},
		{"a letter's beginning", change(func(e *Entry) { e.Length-- }), "no letter ends at byte"},
		{"behind the end", change(func(e *Entry) { e.Offset = 1 << 40 }), "the letter should end at"},
		{"before the beginning", change(func(e *Entry) { e.Offset = -1 }), "the index says"},
		{"too much", change(func(e *Entry) { e.Length = 1 << 40 }), "the index says"},
		{"no segment", change(func(e *Entry) { e.Segment = "owner-00000099.jsonl" }), "no such file"},
		{"a file elsewhere", change(func(e *Entry) { e.Segment = "../" + e.Segment }), "names no segment file"},
	} {
		_, err := f.Read(c.e)
		if _, ok := errors.AsType[*LetterError](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want a *LetterError with %q", c.name, err, c.want)
		}
	}
}

func TestPermissions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dead-letters")
	f := openFolder(t, dir, FolderOptions{})
	e := appendLetter(t, f, letter(1), "")
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, e.Segment): 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
		}
	}
}

func TestOpenFolderRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFolder(file, FolderOptions{Owner: "o"}); err == nil || !strings.Contains(err.Error(), "name a folder as dead_letter.folder") {
		t.Errorf("a file: got %v", err)
	}
	if _, err := OpenFolder(filepath.Join(file, "x"), FolderOptions{Owner: "o"}); err == nil {
		t.Error("a folder in a file was opened")
	}
}

func TestConcurrentAppends(t *testing.T) {
	id := identity(t)
	f := openFolder(t, t.TempDir(), FolderOptions{SegmentSize: 4 << 10, Recipients: []age.Recipient{id.Recipient()}})
	entries := make([]Entry, 40)
	var wg sync.WaitGroup
	for i := range entries {
		wg.Go(func() {
			var err error
			if entries[i], err = f.Append(letter(i), fmt.Appendf(nil, "record %d", i)); err != nil {
				t.Error(err)
			}
			if err := f.Sync(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, e := range entries {
		l, err := f.Read(e)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := l.Decrypt(id); err != nil || string(got) != fmt.Sprintf("record %d", i) {
			t.Errorf("letter %d holds %q (%v)", i, got, err)
		}
	}
}

// TestNoRecordInClear: neither the record nor any piece of it is in a segment.
func TestNoRecordInClear(t *testing.T) {
	dir := t.TempDir()
	const canary = "canary-4f1c"
	record := strings.Repeat(`{"CustomerEndpoint":{"Address":"`+canary+`"}}`, 5000)
	for _, recipients := range [][]age.Recipient{nil, {identity(t).Recipient()}} {
		f := openFolder(t, dir, FolderOptions{Recipients: recipients})
		appendLetter(t, f, letter(1), record)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v (%v), want two segments", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(canary)) {
			t.Errorf("%s holds the record", filepath.Base(name))
		}
		if !bytes.Contains(text, []byte("contact-1")) {
			t.Errorf("%s does not name the contact", filepath.Base(name))
		}
	}
}

// FuzzRead reads entries from a segment of any content: a letter with the entry's ID comes out, or an error that quotes nothing.
func FuzzRead(f *testing.F) {
	l := letter(1)
	l.ID = ID{1}
	line, err := l.encode(nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line, int64(0), int64(len(line)))
	f.Add(append(bytes.Clone(line), line...), int64(len(line)), int64(len(line)))
	f.Add(line[:20], int64(0), int64(len(line)))
	f.Add(line, int64(-1), int64(1)<<62)
	f.Add([]byte("canary\n"), int64(0), int64(7))
	dir := f.TempDir()
	folder, err := OpenFolder(dir, FolderOptions{Owner: "o"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte, offset, length int64) {
		name := fmt.Sprintf("o-%d.jsonl", os.Getpid())
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := folder.Read(Entry{ID: ID{1}, Segment: name, Offset: offset, Length: length})
		if err != nil {
			if strings.Contains(err.Error(), "canary") {
				t.Fatalf("the error quotes the segment: %v", err)
			}
			return
		}
		if got.ID != (ID{1}) || length > int64(len(content)) {
			t.Fatalf("read letter %s of %q", got.ID, content)
		}
		_, _ = got.Decrypt()
	})
}

func BenchmarkAppend(b *testing.B) {
	f := openFolder(b, b.TempDir(), FolderOptions{Recipients: []age.Recipient{identity(b).Recipient()}})
	record := bytes.Repeat([]byte("x"), 4800)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Append(letter(1), record); err != nil {
			b.Fatal(err)
		}
	}
}
