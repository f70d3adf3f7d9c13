// Package wav writes the audio of a call to a WAV file, each sample at its time.
//
//	block, time ─▶ sample number ─▶ not there yet: placed ─▶ page in memory ─▶ file, then its header
//	                              └▶ there already: dropped, listed
//
// Where blocks come from is no matter, nor in which order: a sample stands where its time says, in step with those of the other
// channel, and the first that came for a place stays. What nothing came for is silence, and is listed as a hole. Setting blocks one
// behind the other instead would shift the channels against each other after the first one that is lost.
//
// Its promises: memory is one page of 64 KiB and the lists of holes and drops, which are bounded; the file is a valid one at any moment after
// [New], since data is written before the header that counts it; whatever is on disk of it after a crash is either as it should be, or
// silence.
//
// A file holds less than 4 GiB: 37 hours in stereo, 74 hours in mono or with mu-law, 149 hours with both. What would be beyond is refused with [ErrTooLong].
// The extension for more, RF64, is not written, because few programs read it and no call is as long.
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Channels of a stereo file, as in the recordings that Connect puts into S3.
const (
	Customer = 0 // left
	Agent    = 1 // right: all that the customer hears, prompts too
)

// What cannot be placed, for errors.Is. The Writer goes on with what comes next.
var (
	ErrTooLong  = errors.New("beyond what the file may hold")
	ErrTooMany  = errors.New("too many holes")
	errClosed   = errors.New("the file is closed")
	errMisnamed = errors.New("no such channel")
)

// Options say what a file is to be.
type Options struct {
	Start    time.Duration // the time of the first sample, on the clock of the blocks
	Channels int           // 1 or 2
	Rate     int           // samples a second, 8,000 when 0
	MuLaw    bool          // a byte a sample (G.711 mu-law) instead of two
	Most     time.Duration // nothing is placed later after Start; as much as a file can hold when 0. Silence up to a wrong time would fill disks.
}

// File is where the bytes go. An *os.File is one that was opened for reading and writing; it has to be empty.
type File interface {
	io.ReaderAt
	io.WriterAt
}

// Writer places samples. Make one with [New]. It is not safe for concurrent use.
type Writer struct {
	o        Options
	file     File
	head     header
	channels []channel
	most     int64 // samples
	free     []Span
	closed   bool

	page   []byte
	at     int64 // of the page in the data
	lo, hi int   // what of the page is not in the file yet
	extent int64 // bytes of data in the file
}

// channel is what is known of one channel.
type channel struct {
	placed   spans
	dropped  []Drop
	unlisted int64
	odd      int64
}

const (
	pageSize    = 64 << 10
	maxSpans    = 1 << 16
	maxDrops    = 1 << 12
	silentMuLaw = 0xff
)

// New writes the header of an empty file and returns a Writer. The file stays the caller's, to sync and to close.
func New(file File, o Options) (*Writer, error) { return newWriter(file, o, pageSize) }

func newWriter(file File, o Options, page int) (*Writer, error) {
	if o.Rate == 0 {
		o.Rate = 8000
	}
	if o.Channels < 1 || o.Channels > 2 || o.Rate < 0 || o.Rate > 192_000 || o.Most < 0 {
		return nil, fmt.Errorf("wav: %d channels of %d samples a second for %v: want 1 or 2 channels, up to 192,000 samples, a time of 0 or more", o.Channels, o.Rate, o.Most)
	}
	w := &Writer{o: o, file: file, head: newHeader(o), channels: make([]channel, o.Channels), page: make([]byte, page)}
	w.most = w.head.most()
	if most := o.Most.Seconds() * float64(o.Rate); o.Most > 0 && most < float64(w.most) {
		w.most = int64(most)
	}
	w.turn(0)
	if err := w.count(); err != nil {
		return nil, err
	}
	return w, nil
}

// frame is the bytes of one sample of all channels.
func (w *Writer) frame() int64 { return w.head.frame() }

// Write places samples of a channel, signed 16-bit little-endian ones, the first of them at a time. It keeps no part of pcm. Where a
// block ends with half a sample, that half is dropped. An error that is not ErrTooLong or ErrTooMany is one of the file.
func (w *Writer) Write(channel int, at time.Duration, pcm []byte) error {
	if w.closed {
		return fmt.Errorf("wav: %w", errClosed)
	}
	if channel < 0 || channel >= len(w.channels) {
		return fmt.Errorf("wav: channel %d of %d: %w", channel, len(w.channels), errMisnamed)
	}
	c := &w.channels[channel]
	block := Span{From: w.sample(at)}
	block.To = block.From + int64(len(pcm)/2)
	if block.To > w.most {
		return fmt.Errorf("wav: sample %d of at most %d: %w", block.To, w.most, ErrTooLong)
	}
	c.odd += int64(len(pcm) % 2)
	rest := block
	if rest.From < 0 {
		c.drop(Span{rest.From, min(rest.To, 0)}, TooEarly)
		rest.From = 0
	}
	if rest.From >= rest.To {
		return nil
	}
	if len(c.placed) >= maxSpans {
		return fmt.Errorf("wav: %d of them: %w", len(c.placed), ErrTooMany)
	}
	w.free = c.placed.missing(w.free[:0], rest)
	last := rest.From
	for _, free := range w.free {
		c.drop(Span{last, free.From}, Overlap)
		last = free.To
	}
	c.drop(Span{last, rest.To}, Overlap)
	c.placed = c.placed.add(rest)
	for _, free := range w.free {
		if err := w.place(channel, free.From, pcm[2*(free.From-block.From):2*(free.To-block.From)]); err != nil {
			return err
		}
	}
	return nil
}

