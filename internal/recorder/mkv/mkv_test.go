package mkv_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"trunkline/internal/recorder/mkv"
	"trunkline/internal/recorder/mkv/mkvtest"
)

func clock(seconds string) time.Duration {
	if seconds == "" {
		return 0
	}
	d, err := time.ParseDuration(seconds + "s")
	if err != nil {
		panic(err)
	}
	return d
}

func delay(ms string) time.Duration {
	if ms == "" {
		return -1
	}
	return clock(ms) / 1000
}

// drawFragment draws a fragment in the shape of any producer.
func drawFragment(t *rapid.T) mkvtest.Fragment {
	names := []string{"AUDIO_FROM_CUSTOMER", "AUDIO_TO_CUSTOMER", "", "video", "Track_audio/L16"}
	digits := rapid.StringMatching(`[1-9][0-9]{0,46}`)
	tag := rapid.Custom(func(t *rapid.T) mkvtest.Tag {
		return mkvtest.Tag{
			Name: rapid.SampledFrom([]string{"ContactId", "InstanceId", "Events", "ä", ""}).Draw(t, "name"), Value: rapid.StringN(0, 60, 256).Filter(func(s string) bool { return !strings.HasSuffix(s, "\x00") }).Draw(t, "value"),
		}
	})
	var f mkvtest.Fragment
	from := rapid.SampledFrom([]string{names[0], names[4]}).Draw(t, "from")
	for i, name := range rapid.Permutation([]string{from, names[1], names[3], names[2]}).Draw(t, "names")[:rapid.IntRange(1, 3).Draw(t, "tracks")] {
		f.Tracks = append(f.Tracks, mkvtest.Track{Number: 42*i + rapid.IntRange(1, 42).Draw(t, "number"), Name: name})
	}
	optional := func(g *rapid.Generator[string], name string) string {
		return rapid.OneOf(rapid.Just(""), g).Draw(t, name)
	}
	f.Number, f.Token = optional(digits, "fragment"), optional(digits, "token")
	f.Producer, f.Server = optional(rapid.StringMatching(`1[0-9]{9}(\.[0-9]{1,9})?`), "producer"), optional(rapid.StringMatching(`1[0-9]{9}(\.[0-9]{1,9})?`), "server")
	f.Delay = optional(rapid.StringMatching(`0|[1-9][0-9]{0,7}`), "delay")
	f.Before, f.Behind = rapid.SliceOfN(tag, 0, 4).Draw(t, "before"), rapid.SliceOfN(tag, 0, 4).Draw(t, "behind")
	f.Time = rapid.Int64Range(1<<15, 4e12).Draw(t, "time")
	f.Shape = mkvtest.Shape{
		SizedSegment: rapid.Bool().Draw(t, "sized"), SizedCluster: rapid.SampledFrom([]int{0, 0, 4, 8}).Draw(t, "width"), ShortUnknown: rapid.Bool().Draw(t, "short"),
		Groups: rapid.Bool().Draw(t, "groups"), Extras: rapid.Bool().Draw(t, "extras"),
	}
	// Audio that looks like elements.
	piece := rapid.SampledFrom([]string{"\x1a\x45\xdf\xa3", "\x1f\x43\xb6\x75\xff", "\x12\x54\xc3\x67", "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff", "\x00", "pcm"})
	for range rapid.IntRange(0, 6).Draw(t, "blocks") {
		f.Blocks = append(f.Blocks, mkvtest.Block{
			Track: rapid.SampledFrom(f.Tracks).Draw(t, "track").Number, Relative: rapid.Int16().Draw(t, "relative"),
			Data: []byte(strings.Join(rapid.SliceOfN(piece, 0, 9).Draw(t, "data"), "")),
		})
	}
	return f
}

// TestWrittenAndRead: what a producer wrote is what a Reader reads, whatever the shape and however it arrives.
func TestWrittenAndRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fragments := rapid.SliceOfN(rapid.Custom(drawFragment), 1, 4).Draw(t, "fragments")
		var stream []byte
		for _, f := range fragments {
			stream = f.Append(stream)
		}
		got, err := sameForAllReads(t, stream)
		if err != io.EOF {
			t.Fatalf("got error %v, want io.EOF", err)
		}
		want := expected(fragments)
		for i := range want {
			if i >= len(got) || got[i] != want[i] {
				t.Fatalf("event %d: got %q, want %q", i, got[min(i, len(got)-1)], want[i])
			}
		}
		if len(got) != len(want) {
			t.Fatalf("got %d events, want %d: %q", len(got), len(want), got[len(want)])
		}
	})
}

