package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a trunkline that runs. It is killed when the test ends, if it still runs then.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	exited         chan struct{} // closed when the process has ended
}

// output collects what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// call is how a trunkline is started. Only Args is required.
type call struct {
	Dir    string // working directory
	Args   []string
	Env    []string // besides the test's own
	Stdin  io.Reader
	Stdout io.Writer // in place of process.stdout
	Shell  string    // run before trunkline in the same process, e.g. "ulimit -f 8"
}

// start starts the real command.
func (c call) start(t testing.TB) *process {
	t.Helper()
	path, err := exec.LookPath("trunkline")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(path, c.Args...), exited: make(chan struct{})}
	if c.Shell != "" {
		p.cmd = exec.Command("sh", append([]string{"-c", c.Shell + `; exec "$0" "$@"`, path}, c.Args...)...)
	}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdin = c.Dir, append(os.Environ(), c.Env...), c.Stdin
	// Under the race detector: end at the first race, and at once in the end, not a second later.
	p.cmd.Env = append(p.cmd.Env, "GORACE=halt_on_error=1 atexit_sleep_ms=0")
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if c.Stdout != nil {
		p.cmd.Stdout = c.Stdout
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // the status is in ProcessState
	}()
	t.Cleanup(func() { p.kill() })
	return p
}

// run starts the command and waits for its end.
func (c call) run(t testing.TB) *process {
	t.Helper()
	p := c.start(t)
	p.wait(t, time.Minute)
	return p
}

// trunkline runs a command line in a folder to its end.
func trunkline(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	return call{Dir: dir, Args: args}.run(t)
}

// kill ends the process as kill -9 does, and waits until it is gone. It tells false where it had ended before.
func (p *process) kill() bool {
	select {
	case <-p.exited:
		return false
	default:
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
	return p.status() == -1
}

func (p *process) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// wait returns the exit status, -1 for a process that a signal has ended.
func (p *process) wait(t testing.TB, longest time.Duration) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(longest):
		p.signal(t, syscall.SIGQUIT) // its goroutines tell what it waits for
		<-p.exited
		t.Fatalf("trunkline %s: has not ended after %v:\n%s", strings.Join(p.cmd.Args[1:], " "), longest, p.stderr.String())
	}
	return p.status()
}

func (p *process) status() int { return p.cmd.ProcessState.ExitCode() }

// want fails the test unless the process, which has ended, did so with a status.
func (p *process) want(t testing.TB, status int) {
	t.Helper()
	if got := p.status(); got != status {
		t.Fatalf("trunkline %s: got exit status %d, want %d; standard error:\n%s\nstandard output:\n%.2000s",
			strings.Join(p.cmd.Args[1:], " "), got, status, p.stderr.String(), p.stdout.String())
	}
}

// until waits until a condition holds.
func until(t testing.TB, longest time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(longest); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", longest, what)
		}
	}
}

// write makes a file, and the folders above it.
func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
