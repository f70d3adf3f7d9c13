// Package mkv reads what Kinesis Video Streams returns for the audio of a call: Matroska documents one behind the other, a fragment each.
//
//	EBML header │ Segment: Info, Tracks, Tags │ Cluster: time, blocks │ Tags │ EBML header │ Segment …
//	                                          ▼                 ▼         ▼
//	                        Next returns   Cluster          Block …      End
//
// A [Reader] walks by sizes and never looks for a header inside of data, since audio can contain its bytes. Sizes may be known or not,
// of any width; what it does not know it passes over. The direction of a track comes from its name alone: the codec that Connect
// declares is not that of the data, and the order of tracks and the values of tags vary.
//
// Its promises: events do not depend on how the bytes arrive; nothing waits for bytes behind the element that makes an event; memory is
// bounded by [MaxBlock] and [MaxMeta], whatever sizes are claimed, and grows only with data that is there; nothing is allocated for a
// block, nor for a fragment once a Reader is warm; a stream that ends where a document can end is told from one that is cut; errors have the offset of
// the element and hold no values.
package mkv

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Bounds of what a Reader keeps in memory.
const (
	MaxBlock = 1 << 20  // bytes of a block, with its header; Connect's have about 1,000
	MaxMeta  = 64 << 10 // bytes of an EBML header, of an Info, Tracks or Tags element, and of all tags and tracks of a fragment together

	maxTags   = 256
	maxTracks = 16 // the service allows three
	firstSize = 32 << 10
)

// What can be wrong with a stream, for errors.Is. A cut stream is also io.ErrUnexpectedEOF.
var (
	ErrMalformed   = errors.New("malformed")
	ErrLimit       = errors.New("beyond a limit")
	ErrUnsupported = errors.New("not supported")
	ErrCut         = fmt.Errorf("the stream is cut: %w", io.ErrUnexpectedEOF)
)

// Error says where a stream is wrong.
type Error struct {
	Offset int64 // of the element, in bytes from the start of the stream
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("mkv: element at byte %d: %v", e.Offset, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Event is what [Reader.Next] came to.
type Event int

const (
	// Cluster says that blocks follow: what stands in front of them is known, [Fragment.Time] is theirs.
	Cluster Event = iota + 1
	// Block is one block, see [Reader.Block].
	Block
	// End says that the fragment is whole, by the service's last tag, or that its document ended. A document without a Cluster, which
	// brings errors, has an End too. Should anything follow the last tag in the same document (never seen), then a second End comes
	// behind it.
	End
)

// BlockData is one block.
type BlockData struct {
	Track  *Track        // valid as long as the fragment
	Time   time.Duration // since the Unix epoch for Connect; the time of the Cluster plus the block's own, never negative
	Data   []byte        // valid until the next call of Next; what is in it is for the caller to know
	Offset int64         // of the element, in bytes from the start of the stream
}

// Reader reads fragments. Make one with [NewReader]. It is not safe for concurrent use.
type Reader struct {
	src     io.Reader
	buf     []byte // buf[at:end] has been read and is not yet parsed
	at, end int
	base    int64 // offset of buf[0]
	pending error // came with the last bytes
	failed  error // the stream is wrong: every further call says so
	skip    int64 // bytes of an element to pass over

	level level
	ends  [levels]int64 // offset where the level ends at the latest, unknown when nothing around it has a size
	open  [levels]bool  // it has no size of its own: what follows tells where it ends

	scale    int64 // nanoseconds of a tick
	ticks    int64 // the Cluster's time, negative before it is known
	ended    bool  // End was returned, and nothing came since
	fragment Fragment
	tracks   [maxTracks]Track
	text     []byte // of the tags and tracks of the fragment
	block    BlockData
}

// NewReader returns a Reader of src. It reads what it needs and no more than 32 KiB ahead, where blocks are as small as Connect's.
func NewReader(src io.Reader) *Reader {
	r := &Reader{buf: make([]byte, firstSize)}
	r.Reset(src)
	return r
}

// Reset makes the Reader read another stream from its start, with the memory it has: the one after a reconnect, for example.
func (r *Reader) Reset(src io.Reader) {
	*r = Reader{src: src, buf: r.buf, text: r.text, fragment: Fragment{Tags: r.fragment.Tags}}
	r.begin(0)
	r.level = outside
}

// Fragment is the fragment that the last event belongs to, and after an error the one that was being read. It is valid until the
// next call of Next, and not to be changed.
func (r *Reader) Fragment() *Fragment { return &r.fragment }

// Block is the block of the last event, valid until the next call of Next.
func (r *Reader) Block() *BlockData { return &r.block }

// Offset is how many bytes were parsed.
func (r *Reader) Offset() int64 { return r.base + int64(r.at) }

// Next goes on to the next event. The error is io.EOF where the stream ends at a place at which a document can end; whether the
// service said that it ends there is [Fragment.Ending]. Other errors are of type *[Error]: ErrCut within a document or an element,
// ErrMalformed, ErrLimit, ErrUnsupported, or what the source returned. After an error of the source, and after a cut, Next may be called again, and goes on where it
// was if there is more to read; the others are final, and a reader of a live stream gets past the fragment by asking for those after it.
func (r *Reader) Next() (Event, error) {
	for r.failed == nil {
		if err := r.pass(); err != nil {
			return 0, err
		}
		event, err := r.step()
		if _, ok := err.(wrong); ok {
			r.failed = &Error{r.Offset(), err}
			break
		}
		if event != 0 || err != nil {
			return event, err
		}
	}
	return 0, r.failed
}

// wrong is an error of the stream itself, not of where it comes from.
type wrong struct {
	kind error
	text string
}

func (w wrong) Error() string { return w.kind.Error() + ": " + w.text }
func (w wrong) Unwrap() error { return w.kind }

func malformed(format string, args ...any) error {
	return wrong{ErrMalformed, fmt.Sprintf(format, args...)}
}

func limit(format string, args ...any) error {
	return wrong{ErrLimit, fmt.Sprintf(format, args...)}
}

func unsupported(format string, args ...any) error {
	return wrong{ErrUnsupported, fmt.Sprintf(format, args...)}
}

// pass passes over the rest of an element.
func (r *Reader) pass() error {
	for r.skip > 0 {
		n := min(r.skip, int64(r.end-r.at))
		r.at += int(n)
		if r.skip -= n; r.skip == 0 {
			break
		}
		if err := r.more(); err != nil {
			return r.inside(err)
		}
	}
	return nil
}

// need makes sure that n bytes are in the buffer.
func (r *Reader) need(n int) error {
	for r.end-r.at < n {
		if err := r.more(); err != nil {
			return r.inside(err)
		}
	}
	return nil
}

// inside says what an error of the source means within an element.
func (r *Reader) inside(err error) error {
	if err == io.EOF {
		err = ErrCut
	}
	return &Error{r.Offset(), err}
}

// more reads once. When the buffer is full of one element, it doubles.
func (r *Reader) more() error {
	if err := r.pending; err != nil {
		r.pending = nil
		return err
	}
	if r.at > 0 {
		copy(r.buf, r.buf[r.at:r.end])
		r.base += int64(r.at)
		r.at, r.end = 0, r.end-r.at
	}
	if r.end == len(r.buf) {
		size := 2 * len(r.buf)
		if size >= MaxBlock {
			size = MaxBlock + maxHeader
		}
		grown := make([]byte, size)
		copy(grown, r.buf)
		r.buf = grown
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.end:])
		if n < 0 || n > len(r.buf)-r.end {
			return errors.New("the source returned an impossible count")
		}
		r.end += n
		if n > 0 {
			r.pending = err
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}
