package mkv_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"trunkline/internal/recorder/mkv"
	"trunkline/internal/recorder/mkv/mkvtest"
)

// TestHostile are streams that nobody should send: each is refused with a kind and a place, however it arrives.
func TestHostile(t *testing.T) {
	ebml := mkvtest.Element(0x1a45dfa3, 1)
	entry := mkvtest.Entry(mkvtest.Track{Number: 1, Name: "AUDIO_FROM_CUSTOMER"})
	tracks := mkvtest.Element(0x1654ae6b, 2, entry)
	doc := func(parts ...[]byte) []byte {
		return slices.Concat(ebml, mkvtest.Open(0x18538067, 8, tracks, slices.Concat(parts...)))
	}
	cluster := func(parts ...[]byte) []byte {
		return doc(mkvtest.Open(0x1f43b675, 1, mkvtest.Uint(0xe7, 40), slices.Concat(parts...)))
	}
	block := func(b ...byte) []byte { return mkvtest.Element(0xa3, 1, b) }
	many := func(n int, part []byte) []byte { return bytes.Repeat(part, n) }
	tags := func(n, size int) []byte {
		return many(n, mkvtest.Tags(4, mkvtest.Tag{Name: "canary", Value: strings.Repeat("x", size)}))
	}
	const malformed, limit, unsupported = "malformed", "beyond a limit", "not supported"
	for _, c := range []struct {
		name       string
		stream     []byte
		kind, want string
	}{
		{"no Matroska", []byte(`{"message": "canary"}`), malformed, "7B22 where a document begins"},
		{"a page", []byte("<html>canary"), malformed, "3C6874 where a document begins"},
		{"zeros", make([]byte, 100), malformed, "0x00 begins no ID"},
		{"a Segment without a header", mkvtest.Open(0x18538067, 1), malformed, "18538067 where a document begins"},
		{"a header in a header's place", slices.Concat(ebml, ebml), malformed, "1A45DFA3 where a Segment begins"},
		{"a header without a size", mkvtest.Open(0x1a45dfa3, 1), malformed, "has no size"},
		{"a header of 2⁵⁶ - 2 bytes", mkvtest.Header(0x1a45dfa3, 8, 1<<56-2), limit, "1A45DFA3 of 72057594037927934 bytes"},
		{"a size of nine bytes", append([]byte{0x1a, 0x45, 0xdf, 0xa3, 0}, make([]byte, 9)...), malformed, "a size of more than eight bytes"},
		{"another document type", mkvtest.Element(0x1a45dfa3, 1, mkvtest.Text(0x4282, 1, "canary")), unsupported, "not Matroska"},
		{"a later EBML", mkvtest.Element(0x1a45dfa3, 1, mkvtest.Uint(0x42f7, 2)), unsupported, "42F7 to 2"},
		{"longer IDs", mkvtest.Element(0x1a45dfa3, 1, mkvtest.Uint(0x42f2, 5)), unsupported, "42F2 to 5"},
		{"longer sizes", mkvtest.Element(0x1a45dfa3, 1, mkvtest.Uint(0x42f3, 9)), unsupported, "42F3 to 9"},
		{"a later Matroska", mkvtest.Element(0x1a45dfa3, 1, mkvtest.Uint(0x4285, 1<<63)), unsupported, "4285 to"},
		{"a number of nine bytes", mkvtest.Element(0x1a45dfa3, 1, mkvtest.Element(0x42f7, 1, make([]byte, 9))), malformed, "a number of 9 bytes"},
		{"an element beyond the header's end", mkvtest.Element(0x1a45dfa3, 1, mkvtest.Header(0x4282, 1, 5)), malformed, "4282 inside it goes beyond its end"},
		{"a part of an element in the header", mkvtest.Element(0x1a45dfa3, 1, []byte{0x42}), malformed, "not whole"},

		{"a Segment in a Segment", doc(mkvtest.Open(0x18538067, 1)), malformed, "18538067 in a Segment"},
		{"a header in a Segment with a size", slices.Concat(ebml, mkvtest.Element(0x18538067, 1, ebml)), malformed, "an EBML header inside a Segment"},
		{"a block outside of a Cluster", doc(block(0x81, 0, 0, 0)), malformed, "A3 in a Segment"},
		{"Tracks without a size", doc(mkvtest.Open(0x1654ae6b, 8, entry)), malformed, "1654AE6B has no size"},
		{"an unknown element without a size", doc(mkvtest.Open(0x3feedd, 3)), malformed, "3FEEDD has no size"},
		{"Tags beyond the Segment", slices.Concat(ebml, mkvtest.Header(0x18538067, 1, 10), mkvtest.Tags(4, mkvtest.Tag{})), malformed, "goes beyond the end of what it is in"},
		{"a header beyond the Segment", slices.Concat(ebml, mkvtest.Header(0x18538067, 1, 1), mkvtest.Tags(4, mkvtest.Tag{})), malformed, "goes beyond the end of what it is in"},
		{"an unknown element beyond the Segment", slices.Concat(ebml, mkvtest.Header(0x18538067, 1, 100), mkvtest.Header(0xec, 8, 1<<56-2)), malformed, "goes beyond"},
		{"a Cluster beyond the Segment", slices.Concat(ebml, mkvtest.Header(0x18538067, 1, 100), mkvtest.Header(0x1f43b675, 8, 1<<40)), malformed, "goes beyond"},
		{"a large Tags element", doc(mkvtest.Header(0x1254c367, 8, 1<<40)), limit, "1254C367 of 1099511627776 bytes"},
		{"a large Tracks element", doc(mkvtest.Header(0x1654ae6b, 8, 64<<10+1)), limit, "of 65537 bytes, and at most 65536"},
		{"257 tags", doc(tags(257, 1)), limit, "more than 256 tags"},
		{"tags of 64 KiB together", doc(tags(100, 700)), limit, "more than 65536 bytes"},
		{"Tracks in an Info", doc(mkvtest.Element(0x1549a966, 1, tracks)), malformed, "1654AE6B inside it, which has a place of its own"},
		{"a tag beyond its Tags", doc(mkvtest.Element(0x1254c367, 1, mkvtest.Header(0x7373, 1, 1))), malformed, "7373 inside it goes beyond"},
		{"a tag without a size", doc(mkvtest.Element(0x1254c367, 1, mkvtest.Open(0x7373, 1))), malformed, "7373 inside it has no size"},
		{"a name beyond its tag", doc(mkvtest.Element(0x1254c367, 1, mkvtest.Element(0x7373, 1, mkvtest.Element(0x67c8, 1, mkvtest.Header(0x45a3, 8, 1<<56-2))))), malformed, "45A3 inside it goes beyond"},
		{"two fragment numbers", doc(mkvtest.Tags(4, mkvtest.Tag{Name: "AWS_KINESISVIDEO_FRAGMENT_NUMBER", Value: "1"}, mkvtest.Tag{Name: "AWS_KINESISVIDEO_FRAGMENT_NUMBER", Value: "2"})), malformed, "a fragment with two numbers"},
		{"a fragment number that is none", doc(mkvtest.Tags(4, mkvtest.Tag{Name: "AWS_KINESISVIDEO_FRAGMENT_NUMBER", Value: "12 canary"})), malformed, "no decimal number"},

		{"two tracks with one number", doc(mkvtest.Element(0x1654ae6b, 2, mkvtest.Entry(mkvtest.Track{Number: 1, Name: "canary"}))), malformed, "two tracks have number 1"},
		{"two tracks with one direction", doc(mkvtest.Element(0x1654ae6b, 2, mkvtest.Entry(mkvtest.Track{Number: 2, Name: "AUDIO_FROM_CUSTOMER"}))), malformed, "tracks 1 and 2 have the same direction, from customer"},
		{"the old name beside the new one", doc(mkvtest.Element(0x1654ae6b, 2, mkvtest.Entry(mkvtest.Track{Number: 2, Name: "Track_audio/L16"}))), malformed, "the same direction"},
		{"a track without a number", doc(mkvtest.Element(0x1654ae6b, 1, mkvtest.Element(0xae, 1))), malformed, "a track without a number"},
		{"17 tracks", doc(func() (all []byte) {
			for n := range 16 {
				all = append(all, mkvtest.Element(0x1654ae6b, 2, mkvtest.Entry(mkvtest.Track{Number: n + 2}))...)
			}
			return all
		}()), limit, "more than 16 tracks"},
		{"a track that is compressed", doc(mkvtest.Element(0x1654ae6b, 2, mkvtest.Element(0xae, 1, mkvtest.Uint(0xd7, 2), mkvtest.Element(0x6d80, 1)))), unsupported, "compressed or encrypted"},
		{"a tick of 0", doc(mkvtest.Element(0x1549a966, 1, mkvtest.Uint(0x2ad7b1, 0))), malformed, "a tick of 0"},
		{"a tick of 2⁶³", doc(mkvtest.Element(0x1549a966, 1, mkvtest.Uint(0x2ad7b1, 1<<63))), malformed, "a tick of"},

		{"a Cluster's time of 2⁶⁴ - 1", doc(mkvtest.Open(0x1f43b675, 1, mkvtest.Uint(0xe7, 1<<64-1))), malformed, "too late"},
		{"a Cluster's time that overflows in nanoseconds", doc(mkvtest.Open(0x1f43b675, 1, mkvtest.Uint(0xe7, 1<<62))), malformed, "too late"},
		{"two times", cluster(mkvtest.Uint(0xe7, 41)), malformed, "two times"},
		{"a time of nine bytes", doc(mkvtest.Open(0x1f43b675, 1, mkvtest.Element(0xe7, 1, make([]byte, 9)))), malformed, "a number of 9 bytes"},
		{"a block before the time", doc(mkvtest.Open(0x1f43b675, 1, block(0x81, 0, 0, 0))), malformed, "before the time of its Cluster"},
		{"a block before 1970", cluster(block(0x81, 0xff, 0xd7, 0)), malformed, "before time 0"},
		{"Tags in a Cluster with a size", doc(mkvtest.Element(0x1f43b675, 2, mkvtest.Uint(0xe7, 4), tags(1, 1))), malformed, "1254C367 inside a Cluster"},
		{"a header in a Cluster with a size", doc(mkvtest.Element(0x1f43b675, 2, mkvtest.Uint(0xe7, 4), ebml)), malformed, "1A45DFA3 inside a Cluster"},
		{"a block beyond its Cluster", doc(mkvtest.Element(0x1f43b675, 2, mkvtest.Uint(0xe7, 4), mkvtest.Header(0xa3, 1, 5))), malformed, "goes beyond"},
		{"a block beyond a Cluster without a size in a Segment with one", slices.Concat(ebml, mkvtest.Element(0x18538067, 1, mkvtest.Open(0x1f43b675, 1, mkvtest.Uint(0xe7, 4), mkvtest.Header(0xa3, 1, 5))), make([]byte, 5)), malformed, "goes beyond"},
		{"a block beyond its group", cluster(mkvtest.Element(0xa0, 1, mkvtest.Header(0xa1, 1, 5))), malformed, "goes beyond"},
		{"a group without a size", cluster(mkvtest.Open(0xa0, 1)), malformed, "a BlockGroup has no size"},
		{"a block without a size", cluster(mkvtest.Open(0xa3, 1)), malformed, "A3 has no size"},
		{"a block of more than 1 MiB", cluster(mkvtest.Header(0xa3, 8, 1<<20+1)), limit, "A3 of 1048577 bytes"},
		{"a block of 2⁵⁶ - 2 bytes", cluster(mkvtest.Header(0xa3, 8, 1<<56-2)), limit, "A3 of 72057594037927934 bytes"},
		{"an empty block", cluster(block()), malformed, "a block without a track"},
		{"a block of a track alone", cluster(block(0x81)), malformed, "a block of 1 bytes"},
		{"a block without flags", cluster(block(0x81, 0, 0)), malformed, "a block of 3 bytes"},
		{"a track of nine bytes", cluster(block(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)), malformed, "a block without a track"},
		{"a track that is cut", cluster(block(0x20, 1)), malformed, "a block without a track"},
		{"a track of unknown number", cluster(block(0xff, 0, 0, 0)), malformed, "a block without a track"},
		{"track 0", cluster(block(0x80, 0, 0, 0)), malformed, "a block of track 0, which"},
		{"a track that is not declared", cluster(block(0x82, 0, 0, 0)), malformed, "a block of track 2, which no Tracks element names"},
		{"a large track that is not declared", cluster(block(1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0)), malformed, "a block of track 65537"},
		{"Xiph lacing", cluster(block(0x81, 0, 0, 2, 0)), unsupported, "a laced block (Xiph)"},
		{"lacing of a fixed size", cluster(block(0x81, 0, 0, 4, 0)), unsupported, "a laced block (fixed size)"},
		{"EBML lacing", cluster(block(0x81, 0, 0, 6, 0)), unsupported, "a laced block (EBML)"},
		{"an encrypted block", cluster(mkvtest.Element(0xaf, 1, make([]byte, 5))), unsupported, "encrypted"},
		{"groups in groups", cluster(many(1000, mkvtest.Header(0xa0, 8, 1<<50))), malformed, "goes beyond"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// What stands behind what is wrong makes no difference, nor does it that a fragment is before.
			f := mkvtest.Connect(contact, start, 0)
			f.Shape.SizedSegment = true
			f.Blocks = f.Blocks[:2]
			good := f.Append(nil)
			for before, stream := range map[int][]byte{0: c.stream, len(good): slices.Concat(good, c.stream, good)} {
				_, err := sameForAllReads(t, stream)
				where, ok := errors.AsType[*mkv.Error](err)
				if !ok || !strings.HasPrefix(where.Err.Error(), c.kind+": ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
					t.Fatalf("behind %d bytes: got %v, want %s, %s", before, err, c.kind, c.want)
				}
				kind := map[string]error{malformed: mkv.ErrMalformed, limit: mkv.ErrLimit, unsupported: mkv.ErrUnsupported}[c.kind]
				if !errors.Is(err, kind) || where.Offset < int64(before) || where.Offset > int64(before+len(c.stream)) {
					t.Fatalf("behind %d bytes: %v is not of its kind, or its place is not in the %d bytes that are wrong", before, err, len(c.stream))
				}
				r := mkv.NewReader(bytes.NewReader(stream))
				_, first := listen(t, r)
				if _, again := listen(t, r); again != first {
					t.Fatalf("the next call says %v", again)
				}
			}
		})
	}
}

