package mkv_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"trunkline/internal/recorder/mkv"
	"trunkline/internal/recorder/mkv/mkvtest"
)

// What is known of the bytes of Connect's streams, one test for each fact.

// TestShape holds the writer of the tests against bytes that were seen, so that reader and writer are not wrong together.
func TestShape(t *testing.T) {
	f := mkvtest.Connect(contact, start, 0)
	f.Blocks = []mkvtest.Block{{Track: 1, Data: make([]byte, 1024)}}
	stream := hex.EncodeToString(f.Append(nil))
	for name, want := range map[string]string{
		"EBML header":                     "1a45dfa3a4",
		"document type with a zero":       "428289" + hex.EncodeToString([]byte("matroska\x00")) + "42878102" + "42858102",
		"Segment of unknown size":         "1853806701ffffffffffffff",
		"time scale in eight bytes":       "2ad7b18800000000000f4240",
		"name filled up to 32 bytes":      "536e0100000000000020" + hex.EncodeToString([]byte("AUDIO_FROM_CUSTOMER")) + strings.Repeat("00", 13),
		"codec that it is not":            "860100000000000020" + hex.EncodeToString([]byte("A_AAC")) + strings.Repeat("00", 27) + "63a201000000000000021190",
		"service tags, sizes of four":     "1254c36710",
		"Cluster of unknown size":         "1f43b675ff" + fmt.Sprintf("e788%016x", start) + "a78100",
		"a full block":                    "a30100000000000404" + "81000080" + "0000",
		"producer's tags, sizes of eight": "1254c36701",
		"a value in eight bytes":          "448701" + "00000000000002" + hex.EncodeToString([]byte("[]")),
	} {
		if !strings.Contains(stream, want) {
			t.Errorf("%s: no %s", name, want)
		}
	}
}

