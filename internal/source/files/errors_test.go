package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "empty"), 0o700)
	file := write(t, filepath.Join(dir, "file"), "{}")
	for path, want := range map[string]string{
		"":                         "no path to read from",
		dir + "/missing":           "missing: no such file or directory; check the path",
		dir + "/empty":             "empty: no files there",
		dir + "/*.jsonl":           "*.jsonl: no files there",
		dir + "/[":                 "syntax error in pattern",
		dir + "/missing/below/x":   "no such file",
		filepath.Join(file, "x.j"): "not a directory",
	} {
		s, err := Open(Options{Path: path})
		if err == nil {
			s.Close()
			t.Errorf("Open(%q) succeeded, want %q", path, want)
			continue
		}
		if got := err.Error(); !strings.Contains(got, want) || strings.Contains(got, "\n") || strings.Contains(got, "stat ") {
			t.Errorf("Open(%q): got %q, want one line with %q", path, got, want)
		}
	}
}

func TestHintOfPermission(t *testing.T) {
	err := hint("folder", &fs.PathError{Op: "open", Path: "folder/a", Err: fs.ErrPermission})
	if got := err.Error(); !strings.HasPrefix(got, "read folder/a: permission denied; ") || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %q", got)
	}
}

// A file that is damaged costs none of the records before the damage, none of the other files, and its position stays there.
func TestDamagedFiles(t *testing.T) {
	lines := strings.Repeat("{\"a\":1}\n", 1000)
	whole := gz(lines)
	wrong := []byte(whole)
	wrong[len(wrong)-8] ^= 1 // the checksum
	for name, c := range map[string]struct {
		text, want string
		atLeast    int
	}{
		"gzip cut":        {whole[:len(whole)-10], "ends too early", 1},
		"gzip checksum":   {string(wrong), "damaged", 999},
		"gzip head":       {whole[:5], "ends too early", 0},
		"zstd cut":        {zst(lines)[:40], "ends too early", 0},
		"second member":   {gz(lines) + gz(lines)[:12], "ends too early", 1000},
		"gzip with junk":  {gz(lines) + "junk behind it that is no member", "damaged", 1000},
		"zstd big window": {"\x28\xb5\x2f\xfd\x00\x88" + strings.Repeat("x", 100), "--ultra", 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bad := write(t, filepath.Join(dir, "a"), c.text)
			write(t, filepath.Join(dir, "b"), "{\"last\":1}\n")
			s := open(t, Options{Path: dir})
			k, err := drain(context.Background(), s)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), bad) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with the file's name and %q", err, c.want)
			}
			n := len(k.texts)
			if n == 0 || k.texts[n-1] != `{"last":1}` || n-1 < c.atLeast {
				t.Fatalf("got %d records, want %d and that of the other file", n, c.atLeast)
			}
			for _, text := range k.texts[:n-1] {
				if text != `{"a":1}` {
					t.Fatalf("got %q, want whole records only", text)
				}
			}
			if name == "gzip cut" { // Once the file is whole, reading goes on where it stopped.
				write(t, bad, whole)
				rest := readAll(t, Options{Path: bad, Position: at(k.after[n-2])})
				if got := len(rest.texts) + n - 1; got != 1000 {
					t.Errorf("got %d records before and after, want 1000", got)
				}
			}
		})
	}
}

func TestShrinkingFile(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "a"), strings.Repeat("{\"a\":1}\n", 100_000))
	s := open(t, Options{Path: path})
	if _, err := s.Read(context.Background()); err != nil {
		t.Fatal(err)
	}
	os.Truncate(path, 100)
	if _, err := drain(context.Background(), s); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("got %v, want an error that says that the file was cut short", err)
	}
}

func TestBrokenStandardInput(t *testing.T) {
	broken := errors.New("cable cut")
	for name, in := range map[string]io.Reader{
		"at once":           iotest.ErrReader(broken),
		"behind two values": io.MultiReader(strings.NewReader("{\"a\":1}\n{\"b\":2}\n{\"c\""), iotest.ErrReader(broken)),
	} {
		s := open(t, Options{Path: "-", Stdin: in})
		k, err := drain(context.Background(), s)
		if !errors.Is(err, broken) || name != "at once" && len(k.texts) != 2 {
			t.Errorf("%s: got %q, %v, want the records before the error, and the error", name, k.texts, err)
		}
		s.Close()
	}
}
