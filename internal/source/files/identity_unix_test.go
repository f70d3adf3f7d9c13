//go:build unix

package files

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestNamedPipe(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, follow := range []bool{false, true} {
		if _, err := Open(Options{Path: pipe, Follow: follow}); err == nil || !strings.Contains(err.Error(), "neither a file nor a folder") {
			t.Errorf("Open(a named pipe), follow %v: got %v, want what to do instead", follow, err)
		}
	}
	write(t, filepath.Join(dir, "a"), "1")
	if got := readAll(t, Options{Path: dir}).texts; len(got) != 1 {
		t.Errorf("a folder with a named pipe: got %q, want the file's record only", got)
	}
}
