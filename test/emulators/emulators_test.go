package emulators

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// The pinned packages are there after Install and usable: a schema is checked by ajv, a document read by PyYAML.
func TestInstall(t *testing.T) {
	tools := Install(t)
	tests := []struct {
		name string
		cmd  *exec.Cmd
		want string
	}{
		{
			"ajv", exec.Command(tools.Node, "--input-type=module", "-e", `
				import Ajv from 'ajv/dist/2020.js';
				import formats from 'ajv-formats';
				const ajv = formats.default(new Ajv.default());
				const validate = ajv.compile({type: 'object', properties: {at: {type: 'string', format: 'date-time'}}});
				console.log(validate({at: '2026-11-22T21:00:00Z'}), validate({at: 'today'}));`), "true false\n",
		},
		{"PyYAML", exec.Command(tools.Python, "-c", `import yaml; print(yaml.safe_load("a: [1, 0x10]"))`), "{'a': [1, 16]}\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.cmd.Dir = tools.Folder
			test.cmd.Stderr = os.Stderr
			got, err := test.cmd.Output()
			if err != nil || string(got) != test.want {
				t.Errorf("got %q and error %v, want %q", got, err, test.want)
			}
		})
	}
	if again := Install(t); again != tools {
		t.Errorf("second Install: got %+v, want %+v", again, tools)
	}
}

// Many who want the same folder filled at the same time fill it once, and again only when its lockfile has changed.
func TestInstallOnce(t *testing.T) {
	folder := t.TempDir()
	lockfile := filepath.Join(folder, "lock.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(lockfile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var fills atomic.Int32
	fill := func() error {
		unlock, err := lock(folder)
		if err != nil {
			return err
		}
		defer unlock()
		return once(folder, "packages", "true", []string{"lock.json"}, func() error {
			fills.Add(1)
			return os.Mkdir(filepath.Join(folder, "packages"), 0o755)
		})
	}
	write("1")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := fill(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := fills.Load(); got != 1 {
		t.Errorf("eight at once: got %d fills, want 1", got)
	}
	write("2")
	err := fill()
	if got := fills.Load(); err != nil || got != 2 {
		t.Errorf("changed lockfile: got %d fills and error %v, want 2", got, err)
	}
}

// While one holds the lock nobody else gets it, and afterwards they do.
func TestInstallLock(t *testing.T) {
	folder := t.TempDir()
	tryLock := func() error {
		file, err := os.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		return syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	}
	unlock, err := lock(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := tryLock(); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("while it is held: got error %v, want %v", err, syscall.EWOULDBLOCK)
	}
	unlock()
	if err := tryLock(); err != nil {
		t.Errorf("after it was given back: got error %v, want none", err)
	}
}

// A fill that fails half-way is not taken for a complete one.
func TestInstallAfterFailure(t *testing.T) {
	folder := t.TempDir()
	broken := errors.New("network unreachable")
	err := once(folder, "packages", "true", nil, func() error {
		if err := os.Mkdir(filepath.Join(folder, "packages"), 0o755); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("first fill: got error %v, want %v", err, broken)
	}
	filled := false
	err = once(folder, "packages", "true", nil, func() error { filled = true; return nil })
	if err != nil || !filled {
		t.Errorf("second fill: got filled %v and error %v, want true", filled, err)
	}
}

// A missing or old tool is an error that says what to install.
func TestInstallMissingTool(t *testing.T) {
	script := func(text string) string { return "#!/bin/sh\necho " + text + "\n" }
	tests := []struct {
		name  string
		tools map[string]string
		want  string
	}{
		{"nothing", nil, "node not found, 20 or later is needed: apt-get install nodejs npm"},
		{"old node", map[string]string{"node": script("v18.19.0")}, "is version v18.19.0, 20 or later is needed: apt-get install"},
		{"odd node", map[string]string{"node": script("hello")}, `want a version like v20.1.0`},
		{"no npm", map[string]string{"node": script("v20.0.0")}, "npm not found: apt-get install npm"},
		{"no python", map[string]string{"node": script("v22.1.0"), "npm": script("")}, "python3 not found: apt-get install python3-venv"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := t.TempDir()
			for name, text := range test.tools {
				if err := os.WriteFile(filepath.Join(path, name), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", path)
			_, err := install(t.TempDir())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one that contains %q", err, test.want)
			}
		})
	}
}
