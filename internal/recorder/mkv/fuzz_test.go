package mkv_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"trunkline/internal/recorder/mkv"
	"trunkline/internal/recorder/mkv/mkvtest"
)

// FuzzReader: events and errors do not depend on how bytes arrive; blocks are parts of the input, at their place; an error has a place
// and a known kind; cutting the input anywhere gives the start of the same events; a memory that was used before makes no difference.
func FuzzReader(f *testing.F) {
	fragment := mkvtest.Connect(contact, start, 0)
	fragment.Blocks = fragment.Blocks[:3]
	for i := range fragment.Blocks {
		fragment.Blocks[i].Data = fragment.Blocks[i].Data[:20]
	}
	for _, shape := range []mkvtest.Shape{{}, {SizedSegment: true, SizedCluster: 3, Extras: true}, {ShortUnknown: true, Groups: true}} {
		fragment.Shape = shape
		one := fragment.Append(nil)
		f.Add(one, 100, 7)
		f.Add(slices.Concat(one, one[:len(one)/2], []byte{0}), len(one)+5, 1)
	}
	f.Add(mkvtest.Fragment{NoCluster: true, Behind: []mkvtest.Tag{{Name: "AWS_KINESISVIDEO_ERROR_ID", Value: "4000"}}}.Append(nil), 3, 2)
	used := mkv.NewReader(bytes.NewReader(nil))
	f.Fuzz(func(t *testing.T, stream []byte, cut, step int) {
		whole, err := read(t, stream)
		where, ok := errors.AsType[*mkv.Error](err)
		if err != io.EOF && (!ok || where.Offset < 0 || where.Offset > int64(len(stream)) || strings.Contains(err.Error(), contact)) {
			t.Fatalf("error %v", err)
		}
		if err != io.EOF && !isCut(err) && !errors.Is(err, mkv.ErrMalformed) && !errors.Is(err, mkv.ErrLimit) && !errors.Is(err, mkv.ErrUnsupported) {
			t.Fatalf("error %v of no kind", err)
		}
		used.Reset(small{bytes.NewReader(stream), 1 + max(step, -step)&0xfff})
		if got, again := listen(t, used); fmt.Sprint(again) != fmt.Sprint(err) || !slices.Equal(got, whole) {
			t.Fatalf("reads of %d bytes: got %d events, %v; want %d, %v", step, len(got), again, len(whole), err)
		}
		r := mkv.NewReader(bytes.NewReader(stream))
		for event, err := r.Next(); err == nil; event, err = r.Next() {
			if b := r.Block(); event == mkv.Block {
				if at := bytes.Index(stream[b.Offset:min(int64(len(stream)), b.Offset+12+8+3+int64(len(b.Data)))], b.Data); at < 0 {
					t.Fatalf("the block at %d is not in the stream", b.Offset)
				}
			}
		}
		if cut < 0 || cut > len(stream) {
			return
		}
		got, err := read(t, stream[:cut])
		if err == io.EOF && len(got) > 0 && !slices.Equal(got, whole[:min(len(got), len(whole))]) {
			// The stream just ended: there is an End of a fragment that went on.
			last := len(got) - 1
			for last > 0 && strings.HasPrefix(got[last], "tag ") {
				last--
			}
			if !strings.Contains(got[last], "ended with the stream") {
				t.Fatalf("cut at %d: got %q", cut, got)
			}
			got = got[:last]
		}
		if len(got) > len(whole) || !slices.Equal(got, whole[:len(got)]) {
			t.Fatalf("cut at %d: got %q, want the start of %q", cut, got, whole)
		}
	})
}
