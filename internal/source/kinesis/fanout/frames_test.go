package fanout

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"trunkline/test/emulators/subscribetoshard"
)

// whole says where the last whole frame of data ends, and whether what follows begins one that is not to be read.
func whole(data []byte) (end int, bad bool) {
	for len(data)-end >= prelude {
		length, headers := binary.BigEndian.Uint32(data[end:]), binary.BigEndian.Uint32(data[end+4:])
		switch {
		case length < minFrame || length > maxFrame || headers > length-minFrame:
			return end, true
		case len(data)-end < int(length):
			return end, false
		}
		end += int(length)
	}
	return end, false
}

// FuzzFrames: what comes out is what goes in, up to the first length that is not to be read; io.EOF comes behind whole frames only.
func FuzzFrames(f *testing.F) {
	frame := subscribetoshard.Frame("event", "SubscribeToShardEvent", []byte(`{}`))
	f.Add([]byte{}, uint8(1))
	f.Add(frame, uint8(4))
	f.Add(slices.Concat(frame, frame), uint8(200))
	f.Add(slices.Concat(frame, frame[:len(frame)-1]), uint8(5))
	f.Add(frame[:7], uint8(3))
	f.Add(append(slices.Clone(frame), 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1, 2, 3, 4), uint8(12))
	f.Add([]byte{0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, uint8(4))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		end, bad := whole(data)
		for _, in := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
			frames := newFrames(io.NopCloser(in))
			var got []byte
			var err error
			for err == nil {
				part := make([]byte, int(size)+1)
				var n int
				n, err = frames.Read(part)
				got = append(got, part[:n]...)
			}
			switch {
			case !bytes.HasPrefix(data, got):
				t.Fatalf("%x in parts of %d: got %x", data, int(size)+1, got)
			case bad:
				if !errors.Is(err, ErrAnswer) || len(got) < end {
					t.Fatalf("%x: got %d bytes and %v, want %d at least and ErrAnswer", data, len(got), err, end)
				}
			case end == len(data):
				if err != io.EOF || len(got) != end {
					t.Fatalf("%x: got %d bytes and %v, want all and io.EOF", data, len(got), err)
				}
			case !errors.Is(err, ErrCut) || errors.Is(err, io.EOF) || len(got) != len(data):
				t.Fatalf("%x: got %d bytes and %v, want all and ErrCut", data, len(got), err)
			}
		}
	})
}

func TestLater(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"2", "1", true},
		{"1", "2", false},
		{"1", "1", false},
		{"10", "9", true},
		{"9", "10", false},
		{"010", "10", false},
		{"49590338271490256608559692538361571095921575989136588898", "49590338271490256608559692538361571095921575989136588897", true},
		{"100000000000000000000000000000000000000000000000000000000", "99999999999999999999999999999999999999999999999999999999", true},
		{"", "1", true},
		{"a", "1", true},
		{"1", "a", true},
		{"1", "", true},
		{"-1", "5", true},
	} {
		if got := later(c.a, c.b); got != c.want {
			t.Errorf("later(%q, %q): got %t, want %t", c.a, c.b, got, c.want)
		}
	}
}