// endless repeats itself for n bytes.
type endless struct {
	head, body []byte
	n, at      int64
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if e.at < int64(len(e.head)) {
			k := copy(p[n:], e.head[e.at:])
			n, e.at = n+k, e.at+int64(k)
			continue
		}
		if e.at >= e.n {
			return n, io.EOF
		}
		k := copy(p[n:], e.body[(e.at-int64(len(e.head)))%int64(len(e.body)):])
		n, e.at = n+k, e.at+int64(k)
	}
	return n, nil
}

// TestMemory: what a Reader keeps is bounded, whatever comes and however much of it.
func TestMemory(t *testing.T) {
	doc := slices.Concat(mkvtest.Element(0x1a45dfa3, 1), mkvtest.Open(0x18538067, 8))
	entry := mkvtest.Element(0x1654ae6b, 2, mkvtest.Entry(mkvtest.Track{Number: 1}))
	cluster := mkvtest.Open(0x1f43b675, 1, mkvtest.Uint(0xe7, 40))
	large := mkvtest.Element(0xa3, 8, []byte{0x81, 0, 0, 0}, make([]byte, mkv.MaxBlock-4))
	fragment := mkvtest.Connect(contact, start, 0).Append(nil)
	const most = 5 << 19
	for name, src := range map[string]*endless{
		"an element that is passed over": {head: slices.Concat(doc, mkvtest.Header(0xec, 8, 1<<56-2)), body: make([]byte, 1<<16), n: most},
		"unknown elements":               {head: doc, body: mkvtest.Extras(), n: most},
		"empty Tags":                     {head: doc, body: mkvtest.Element(0x1254c367, 1), n: most},
		"empty Clusters":                 {head: doc, body: mkvtest.Open(0x1f43b675, 1), n: most},
		"the largest blocks":             {head: slices.Concat(doc, entry, cluster), body: large, n: most},
		"fragments":                      {body: fragment, n: most},
		"documents without a Cluster":    {body: doc, n: most},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := mkv.NewReader(src)
		var err error
		for err == nil {
			_, err = r.Next()
		}
		runtime.ReadMemStats(&after)
		if err != io.EOF && !isCut(err) {
			t.Errorf("%s: %v", name, err)
		}
		// Growing to the largest block leaves the smaller buffers behind.
		if got := after.TotalAlloc - before.TotalAlloc; got > 2*mkv.MaxBlock+2*mkv.MaxMeta+256<<10 {
			t.Errorf("%s: %d bytes were allocated", name, got)
		}
	}
	// A claim alone costs nothing.
	for _, claim := range [][]byte{slices.Concat(doc, entry, cluster, mkvtest.Header(0xa3, 8, mkv.MaxBlock)), slices.Concat(doc, mkvtest.Header(0x1254c367, 8, mkv.MaxMeta))} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := listen(t, mkv.NewReader(bytes.NewReader(claim)))
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; !isCut(err) || got > 64<<10 {
			t.Errorf("a claim of %x costs %d bytes, %v", claim[len(claim)-8:], got, err)
		}
	}
}

// TestImpossibleSource: a source that breaks the rules of io.Reader is an error.
func TestImpossibleSource(t *testing.T) {
	for _, n := range []int{-1, 1 << 20} {
		if _, err := mkv.NewReader(claims(n)).Next(); err == nil || !strings.Contains(fmt.Sprint(err), "impossible count") {
			t.Errorf("a source that returns %d: %v", n, err)
		}
	}
}

type claims int

func (c claims) Read([]byte) (int, error) { return int(c), nil }
