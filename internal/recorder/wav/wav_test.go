package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// memory is a File.
type memory struct{ data []byte }

func (m *memory) ReadAt(p []byte, at int64) (int, error) {
	if at >= int64(len(m.data)) {
		return 0, io.EOF
	}
	n := copy(p, m.data[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memory) WriteAt(p []byte, at int64) (int, error) {
	if end := int(at) + len(p); end > len(m.data) {
		if int(at) > len(m.data) {
			return 0, fmt.Errorf("a write at %d behind the end at %d", at, len(m.data))
		}
		m.data = append(m.data, make([]byte, end-len(m.data))...)
	}
	return copy(m.data[at:], p), nil
}

// samples are consecutive values as a block holds them.
func samples(values ...int16) (pcm []byte) {
	for _, v := range values {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(v))
	}
	return pcm
}

// chunks takes a whole file apart, strictly: every size has to be right to the last byte.
func chunks(file []byte) (map[string][]byte, error) {
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" || int(binary.LittleEndian.Uint32(file[4:]))+8 != len(file) {
		return nil, fmt.Errorf("%d bytes that begin % x", len(file), file[:min(12, len(file))])
	}
	found := map[string][]byte{}
	for rest := file[12:]; len(rest) > 0; {
		if len(rest) < 8 {
			return nil, fmt.Errorf("%d bytes behind the last chunk", len(rest))
		}
		name, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:]))
		if size > len(rest)-8 || found[name] != nil {
			return nil, fmt.Errorf("chunk %q of %d bytes, %d left", name, size, len(rest)-8)
		}
		found[name] = rest[8 : 8+size : 8+size]
		rest = rest[8+size:]
		if size%2 != 0 {
			if len(rest) == 0 || rest[0] != 0 {
				return nil, fmt.Errorf("no zero behind chunk %q", name)
			}
			rest = rest[1:]
		}
	}
	return found, nil
}