// TestFacts are streams and a part of what is read of them.
func TestFacts(t *testing.T) {
	audio := func(tracks ...mkvtest.Track) mkvtest.Fragment {
		f := mkvtest.Connect(contact, start, 1)
		f.Tracks, f.Blocks = tracks, nil
		for _, track := range tracks {
			f.Blocks = append(f.Blocks, mkvtest.Block{Track: track.Number, Data: []byte("pcm " + track.Name)})
		}
		return f
	}
	both := audio(mkvtest.Tracks()...)
	change := func(f mkvtest.Fragment, with func(*mkvtest.Fragment)) mkvtest.Fragment {
		with(&f)
		return f
	}
	at := func(f mkvtest.Fragment, time int64) mkvtest.Fragment { f.Time = time; return f }
	pcm := func(name string) string { return hex.EncodeToString([]byte("pcm " + name)) }
	failure := func(tags ...mkvtest.Tag) mkvtest.Fragment {
		return mkvtest.Fragment{NoCluster: true, Behind: tags}
	}
	tests := []struct {
		name string
		in   []mkvtest.Fragment
		want []string // parts of events, in their order
	}{
		{"direction by name, in the other order", []mkvtest.Fragment{audio(mkvtest.Track{Number: 1, Name: "AUDIO_TO_CUSTOMER"}, mkvtest.Track{Number: 2, Name: "AUDIO_FROM_CUSTOMER"})}, []string{
			" 1 to customer 1725368688758 " + pcm("AUDIO_TO_CUSTOMER"), " 2 from customer 1725368688758 " + pcm("AUDIO_FROM_CUSTOMER"), `"AUDIO_FROM_CUSTOMER" "1"`,
		}},
		{"another order in the next fragment", []mkvtest.Fragment{both, audio(mkvtest.Track{Number: 1, Name: "AUDIO_TO_CUSTOMER"}, mkvtest.Track{Number: 2, Name: "AUDIO_FROM_CUSTOMER"})}, []string{
			" 1 from customer", " 2 to customer", " 1 to customer", " 2 from customer",
		}},
		{"one direction", []mkvtest.Fragment{audio(mkvtest.Track{Number: 1, Name: "AUDIO_FROM_CUSTOMER"})}, []string{" 1 from customer"}},
		{"the name of older streams", []mkvtest.Fragment{audio(mkvtest.Track{Number: 1, Name: "Track_audio/L16"})}, []string{" 1 from customer"}},
		{"no name", []mkvtest.Fragment{audio(mkvtest.Track{Number: 1})}, []string{" 1 other"}},
		{"names are compared whole", []mkvtest.Fragment{audio(mkvtest.Track{Number: 1, Name: "audio_from_customer"}, mkvtest.Track{Number: 2, Name: "AUDIO_TO_CUSTOMERS"})}, []string{" 1 other", " 2 other"}},
		{"numbers, times, delay and token of the service", []mkvtest.Fragment{both}, []string{
			`number "91343852333181500000000000000000000000000000002" producer 479269h4m48.758s server 479269h4m48.798s behind 0s token "token-2" ended by its token whole true error <nil>`,
		}},
		{"a server's time before the producer's", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) { f.Server = "1725368687.758" })}, []string{"producer 479269h4m48.758s server 479269h4m47.758s"}},
		{"times that are none", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) { f.Server, f.Producer, f.Delay = "2024-09-03T13:04:48Z", "99999999999", "-1" })}, []string{
			"producer 0s server 0s behind -1ns",
		}},
		{"tags before and behind", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) { f.Before = []mkvtest.Tag{{Name: "ContactId", Value: other}} })}, []string{
			`"ContactId" "` + other + `" false`, `"ContactId" "` + contact + `" true`,
		}},
		{"a tail without tags", []mkvtest.Fragment{both, change(both, func(f *mkvtest.Fragment) { f.Behind = nil })}, []string{`"ContactId"`, "end @", `"AWS_KINESISVIDEO_FRAGMENT_NUMBER"`}},
		{"a tail without a token", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) { f.Token = "" })}, []string{`token "" ended with the stream whole false`, `"ContactId" "` + contact + `" true`}},
		{"no token, but a next document", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) { f.Token = "" }), both}, []string{`token "" ended by the next document whole true`, `ended by its token whole true`}},
		{"streaming was stopped", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) { f.Behind = []mkvtest.Tag{{Name: "STOP_STREAMING", Value: "true"}} })}, []string{`"STOP_STREAMING" "true" true`}},
		{"audio that looks like a header", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) {
			f.Blocks = []mkvtest.Block{{Track: 1, Data: f.Append(nil)}}
		})}, []string{" 1 from customer 1725368688758 1a45dfa3a4"}},
		{"an irregular block", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) {
			f.Blocks = []mkvtest.Block{{Track: 1, Data: bytes.Repeat([]byte("ab"), 96)}, {Track: 1, Relative: 64, Data: []byte("cd")}}
		})}, []string{" 1725368688758 " + strings.Repeat("6162", 96), " 1725368688822 6364"}},
		{"empty blocks", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) { f.Blocks = []mkvtest.Block{{Track: 1}, {Track: 2}} })}, []string{" 1 from customer 1725368688758 ", " 2 to customer"}},
		{"times that repeat and go back", []mkvtest.Fragment{at(both, 5000), at(both, 5000), at(both, 0), at(both, 4000)}, []string{"at 5000:", "at 5000:", "at 0:", "at 4000:"}},
		{"a block before the time of its Cluster", []mkvtest.Fragment{change(at(both, 64), func(f *mkvtest.Fragment) { f.Blocks = []mkvtest.Block{{Track: 1, Relative: -64}} })}, []string{" 1 from customer 0 "}},
		{"a Segment of one byte of unknown size, a Cluster with a size of three", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) { f.Shape = mkvtest.Shape{ShortUnknown: true, SizedCluster: 3} })}, []string{" 1 from", " 2 to", "end"}},
		{"everything else that other producers write", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) {
			f.Shape = mkvtest.Shape{SizedSegment: true, SizedCluster: 8, Groups: true, Extras: true}
		}), both}, []string{" 1 from", " 2 to", "end", "cluster", " 1 from", " 2 to", "end"}},
		{"no blocks", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) { f.Blocks = nil })}, []string{"cluster", "end"}},
		{"an error without a Cluster", []mkvtest.Fragment{both, failure(mkvtest.Tag{Name: "AWS_KINESISVIDEO_ERROR_ID", Value: "4000"}, mkvtest.Tag{Name: "AWS_KINESISVIDEO_ERROR_CODE", Value: "FRAGMENT_NOT_FOUND"})}, []string{
			"end", `number ""`, "error kinesis video: error 4000 FRAGMENT_NOT_FOUND",
		}},
		{"an error behind audio", []mkvtest.Fragment{change(both, func(f *mkvtest.Fragment) {
			f.Behind = append(f.Behind, mkvtest.Tag{Name: "AWS_KINESISVIDEO_ERROR_ID", Value: "4500"})
		})}, []string{"block", "block", "error kinesis video: error 4500"}},
		{"an error of a fragment list", []mkvtest.Fragment{failure(mkvtest.Tag{Name: "AWS_KINESISVIDEO_EXCEPTION_ERROR_CODE", Value: "4506"}, mkvtest.Tag{Name: "AWS_KINESISVIDEO_EXCEPTION_MESSAGE", Value: "no key"})}, []string{
			"error kinesis video: error 0 4506 no key",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stream []byte
			for _, f := range test.in {
				stream = f.Append(stream)
			}
			got, err := sameForAllReads(t, stream)
			if err != io.EOF {
				t.Fatalf("got error %v, want io.EOF", err)
			}
			rest := got
			for _, want := range test.want {
				i := slices.IndexFunc(rest, func(event string) bool { return strings.Contains(event, want) })
				if i < 0 {
					t.Fatalf("got %q, want %q", got, want)
				}
				// Several parts may stand in one event.
				if k := strings.Index(rest[i], want); k >= 0 {
					rest = append([]string{rest[i][k+len(want):]}, rest[i+1:]...)
				}
			}
		})
	}
}

