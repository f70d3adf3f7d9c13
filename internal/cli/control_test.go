package cli

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestControlSocketIsPrivate: whatever the umask is, at no instant does a control socket stand there that others may connect to.
func TestControlSocketIsPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	folder := t.TempDir()
	path := filepath.Join(folder, strings.Repeat("s", 8))
	done := make(chan struct{})
	var watcher sync.WaitGroup
	seen := map[fs.FileMode]int{}
	watcher.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if info, err := os.Lstat(path); err == nil {
				seen[info.Mode().Perm()]++
			}
			if info, err := os.Lstat(path + "~"); err == nil && info.Mode().Perm() != 0o700 {
				seen[info.Mode().Perm()]++
			}
		}
	})
	for range 500 {
		listener, err := listenPrivately(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(listener.Close(), os.Remove(path)); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	watcher.Wait()
	if n := seen[0o600]; len(seen) != 1 || n == 0 {
		t.Errorf("got sockets and folders by mode %v, want sockets with mode 600 alone", seen)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("what is left: got %v (%v), want nothing", left, err)
	}
}

// TestControlSocketAfterKill: what a killed process has left behind is in nobody's way, and the longest name can be listened on.
func TestControlSocketAfterKill(t *testing.T) {
	t.Chdir(t.TempDir())
	path := strings.Repeat("s", maxSocketPath)
	for _, left := range []string{path, path + "~/s"} {
		if err := os.MkdirAll(path+"~", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := listenPrivately(path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if connection, err := listener.Accept(); err == nil {
			connection.Close()
		}
	}()
	connection, err := net.Dial("unix", path)
	if err != nil {
		t.Fatalf("connect to the socket under its name: %v", err)
	}
	connection.Close()
}