// TestFormat is each kind of file, byte by byte.
func TestFormat(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Channels: 1}, "RIFF\x28\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x04\x00\x00\x00\x01\x02\x03\x04"},
		{Options{Channels: 2}, "RIFF\x2c\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x40\x1f\x00\x00\x00\x7d\x00\x00\x04\x00\x10\x00data\x08\x00\x00\x00\x01\x02\x00\x00\x03\x04\x00\x00"},
		{Options{Channels: 1, MuLaw: true}, "RIFF\x34\x00\x00\x00WAVEfmt \x12\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00\x00\x00fact\x04\x00\x00\x00\x02\x00\x00\x00data\x02\x00\x00\x00\xdb\xcd"},
		{Options{Channels: 2, MuLaw: true, Rate: 16000}, "RIFF\x36\x00\x00\x00WAVEfmt \x12\x00\x00\x00\x07\x00\x02\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x08\x00\x00\x00fact\x04\x00\x00\x00\x02\x00\x00\x00data\x04\x00\x00\x00\xdb\xff\xcd\xff"},
	} {
		file := new(memory)
		w, err := New(file, c.o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := chunks(file.data); err != nil {
			t.Errorf("%+v: empty: %v", c.o, err)
		}
		if err := w.Write(Customer, 0, []byte{1, 2, 3, 4, 5}); err != nil { // half a sample at the end
			t.Fatal(err)
		}
		r, err := w.Close()
		if err != nil || r.Samples != 2 || r.Channels[0].Odd != 1 || string(file.data) != c.want {
			t.Errorf("%+v: got %q, %+v, %v; want %q", c.o, file.data, r, err, c.want)
		}
		if _, err := chunks(file.data); err != nil {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
	file := new(memory)
	w, _ := New(file, Options{Channels: 1, MuLaw: true})
	_ = w.Write(0, 0, samples(0, 0, 0))
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if found, err := chunks(file.data); err != nil || string(found["data"]) != "\xff\xff\xff" {
		t.Errorf("an odd count: %q, %v", found["data"], err)
	}
}

// naive is a file as an array of samples.
type naive struct {
	there   [2]map[int64]int16
	dropped [2][]Drop // one for each sample
	last    int64
}

func (n *naive) write(channel int, at int64, values []int16) {
	for i, v := range values {
		at := at + int64(i)
		switch _, taken := n.there[channel][at]; {
		case at < 0:
			n.dropped[channel] = append(n.dropped[channel], Drop{Span{at, at + 1}, TooEarly})
		case taken:
			n.dropped[channel] = append(n.dropped[channel], Drop{Span{at, at + 1}, Overlap})
		default:
			n.there[channel][at] = v
			n.last = max(n.last, at+1)
		}
	}
}

func (n *naive) holes(channel int) (holes []Span) {
	for at := range n.last {
		if _, ok := n.there[channel][at]; ok {
			continue
		}
		if k := len(holes); k > 0 && holes[k-1].To == at {
			holes[k-1].To++
		} else {
			holes = append(holes, Span{at, at + 1})
		}
	}
	return holes
}

// data is what the file should hold.
func (n *naive) data(o Options) (data []byte) {
	for at := range n.last {
		for channel := range o.Channels {
			v := n.there[channel][at]
			if o.MuLaw {
				data = append(data, slowMuLaw(v))
			} else {
				data = binary.LittleEndian.AppendUint16(data, uint16(v))
			}
		}
	}
	return data
}

// TestPlaced: whatever order blocks come in, with holes, overlaps and repeats, the file is that of the array.
func TestPlaced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			Start: time.Duration(rapid.Int64Range(-1e18, 2e18).Draw(t, "start")), Channels: rapid.IntRange(1, 2).Draw(t, "channels"),
			Rate: rapid.SampledFrom([]int{0, 8000, 16000, 44100}).Draw(t, "rate"), MuLaw: rapid.Bool().Draw(t, "mu-law"),
		}
		file := new(memory)
		w, err := newWriter(file, o, rapid.SampledFrom([]int{4, 16, 64, pageSize}).Draw(t, "page"))
		if err != nil {
			t.Fatal(err)
		}
		want := naive{there: [2]map[int64]int16{{}, {}}}
		value := int16(1)
		for range rapid.IntRange(0, 25).Draw(t, "blocks") {
			channel, at := rapid.IntRange(0, o.Channels-1).Draw(t, "channel"), rapid.Int64Range(-10, 150).Draw(t, "at")
			values := make([]int16, rapid.IntRange(0, 40).Draw(t, "samples"))
			for i := range values {
				values[i] = value
				value += 37
			}
			// Any time that is nearer to this sample than to its neighbours.
			step := float64(time.Second) / float64(w.o.Rate)
			time := o.Start + time.Duration(math.Round((float64(at)+rapid.Float64Range(-0.49, 0.49).Draw(t, "off"))*step))
			if err := w.Write(channel, time, samples(values...)); err != nil {
				t.Fatal(err)
			}
			want.write(channel, at, values)
			if rapid.IntRange(0, 3).Draw(t, "flush") == 0 {
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		report, err := w.Close()
		if err != nil {
			t.Fatal(err)
		}
		found, err := chunks(file.data)
		if err != nil {
			t.Fatal(err)
		}
		if got := found["data"]; !bytes.Equal(got, want.data(o)) || report.Samples != want.last {
			t.Fatalf("got %d samples\n% x, want %d\n% x", report.Samples, got, want.last, want.data(o))
		}
		for channel, got := range report.Channels {
			var single []Drop
			for _, d := range got.Dropped {
				for at := d.From; at < d.To; at++ {
					single = append(single, Drop{Span{at, at + 1}, d.Why})
				}
			}
			if diff := cmp.Diff(want.dropped[channel], single); diff != "" || got.Unlisted != 0 {
				t.Fatalf("dropped of channel %d (-want +got):\n%s", channel, diff)
			}
			if diff := cmp.Diff(want.holes(channel), got.Holes); diff != "" || got.Placed != int64(len(want.there[channel])) {
				t.Fatalf("channel %d: %d placed, want %d; holes (-want +got):\n%s", channel, got.Placed, len(want.there[channel]), diff)
			}
		}
	})
}