// TestTags: all in one Tags element, or one in each, in one Tag or several, name first or value first; what is nested in a tag is not one.
func TestTags(t *testing.T) {
	name, value := mkvtest.Text(0x45a3, 1, "ContactId\x00\x00"), mkvtest.Text(0x4487, 2, "a\x00")
	simple := func(parts ...[]byte) []byte { return mkvtest.Element(0x67c8, 1, parts...) }
	cluster := mkvtest.Open(0x1f43b675, 1, mkvtest.Uint(0xe7, 7))
	for shape, tags := range map[string][]byte{
		"value first": mkvtest.Element(0x1254c367, 4, mkvtest.Element(0x7373, 4, simple(value, name))),
		"with others": mkvtest.Element(0x1254c367, 1, mkvtest.Element(0xec, 1), mkvtest.Element(0x7373, 1, mkvtest.Element(0x63c0, 1, []byte("targets")), simple(name, mkvtest.Uint(0x4484, 1), value))),
		"nested":      mkvtest.Element(0x1254c367, 1, mkvtest.Element(0x7373, 1, simple(name, simple(mkvtest.Text(0x45a3, 1, "other"), value), value))),
		"twice":       mkvtest.Element(0x1254c367, 1, mkvtest.Element(0x7373, 1, simple(name, mkvtest.Text(0x4487, 1, "b"))), mkvtest.Element(0x7373, 1, simple(name, value))),
		"no value":    slices.Concat(mkvtest.Tags(1, mkvtest.Tag{Name: "Other"}), mkvtest.Element(0x1254c367, 1, mkvtest.Element(0x7373, 1, simple(value, name)))),
	} {
		for _, trailing := range []bool{false, true} {
			body := slices.Concat(tags, cluster)
			if trailing {
				body = slices.Concat(cluster, tags)
			}
			r := mkv.NewReader(bytes.NewReader(slices.Concat(mkvtest.Element(0x1a45dfa3, 1), mkvtest.Open(0x18538067, 8, body))))
			if _, err := listen(t, r); err != io.EOF {
				t.Fatalf("%s: %v", shape, err)
			}
			before, behind := r.Fragment().ContactID()
			if trailing {
				before, behind = behind, before
			}
			if string(before) != "a" || behind != nil {
				t.Errorf("%s, trailing %v: got %q and %q", shape, trailing, before, behind)
			}
		}
	}
}

// TestBoundary: where one contact follows another on a stream, the tags before and behind each Cluster are told apart, which is what
// an attribution needs: a new session, the producer's order, and a fragment's own tags behind it.
func TestBoundary(t *testing.T) {
	id := func(contact string) []mkvtest.Tag { return []mkvtest.Tag{{Name: "ContactId", Value: contact}} }
	for name, c := range map[string]struct {
		before, behind [4][]mkvtest.Tag
		want           string
	}{
		"new session":      {[4][]mkvtest.Tag{id("a"), nil, id("b"), nil}, [4][]mkvtest.Tag{id("a"), nil, id("b"), nil}, "a/a / b/b / "},
		"producer's order": {[4][]mkvtest.Tag{id("a")}, [4][]mkvtest.Tag{id("a"), id("b"), id("b"), nil}, "a/a /b /b / "},
		"own tags behind":  {[4][]mkvtest.Tag{}, [4][]mkvtest.Tag{id("a"), id("a"), id("b"), id("b")}, "/a /a /b /b "},
	} {
		var stream []byte
		for n := range 4 {
			f := mkvtest.Connect(contact, start, n)
			f.Before, f.Behind = c.before[n], c.behind[n]
			stream = f.Append(stream)
		}
		r := mkv.NewReader(bytes.NewReader(stream))
		var got strings.Builder
		for {
			event, err := r.Next()
			if err != nil {
				break
			}
			if event == mkv.End {
				before, behind := r.Fragment().ContactID()
				fmt.Fprintf(&got, "%s/%s ", before, behind)
			}
		}
		if got.String() != c.want {
			t.Errorf("%s: got %q, want %q", name, got.String(), c.want)
		}
	}
}