// TestCut cuts a stream at every byte. What was read before the cut is the start of what the whole stream holds, the end is known for what
// it is, and a Reader that then gets the rest goes on as if nothing had happened.
func TestCut(t *testing.T) {
	fragments := []mkvtest.Fragment{mkvtest.Connect(contact, start, 1), mkvtest.Connect(contact, start, 2), mkvtest.Connect(contact, start, 3)}
	fragments[1].Shape = mkvtest.Shape{SizedSegment: true, SizedCluster: 8, Groups: true, Extras: true}
	fragments[1].Token = ""
	clean := map[int]bool{0: true} // ends of documents
	var stream []byte
	for i := range fragments {
		fragments[i].Behind = fragments[i].Behind[:1]
		fragments[i].Blocks = fragments[i].Blocks[:2]
		for k := range fragments[i].Blocks {
			fragments[i].Blocks[k].Data = fragments[i].Blocks[k].Data[:10]
		}
		stream = fragments[i].Append(stream)
		clean[len(stream)] = true
	}
	whole, err := read(t, stream)
	if err != io.EOF {
		t.Fatal(err)
	}
	cuts, open := 0, 0
	for n := range len(stream) + 1 {
		rest := bytes.NewReader(stream[n:])
		src := &switching{bytes.NewReader(stream[:n]), rest}
		r := mkv.NewReader(src)
		got, err := listen(t, r)
		switch {
		case clean[n]:
			if err != io.EOF || len(got) > 0 && r.Fragment().Ending.Whole() != true {
				t.Fatalf("cut at %d: got %v, %v; want io.EOF behind a whole fragment", n, err, r.Fragment().Ending)
			}
		case err == io.EOF: // between two elements where nothing has a size
			if r.Fragment().Ending.Whole() {
				t.Fatalf("cut at %d: a whole fragment", n)
			}
			open++
			got = got[:slices.IndexFunc(got, func(e string) bool { return strings.HasPrefix(e, fmt.Sprintf("end @%d ", r.Fragment().Offset)) })]
		case !isCut(err):
			t.Fatalf("cut at %d: got %v, want ErrCut", n, err)
		default:
			cuts++
		}
		if len(got) > len(whole) || !slices.Equal(got, whole[:len(got)]) {
			t.Fatalf("cut at %d: the %d events before it are not those of the stream", n, len(got))
		}
		src.now = rest
		more, err := listen(t, r)
		if got = append(got, more...); err != io.EOF || !slices.Equal(got, whole) {
			t.Fatalf("cut at %d and gone on: got %d events, %v; want %d", n, len(got), err, len(whole))
		}
	}
	if open < 10 || cuts < 10*open {
		t.Errorf("%d cuts, %d ends between elements of %d: the test has become too one-sided", cuts, open, len(stream))
	}
}

// switching is a source that can be given more.
type switching struct{ now, next io.Reader }

func (s *switching) Read(p []byte) (int, error) { return s.now.Read(p) }

// TestSourceFails: an error of the source is handed on with its place, and Next goes on where it was when the source does.
func TestSourceFails(t *testing.T) {
	stream := mkvtest.Connect(contact, start, 0).Append(nil)
	want, _ := read(t, stream)
	r := mkv.NewReader(iotest.TimeoutReader(small{bytes.NewReader(stream), 1000}))
	got, err := listen(t, r)
	if where, ok := errors.AsType[*mkv.Error](err); !ok || !errors.Is(err, iotest.ErrTimeout) || where.Offset > 1000 {
		t.Fatalf("got %v, want a timeout with its place", err)
	}
	more, err := listen(t, r)
	if got = append(got, more...); err != io.EOF || !slices.Equal(got, want) {
		t.Errorf("got %d events, %v; want %d", len(got), err, len(want))
	}
	if _, err := listen(t, mkv.NewReader(iotest.ErrReader(nil))); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a source that returns nothing: %v", err)
	}
}

// TestNoWait: each event is there with the last byte of its element, and that of the end with the token, not with the next fragment.
func TestNoWait(t *testing.T) {
	f := mkvtest.Connect(contact, start, 0)
	f.Blocks = f.Blocks[:2]
	stream := f.Append(nil)
	bytewise := &switching{now: iotest.OneByteReader(bytes.NewReader(stream))}
	r := mkv.NewReader(bytewise)
	var at []int64
	for range 4 {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		at = append(at, r.Offset())
	}
	// The time is 11 bytes, a block 9 + 4 + 1,600 of them; the Position of 3 is between.
	if want := []int64{at[0], at[0] + 3 + 1613, at[0] + 3 + 2*1613, int64(len(stream))}; !slices.Equal(at, want) {
		t.Errorf("events at %d, want %d", at, want)
	}
}

// TestReset reads a second stream with the memory of the first, whatever state that was left in.
func TestReset(t *testing.T) {
	f := mkvtest.Connect(contact, start, 5)
	f.Blocks = f.Blocks[:2]
	stream := f.Append(nil)
	want, _ := read(t, stream)
	broken := 0
	for n := 0; n < len(stream); n += 13 {
		r := mkv.NewReader(bytes.NewReader(append(stream[:n:n], 0, 0, 0)))
		if _, err := listen(t, r); err != io.EOF {
			broken++
		}
		r.Reset(bytes.NewReader(stream))
		if got, err := listen(t, r); err != io.EOF || !slices.Equal(got, want) {
			t.Fatalf("after an error at %d: got %d events, %v; want %d", n, len(got), err, len(want))
		}
	}
	if broken < len(stream)/13/2 {
		t.Errorf("%d streams of %d are broken", broken, len(stream)/13)
	}
}

// TestAllocations: none, for blocks and for fragments.
func TestAllocations(t *testing.T) {
	var stream []byte
	for n := range 20 {
		stream = mkvtest.Connect(contact, start, n).Append(stream)
	}
	src := bytes.NewReader(stream)
	r := mkv.NewReader(src)
	blocks := 0
	per := testing.AllocsPerRun(10, func() {
		src.Reset(stream)
		r.Reset(src)
		for {
			event, err := r.Next()
			if err != nil {
				break
			}
			if event == mkv.Block {
				blocks++
			}
		}
	})
	if blocks != 11*400 || per > 0 {
		t.Errorf("%v allocations for 400 blocks in 20 fragments, want none; %d blocks", per, blocks)
	}
}
