//go:build interop

package kcl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// kind of worker.
type kind string

const (
	kcl2           kind = "kcl2"
	kcl3Phase1     kind = "kcl3 phase1"
	kcl3Compatible kind = "kcl3 compatible"
	kcl3           kind = "kcl3 3x"
	ours           kind = "ours"
)

func (k kind) java() bool { return k != ours }

// process is a running worker.
type process struct {
	id    string // never used twice
	kind  kind
	cmd   *exec.Cmd
	stdin *os.File
	done  chan struct{} // closed when it has ended and all it said is noted

	mu      sync.Mutex
	said    bytes.Buffer // on standard error
	stopped bool         // we ended it
	killed  time.Time
}

// start starts a worker, which ends with the test at the latest.
func (w *world) start(k kind) *process {
	w.t.Helper()
	w.mu.Lock()
	id := strings.ReplaceAll(string(k), " ", "")
	p := &process{id: fmt.Sprintf("%s%sx%d", w.rank, id, len(w.fleet)), kind: k, done: make(chan struct{})}
	w.fleet = append(w.fleet, p)
	w.mu.Unlock()
	if k.java() {
		p.cmd = w.java(p)
	} else {
		p.cmd = w.ours(p)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	input, stdin, err := os.Pipe() // held open: a worker whose test was killed sees its end
	if err != nil {
		w.t.Fatal(err)
	}
	p.cmd.Stdin, p.stdin = input, stdin
	p.cmd.Stderr = p
	if err := p.cmd.Start(); err != nil {
		w.t.Fatalf("start %s: %v", p.id, err)
	}
	input.Close()
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if p.kind.java() {
				w.hear(p, lines.Bytes())
			}
		}
		_ = p.cmd.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.stopped {
			w.t.Errorf("%s ended by itself: %v\n%s", p.id, p.cmd.ProcessState, p.said.Bytes())
		}
		close(p.done)
	}()
	w.t.Cleanup(func() {
		if w.t.Failed() {
			p.mu.Lock()
			w.t.Logf("%s said:\n%s", p.id, p.said.Bytes()[max(0, p.said.Len()-4000):])
			p.mu.Unlock()
		}
		p.end(syscall.SIGKILL)
	})
	w.t.Logf("start %s", p.id)
	return p
}

// java is the command of a worker of the Kinesis Client Library.
func (w *world) java(p *process) *exec.Cmd {
	folder, generation, _ := strings.Cut(string(p.kind), " ")
	target := filepath.Join(folder, "target")
	args := []string{
		"-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true",
		"-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
		// What the leader finds out about a migration is said nowhere else.
		"-Dorg.slf4j.simpleLogger.log.software.amazon.kinesis.coordinator.migration=info",
		"-cp", filepath.Join(target, "worker.jar") + string(os.PathListSeparator) + filepath.Join(target, "lib", "*"),
		"trunkline.interop.kcl.Worker",
		"kinesis=" + w.kinesis, "dynamodb=" + w.dynamodb, "stream=" + w.name, "table=" + w.name, "id=" + p.id,
		fmt.Sprintf("failover=%d", failover.Milliseconds()), "generation=" + generation,
	}
	cmd := exec.Command("java", args...)
	cmd.Env = append(os.Environ(), "AWS_EC2_METADATA_DISABLED=true")
	return cmd
}

// hear takes a line of a worker's standard output.
func (w *world) hear(p *process, line []byte) {
	var said struct {
		Time   int64 // microseconds
		Worker string
		Event  string
		Shard  string
		Data   []byte
	}
	if err := json.Unmarshal(line, &said); err != nil {
		w.t.Errorf("%s: line %q: %v", p.id, line, err)
		return
	}
	if said.Event != "record" {
		w.t.Logf("%s %s: %s %s", time.UnixMicro(said.Time).Format("15:04:05.000"), p.id, said.Event, said.Shard)
		return
	}
	var d document
	if err := json.Unmarshal(said.Data, &d); err != nil {
		w.t.Errorf("%s: record %q: %v", p.id, said.Data, err)
	}
	w.note(delivery{time.UnixMicro(said.Time), p.id, d.Number})
}

// Write keeps what the process says on standard error.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(text)
}

// says tells whether the process has said something on standard error.
func (p *process) says(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Contains(p.said.Bytes(), []byte(text))
}

// kill ends the process at once.
func (w *world) kill(p *process) {
	w.t.Logf("%s kill %s", time.Now().Format("15:04:05.000"), p.id)
	p.end(syscall.SIGKILL)
	p.mu.Lock()
	p.killed = time.Now()
	p.mu.Unlock()
}

// stop has the process finish what it is at.
func (w *world) stop(all ...*process) {
	w.t.Helper()
	for _, p := range all {
		p.mu.Lock()
		p.stopped = true
		p.mu.Unlock()
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	for _, p := range all {
		select {
		case <-p.done:
			// A Java machine that ends on SIGTERM says so.
			if got, want := p.cmd.ProcessState.ExitCode(), map[bool]int{true: 143, false: 0}[p.kind.java()]; got != want {
				w.t.Errorf("%s stopped with exit status %d, want %d", p.id, got, want)
			}
			w.t.Logf("%s stopped", p.id)
		case <-time.After(time.Minute):
			w.t.Fatalf("%s has not ended a minute after SIGTERM", p.id)
		}
		p.stdin.Close()
	}
}

func (p *process) end(signal syscall.Signal) {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	_ = p.cmd.Process.Signal(signal) // an error: it has ended already
	<-p.done
	p.stdin.Close()
}