// TestOrdinary reads a document as other programs write it: sizes everywhere, several Clusters, times from 0 on in ticks of 100 µs.
func TestOrdinary(t *testing.T) {
	cluster := func(time uint64, data string) []byte {
		return mkvtest.Element(0x1f43b675, 3, mkvtest.Element(0xbf, 1, []byte{1, 2, 3, 4}), mkvtest.Uint(0xe7, time),
			mkvtest.Element(0xa3, 2, []byte{0x40, 0x05, 0x00, 0x0a, 0x00}, []byte(data)))
	}
	stream := slices.Concat(
		mkvtest.Element(0x1a45dfa3, 8, mkvtest.Text(0x4282, 1, "webm")),
		mkvtest.Element(0x18538067, 8, mkvtest.Element(0x114d9b74, 1), mkvtest.Element(0xec, 8, make([]byte, 90_000)),
			mkvtest.Element(0x1549a966, 1, mkvtest.Uint(0x2ad7b1, 100_000)), mkvtest.Element(0x1654ae6b, 1, mkvtest.Entry(mkvtest.Track{Number: 5, Name: "AUDIO_TO_CUSTOMER"})),
			cluster(0, "one"), cluster(20_000, "two"), cluster(10, "three"), mkvtest.Element(0x1c53bb6b, 4, make([]byte, 70_000))),
		mkvtest.Element(0xec, 1, make([]byte, 3)),
	)
	got, err := sameForAllReads(t, stream)
	var brief []string
	for _, e := range got {
		words := strings.Fields(e)
		brief = append(brief, words[0]+" "+words[len(words)-1])
	}
	r := mkv.NewReader(bytes.NewReader(stream))
	var times []string
	for event, err := r.Next(); err == nil; event, err = r.Next() {
		if event == mkv.Block {
			times = append(times, r.Block().Time.String())
		}
	}
	if want := []string{"cluster customer;", "block 6f6e65", "cluster customer;", "block 74776f", "cluster customer;", "block 7468726565", "end <nil>"}; err != io.EOF || !slices.Equal(brief, want) {
		t.Errorf("got %q, %v; want %q", brief, err, want)
	}
	if want := []string{"1ms", "2.001s", "2ms"}; !slices.Equal(times, want) {
		t.Errorf("got blocks at %v, want %v", times, want)
	}
}

// TestBehindTheToken: should the service ever write more behind its last tag, nothing of it is lost, and the fragment ends again.
func TestBehindTheToken(t *testing.T) {
	f := mkvtest.Connect(contact, start, 0)
	f.Before, f.Blocks = nil, nil
	block := mkvtest.Element(0xa3, 1, []byte{0x81, 0, 1, 0}, []byte("more"))
	stream := slices.Concat(f.Append(nil), mkvtest.Tags(4, mkvtest.Tag{Name: "Late", Value: "1"}), mkvtest.Open(0x1f43b675, 1, mkvtest.Uint(0xe7, 5), block), mkvtest.Extras())
	events, err := sameForAllReads(t, stream)
	var kinds []string
	for _, e := range events {
		if kind, _, _ := strings.Cut(e, " "); kind != "tag" {
			kinds = append(kinds, kind)
		}
	}
	if want := []string{"cluster", "end", "cluster", "block", "end"}; err != io.EOF || !slices.Equal(kinds, want) || !slices.Contains(events, `tag "Late" "1" true`) {
		t.Errorf("got %q, %v; want %q", events, err, want)
	}
}

// TestErr knows the errors that are documented, and one that was seen.
func TestErr(t *testing.T) {
	for _, id := range []int{3000, 3002, 4000, 4500, 4501, 4502, 4503, 4504, 4505, 4506, 5000} {
		stream := mkvtest.Fragment{NoCluster: true, Behind: []mkvtest.Tag{{Name: "AWS_KINESISVIDEO_ERROR_CODE", Value: "CODE"}, {Name: "AWS_KINESISVIDEO_ERROR_ID", Value: fmt.Sprint(id)}}}.Append(nil)
		r := mkv.NewReader(bytes.NewReader(stream))
		if event, err := r.Next(); event != mkv.End || err != nil {
			t.Fatalf("%d: got %d, %v", id, event, err)
		}
		if e, ok := errors.AsType[*mkv.ServiceError](r.Fragment().Err()); !ok || e.ID != id || e.Code != "CODE" {
			t.Errorf("%d: got %v", id, r.Fragment().Err())
		}
	}
}

func TestCompareNumbers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"9", "10", -1},
		{"91343852333181432392682062607743920146264021456", "91343852333181432392682062607743920146264021457", -1},
		{"91343852333181432392682062607743920146264021457", "91343852333181432392682062607743920146264021457", 0},
		{"100000000000000000000000000000000000000000000000", "99999999999999999999999999999999999999999999999", 1},
		{"007", "7", 0},
		{"", "0", 0},
	} {
		if got := mkv.CompareNumbers(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: got %d, want %d", c.a, c.b, got, c.want)
		}
		if got := mkv.CompareNumbers([]byte(c.b), []byte(c.a)); got != -c.want {
			t.Errorf("%s and %s: got %d, want %d", c.b, c.a, got, -c.want)
		}
	}
}
