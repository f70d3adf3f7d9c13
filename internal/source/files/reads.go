package files

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Reads reports whether a source of path would read a file of a name, which need not be there yet: what a collector writes must not be
// what it reads. Names that lead to the same place over symbolic links are the same.
func Reads(path, name string) bool {
	if path == stdin {
		return false
	}
	path, name = resolve(path), resolve(name)
	if path == name {
		return true
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		other, err := os.Stat(name)
		return err == nil && os.SameFile(info, other)
	case err == nil:
		return below(path, name)
	}
	for above := name; above != filepath.Dir(above); above = filepath.Dir(above) { // a pattern may stand for a folder
		if matched, err := filepath.Match(path, above); matched && err == nil && (above == name || below(above, name)) {
			return !hidden(filepath.Base(above)) || hidden(filepath.Base(path))
		}
	}
	return false
}

// below reports whether a name is in a folder or in a folder of it, under names that are not hidden.
func below(folder, name string) bool {
	rest, err := filepath.Rel(folder, name)
	return err == nil && rest != "." && !slices.ContainsFunc(strings.Split(rest, string(filepath.Separator)), func(part string) bool {
		return part == ".." || hidden(part)
	})
}

// resolve makes a name absolute, and follows the symbolic links of the part of it that is there.
func resolve(name string) string {
	if absolute, err := filepath.Abs(name); err == nil {
		name = absolute
	}
	rest := ""
	for folder := name; ; folder = filepath.Dir(folder) {
		if real, err := filepath.EvalSymlinks(folder); err == nil {
			return filepath.Join(real, rest)
		}
		if folder == filepath.Dir(folder) {
			return name
		}
		rest = filepath.Join(filepath.Base(folder), rest)
	}
}
