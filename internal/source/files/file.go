package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"trunkline/internal/collector"
)

// file is one that is read, or will be, or was.
type file struct {
	path      string
	partition string
	from      place // where reading goes on when the file is opened again
	asked     bool  // the stored position was asked for

	// While it is open:
	handle  *os.File // set and cleared under Source.mu
	kind    compression
	raw     *offsetReader // the file's bytes
	content io.ReadCloser // what they decompress to
	err     error         // what ended content
	feed    *feed
	stream  *stream // replaced, never changed

	size, done atomic.Int64 // bytes: of the file, and how many of them are read

	watch watch
}

func (s *Source) newFile(n found) *file {
	f := &file{path: n.path, partition: n.id.String(), from: place{0, plain}}
	f.stream = &stream{id: n.id, name: n.path}
	f.size.Store(n.info.Size())
	if p, ok := s.stored(f); ok { // a first guess for Lag; open looks closer
		f.done.Store(p.offset)
	}
	return f
}

// stored returns the position kept for a file. One that cannot be read is as good as none: the file is read again, and nothing is
// lost.
func (s *Source) stored(f *file) (position, bool) {
	text, ok := s.opts.Position(f.partition)
	if !ok || text == "" {
		return position{}, false
	}
	p, err := parsePosition(text)
	if err != nil {
		s.opts.Logger.Warn("stored position is not understood, reading from the start", "file", f.path, "error", err)
		return position{}, false
	}
	return p, true
}

// errReplaced says that another file has the name now that a file had when it was listed.
var errReplaced = errors.New("another file has its name now")

// open opens a file where its position says, or where it was left when it was closed.
func (s *Source) open(ctx context.Context, f *file) (err error) {
	handle, err := os.Open(f.path)
	if err != nil {
		return hint(f.path, err)
	}
	s.mu.Lock()
	f.handle = handle
	s.mu.Unlock()
	defer func() {
		if err != nil {
			s.close(f)
		}
	}()
	info, err := handle.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	if id := identify(f.path, info); id != f.stream.id {
		if s.opts.Follow {
			return errReplaced
		}
		f.stream = &stream{id: id, name: f.path}
		f.partition, f.from, f.asked = id.String(), place{0, plain}, false
	}
	f.size.Store(info.Size())
	before := position{f.from, *f.stream}
	if !f.asked {
		f.asked = true
		if p, ok := s.stored(f); ok {
			before = p
		}
	}
	if f.kind, _, err = sniff(handle); err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	now, err := takePrint(handle, maxPrint)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	f.from, f.stream = before.place, &stream{f.stream.id, now, f.path}
	if f.from.offset > 0 {
		other, err := f.differs(before, info.Size())
		if err != nil {
			return err
		}
		if other != "" {
			s.opts.Logger.Warn("file "+other+", reading from the start", "file", f.path, "size", info.Size(), "offset", f.from.offset)
			f.from = place{0, plain}
		}
	}
	if err := f.seek(ctx); err != nil {
		return err
	}
	f.feed = newFeed(s.memory, f.from, s.opts.MaxRecord)
	f.note()
	return nil
}

// differs tells why a position cannot be of the file as it is now; "" when it can.
func (f *file) differs(p position, size int64) (why string, err error) {
	now, err := takePrint(f.handle, p.print.length)
	switch {
	case err != nil:
		return "", fmt.Errorf("read %s: %w", f.path, err)
	case now != p.print:
		return "has other content than before", nil
	case f.kind == uncompressed && p.offset > size:
		return "was cut short", nil
	}
	return "", nil
}

// seek makes content begin at f.from.
func (f *file) seek(ctx context.Context) (err error) {
	f.err = nil
	f.raw = &offsetReader{file: f.handle}
	if f.kind == uncompressed {
		f.raw.off = f.from.offset
		f.content = io.NopCloser(f.raw)
		return nil
	}
	if f.content, err = decompress(f.kind, f.raw); err != nil {
		return fmt.Errorf("read %s: %w", f.path, explain(f.kind, err))
	}
	for rest := f.from.offset; rest > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(io.Discard, f.content, min(rest, 1<<20))
		if rest -= n; err != nil {
			return fmt.Errorf("read %s up to byte %s, where reading goes on: %w", f.path, grouped(f.from.offset), explain(f.kind, err))
		}
	}
	return nil
}

// close closes a file; where it was read to is kept.
func (s *Source) close(f *file) {
	s.mu.Lock()
	handle := f.handle
	f.handle = nil
	s.mu.Unlock()
	if f.feed != nil {
		f.from = f.feed.place()
		f.feed.close()
		f.feed = nil
	}
	if f.content != nil {
		f.content.Close()
		f.content = nil
	}
	if handle != nil {
		handle.Close()
	}
}

// next returns the next batch, or io.EOF at the end of what there is. There, last tells whether more can come.
func (f *file) next(ctx context.Context, last ending) (*collector.Batch, error) {
	for {
		if b := f.batch(more); b != nil {
			return b, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if f.err == nil {
			if f.fill() > 0 {
				continue
			}
		}
		switch {
		case f.err == nil:
		case f.err != io.EOF && f.kind != uncompressed:
			return nil, fmt.Errorf("read %s behind byte %s: %w", f.path, grouped(f.feed.place().offset), explain(f.kind, f.err))
		case f.err != io.EOF:
			return nil, fmt.Errorf("read %s: %w", f.path, f.err)
		default:
			if b := f.batch(last); b != nil {
				return b, nil
			}
			return nil, io.EOF
		}
	}
}

// fill reads on and returns how many bytes came.
func (f *file) fill() int {
	n, err := f.feed.fill(f.content)
	f.err = err
	if n == 0 {
		return 0
	}
	f.watch.grew = time.Now()
	if f.stream.print.length < maxPrint && f.raw.off > int64(f.stream.print.length) {
		if p, err := takePrint(f.handle, maxPrint); err == nil {
			f.stream = &stream{f.stream.id, p, f.stream.name}
		}
	}
	return n
}

func (f *file) batch(e ending) *collector.Batch {
	b := f.feed.batch(e, f.stream, f.partition)
	f.note()
	return b
}

// note keeps for Lag how far the file is read.
func (f *file) note() {
	if f.kind == uncompressed {
		f.done.Store(f.feed.place().offset)
	} else {
		f.done.Store(f.raw.off)
	}
}

// lag returns the bytes of the file that are not read. It is called under Source.mu.
func (f *file) lag() int64 {
	size := f.size.Load()
	if f.handle != nil {
		if info, err := f.handle.Stat(); err == nil {
			size = info.Size()
		}
	}
	return max(0, size-f.done.Load())
}

// offsetReader reads a file from off on. Unlike the file's own Read it is not held back by an end that was reached before.
type offsetReader struct {
	file *os.File
	off  int64
}

func (r *offsetReader) Read(b []byte) (int, error) {
	n, err := r.file.ReadAt(b, r.off)
	r.off += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil // The next Read tells.
	}
	return n, err
}

// sniff tells a file's compression by what it holds now; sure is false when more of it could change that.
func sniff(r io.ReaderAt) (kind compression, sure bool, err error) {
	var buf [4]byte
	n, err := r.ReadAt(buf[:], 0)
	if err != nil && err != io.EOF {
		return uncompressed, false, err
	}
	if kind, sure = detect(buf[:n]); !sure {
		kind = uncompressed
	}
	return kind, sure, nil
}
