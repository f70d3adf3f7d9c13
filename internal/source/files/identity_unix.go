//go:build unix

package files

import (
	"io/fs"
	"syscall"
)

// identify returns a file's identity.
func identify(_ string, info fs.FileInfo) identity {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return identity{uint64(st.Dev), uint64(st.Ino)}
	}
	return identity{}
}
