package catalog

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// member is one gzip member.
func member(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text)) //nolint:errcheck // to memory
	z.Close()             //nolint:errcheck // to memory
	return b.String()
}

// file is a file of one block with one service, whose index comes from the block's sizes.
func file(block string) []byte {
	data := member(block)
	index := fmt.Sprintf("%sD\t2026-01-02\nB\t%d\t%d\nS\tx\t0\t%d\t1\tService X\n", header, len(data), len(block), len(block))
	return []byte(member(index) + data)
}

const small = "S\t1\t1\t1\t1\t1\t1\ncx:Key\tArrayOfString\ntthing\t~thing/${Id}\nWMake\t0!:0\t\ty:Do\n"

func TestOpen(t *testing.T) {
	c, err := Open(file(small))
	if err != nil {
		t.Fatal(err)
	}
	a, ok := c.Action("x:make")
	if !ok || a.String() != "x:Make" || a.Level != Write || len(a.Resources) != 1 {
		t.Fatalf("Action(x:make): got %+v, %t", a, ok)
	}
	r := a.Resources[0]
	if !r.Required || r.Type.Formats[0] != "arn:${Partition}:x:${Region}:${Account}:thing/${Id}" || len(r.Keys) != 1 || !r.Keys[0].Multi {
		t.Errorf("its resource: got %+v", r)
	}
	for d := range a.Dependents() {
		if d.Action != "y:Do" {
			t.Errorf("its dependent: got %+v", d)
		}
	}
	if !a.Service.ResourceControl || a.Service.Name != "Service X" {
		t.Errorf("its service: got %q, %t", a.Service.Name, a.Service.ResourceControl)
	}
	if _, err := Open([]byte(facts)); err != nil {
		t.Errorf("the embedded facts: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	whole := string(file(small))
	damaged := []byte(whole)
	damaged[len(damaged)-12] ^= 1
	index := func(lines string) []byte { return []byte(member(header + lines)) }
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "not gzip"},
		{"text", []byte("trunkline iam catalog 1\n"), "not gzip"},
		{"another header", []byte(member("trunkline iam catalog 2\n")), "does not begin with"},
		{"truncated", []byte(whole[:len(whole)-20]), "sizes of the block"},
		{"damaged", damaged, "block of service x"},
		{"more behind it", []byte(whole + "x"), "1 bytes after the last block"},
		{"nothing", index("D\t2026-01-02\n"), "0 services"},
		{"service without block", index("D\t2026-01-02\nS\tx\t0\t0\n"), "service of no block"},
		{"bad date", index("D\tnow\nS\tx\t0\t0\n"), "date is not"},
		{"negative size", index("D\t2026-01-02\nB\t-1\t0\nS\tx\t0\t0\n"), "sizes of the block"},
		{"unknown kind", index("Q\nS\tx\t0\t0\n"), `kind "Q" is not known`},
		{"too large", make([]byte, maxFile+1), "more than"},
		{"bomb", []byte(member(strings.Repeat("a", maxIndex+1))), "more than"},
		{"counts", file("S\t9\t1\t1\t1\t1\t1\n"), "counts are wrong"},
		{"huge counts", file("S\t0\t0\t999999999\t0\t0\t0\n"), "counts are wrong"},
		{"type of a key", file("S\t1\t0\t0\t0\t0\t0\ncx:Key\tText\n"), "no condition key with a type"},
		{"order", file("S\t0\t0\t0\t2\t0\t0\nRb\nRa\n"), "out of order"},
		{"twice", file("S\t0\t0\t0\t2\t0\t0\nRa\nRA\n"), "out of order"},
		{"row of nothing", file("S\t0\t0\t0\t1\t1\t0\nRa\t7\n"), "row is no resource type"},
		{"key of nothing", file("S\t0\t0\t0\t1\t0\t1\nRa\t\t3\n"), "no condition key of the service"},
		{"uncounted row", file("S\t0\t1\t1\t1\t0\t0\ntt\t~x\nRa\t0\n"), "more than was counted"},
		{"format", file("S\t0\t1\t1\t0\t0\t0\ntt\tfoo\n"), "is no ARN format"},
		{"dependent", file("S\t0\t0\t0\t1\t0\t0\nRa\t\t\tb\n"), "dependent is no action"},
		{"escape sequence", file("S\t0\t0\t0\t1\t0\t0\nRa\x1b[2J\n"), "unprintable"},
		{"not UTF-8", file("S\t0\t0\t0\t1\t0\t0\nRa\xff\n"), "not UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Open(tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, %v, want an error with %q", c, err, tt.want)
			}
			if !strings.Contains(err.Error(), "trunkline policy catalog update") {
				t.Errorf("error %q does not say how to make a good file", err)
			}
		})
	}
}