// TestAligned loses and repeats blocks of a call at random: each sample that came is where it was spoken, on both sides.
func TestAligned(t *testing.T) {
	r := rand.New(rand.NewPCG(20261123, 1))
	const start, blocks, size = 1_725_368_687_758 * time.Millisecond, 2000, 512
	file := new(memory)
	w, _ := New(file, Options{Start: start, Channels: 2})
	came := [2][blocks]bool{}
	for i := range blocks {
		for channel := range 2 {
			for range []int{1, 1, 1, 1, 1, 1, 1, 0, 2}[r.IntN(9)] {
				pcm := make([]byte, 2*size)
				for k := range size {
					binary.LittleEndian.PutUint16(pcm[2*k:], uint16(i*size+k)<<1|uint16(channel))
				}
				if err := w.Write(channel, start+time.Duration(i)*64*time.Millisecond, pcm); err != nil {
					t.Fatal(err)
				}
				came[channel][i] = true
			}
		}
	}
	report, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	for at := range report.Samples {
		for channel := range int64(2) {
			want := uint16(0)
			if came[channel][at/size] {
				want = uint16(at)<<1 | uint16(channel)
			}
			if got := binary.LittleEndian.Uint16(file.data[44+4*at+2*channel:]); got != want {
				t.Fatalf("sample %d of channel %d: got %d, want %d", at, channel, got, want)
			}
		}
	}
	if n := len(report.Channels[0].Holes); n < blocks/20 || len(report.Channels[1].Dropped) < blocks/20 {
		t.Errorf("%d holes: the test has become too one-sided", n)
	}
}

// discard is a File that keeps its length alone.
type discard int64

func (d *discard) ReadAt(p []byte, at int64) (int, error) { return len(p), nil }

func (d *discard) WriteAt(p []byte, at int64) (int, error) {
	*d = max(*d, discard(at)+discard(len(p)))
	return len(p), nil
}

// TestLimits: a file is never longer than its sizes can say, and what does not fit stops nothing else.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want int64 // the longest file
	}{
		{Options{Channels: 1}, 1<<32 - 2},
		{Options{Channels: 2}, 1<<32 - 4},
		{Options{Channels: 1, MuLaw: true}, 1 << 32}, // with the byte behind an odd count
		{Options{Channels: 2, MuLaw: true}, 1<<32 - 2},
		{Options{Channels: 1, Most: time.Second}, 44 + 16000},
		{Options{Channels: 2, Most: time.Hour}, 44 + 32000*3600},
	} {
		c.o.Start = 20 * time.Minute
		file := new(discard)
		w, err := New(file, c.o)
		if err != nil {
			t.Fatal(err)
		}
		last := c.o.Start + time.Duration(float64(w.most-2)*125e3)
		for _, err := range []error{
			w.Write(0, last+125*time.Microsecond, samples(1, 2)),
			w.Write(0, math.MaxInt64, samples(1)),
			w.Write(0, math.MinInt64, samples(1)),
		} {
			if !errors.Is(err, ErrTooLong) {
				t.Errorf("%+v: got %v, want ErrTooLong", c.o, err)
			}
		}
		if err := w.Write(0, last, samples(1, 2)); err != nil {
			t.Errorf("%+v: %v", c.o, err)
		}
		r, err := w.Close()
		if err != nil || int64(*file) != c.want || r.Samples != w.most {
			t.Errorf("%+v: %d bytes, %d samples, %v; want %d", c.o, *file, r.Samples, err, c.want)
		}
		if size := int64(binary.LittleEndian.Uint32(w.head.bytes(w.extent)[4:])); size != int64(*file)-8 {
			t.Errorf("%+v: the header says %d", c.o, size)
		}
	}
}

