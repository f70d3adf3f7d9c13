package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"trunkline/internal/collector"
)

// taken is what was read of a source.
type taken struct {
	texts     []string // a record, or "!" and its problem
	at, after []string
	before    []string // After(-1) of the batch that the record came in
	partition []string
}

func (k *taken) add(b *collector.Batch) {
	for i, r := range b.Records {
		text := string(r.Data)
		if r.Problem != nil {
			text = "!" + r.Problem.Error()
		}
		k.texts = append(k.texts, text)
		k.at = append(k.at, b.Positions.At(i))
		k.after = append(k.after, b.Positions.After(i))
		k.before = append(k.before, b.Positions.After(-1))
		k.partition = append(k.partition, b.Partition)
	}
	b.Release()
}

// drain reads a source until an error, io.EOF being none.
func drain(ctx context.Context, s *Source) (k taken, err error) {
	for {
		b, err := s.Read(ctx)
		if err == io.EOF {
			return k, nil
		}
		if err != nil {
			return k, err
		}
		k.add(b)
	}
}

func open(t rapid.TB, o Options) *Source {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatalf("Open(%s): %v", o.Path, err)
	}
	return s
}

// readAll reads a finite source to its end.
func readAll(t rapid.TB, o Options) taken {
	t.Helper()
	s := open(t, o)
	k, err := drain(context.Background(), s)
	if err != nil {
		t.Fatalf("read %s: %v", o.Path, err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return k
}

func write(t rapid.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// at is an Options.Position that knows one position whatever the partition.
func at(position string) func(string) (string, bool) {
	return func(string) (string, bool) { return position, true }
}

func gz(texts ...string) string {
	var b bytes.Buffer
	for _, text := range texts {
		w := gzip.NewWriter(&b)
		io.WriteString(w, text)
		w.Close()
	}
	return b.String()
}

func zst(texts ...string) string {
	var b bytes.Buffer
	b.WriteString("\x50\x2a\x4d\x18\x03\x00\x00\x00abc") // a skippable frame
	for _, text := range texts {
		w, _ := zstd.NewWriter(&b)
		io.WriteString(w, text)
		w.Close()
	}
	return b.String()
}

func halves(text string) []string { return []string{text[:len(text)/2], text[len(text)/2:]} }

var packings = map[string]func(string) string{
	"plain":        func(s string) string { return s },
	"gzip":         func(s string) string { return gz(s) },
	"gzip members": func(s string) string { return gz(append(halves(s), "")...) },
	"zstd frames":  func(s string) string { return zst(append(halves(s), "")...) },
}

func TestFormats(t *testing.T) {
	const want = `{"a":1}|{"b":[2]}|{"c":"3"}`
	for name, text := range map[string]string{
		"lines":        "{\"a\":1}\n{\"b\":[2]}\n{\"c\":\"3\"}\n",
		"concatenated": `{"a":1}{"b":[2]}{"c":"3"}`,
		"array":        `[{"a":1},{"b":[2]},{"c":"3"}]`,
		"mixed":        "\xef\xbb\xbf\r\n{\"a\":1}\r\n\r\n[{\"b\":[2]}]\r\n {\"c\":\"3\"}",
	} {
		for packing, pack := range packings {
			t.Run(name+" "+packing, func(t *testing.T) {
				packed := pack(text)
				path := write(t, filepath.Join(t.TempDir(), "a"), packed)
				if got := strings.Join(readAll(t, Options{Path: path}).texts, "|"); got != want {
					t.Errorf("file %q: got %s, want %s", text, got, want)
				}
				for reader, wrap := range map[string]func(io.Reader) io.Reader{
					"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "halves": iotest.HalfReader, "error with data": iotest.DataErrReader,
				} {
					got := readAll(t, Options{Path: "-", Stdin: wrap(strings.NewReader(packed))})
					if got := strings.Join(got.texts, "|"); got != want {
						t.Errorf("standard input by %s %q: got %s, want %s", reader, text, got, want)
					}
				}
			})
		}
	}
}

func TestFolderAndGlob(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.jsonl": "2", "a.jsonl": "1", ".hidden": "no", ".git/x": "no", "2026/11/22/x": "0", "c": gz("3"), "empty": "",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	if err := os.Symlink("b.jsonl", filepath.Join(dir, "link")); err != nil { // read once
		t.Fatal(err)
	}
	for path, want := range map[string]string{"": "0 1 2 3", "*.jsonl": "1 2", "?": "3", "2026": "0", "20*": "0", ".h*": "no"} {
		got := readAll(t, Options{Path: filepath.Join(dir, path)})
		if got := strings.Join(got.texts, " "); got != want {
			t.Errorf("%q: got %s, want %s", path, got, want)
		}
	}
}

func TestPositionsResume(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	rapid.Check(t, func(t *rapid.T) {
		text, want := values(t)
		packing := rapid.SampledFrom([]string{"plain", "gzip members", "zstd frames"}).Draw(t, "packing")
		write(t, path, packings[packing](string(text)))
		all := readAll(t, Options{Path: path})
		if len(all.texts) != len(want) {
			t.Fatalf("%q: got %d records %q, want %q", text, len(all.texts), all.texts, want)
		}
		s := open(t, Options{Path: path})
		defer s.Close()
		for i := range want {
			for what, from := range map[string]string{"At": all.at[i], "After the one before": after(all, i)} {
				rest := readAll(t, Options{Path: path, Position: at(from)})
				if diff := cmp.Diff(all.texts[i:], rest.texts); diff != "" {
					t.Fatalf("%s %q from %s %q on: -want +got\n%s", packing, text, what, from, diff)
				}
			}
			if strings.HasPrefix(all.texts[i], "!") {
				continue
			}
			if got, err := s.ReadAt(context.Background(), all.at[i]); err != nil || string(got) != want[i] {
				t.Fatalf("ReadAt(%s) of %q: got %q, %v, want %q", all.at[i], text, got, err, want[i])
			}
		}
		if len(want) > 0 {
			if rest := readAll(t, Options{Path: path, Position: at(all.after[len(want)-1])}); len(rest.texts) > 0 {
				t.Fatalf("%q: got %q behind the end", text, rest.texts)
			}
		}
	})
}

// after is where to go on before record i, as the batch tells.
func after(k taken, i int) string {
	if i == 0 {
		return k.before[0]
	}
	return k.after[i-1]
}

func TestManyBatches(t *testing.T) {
	var text strings.Builder
	const n = 30_000
	for i := range n {
		fmt.Fprintf(&text, "{\"i\":%d,\"x\":%q}\n", i, strings.Repeat("x", i%97))
	}
	path := write(t, filepath.Join(t.TempDir(), "a"), text.String())
	s := open(t, Options{Path: path})
	var held []*collector.Batch
	count := 0
	for {
		b, err := s.Read(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, b)
		if len(held) > 3 { // released out of order
			for _, k := range []int{1, 0} {
				held[k].Release()
			}
			held = held[2:]
		}
		for _, b := range held {
			for _, r := range b.Records {
				if !bytes.HasPrefix(r.Data, []byte(`{"i":`)) || !bytes.HasSuffix(r.Data, []byte(`"}`)) {
					t.Fatalf("a record that is held became %q", r.Data)
				}
			}
		}
		for _, r := range b.Records {
			if want := fmt.Sprintf(`{"i":%d,`, count); !bytes.HasPrefix(r.Data, []byte(want)) {
				t.Fatalf("got %q, want %s", r.Data, want)
			}
			count++
		}
		if got, ok := s.Lag(); !ok || got > int64(text.Len()) {
			t.Fatalf("got lag %d, %v", got, ok)
		}
	}
	if count != n {
		t.Errorf("got %d records, want %d", count, n)
	}
	if got, ok := s.Lag(); got != 0 || !ok {
		t.Errorf("got lag %d, %v at the end, want 0", got, ok)
	}
}

func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a"), "{\"a\":1}\n{\"b\":2}\n")
	first := readAll(t, Options{Path: path})
	position := first.after[0]
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))

	renamed := filepath.Join(dir, "a.1")
	os.Rename(path, renamed)
	if got := readAll(t, Options{Path: renamed, Position: at(position), Logger: logger}); strings.Join(got.texts, " ") != `{"b":2}` || got.partition[0] != first.partition[0] {
		t.Errorf("renamed: got %q, want the second record", got.texts)
	}
	f, _ := os.OpenFile(renamed, os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString(strings.Repeat("{}\n", 1000))
	f.Close()
	if got := readAll(t, Options{Path: renamed, Position: at(position), Logger: logger}); len(got.texts) != 1001 {
		t.Errorf("grown: got %d records, want 1001", len(got.texts))
	}
	if log.Len() > 0 {
		t.Errorf("logged %s, want nothing", log.String())
	}
	write(t, renamed, "{\"c\":3}\n{\"d\":4}\n{\"e\":5}\n")
	if got := readAll(t, Options{Path: renamed, Position: at(position), Logger: logger}); len(got.texts) != 3 || !strings.Contains(log.String(), "other content") {
		t.Errorf("overwritten: got %q, log %s, want all 3 and a warning", got.texts, log.String())
	}
	log.Reset()
	write(t, renamed, "{\"a\":1}\n{\"b\":2}\n"+strings.Repeat(" ", 2000)+"{}")
	long := readAll(t, Options{Path: renamed}).after[2]
	os.Truncate(renamed, 1500)
	if got := readAll(t, Options{Path: renamed, Position: at(long), Logger: logger}); len(got.texts) != 2 || !strings.Contains(log.String(), "cut short") {
		t.Errorf("cut short: got %q, log %s, want both and a warning", got.texts, log.String())
	}
	log.Reset()
	if got := readAll(t, Options{Path: renamed, Position: at("7 nonsense"), Logger: logger}); len(got.texts) != 2 || !strings.Contains(log.String(), "not understood") {
		t.Errorf("position of something else: got %q, log %s, want both and a warning", got.texts, log.String())
	}
}

