package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"trunkline/internal/collector"
)

// watch is what following keeps of a file.
type watch struct {
	lost   bool      // no longer under a name that the path stands for
	grew   time.Time // when data came last, or the file was found
	until  int64     // where the file ended when its turn began, bytes
	anew   bool      // the file holds something else now: what is left of the old content is delivered, then it is read anew
	parked bool      // closed; not looked at until it is another version than left
	left   version
	seen   version // when it was listed last
	told   bool    // what is wrong with it was logged
}

// version is what shows that a file has changed.
type version struct {
	size     int64
	modified time.Time
}

// idleClose is how long a file among several may be silent before it is closed, until it grows.
const idleClose = time.Minute

// follow reads what is there, file after file, and waits for more. Files that have lost their names come first, so that what was
// written before a rotation is delivered before what was written after it. A file's turn lasts to where it ended when the turn
// began: one that never stops growing keeps nobody waiting.
func (s *Source) follow(ctx context.Context) (*collector.Batch, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if time.Since(s.looked) >= s.wait {
			if err := s.look(); err != nil {
				return nil, err
			}
		}
		for s.turn < len(s.files) {
			f := s.files[s.turn]
			b, err := s.visit(ctx, f)
			if b != nil {
				return b, nil
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				s.park(f, err)
			}
			s.turn++
			f.watch.until = 0
		}
		s.turn = 0
		s.dropLost()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(s.wait - time.Since(s.looked)):
		}
	}
}

// look lists the path again: new files, lost ones, new names.
func (s *Source) look() error {
	began := time.Now()
	names, err := list(s.opts.Path)
	defer func() {
		s.looked = time.Now()
		s.wait = max(s.opts.Poll, 10*s.looked.Sub(began)) // a huge folder is not listed all the time
	}()
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		if s.looked.IsZero() {
			return hint(s.opts.Path, err)
		}
		if told := err.Error(); s.told != told {
			s.told = told
			s.opts.Logger.Warn("files cannot be listed, those that are known are read on", "path", s.opts.Path, "error", err)
		}
		return nil
	case len(names) == 0 && len(s.files) == 0 && s.told != "waiting":
		s.told = "waiting"
		s.opts.Logger.Info("waiting for files", "path", s.opts.Path)
	case len(names) > 0:
		s.told = ""
	}
	known := make(map[identity]*file, len(s.files))
	for _, f := range s.files {
		known[f.stream.id] = f
		f.watch.lost = true
	}
	kept := make([]*file, 0, len(names))
	for _, n := range names {
		f := known[n.id]
		if f == nil {
			f = s.newFile(n)
			f.watch.grew = began
		}
		delete(known, n.id)
		f.watch.lost = false
		if f.path != n.path {
			s.opts.Logger.Info("file was renamed", "from", f.path, "to", n.path)
			f.path = n.path
			f.stream = &stream{f.stream.id, f.stream.print, n.path}
		}
		v := version{n.info.Size(), n.info.ModTime()}
		// A compressed file is begun from the start each time: not before it has stopped growing.
		if v != f.watch.left && (f.kind == uncompressed || v == f.watch.seen) {
			f.watch.parked = false
		}
		f.watch.seen = v
		f.size.Store(v.size)
		kept = append(kept, f)
	}
	// Lost files keep the order they had.
	lost := slices.DeleteFunc(slices.Clone(s.files), func(f *file) bool { return !f.watch.lost })
	next := append(lost, kept...)
	if !slices.Equal(next, s.files) {
		if s.turn < len(s.files) && s.turn > 0 {
			s.files[s.turn].watch.until = 0
		}
		s.turn = 0
	}
	s.mu.Lock()
	s.files = next
	s.mu.Unlock()
	return nil
}

