// Package mkvtest writes streams as Kinesis Video Streams returns them, for tests of who reads them: in the shape of Connect's fragments,
// in the shapes of other producers, and element by element where a test wants something wrong.
//
//	Fragment ─▶ Append ─▶ EBML header, Segment{Tags, Info, Tracks, Tags, Cluster{…}, Tags}
package mkvtest

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// Tag is a name with a value, in a Tags element of its own.
type Tag struct{ Name, Value string }

// Track is a declared track.
type Track struct {
	Number int
	Name   string
}

// Block is a block of a track, at a time relative to the Cluster, in milliseconds.
type Block struct {
	Track    int
	Relative int16
	Data     []byte
}

// Fragment is a fragment of Connect. The service's tags are written where their values are not empty.
type Fragment struct {
	Number, Producer, Server string // AWS_KINESISVIDEO_FRAGMENT_NUMBER, _PRODUCER_TIMESTAMP, _SERVER_TIMESTAMP
	Before, Behind           []Tag  // a producer's tags, before and behind the Cluster
	Tracks                   []Track
	Time                     int64 // of the Cluster, in milliseconds since the Unix epoch
	Blocks                   []Block
	NoCluster                bool   // of an error document, for example
	Delay                    string // AWS_KINESISVIDEO_MILLIS_BEHIND_NOW
	Token                    string // AWS_KINESISVIDEO_CONTINUATION_TOKEN
	Shape                    Shape
}

// Shape is how a producer writes. The zero Shape is Connect's.
type Shape struct {
	SizedSegment bool // the Segment has a size
	SizedCluster int  // width of the Cluster's size; 0 for none
	ShortUnknown bool // the Segment's unknown size is one byte
	Groups       bool // blocks in groups
	Extras       bool // CRC-32, Void, SeekHead, Cues, and an element that nobody knows, in many places
}

// Tracks of a call, in the order that most streams have.
func Tracks() []Track {
	return []Track{{1, "AUDIO_FROM_CUSTOMER"}, {2, "AUDIO_TO_CUSTOMER"}}
}

// Connect returns the n-th second of a call that began at start, in milliseconds since the Unix epoch: blocks of 100 ms of audio at 8,000
// samples a second, the tracks in turn, and the tags of Connect behind the Cluster. The samples count up, so that none is like its
// neighbours: those of the customer are even, the others odd.
func Connect(contact string, start int64, n int) Fragment {
	f := Fragment{
		Number: fmt.Sprintf("9134385233318150%031d", n+1), Tracks: Tracks(), Time: start + 1000*int64(n),
		Behind: []Tag{
			{"ContactId", contact},
			{"InstanceId", "8a2b7a4c-0000-4c1e-9d2b-0123456789ab"},
			{"MimeType", "audio/L16;rate=8000;channels=1;"},
			{"AUDIO_FROM_CUSTOMER", "1"},
			{"AUDIO_TO_CUSTOMER", "2"},
			{"Events", "[]"},
		},
		Delay: "0",
		Token: fmt.Sprintf("token-%d", n+1),
	}
	f.Producer = fmt.Sprintf("%d.%03d", f.Time/1000, f.Time%1000)
	f.Server = fmt.Sprintf("%d.%03d", (f.Time+40)/1000, (f.Time+40)%1000)
	if n == 0 {
		f.Before = slices.Clone(f.Behind)
	}
	for i := range 10 {
		for track := range 2 {
			data := make([]byte, 1600)
			for k := range 800 {
				sample := 2*(8000*n+800*i+k) + track
				binary.LittleEndian.PutUint16(data[2*k:], uint16(sample))
			}
			f.Blocks = append(f.Blocks, Block{track + 1, int16(100 * i), data})
		}
	}
	return f
}

// Append appends the document to dst.
func (f Fragment) Append(dst []byte) []byte {
	dst = append(dst, Element(0x1A45DFA3, 1, Uint(0x4286, 1), Uint(0x42F7, 1), Uint(0x42F2, 4), Uint(0x42F3, 8),
		Text(0x4282, 1, "matroska\x00"), Uint(0x4287, 2), Uint(0x4285, 2))...)
	var body []byte
	extra := func() {
		if f.Shape.Extras {
			body = append(body, Extras()...)
		}
	}
	extra()
	for _, tag := range f.Before {
		body = append(body, Tags(8, tag)...)
	}
	body = append(body, Element(0x1549A966, 8, Element(0x73A4, 8, make([]byte, 16)), Element(0x2AD7B1, 1, []byte{0, 0, 0, 0, 0, 0x0f, 0x42, 0x40}),
		Text(0x7BA9, 8, "Kinesis Video SDK"), Text(0x4D80, 8, "Kinesis Video SDK 1.1.0 JNI 2.0"), Text(0x5741, 8, "Kinesis Video SDK 1.1.0 JNI 2.0"))...)
	extra()
	var entries []byte
	for _, t := range f.Tracks {
		entries = append(entries, Entry(t)...)
	}
	body = append(body, Element(0x1654AE6B, 8, entries)...)
	body = f.service(body, Tag{"AWS_KINESISVIDEO_FRAGMENT_NUMBER", f.Number}, Tag{"AWS_KINESISVIDEO_SERVER_TIMESTAMP", f.Server},
		Tag{"AWS_KINESISVIDEO_PRODUCER_TIMESTAMP", f.Producer})
	extra()
	if !f.NoCluster {
		body = append(body, f.cluster()...)
	}
	for _, tag := range f.Behind {
		body = append(body, Tags(8, tag)...)
	}
	extra()
	body = f.service(body, Tag{"AWS_KINESISVIDEO_MILLIS_BEHIND_NOW", f.Delay}, Tag{"AWS_KINESISVIDEO_CONTINUATION_TOKEN", f.Token})
	switch {
	case f.Shape.SizedSegment:
		return append(dst, Element(0x18538067, 8, body)...)
	case f.Shape.ShortUnknown:
		return append(dst, Open(0x18538067, 1, body)...)
	}
	return append(dst, Open(0x18538067, 8, body)...)
}

