package mkv_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing/iotest"

	"trunkline/internal/recorder/mkv"
	"trunkline/internal/recorder/mkv/mkvtest"
)

const (
	contact = "0e62c1d2-6b52-4c3b-9f1e-0123456789ab"
	other   = "77777777-6b52-4c3b-9f1e-0123456789ab"
	start   = 1_725_368_687_758 // milliseconds
)

// reporter is a test, or one of rapid's.
type reporter interface {
	Helper()
	Fatalf(format string, args ...any)
}

// listen writes down all events of a stream, and how it ends. It fails where an event breaks a promise.
func listen(t reporter, r *mkv.Reader) (events []string, err error) {
	t.Helper()
	say := func(format string, args ...any) { events = append(events, fmt.Sprintf(format, args...)) }
	for {
		event, err := r.Next()
		f := r.Fragment()
		switch {
		case err != nil:
			if event != 0 {
				t.Fatalf("event %d with error %v", event, err)
			}
			return events, err
		case event == mkv.Cluster:
			say("cluster %d of %q at %d: %d tags, %s", f.Clusters, f.Number, f.Time.Milliseconds(), len(f.Tags), tracks(f))
		case event == mkv.Block:
			b := r.Block()
			if b.Time < 0 || b.Track == nil || len(b.Data) > mkv.MaxBlock {
				t.Fatalf("block %+v", b)
			}
			say("block @%d %d %v %d %x", b.Offset, b.Track.Number, b.Track.Direction, b.Time.Milliseconds(), b.Data)
		case event == mkv.End:
			say("end @%d number %q producer %v server %v behind %v token %q %v whole %v error %v", f.Offset, f.Number, f.Producer, f.Server, f.Behind, f.Token,
				f.Ending, f.Ending.Whole(), f.Err())
			for _, tag := range f.Tags {
				say("tag %q %q %v", tag.Name, tag.Value, tag.Trailing)
			}
		default:
			t.Fatalf("event %d", event)
		}
	}
}

func tracks(f *mkv.Fragment) (list string) {
	for _, track := range f.Tracks {
		list += fmt.Sprintf("%d %q %v;", track.Number, track.Name, track.Direction)
	}
	return list
}

// read returns the events of bytes that come in full reads.
func read(t reporter, stream []byte) ([]string, error) {
	return listen(t, mkv.NewReader(bytes.NewReader(stream)))
}

// small reads at most n bytes at a time.
type small struct {
	r io.Reader
	n int
}

func (s small) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), s.n)]) }

// sameForAllReads checks that events and errors do not depend on how bytes arrive, and returns them.
func sameForAllReads(t reporter, stream []byte) ([]string, error) {
	t.Helper()
	want, wantErr := read(t, stream)
	for name, src := range map[string]io.Reader{
		"1 byte":                   iotest.OneByteReader(bytes.NewReader(stream)),
		"7 bytes":                  small{bytes.NewReader(stream), 7},
		"1,460 bytes":              small{bytes.NewReader(stream), 1460},
		"halves":                   iotest.HalfReader(bytes.NewReader(stream)),
		"the end with the data":    iotest.DataErrReader(bytes.NewReader(stream)),
		"1 byte, end with data":    iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(stream))),
		"nothing every other time": &lazy{r: bytes.NewReader(stream)},
	} {
		got, err := listen(t, mkv.NewReader(src))
		if !slices.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("reads of %s: got %d events, %v; want %d, %v", name, len(got), err, len(want), wantErr)
		}
	}
	return want, wantErr
}

// lazy returns nothing every other time.
type lazy struct {
	r    io.Reader
	idle bool
}

func (l *lazy) Read(p []byte) (int, error) {
	if l.idle = !l.idle; l.idle {
		return 0, nil
	}
	return l.r.Read(p[:min(len(p), 11)])
}

// expected is what listen should write down for fragments one behind the other.
func expected(fragments []mkvtest.Fragment) (events []string) {
	say := func(format string, args ...any) { events = append(events, fmt.Sprintf(format, args...)) }
	offset := 0
	for i, f := range fragments {
		stream := f.Append(nil)
		direction := map[int]string{}
		var list strings.Builder
		for _, track := range f.Tracks {
			direction[track.Number] = map[string]string{"AUDIO_FROM_CUSTOMER": "from customer", "Track_audio/L16": "from customer", "AUDIO_TO_CUSTOMER": "to customer"}[track.Name]
			if direction[track.Number] == "" {
				direction[track.Number] = "other"
			}
			fmt.Fprintf(&list, "%d %q %s;", track.Number, track.Name, direction[track.Number])
		}
		service := func(names, values []string) (tags []mkvtest.Tag) {
			for i, name := range names {
				if values[i] != "" {
					tags = append(tags, mkvtest.Tag{Name: "AWS_KINESISVIDEO_" + name, Value: values[i]})
				}
			}
			return tags
		}
		front := slices.Concat(f.Before, service([]string{"FRAGMENT_NUMBER", "SERVER_TIMESTAMP", "PRODUCER_TIMESTAMP"}, []string{f.Number, f.Server, f.Producer}))
		behind := slices.Concat(f.Behind, service([]string{"MILLIS_BEHIND_NOW", "CONTINUATION_TOKEN"}, []string{f.Delay, f.Token}))
		say("cluster 1 of %q at %d: %d tags, %s", f.Number, f.Time, len(front), list.String())
		at := 0
		for _, b := range f.Blocks {
			id := []byte{0xa3, 1}
			if f.Shape.Groups {
				id = []byte{0xa1}
			}
			for {
				k := bytes.Index(stream[at+1:], id)
				if k < 0 {
					panic("no block")
				}
				at += 1 + k
				if bytes.HasPrefix(stream[at:], blockElement(f, b)) {
					break
				}
			}
			say("block @%d %d %s %d %x", offset+at, b.Track, direction[b.Track], f.Time+int64(b.Relative), b.Data)
		}
		ending := "ended by the next document whole true"
		switch {
		case f.Token != "":
			ending = "ended by its token whole true"
		case f.Shape.SizedSegment:
			ending = "ended by its size whole true"
		case i == len(fragments)-1:
			ending = "ended with the stream whole false"
		}
		say("end @%d number %q producer %s server %s behind %s token %q %s error <nil>", offset, f.Number, clock(f.Producer), clock(f.Server), delay(f.Delay), f.Token, ending)
		for k, tag := range slices.Concat(front, behind) {
			say("tag %q %q %v", tag.Name, tag.Value, k >= len(front))
		}
		offset += len(stream)
	}
	return events
}

func blockElement(f mkvtest.Fragment, b mkvtest.Block) []byte {
	head := []byte{0x80 | byte(b.Track), byte(uint16(b.Relative) >> 8), byte(b.Relative), 0x80}
	if f.Shape.Groups {
		return mkvtest.Element(0xa1, 2, head, b.Data)
	}
	return mkvtest.Element(0xa3, 8, head, b.Data)
}

// isCut tells whether an error is that of a cut stream, in all the ways in which a caller may ask.
func isCut(err error) bool {
	where, ok := errors.AsType[*mkv.Error](err)
	return ok && where.Offset >= 0 && errors.Is(err, mkv.ErrCut) && errors.Is(err, io.ErrUnexpectedEOF)
}