// visit reads from a file what has come since its last turn. It returns nothing when nothing more has come.
func (s *Source) visit(ctx context.Context, f *file) (*collector.Batch, error) {
	w := &f.watch
	if w.parked {
		return nil, nil
	}
	if f.feed == nil {
		err := s.open(ctx, f)
		if err == errReplaced || errors.Is(err, fs.ErrNotExist) {
			var path string // It was renamed since it was listed; or removed, and its number may be another file's.
			if path, err = s.locate(f.stream.id, f.path); err == nil && begins(path, f.stream.print, f.size.Load()) {
				f.path = path
				err = s.open(ctx, f)
			} else {
				err = fmt.Errorf("read %s: the file has gone: %w", f.path, fs.ErrNotExist)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if f.raw.off == 0 { // Nothing was read: it may have been empty when it was opened.
		kind, sure, err := sniff(f.handle)
		switch {
		case err != nil:
			return nil, err
		case !sure && !s.over(f):
			return nil, nil
		case kind != f.kind:
			s.close(f)
			return s.visit(ctx, f)
		}
	}
	if f.kind != uncompressed {
		b, err := f.next(ctx, final)
		if b == nil && err == io.EOF {
			b = f.feed.marker(f.stream, f.partition)
			s.park(f, nil) // Should it grow, what comes is read too.
			err = nil
		}
		return b, err
	}
	if w.until == 0 && !w.anew {
		if err := s.begin(f); err != nil {
			return nil, err
		}
	}
	if w.anew {
		if b := f.batch(final); b != nil { // a last line that had no end
			return b, nil
		}
		s.close(f)
		f.from, f.stream, w.anew = place{0, plain}, &stream{id: f.stream.id, name: f.path}, false
		return nil, nil // Its next turn comes with the next look.
	}
	f.err = nil
	if f.raw.off < w.until {
		if b, err := f.next(ctx, more); err != io.EOF {
			return b, err
		}
	} else if b := f.batch(more); b != nil {
		return b, nil
	}
	if time.Since(w.grew) >= s.opts.Poll {
		if b := f.batch(idle); b != nil {
			return b, nil
		}
		if b := f.feed.marker(f.stream, f.partition); b != nil {
			return b, nil
		}
	}
	switch {
	case s.over(f):
		if b := f.batch(final); b != nil {
			return b, nil
		}
		s.close(f)
	case !w.lost && len(s.files) > 1 && time.Since(w.grew) >= idleClose:
		s.park(f, nil)
	}
	return nil, nil
}

// over reports that a file has lost its name and been silent for the time of grace.
func (s *Source) over(f *file) bool {
	return f.watch.lost && time.Since(f.watch.grew) >= s.opts.Grace
}

// begin begins a file's turn: it looks where the file ends, and whether it still is what was read of it.
func (s *Source) begin(f *file) error {
	info, err := f.handle.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	f.size.Store(info.Size())
	if info.Size() < f.raw.off {
		s.opts.Logger.Warn("file was cut short, reading from the start", "file", f.path, "size", info.Size(), "offset", f.raw.off)
		f.watch.anew = true
		return nil
	}
	f.watch.until = info.Size()
	if info.Size() == f.raw.off {
		return nil
	}
	now, err := takePrint(f.handle, f.stream.print.length)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	if f.watch.anew = now != f.stream.print; f.watch.anew {
		s.opts.Logger.Warn("file has other content than before, reading from the start", "file", f.path)
	}
	return nil
}

// park closes a file until it changes: it was read, or cannot be read, which is logged once.
func (s *Source) park(f *file, err error) {
	f.watch.parked, f.watch.left = true, f.watch.seen
	s.close(f)
	if err != nil && !f.watch.told {
		s.opts.Logger.Warn("file is set aside; it is read on when it has changed", "file", f.path, "offset", f.from.offset, "error", err)
	}
	f.watch.told = err != nil
}

// dropLost forgets files that have no name any more and are closed.
func (s *Source) dropLost() {
	gone := func(f *file) bool { return f.watch.lost && f.feed == nil && !f.watch.anew }
	if !slices.ContainsFunc(s.files, gone) {
		return
	}
	for _, f := range s.files {
		if rest := f.lag(); gone(f) && rest > 0 {
			s.opts.Logger.Warn("file has gone before it was read to its end", "file", f.path, "bytes", rest)
		}
	}
	s.mu.Lock()
	s.files = slices.DeleteFunc(slices.Clone(s.files), gone)
	s.mu.Unlock()
}

// findRotated adds the files beside Path that were Path when they were read last: they have a position, and Path's name with
// something behind it, as "records.jsonl.1" or "records-20261122.jsonl". They are read to their end first.
func (s *Source) findRotated() {
	folder, name := filepath.Split(s.opts.Path)
	if strings.ContainsAny(name, `*?[`) {
		return
	}
	if info, err := os.Stat(s.opts.Path); err == nil && info.IsDir() {
		return
	}
	entries, err := os.ReadDir(filepath.Clean(folder + "."))
	if err != nil {
		return
	}
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), stem)
		first, _ := utf8.DecodeRuneInString(rest)
		if !ok || rest == "" || e.Name() == name || unicode.IsLetter(first) {
			continue
		}
		path := folder + e.Name()
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		f := s.newFile(found{path, identify(path, info), info})
		if p, ok := s.stored(f); !ok || !unread(f, p) {
			continue
		}
		f.watch.lost, f.watch.grew = true, time.Now()
		f.watch.seen = version{info.Size(), info.ModTime()}
		s.files = append(s.files, f)
	}
	slices.SortStableFunc(s.files, func(a, b *file) int { return a.watch.seen.modified.Compare(b.watch.seen.modified) })
}

// unread reports whether a position is of the file as it is, with something behind it.
func unread(f *file, p position) bool {
	if !begins(f.path, p.print, 0) {
		return false
	}
	if p.offset < f.size.Load() {
		return true
	}
	handle, err := os.Open(f.path)
	if err != nil {
		return false
	}
	defer handle.Close()
	kind, _, err := sniff(handle)
	return err == nil && kind != uncompressed
}

// begins reports whether a file has a fingerprint and at least so many bytes.
func begins(path string, print fingerprint, size int64) bool {
	handle, err := os.Open(path)
	if err != nil {
		return false
	}
	defer handle.Close()
	info, err := handle.Stat()
	if err != nil || info.Size() < size {
		return false
	}
	now, err := takePrint(handle, print.length)
	return err == nil && now == print
}
