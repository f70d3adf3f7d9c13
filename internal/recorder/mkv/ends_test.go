package mkv_test

import (
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"trunkline/internal/recorder/mkv"
	"trunkline/internal/recorder/mkv/mkvtest"
)

// TestEnds: where a stream may end and where it is cut, and what the last event says of it.
func TestEnds(t *testing.T) {
	ebml := mkvtest.Element(0x1a45dfa3, 1)
	time := mkvtest.Uint(0xe7, 7)
	open := func(parts ...[]byte) []byte { return mkvtest.Open(0x18538067, 8, parts...) }
	token := mkvtest.Tags(4, mkvtest.Tag{Name: "AWS_KINESISVIDEO_CONTINUATION_TOKEN", Value: "t"})
	for _, c := range []struct {
		name   string
		stream []byte
		want   string // kinds of events, how the last fragment ended, and the error
	}{
		{"nothing", nil, "; EOF"},
		{"a header", ebml, "; cut"},
		{"an empty Segment", slices.Concat(ebml, open()), "end; with the stream; EOF"},
		{"a Segment of size 0", slices.Concat(ebml, mkvtest.Element(0x18538067, 1)), "end; by its size; EOF"},
		{"behind a Cluster's header", slices.Concat(ebml, open(mkvtest.Open(0x1f43b675, 1))), "end; with the stream; EOF"},
		{"behind a time", slices.Concat(ebml, open(mkvtest.Open(0x1f43b675, 1, time))), "cluster end; with the stream; EOF"},
		{"in a Segment with a size", slices.Concat(ebml, mkvtest.Header(0x18538067, 1, 50), mkvtest.Open(0x1f43b675, 1, time)), "cluster; cut"},
		{"in a Cluster with a size", slices.Concat(ebml, open(mkvtest.Header(0x1f43b675, 1, 50), time)), "cluster; cut"},
		{"behind a Cluster with a size", slices.Concat(ebml, open(mkvtest.Element(0x1f43b675, 1, time))), "cluster end; with the stream; EOF"},
		{"in a group", slices.Concat(ebml, open(mkvtest.Open(0x1f43b675, 1, time, mkvtest.Header(0xa0, 1, 9), mkvtest.Uint(0x9b, 1)))), "cluster; cut"},
		{"in what is passed over", slices.Concat(ebml, open(mkvtest.Header(0xec, 1, 9), make([]byte, 8))), "; cut"},
		{"behind a token", slices.Concat(ebml, open(mkvtest.Open(0x1f43b675, 1, time), token)), "cluster end; by its token; EOF"},
		{"a token before the Cluster ends nothing", slices.Concat(ebml, open(token, mkvtest.Open(0x1f43b675, 1, time))), "cluster end; with the stream; EOF"},
		{"a Cluster behind the token", slices.Concat(ebml, open(mkvtest.Open(0x1f43b675, 1, time), token, mkvtest.Open(0x1f43b675, 1))), "cluster end end; with the stream; EOF"},
	} {
		events, err := sameForAllReads(t, c.stream)
		var kinds []string
		got, how := "", ""
		for _, e := range events {
			if kind, rest, _ := strings.Cut(e, " "); kind != "tag" {
				kinds = append(kinds, kind)
				if _, ending, found := strings.Cut(rest, "ended "); found {
					how, _, _ = strings.Cut(ending, " whole")
					how += "; "
				}
			}
		}
		got = strings.Join(kinds, " ") + "; " + how
		switch {
		case err == io.EOF:
			got += "EOF"
		case isCut(err):
			got += "cut"
		}
		if got != c.want {
			t.Errorf("%s: got %q (%v), want %q", c.name, got, err, c.want)
		}
	}
}

// TestLatest is the latest time that a block can have.
func TestLatest(t *testing.T) {
	const latest = math.MaxInt64/1_000_000 - math.MaxInt16
	for _, late := range []uint64{0, 1} {
		f := mkvtest.Connect(contact, latest+int64(late), 0)
		f.Blocks = []mkvtest.Block{{Track: 1, Relative: math.MaxInt16}}
		events, err := read(t, f.Append(nil))
		if late == 0 && (err != io.EOF || !strings.Contains(events[1], " 1 from customer 9223372036854 ")) || late == 1 && !errors.Is(err, mkv.ErrMalformed) {
			t.Errorf("%d too late: got %q, %v", late, events, err)
		}
	}
}

// once returns all its bytes with an error, and then no more.
type once struct {
	data []byte
	err  error
}

func (o *once) Read(p []byte) (int, error) {
	n := copy(p, o.data)
	o.data = o.data[n:]
	err := o.err
	if len(o.data) == 0 {
		o.err = io.EOF
	}
	return n, err
}

// TestErrorWithData: an error that comes with the last bytes is not lost, and neither are they.
func TestErrorWithData(t *testing.T) {
	f := mkvtest.Connect(contact, start, 0)
	f.Blocks = f.Blocks[:2]
	stream := f.Append(nil)
	want, _ := read(t, stream)
	r := mkv.NewReader(&once{stream, io.ErrClosedPipe})
	got, err := listen(t, r)
	if !errors.Is(err, io.ErrClosedPipe) || !slices.Equal(got, want) {
		t.Errorf("got %d events, %v; want %d, and the error", len(got), err, len(want))
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("then %v, want io.EOF", err)
	}
}