// service writes the tags that have a value into one Tags element, as the service does.
func (f Fragment) service(dst []byte, tags ...Tag) []byte {
	tags = slices.DeleteFunc(tags, func(t Tag) bool { return t.Value == "" })
	if len(tags) == 0 {
		return dst
	}
	return append(dst, Tags(4, tags...)...)
}

func (f Fragment) cluster() []byte {
	body := Element(0xE7, 1, binary.BigEndian.AppendUint64(nil, uint64(f.Time)))
	if f.Shape.Extras {
		body = slices.Concat(Element(0xBF, 1, []byte{1, 2, 3, 4}), body, Element(0xEC, 2, make([]byte, 50)), Element(0x5FEE, 1, []byte("unknown")))
	} else {
		body = append(body, Uint(0xA7, 0)...)
	}
	for _, b := range f.Blocks {
		if f.Shape.Groups {
			body = append(body, Element(0xA0, 3, Uint(0x9B, 100), b.element(0xA1, 2), Uint(0xFB, 1))...)
		} else {
			body = append(body, b.element(0xA3, 8)...)
		}
	}
	if f.Shape.SizedCluster > 0 {
		return Element(0x1F43B675, f.Shape.SizedCluster, body)
	}
	return Open(0x1F43B675, 1, body)
}

func (b Block) element(id uint32, width int) []byte {
	head := binary.BigEndian.AppendUint16([]byte{0x80 | byte(b.Track)}, uint16(b.Relative))
	return Element(id, width, head, []byte{0x80}, b.Data)
}

// Entry is a TrackEntry as Connect writes it: with a codec that is not that of the data, and texts filled up with zeros.
func Entry(t Track) []byte {
	return Element(0xAE, 8, Uint(0xD7, uint64(t.Number)), Uint(0x73C5, uint64(t.Number)), Uint(0x83, 2),
		Text(0x536E, 8, t.Name+string(make([]byte, max(0, 32-len(t.Name))))), Text(0x86, 8, "A_AAC"+string(make([]byte, 27))), Element(0x63A2, 8, []byte{0x11, 0x90}))
}

// Tags is one Tags element with one Tag, with sizes of the same width.
func Tags(width int, tags ...Tag) []byte {
	var simple []byte
	for _, t := range tags {
		simple = append(simple, Element(0x67C8, width, Text(0x45A3, width, t.Name), Text(0x4487, width, t.Value))...)
	}
	return Element(0x1254C367, width, Element(0x7373, width, simple))
}

// Extras are elements of a Segment that a reader passes over.
func Extras() []byte {
	return slices.Concat(Element(0xEC, 1, make([]byte, 7)), Element(0xBF, 8, []byte{1, 2, 3, 4}),
		Element(0x114D9B74, 2, Element(0x4DBB, 1, Element(0x53AB, 1, []byte{0x1a, 0x45, 0xdf, 0xa3}), Uint(0x53AC, 5))),
		Element(0x1C53BB6B, 4, Element(0xBB, 1, Uint(0xB3, 7))), Element(0x3FEEDD, 3, []byte("nobody knows this")))
}

// Element is an element with its size in a number of bytes; the size is not cut short to fit.
func Element(id uint32, width int, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	return append(Header(id, width, uint64(len(content))), content...)
}

// Open is an element of unknown size.
func Open(id uint32, width int, parts ...[]byte) []byte {
	return append(Header(id, width, 1<<(7*width)-1), slices.Concat(parts...)...)
}

// Header is an ID and a size, true or not.
func Header(id uint32, width int, size uint64) []byte {
	if size >= 1<<(7*width) {
		panic(fmt.Sprintf("mkvtest: a size of %d does not fit into %d bytes", size, width))
	}
	out := binary.BigEndian.AppendUint32(nil, id)[bits.LeadingZeros32(id)/8:]
	return append(out, binary.BigEndian.AppendUint64(nil, size|1<<(7*width))[8-width:]...)
}

// Uint is an element that holds a number.
func Uint(id uint32, v uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, v)
	return Element(id, 1, b[min(7, bits.LeadingZeros64(v)/8):])
}

// Text is an element that holds a text.
func Text(id uint32, width int, s string) []byte { return Element(id, width, []byte(s)) }
