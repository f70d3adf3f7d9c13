package files

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"trunkline/internal/collector"
)

// live reads standard input, or any stream that cannot be read again and may pause: records are delivered as they come.
//
// A goroutine waits in the stream's Read, so that the source need not. It ends with the stream, or at the first Read that returns
// after close.
type live struct {
	input  io.Reader
	feed   *feed
	stream stream
	pieces chan piece
	spent  chan []byte // pieces' memory, to be used again
	done   chan struct{}
	begun  bool
	piece  piece // what came last; its error ended the stream
	used   int   // bytes of it that the feed has
	silent bool  // nothing came since the feed was looked over with idle
}

type piece struct {
	data []byte
	err  error
}

func newLive(input io.Reader, f *feed) *live {
	return &live{
		input: input, feed: f, stream: stream{name: "standard input"},
		pieces: make(chan piece), spent: make(chan []byte, 2), done: make(chan struct{}),
	}
}

// next waits for the next batch. A value that has ended is a record when nothing comes behind it for the time pause.
func (l *live) next(ctx context.Context, pause time.Duration) (*collector.Batch, error) {
	if !l.begun {
		l.begun = true
		l.spent <- make([]byte, chunkSize)
		l.spent <- make([]byte, chunkSize)
		go l.pump()
	}
	for {
		if b := l.feed.batch(more, &l.stream, ""); b != nil {
			return b, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(l.piece.data) > l.used {
			n := copy(l.feed.room(), l.piece.data[l.used:])
			l.feed.read(n)
			l.used += n
			continue
		}
		if l.piece.data != nil {
			l.spent <- l.piece.data[:cap(l.piece.data)]
			l.piece.data, l.used = nil, 0
		}
		if l.piece.err == io.EOF {
			if b := l.feed.batch(final, &l.stream, ""); b != nil {
				return b, nil
			}
			return nil, io.EOF
		}
		if l.piece.err != nil {
			return nil, fmt.Errorf("read standard input behind byte %s: %w", grouped(l.feed.place().offset), l.piece.err)
		}
		var quiet <-chan time.Time
		if l.feed.r < l.feed.w && !l.silent {
			quiet = time.After(pause)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-quiet:
			l.silent = true
			if b := l.feed.batch(idle, &l.stream, ""); b != nil {
				return b, nil
			}
		case l.piece = <-l.pieces:
			l.silent = false
		}
	}
}

// pump brings the stream's content, decompressed, to next.
func (l *live) pump() {
	content, kind, err := l.open()
	if err == nil {
		defer content.Close()
	}
	for err == nil {
		var buf []byte
		select {
		case buf = <-l.spent:
		case <-l.done:
			return
		}
		var n int
		n, err = content.Read(buf)
		p := piece{data: buf[:n]}
		if err == io.EOF {
			p.err = err
		} else if err != nil {
			p.err = explain(kind, err)
		}
		select {
		case l.pieces <- p:
		case <-l.done:
			return
		}
		if err != nil {
			return
		}
	}
	select {
	case l.pieces <- piece{err: err}:
	case <-l.done:
	}
}

// open finds out how the stream is compressed. It waits for no more bytes than that takes.
func (l *live) open() (io.ReadCloser, compression, error) {
	r := bufio.NewReaderSize(l.input, chunkSize)
	kind, n := uncompressed, 0
	for sure := false; !sure; {
		n++
		b, err := r.Peek(n)
		if err == io.EOF {
			kind = uncompressed
			break
		}
		if err != nil {
			return nil, kind, err
		}
		kind, sure = detect(b)
	}
	content, err := decompress(kind, r)
	if err != nil {
		return nil, kind, explain(kind, err)
	}
	return content, kind, nil
}

func (l *live) close() {
	close(l.done)
	l.feed.close()
}
