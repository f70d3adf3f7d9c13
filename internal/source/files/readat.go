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
	path, err := s.locate(p.id, p.name)
	if err != nil {
		return nil, fmt.Errorf("read byte %s again: %w", grouped(p.offset), err)
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

// locate finds the file with an identity: under the name it had, among the source's files, or beside them. Where it is gone, the
// path returned is the name it had.
func (s *Source) locate(id identity, name string) (path string, err error) {
	is := func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.Mode().IsRegular() && identify(path, info) == id
	}
	if is(name) {
		return name, nil
	}
	if found, err := list(s.opts.Path); err == nil {
		for _, f := range found {
			if f.id == id {
				return f.path, nil
			}
		}
	}
	folder := filepath.Dir(name)
	entries, _ := os.ReadDir(folder) // without them there is nothing to find
	for _, e := range entries {
		if path := filepath.Join(folder, e.Name()); is(path) {
			return path, nil
		}
	}
	return name, fmt.Errorf("read %s: the file has gone: %w", name, fs.ErrNotExist)
}
