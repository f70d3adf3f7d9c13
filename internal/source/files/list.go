package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// found is a file that a path stands for.
type found struct {
	path string
	id   identity
	info fs.FileInfo
}

// list returns the regular files that path stands for: itself; all in a folder and the folders below it, in the order of their
// paths; or what a glob matches. Files and folders whose names begin with a dot are left out, unless path names them. Symbolic links
// to files are followed, those to folders are not. A file that is there under several names is listed once. Nothing found is no
// error, nor is what vanishes meanwhile.
func list(path string) ([]found, error) {
	info, err := os.Stat(path)
	if err == nil {
		return (&lister{seen: map[identity]bool{}}).walk(path, info)
	}
	if !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(path, `*?[`) {
		return nil, err
	}
	names, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("pattern of file names %s: %w", path, err)
	}
	l := &lister{seen: map[identity]bool{}}
	dotted := strings.HasPrefix(filepath.Base(path), ".")
	for _, name := range names { // sorted by Glob
		if hidden(filepath.Base(name)) && !dotted {
			continue
		}
		if info, err := os.Stat(name); err == nil {
			if _, err := l.walk(name, info); err != nil {
				return nil, err
			}
		}
	}
	return l.files, nil
}

type lister struct {
	files []found
	seen  map[identity]bool
}

func (l *lister) walk(path string, info fs.FileInfo) ([]found, error) {
	if !info.IsDir() {
		if err := l.add(path, info); err != nil {
			return nil, err
		}
		return l.files, nil
	}
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name != path:
			return nil
		case err != nil:
			return err
		case name == path:
			return nil
		case hidden(entry.Name()):
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		info, err := os.Stat(name) // of what a link points at
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		return l.add(name, info)
	})
	return l.files, err
}

func (l *lister) add(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("read %s: it is neither a file nor a folder; to read a pipe or a device, write its name behind '<' and '-' as the path", path)
	}
	id := identify(path, info)
	if !l.seen[id] {
		l.seen[id] = true
		l.files = append(l.files, found{path, id, info})
	}
	return nil
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") && name != "." && name != ".." }