// TestTables: rows that say too little are refused, and a table that a later version added is left alone.
func TestTables(t *testing.T) {
	with := func(name, rows string) []byte {
		data := member(small + rows)
		index := fmt.Sprintf("%sD\t2026-01-02\nB\t%d\t%d\nS\tx\t0\t%d\t\tX\nT\t%s\t%d\t%d\n",
			header, len(data), len(small)+len(rows), len(small), name, len(small), len(rows))
		return []byte(member(index) + data)
	}
	for _, tt := range []struct{ name, rows, want string }{
		{"dependents", "x:Make\ty:Do\n", ""},
		{"dependents", "x:Make\n", "without two actions"},
		{"dependents", "Make\ty:Do\n", "without two actions"},
		{"jobs", "job\twho\ty:Do\n", ""},
		{"jobs", "job\twho\n", "without an action"},
		{"operations", "sdk\tx\nx\tCall\tx:Make\n", ""},
		{"operations", "sdk\n", "without two fields"},
		{"later", "anything\n", ""},
	} {
		c, err := Open(with(tt.name, tt.rows))
		switch {
		case tt.want != "":
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s %q: got %v, want an error with %q", tt.name, tt.rows, err, tt.want)
			}
		case err != nil:
			t.Errorf("%s %q: %v", tt.name, tt.rows, err)
		default:
			for a := range c.Expand("*") {
				for range a.Dependents() {
				}
			}
			for range c.Jobs() {
			}
			if got, ok := c.Operation("SDK", "call"); ok != (tt.name == "operations") {
				t.Errorf("%s %q: Operation(SDK, call): got %q, %t", tt.name, tt.rows, got, ok)
			}
		}
	}
	if _, err := Open([]byte(member(header + "T\tdependents\t0\t0\n\nS\tx"))); err == nil {
		t.Error("a table of no block: no error")
	}
}

// TestMemory: all services together cost no more than 12 MB on the heap.
func TestMemory(t *testing.T) {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	c, err := readIndex(facts)
	if err != nil {
		t.Fatal(err)
	}
	for range c.Expand("*") {
	}
	c.hand()
	after := heap()
	const most = 12 << 20
	if after-before > most {
		t.Errorf("all services hold %d bytes, want at most %d", after-before, most)
	}
	t.Logf("all services hold %.1f MB", float64(after-before)/(1<<20))
	runtime.KeepAlive(c)
}

// FuzzOpen: no input makes Open panic, and what it takes can be read whole.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(facts[:4096]))
	f.Add(file(small))
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, data []byte) {
		// As a file, and as the block of one: the gzip around it is hard to hit upon.
		for _, data := range [][]byte{data, file(string(data))} {
			c, err := Open(data)
			if err != nil {
				continue
			}
			for a := range c.Expand("*") {
				for _, r := range a.Resources {
					for _, format := range r.Type.Formats {
						r.Type.Match(format)
						r.Type.Intersects(format + "*")
					}
				}
				for range a.Dependents() {
				}
			}
			for _, prefix := range c.Services() {
				s, _ := c.Service(prefix)
				for i := range s.Keys {
					if got, ok := s.Key(s.Keys[i].Name); !ok || got != &s.Keys[i] {
						t.Fatalf("Key(%q) of %q: got %v, %t", s.Keys[i].Name, prefix, got, ok)
					}
				}
			}
		}
	})
}