// TestBounded: hostile times fill no memory.
func TestBounded(t *testing.T) {
	w, _ := New(new(discard), Options{Channels: 2})
	for i := range 2 * maxSpans {
		err := w.Write(0, time.Duration(i)*250*time.Microsecond, samples(1))
		if tooMany := i >= maxSpans; errors.Is(err, ErrTooMany) != tooMany {
			t.Fatalf("span %d: %v", i, err)
		}
		if err := w.Write(1, time.Duration(-2*i-2)*125*time.Microsecond, samples(1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(1, 0, samples(5)); err != nil {
		t.Errorf("the other channel: %v", err)
	}
	r, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Channels[1]; len(c.Dropped) != maxDrops || c.Unlisted != 2*maxSpans-maxDrops || c.Placed != 1 {
		t.Errorf("%d listed, %d not, %d placed", len(c.Dropped), c.Unlisted, c.Placed)
	}
	if got := len(r.Channels[0].Holes); got != maxSpans-1 {
		t.Errorf("%d holes", got)
	}
}

func TestWrongCalls(t *testing.T) {
	for _, o := range []Options{{}, {Channels: 3}, {Channels: 1, Rate: -1}, {Channels: 1, Rate: 1e9}, {Channels: 1, Most: -1}} {
		if _, err := New(new(memory), o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	w, _ := New(new(memory), Options{Channels: 1})
	if err := w.Write(1, 0, nil); err == nil {
		t.Error("a channel that is not there: no error")
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err == nil {
		t.Error("closed twice: no error")
	}
	if err := w.Write(0, 0, nil); err == nil {
		t.Error("written when closed: no error")
	}
}

// TestFailingFile: every error of the file comes to the caller.
func TestFailingFile(t *testing.T) {
	for calls := 0; ; calls++ {
		file := &failing{left: calls}
		err := func() error {
			w, err := newWriter(file, Options{Channels: 1, MuLaw: true}, 4)
			if err != nil {
				return err
			}
			for _, at := range []time.Duration{0, 40, 10, 80, 1} {
				if err := w.Write(0, at*time.Millisecond, samples(1, 2, 3, 4, 5)); err != nil {
					return err
				}
			}
			_, err = w.Close()
			return err
		}()
		if err == nil {
			if calls < 20 {
				t.Errorf("%d calls of the file in all", calls)
			}
			return
		}
		if !errors.Is(err, os.ErrInvalid) {
			t.Fatalf("call %d fails: %v", calls, err)
		}
	}
}

type failing struct {
	memory
	left int
}

func (f *failing) ReadAt(p []byte, at int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, os.ErrInvalid
	}
	return f.memory.ReadAt(p, at)
}

func (f *failing) WriteAt(p []byte, at int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, os.ErrInvalid
	}
	return f.memory.WriteAt(p, at)
}

func TestSpans(t *testing.T) {
	l := spans{}
	for _, s := range []Span{{10, 20}, {40, 50}, {20, 25}, {35, 40}, {60, 61}, {0, 1}, {24, 36}} {
		l = l.add(s)
	}
	if want := (spans{{0, 1}, {10, 50}, {60, 61}}); !slices.Equal(l, want) {
		t.Errorf("got %v, want %v", l, want)
	}
	l = nil
	for i := range int64(1000) { // a call without holes is one span
		l = l.add(Span{i, i + 1})
	}
	if want := (spans{{0, 1000}}); !slices.Equal(l, want) {
		t.Errorf("got %d spans, want %v", len(l), want)
	}
}

// BenchmarkWriter writes both sides of a call in blocks of 100 ms to a file, and the same bytes with plain writes of 64 KiB.
func BenchmarkWriter(b *testing.B) {
	const seconds = 600
	pcm := make([]byte, 1600)
	for i := range pcm {
		pcm[i] = byte(i * 7)
	}
	for _, o := range []Options{{Channels: 1}, {Channels: 2}, {Channels: 2, MuLaw: true}} {
		b.Run(fmt.Sprintf("channels=%d/mu-law=%v", o.Channels, o.MuLaw), func(b *testing.B) {
			file, err := os.Create(filepath.Join(b.TempDir(), "a.wav"))
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			b.ReportAllocs()
			b.SetBytes(int64(16000 * seconds * o.Channels))
			for b.Loop() {
				w, err := New(file, o)
				if err != nil {
					b.Fatal(err)
				}
				for i := range 10 * seconds {
					for channel := range o.Channels {
						if err := w.Write(channel, time.Duration(i)*100*time.Millisecond, pcm); err != nil {
							b.Fatal(err)
						}
					}
				}
				if _, err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("plain", func(b *testing.B) {
		file, err := os.Create(filepath.Join(b.TempDir(), "a.wav"))
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		page := make([]byte, pageSize)
		b.SetBytes(32000 * seconds / pageSize * pageSize)
		for b.Loop() {
			for i := range int64(32000 * seconds / pageSize) {
				if _, err := file.WriteAt(page, i*pageSize); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
