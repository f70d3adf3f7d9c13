package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotRereadable is returned by ReadAt of standard input.
var ErrNotRereadable = errors.New("standard input cannot be read again")

// ReadAt reads the record again that stood at a location, the text of Positions.At. The file may have been renamed meanwhile, within
// its folder or what the source's path stands for. Of a compressed file all before the record is decompressed again. The error
// is that of Input.Problem where the record had one, fs.ErrNotExist where the file is gone. It is safe for concurrent use.
func (s *Source) ReadAt(ctx context.Context, location string) ([]byte, error) {
	if s.live != nil {
		return nil, ErrNotRereadable
	}
	p, err := parsePosition(location)
	if err != nil {
		return nil, err
	}
	path, err := s.locate(p)
	if err != nil {
		return nil, err
	}
	again := &Source{opts: s.opts, memory: newMemory()}
	f := &file{path: path, partition: p.id.String(), from: p.place, asked: true, stream: &p.stream}
	if err := again.open(ctx, f); err != nil {
		return nil, err
	}
	defer again.close(f)
	if other, err := f.differs(p, f.size.Load()); err != nil {
		return nil, err
	} else if other != "" {
		return nil, fmt.Errorf("read byte %s of %s: the file %s", grouped(p.offset), path, other)
	}
	b, err := f.next(ctx, final)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if b == nil || b.Positions.(*batch).at[0] != p.place {
		return nil, fmt.Errorf("read byte %s of %s: no record begins there", grouped(p.offset), path)
	}
	defer b.Release()
	if problem := b.Records[0].Problem; problem != nil {
		return nil, problem
	}
	return bytes.Clone(b.Records[0].Data), nil
}

// locate finds the file of a position: under the name it had, among the source's files, or beside them.
func (s *Source) locate(p position) (path string, err error) {
	is := func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.Mode().IsRegular() && identify(path, info) == p.id
	}
	if is(p.name) {
		return p.name, nil
	}
	if names, err := list(s.opts.Path); err == nil {
		for _, n := range names {
			if n.id == p.id {
				return n.path, nil
			}
		}
	}
	folder := filepath.Dir(p.name)
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if path := filepath.Join(folder, e.Name()); is(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("read byte %s of %s: the file is gone: %w", grouped(p.offset), p.name, fs.ErrNotExist)
}
