package files

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// generated reads as head, then unit again and again until size bytes, then tail. It keeps the greatest heap it has seen.
type generated struct {
	head, unit, tail string
	size, sent       int
	peak             uint64
	part             string
	looked           int
}

func (g *generated) Read(b []byte) (int, error) {
	if g.sent-g.looked > 1<<20 {
		g.looked = g.sent
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		g.peak = max(g.peak, m.HeapInuse)
	}
	n := 0
	for n < len(b) {
		if g.part == "" {
			switch {
			case g.sent == 0:
				g.part = g.head
			case g.sent < g.size:
				g.part = g.unit
			case g.tail != "":
				g.part, g.tail = g.tail, ""
			default:
				break
			}
		}
		if g.part == "" {
			break
		}
		m := copy(b[n:], g.part)
		g.part = g.part[m:]
		g.sent += m
		n += m
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

func TestMemoryIsBounded(t *testing.T) {
	line := `{"x":"` + strings.Repeat("y", 4700) + "\"}\n"
	for name, c := range map[string]struct {
		g       generated
		most    uint64 // MiB over what the test began with
		records int
		long    int64
	}{
		"200 MB of lines":             {generated{head: line, unit: line, size: 200e6}, 8, 200e6/len(line) + 1, 0},
		"2 MB of short garbage":       {generated{head: "x\n", unit: strings.Repeat("\x00\n", 1<<15), size: 2e6}, 8, -1, 0},
		"array of 30 MB":              {generated{head: "[" + line, unit: "," + line, size: 30e6}, 8, -1, 0},
		"lines that never close":      {generated{head: "{}\n", unit: strings.Repeat("{\"a\":[\n", 100), size: 1e5}, 8, -1, 0},
		"100 MB in one record":        {generated{head: "{}\n{\"x\":\"", unit: strings.Repeat("y", 1<<20), size: 100e6, tail: "\"}\n{}\n"}, 40, 3, 100e6},
		"30 MB without line breaks":   {generated{head: "{}\nx", unit: strings.Repeat("\x00", 1<<20), size: 30e6, tail: "\n{}\n"}, 40, 3, 30e6},
		"30 MB of brackets":           {generated{head: "{}\n[0,", unit: strings.Repeat("[", 1<<20), size: 30e6, tail: "\n{}\n"}, 40, -1, 30e6},
		"30 MB record over lines":     {generated{head: "{}\n{\"x\":[1", unit: strings.Repeat(",\n1", 1<<18), size: 30e6, tail: "]}\n{}\n"}, 40, 3, 30e6},
		"30 MB of white space":        {generated{head: "{}", unit: strings.Repeat(" \t", 1<<18), size: 30e6, tail: "{}"}, 8, 2, 0},
		"30 MB of white space in one": {generated{head: "{}{\"x\":", unit: strings.Repeat(" ", 1<<18), size: 30e6, tail: "1}{}"}, 40, 3, 30e6},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			s := open(t, Options{Path: "-", Stdin: &c.g})
			defer s.Close()
			records, long := 0, int64(0)
			for {
				b, err := s.Read(context.Background())
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range b.Records {
					records++
					if e, ok := errors.AsType[*TooLongError](r.Problem); ok {
						long += e.Length
					}
				}
				b.Release()
			}
			if c.records >= 0 && records != c.records {
				t.Errorf("got %d records, want %d", records, c.records)
			}
			if long < c.long || long > c.long+2<<20 {
				t.Errorf("got too long records of %d bytes, want about %d", long, c.long)
			}
			got := (max(c.g.peak, before) - before) >> 20
			t.Logf("the heap grew by %d MiB", got)
			if got > c.most {
				t.Errorf("the heap grew by %d MiB, want at most %d", got, c.most)
			}
		})
	}
}

// A small compressed file may be one record of 20 MB.
func TestBombInFile(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.Copy(w, &generated{head: "{\"x\":\"", unit: strings.Repeat("y", 1<<20), size: 20e6, tail: "\"}\n{\"last\":1}\n"})
	w.Close()
	path := write(t, filepath.Join(t.TempDir(), "a"), packed.String())
	k := readAll(t, Options{Path: path})
	if len(k.texts) != 2 || !strings.HasPrefix(k.texts[0], "!record of 20") || k.texts[1] != `{"last":1}` {
		t.Fatalf("got %d records, %.80q", len(k.texts), k.texts)
	}
	if rest := readAll(t, Options{Path: path, Position: at(k.after[0])}); len(rest.texts) != 1 {
		t.Errorf("got %d records behind the first, want 1", len(rest.texts))
	}
}