// sample is the number of the sample that is nearest to a time.
func (w *Writer) sample(at time.Duration) int64 {
	after := at - w.o.Start
	if (after > at) != (w.o.Start < 0) { // it does not fit
		return math.MaxInt64 / 4
	}
	rate := time.Duration(w.o.Rate)
	whole, part := after/time.Second, after%time.Second
	if part < 0 {
		whole, part = whole-1, part+time.Second
	}
	return int64(whole*rate + (part*rate+time.Second/2)/time.Second)
}

// place writes samples, for which there is room, into pages.
func (w *Writer) place(channel int, sample int64, pcm []byte) error {
	frame := int(w.frame())
	for len(pcm) > 0 {
		byteAt := sample * w.frame()
		if page := byteAt - byteAt%int64(len(w.page)); page != w.at {
			if err := w.Flush(); err != nil {
				return err
			}
			if err := w.turn(page); err != nil {
				return err
			}
		}
		at := int(byteAt - w.at)
		n := min(len(pcm)/2, (len(w.page)-at)/frame)
		to := w.page[at+channel*frame/len(w.channels):]
		switch {
		case w.o.MuLaw:
			for i := range n {
				to[i*frame] = muLaw(int16(binary.LittleEndian.Uint16(pcm[2*i:])))
			}
		case frame == 2:
			copy(to, pcm[:2*n])
		default:
			for i := range n {
				to[i*frame], to[i*frame+1] = pcm[2*i], pcm[2*i+1]
			}
		}
		w.lo, w.hi = min(w.lo, at), max(w.hi, at+n*frame)
		pcm, sample = pcm[2*n:], sample+int64(n)
	}
	return nil
}

// turn goes to another page, when the last one is in the file.
func (w *Writer) turn(page int64) error {
	w.at, w.lo, w.hi = page, len(w.page), 0
	w.silence(w.page)
	if page >= w.extent {
		return nil
	}
	there := w.page[:min(int64(len(w.page)), w.extent-page)]
	if n, err := w.file.ReadAt(there, w.head.size()+page); n < len(there) {
		return fmt.Errorf("wav: read back: %w", err)
	}
	return nil
}

// silence fills b with it.
func (w *Writer) silence(b []byte) {
	clear(b)
	if w.o.MuLaw {
		for i := range b {
			b[i] = silentMuLaw
		}
	}
}

// Flush writes what is in memory to the file, and then counts it in the header. Who wants it to outlive a power failure syncs the file.
func (w *Writer) Flush() error {
	if w.hi == 0 {
		return nil
	}
	if err := w.fill(w.at); err != nil {
		return err
	}
	// Between the end of the data and what is new there is silence on the page.
	lo := min(int64(w.lo), w.extent-w.at)
	if _, err := w.file.WriteAt(w.page[lo:w.hi], w.head.size()+w.at+lo); err != nil {
		return fmt.Errorf("wav: write audio: %w", err)
	}
	end := w.at + int64(w.hi)
	w.lo, w.hi = len(w.page), 0
	if end <= w.extent {
		return nil
	}
	w.extent = end
	return w.count()
}

// fill writes silence up to a place in the data.
func (w *Writer) fill(to int64) error {
	if w.extent >= to {
		return nil
	}
	quiet := make([]byte, min(to-w.extent, int64(len(w.page))))
	w.silence(quiet)
	for w.extent < to {
		n := min(to-w.extent, int64(len(quiet)))
		if _, err := w.file.WriteAt(quiet[:n], w.head.size()+w.extent); err != nil {
			return fmt.Errorf("wav: write silence: %w", err)
		}
		w.extent += n
	}
	return nil
}

// count writes the header, whole and at once: all of it is in one sector.
func (w *Writer) count() error {
	if _, err := w.file.WriteAt(w.head.bytes(w.extent), 0); err != nil {
		return fmt.Errorf("wav: write header: %w", err)
	}
	return nil
}

// Close writes what is left and says what is in the file. It does not close the file.
func (w *Writer) Close() (Report, error) {
	if w.closed {
		return Report{}, fmt.Errorf("wav: %w", errClosed)
	}
	if err := w.Flush(); err != nil {
		return Report{}, err
	}
	if w.extent%2 != 0 { // a chunk has an even size, or a byte behind it
		if _, err := w.file.WriteAt([]byte{0}, w.head.size()+w.extent); err != nil {
			return Report{}, fmt.Errorf("wav: write audio: %w", err)
		}
		w.head.padded = true
		if err := w.count(); err != nil {
			return Report{}, err
		}
	}
	w.closed = true
	return w.report(), nil
}
