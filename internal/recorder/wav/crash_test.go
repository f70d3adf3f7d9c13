package wav

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/test/emulators"
)

// journal is a File that remembers every write.
type journal struct {
	memory
	writes []write
}

type write struct {
	at   int64
	data []byte
}

func (j *journal) WriteAt(p []byte, at int64) (int, error) {
	j.writes = append(j.writes, write{at, bytes.Clone(p)})
	return j.memory.WriteAt(p, at)
}

// recordCall writes a short call with holes and blocks out of order, in small pages, and returns the writes and the whole data.
func recordCall(t *testing.T, o Options) (writes []write, data []byte) {
	t.Helper()
	file := new(journal)
	w, err := newWriter(file, o, 96)
	if err != nil {
		t.Fatal(err)
	}
	want := naive{there: [2]map[int64]int16{{}, {}}}
	r := rand.New(rand.NewPCG(1, uint64(o.Channels)))
	for i := range int64(30) {
		for channel := range o.Channels {
			at := 16*(i+int64(r.IntN(3))-1) + 7
			values := make([]int16, 16)
			for k := range values {
				values[k] = int16(r.IntN(1<<16)) | 1
			}
			if i%7 == 3 {
				continue
			}
			if err := w.Write(channel, time.Duration(at)*125*time.Microsecond, samples(values...)); err != nil {
				t.Fatal(err)
			}
			want.write(channel, at, values)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.writes, want.data(o)
}

// TestCrash ends the writing process after every write of the file, and within every write of data at several bytes; what is there then
// is a valid file, and so it is when the disk then loses the end of it. Each is opened by another program's reader. What it reads is of the call:
// samples at their place, or silence where they were still to come.
func TestCrash(t *testing.T) {
	python := emulators.Install(t).Python
	folder := t.TempDir()
	type state struct {
		claimed int64
		data    []byte
		o       Options
	}
	want := map[string]state{}
	keep := func(name string, o Options, file []byte, claimed int64) {
		head := newHeader(o).size()
		data := bytes.Clone(file[head:])
		want[name] = state{claimed, data[:min(int64(len(data)), claimed*newHeader(o).frame())], o}
		if err := os.WriteFile(filepath.Join(folder, name), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, o := range []Options{{Channels: 1}, {Channels: 2}, {Channels: 1, MuLaw: true}, {Channels: 2, MuLaw: true}} {
		writes, final := recordCall(t, o)
		head := newHeader(o)
		file := new(memory)
		claimed := int64(0)
		for n, w := range writes {
			if w.at == 0 {
				if int64(len(w.data)) != head.size() {
					t.Fatalf("write %d: %d bytes of header", n, len(w.data))
				}
				claimed = int64(binary.LittleEndian.Uint32(w.data[head.size()-4:])) / head.frame()
			} else {
				for _, torn := range []int{1, 2, 3, len(w.data) / 2, len(w.data) - 1} {
					if torn > 0 && torn < len(w.data) {
						part := &memory{bytes.Clone(file.data)}
						_, _ = part.WriteAt(w.data[:torn], w.at)
						keep(fmt.Sprintf("%d-%03d-torn-%d", i, n, torn), o, part.data, claimed)
					}
				}
			}
			if _, err := file.WriteAt(w.data, w.at); err != nil {
				t.Fatal(err)
			}
			keep(fmt.Sprintf("%d-%03d", i, n), o, file.data, claimed)
			if got := int64(len(file.data)) - head.size(); got < claimed*head.frame() {
				t.Fatalf("after write %d the header counts %d samples, and there are %d bytes", n, claimed, got)
			}
			silence := byte(0)
			if o.MuLaw {
				silence = silentMuLaw
			}
			for at, b := range file.data[head.size():] {
				if at < len(final) && b != final[at] && b != silence {
					t.Fatalf("after write %d byte %d of the data is %#x, neither silence nor %#x", n, at, b, final[at])
				}
			}
		}
		if claimed*head.frame() != int64(len(final)) || !bytes.Equal(file.data[head.size():][:len(final)], final) {
			t.Fatalf("%+v: the whole file is wrong", o)
		}
		for lost := 1; lost <= len(file.data); lost += 1 + lost/9 {
			left := file.data[:len(file.data)-lost]
			name := fmt.Sprintf("%d-lost-%04d", i, lost)
			if int64(len(left)) >= head.size() && !o.MuLaw {
				keep(name, o, left, claimed)
			}
		}
	}
	out, err := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "open.py"), folder).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(want) || len(want) < 500 {
		t.Fatalf("%d answers for %d files: %s", len(lines), len(want), out[:min(len(out), 1000)])
	}
	for _, line := range lines {
		name, got, _ := strings.Cut(line, " ")
		s := want[name]
		data, width := s.data, 2
		if s.o.MuLaw {
			width = 1
			var decoded []byte
			for _, code := range data {
				decoded = binary.LittleEndian.AppendUint16(decoded, uint16(decode(code)))
			}
			data = decoded
		}
		if want := fmt.Sprintf("%d %d 8000 %d %x", s.o.Channels, width, s.claimed, sha256.Sum256(data)); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestFile is a call in a real file, that is whole when it is flushed, without being closed.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "call.wav")
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := New(file, Options{Channels: 2})
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.Repeat(samples(1000, -1000), 4000)
	for i := range 5 {
		at := time.Duration(i) * 3 * time.Second // with holes
		for channel := range 2 {
			if err := w.Write(channel, at, second); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found, err := chunks(data)
		if err != nil || len(found["data"]) != 32000*(3*i+1) || !slices.Equal(found["data"][len(found["data"])-4:], samples(-1000, -1000)) {
			t.Fatalf("after %d seconds: %d bytes, %v", 3*i+1, len(found["data"]), err)
		}
	}
}