func TestReadAt(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a"), "{\"a\":1}\n{\"b\":2}\n{\"data\":\"e30=\",\"eventSource\":\"aws:kinesis\"}\n")
	k := readAll(t, Options{Path: path})
	s := open(t, Options{Path: path, MaxRecord: 60})
	defer s.Close()
	ctx := context.Background()
	os.Rename(path, path+".1")
	for i, want := range []string{`{"a":1}`, `{"b":2}`, `{}`} {
		if got, err := s.ReadAt(ctx, k.at[i]); err != nil || string(got) != want {
			t.Errorf("ReadAt(%s): got %q, %v, want %q", k.at[i], got, err, want)
		}
	}
	if _, err := s.ReadAt(ctx, strings.Replace(k.at[0], "1 0 ", "1 1 ", 1)); err != nil {
		t.Errorf("ReadAt in the middle of a record gives what begins there; got %v", err)
	}
	if _, err := s.ReadAt(ctx, strings.Replace(k.at[0], "1 0 ", "1 7 ", 1)); err == nil || !strings.Contains(err.Error(), "no record begins there") {
		t.Errorf("ReadAt between records: got %v", err)
	}
	if _, err := s.ReadAt(ctx, "?"); err == nil {
		t.Error("ReadAt(?) succeeded")
	}
	write(t, path+".1", "{\"x\":1}\n{\"y\":2}\n")
	if _, err := s.ReadAt(ctx, k.at[0]); err == nil || !strings.Contains(err.Error(), "other content") {
		t.Errorf("ReadAt of an overwritten file: got %v", err)
	}
	os.Remove(path + ".1")
	if _, err := s.ReadAt(ctx, k.at[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadAt of a removed file: got %v, want fs.ErrNotExist", err)
	}
	in := open(t, Options{Path: "-", Stdin: strings.NewReader("")})
	if _, err := in.ReadAt(ctx, k.at[0]); err != ErrNotRereadable || in.Rereadable() || !s.Rereadable() {
		t.Errorf("standard input: got %v, rereadable %v", err, in.Rereadable())
	}
}

func TestNoAllocationsPerRecord(t *testing.T) {
	const n = 50_000
	path := write(t, filepath.Join(t.TempDir(), "a"), strings.Repeat("{\"a\":1,\"b\":{}}\n", n))
	var before, after runtime.MemStats
	s := open(t, Options{Path: path})
	runtime.ReadMemStats(&before)
	count := 0
	for {
		b, err := s.Read(context.Background())
		if err == io.EOF {
			break
		}
		count += len(b.Records)
		b.Release()
	}
	runtime.ReadMemStats(&after)
	if got := after.Mallocs - before.Mallocs; count != n || got > 500 {
		t.Errorf("got %d allocations for %d records, want at most 500", got, count)
	}
}

// A dead letter is known by its record's place: a file that was renamed, or has grown, must not make two of one.
func TestPlaceOutlivesTheName(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "records.jsonl")
	if err := os.WriteFile(path, []byte("{\"a\":1}\n{\"b\":2}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	second := func(path string) (place, at string) {
		s, err := Open(Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		b, err := s.Read(t.Context())
		if err != nil || len(b.Records) < 2 {
			t.Fatalf("read %s: %d records, %v", path, len(b.Records), err)
		}
		return b.Partition + " " + b.Positions.Place(1), b.Positions.At(1)
	}
	place, at := second(path)
	if err := os.WriteFile(path, []byte("{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	againPlace, againAt := second(path + ".1")
	if againPlace != place || againAt == at {
		t.Errorf("of a renamed file that has grown: got place %s, position %s; want place %s, another position than %s", againPlace, againAt, place, at)
	}
}
