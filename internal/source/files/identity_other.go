//go:build !unix

package files

import (
	"hash/fnv"
	"io/fs"
	"path/filepath"
)

// identify returns a hash of the file's path: where files have no number that Go tells, a renamed file is another one.
func identify(path string, _ fs.FileInfo) identity {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	h := fnv.New64a()
	h.Write([]byte(path))
	return identity{0, h.Sum64()}
}
