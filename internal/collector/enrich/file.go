package enrich

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// file is an agent file on disk, and what was seen of it. It is not safe for concurrent use.
type file struct {
	path, column string

	seen     fs.FileInfo // the file as it was read last
	problem  error       // why it could not be used then; nil: its rows came into force
	changing fs.FileInfo // the file as it was when it was found changed; nil: it is as seen
}

// look returns the rows of a file that has changed and come to rest since, nil where there is nothing new, and the reason why the
// file that is there cannot be used.
func (f *file) look(ctx context.Context) (Directory, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		f.changing = nil
		return nil, plain(err)
	}
	if same(info, f.seen) {
		f.changing = nil
		return nil, f.problem
	}
	if f.changing == nil || !same(info, f.changing) {
		f.changing = info
		return nil, nil
	}
	f.changing = nil
	rows, err := f.read(ctx)
	if errors.Is(err, errChanging) {
		return nil, nil
	}
	return rows, err
}

func (f *file) moving() bool { return f.changing != nil }

var errChanging = errors.New("the file changed while it was read; start again when it is written")

// read reads the file as it is.
func (f *file) read(context.Context) (Directory, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, plain(err)
	}
	content, err := readAll(f.path, info)
	if errors.Is(err, errChanging) {
		return nil, err
	}
	var rows Directory
	if err == nil {
		rows, err = Read(content, f.column)
	}
	f.seen, f.problem = info, err
	return rows, err
}

// readAll reads a regular file that info was taken of.
func readAll(path string, info fs.FileInfo) ([]byte, error) {
	switch {
	case info.IsDir():
		return nil, errors.New("it is a folder; name a file")
	case !info.Mode().IsRegular(): // a pipe could keep us waiting for ever
		return nil, errors.New("it is no regular file; name one, which can be read again")
	case info.Size() > MaxBytes:
		return nil, fmt.Errorf("%d bytes; the limit is %d", info.Size(), MaxBytes)
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, plain(err)
	}
	defer in.Close()
	content, err := io.ReadAll(io.LimitReader(in, MaxBytes+1))
	if err != nil {
		return nil, plain(err)
	}
	after, err := in.Stat()
	if err != nil {
		return nil, plain(err)
	}
	if !same(after, info) {
		return nil, errChanging
	}
	return content, nil
}

// same reports whether nothing was written between the two.
func same(a, b fs.FileInfo) bool {
	return b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// plain takes the path out of an error: who shows it names the file.
func plain(err error) error {
	if bad, ok := errors.AsType[*fs.PathError](err); ok {
		return bad.Err
	}
	return err
}
