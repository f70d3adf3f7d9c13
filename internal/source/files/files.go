// Package files reads records from files and standard input.
//
//	path ─▶ list ─▶ file ─▶ (gzip, zstd) ─▶ chunks of 256 KiB ─▶ splitter ─▶ (Kinesis envelope) ─▶ collector.Batch
//
// What a path stands for: one file; a folder, with all folders below it; a glob; or "-", standard input. What is in them is told by
// content, never by name: JSON lines, JSON values one behind the other with or without white space between them (as Firehose
// writes them), pretty-printed values, top-level arrays of records, the envelopes that EventBridge pipes and Lambda event source
// mappings put around records of Kinesis, any of it compressed by gzip or zstd, in one member or many.
//
// A finite source reads each file to the end that it has by then; what stands there without a line break is a record too. Following
// goes on at the end: an object or array that has ended is a record when nothing comes behind it for one poll, any other text waits
// for its line break. Files are known again when they are renamed, and those that were rotated are read to their end first; also
// when that happened between two runs, as long as they are in the same folder, under the old name with something behind it, and not
// compressed meanwhile. Compressed files are read when they are whole, and again from where they ended should they grow.
//
// Its promises:
//
//   - Every byte that is not white space, or the bracket or comma around a record, is in exactly one record. The source finds where
//     records begin and end; whether they are JSON is for their reader to say. See splitter for how boundaries are found.
//   - Memory is bounded whatever the input is: chunks in flight, and one record up to the limit. A longer one is passed over and told
//     as a [TooLongError].
//   - A position belongs to a file, not to its name: device and number of the file, and a hash of its first bytes. A file that was
//     renamed goes on where it was; one that was cut short, or copied over, begins anew. What no position can tell: a file cut short
//     and filled again beyond the old place with the same first bytes.
//   - A file that cannot be read, or is damaged, hides no other one: all others are read, then the error is returned. What was read
//     of a damaged file before the damage is delivered, and the position stays there.
package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/document"
)

// Options of a source. Path is required.
type Options struct {
	// Path is a file, a folder, a glob as of [path/filepath.Match], or "-" for Stdin.
	Path string
	// Follow waits for more at the end of the files, and for files to come, until the context ends.
	Follow bool
	// MaxRecord is the longest record, bytes; default [document.DefaultSize].
	MaxRecord int
	// Stdin is what "-" reads; default [os.Stdin]. A Read of it that waits when the source is closed goes on waiting.
	Stdin io.Reader
	// Position tells where to read on, by what Positions of an earlier run said for that partition. It is called when a file is found
	// and when it is opened first, from the goroutine of Open or Read. Nil begins everything anew.
	Position func(partition string) (position string, ok bool)
	// Logger gets warnings; default none.
	Logger *slog.Logger
	// Poll is how often followed files are looked at; default 250 ms.
	Poll time.Duration
	// Grace is how long a followed file that has lost its name (it was rotated or removed) is still watched for data after the last
	// that came; default one minute.
	Grace time.Duration
}

// Source implements collector.Source.
type Source struct {
	opts   Options
	memory *memory
	live   *live // standard input; nil otherwise
	faults []error
	turn   int       // of files: which is read
	looked time.Time // follow: when the path was listed last
	wait   time.Duration
	told   string // follow: the last error of listing that was logged

	mu    sync.Mutex // guards what Lag reads: files, and the handle of each
	files []*file
}

// stdin is the path that stands for standard input. Its batches have no partition: where it stood means nothing to the next run.
const stdin = "-"

// Open makes a source. Without Follow the files are listed here: what comes later is not read, and finding none is an error.
func Open(opts Options) (*Source, error) {
	opts.MaxRecord = cmp.Or(max(opts.MaxRecord, 0), document.DefaultSize)
	opts.Poll = cmp.Or(max(opts.Poll, 0), 250*time.Millisecond)
	opts.Grace = cmp.Or(max(opts.Grace, 0), time.Minute)
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Position == nil {
		opts.Position = func(string) (string, bool) { return "", false }
	}
	s := &Source{opts: opts, memory: newMemory(), wait: opts.Poll}
	switch {
	case opts.Path == "":
		return nil, errors.New("no path to read from; give a file, a folder, or - for standard input")
	case opts.Path == stdin:
		if s.opts.Stdin == nil {
			s.opts.Stdin = os.Stdin
		}
		s.live = newLive(s.opts.Stdin, newFeed(s.memory, place{0, plain}, opts.MaxRecord))
		return s, nil
	case opts.Follow:
		s.findRotated()
		return s, s.look()
	}
	names, err := list(opts.Path)
	if err != nil {
		return nil, hint(opts.Path, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("read %s: no files there (names that begin with a dot are left out)", opts.Path)
	}
	for _, n := range names {
		s.files = append(s.files, s.newFile(n))
	}
	if len(names) == 1 { // Tell at once; with several files the others are read first.
		handle, err := os.Open(names[0].path)
		if err != nil {
			return nil, hint(names[0].path, err)
		}
		handle.Close()
	}
	return s, nil
}

// hint says what to do about an error of a path that a person wrote.
func hint(path string, err error) error {
	reason := err
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		path, reason = p.Path, p.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read %s: %w; check the path (with follow, a file may come later)", path, reason)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("read %s: %w; run as a user who may read it, or allow it with chmod", path, reason)
	case reason != err:
		return fmt.Errorf("read %s: %w", path, reason)
	}
	return err
}

// Read implements collector.Source. A finite source that could not read everything returns what was wrong in place of io.EOF.
func (s *Source) Read(ctx context.Context) (*collector.Batch, error) {
	switch {
	case s.live != nil:
		return s.live.next(ctx, s.opts.Poll)
	case s.opts.Follow:
		return s.follow(ctx)
	}
	for s.turn < len(s.files) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := s.files[s.turn]
		b, err := s.finite(ctx, f)
		if b != nil {
			return b, nil
		}
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil, err
		}
		if err != io.EOF {
			s.faults = append(s.faults, err)
		}
		s.close(f)
		s.turn++
	}
	if len(s.faults) > 0 {
		return nil, errors.Join(s.faults...)
	}
	return nil, io.EOF
}

// finite reads from a file up to its end.
func (s *Source) finite(ctx context.Context, f *file) (*collector.Batch, error) {
	if f.feed == nil {
		if err := s.open(ctx, f); err != nil {
			return nil, err
		}
	}
	b, err := f.next(ctx, final)
	if err != io.EOF {
		return b, err
	}
	if b := f.feed.marker(f.stream, f.partition); b != nil {
		return b, nil
	}
	if info, err := f.handle.Stat(); err == nil && info.Size() < f.raw.off {
		return nil, fmt.Errorf("read %s: it was cut short from %s to %s bytes while it was read; run again to read it anew",
			f.path, grouped(f.raw.off), grouped(info.Size()))
	}
	if f.feed.split.mode != plain {
		s.opts.Logger.Warn("file ends inside an array", "file", f.path, "offset", f.feed.place().offset)
	}
	return nil, io.EOF
}

// Rereadable reports whether ReadAt can find records again: standard input is read once.
func (s *Source) Rereadable() bool { return s.live == nil }

// Lag returns how many bytes of the files known are still to be read; ok is false for standard input. Of compressed files it counts
// compressed bytes. It is safe for concurrent use.
func (s *Source) Lag() (bytes int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		bytes += f.lag()
	}
	return bytes, s.live == nil
}

// Close implements collector.Source. Batches that are not released yet stay valid.
func (s *Source) Close() error {
	for _, f := range s.files {
		s.close(f)
	}
	if s.live != nil {
		s.live.close()
	}
	return nil
}
