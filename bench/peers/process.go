package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// usage is what one process took from its start to its end.
type usage struct {
	wall   time.Duration
	cpu    time.Duration // user and system
	peak   int64         // largest resident set, bytes
	killed bool          // ended by us, because its time was up
	log    []byte        // the end of what it wrote to standard output and standard error
	lines  int           // how many lines it wrote to them in all
}

// measure runs a process to its end, or for at most the bound when that is not zero, and returns what it took.
//
// Linux starts the peak of a process at the peak of the one that it was forked from, so the program that calls this
// keeps little in memory until the last contender has run.
func measure(ctx context.Context, bound time.Duration, env []string, name string, args ...string) (usage, error) {
	var log tail
	running := ctx
	if bound > 0 {
		timed, cancel := context.WithTimeout(ctx, bound)
		defer cancel()
		running = timed
	}
	cmd := exec.CommandContext(running, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &log, &log
	began := time.Now()
	err := cmd.Run()
	u := usageOf(cmd.ProcessState, &log)
	u.wall = time.Since(began)
	if ctx.Err() != nil {
		return u, ctx.Err()
	}
	if errors.Is(running.Err(), context.DeadlineExceeded) {
		u.killed = true
		return u, nil
	}
	if err != nil {
		return u, fmt.Errorf("%s: %w; it wrote:\n%s", name, err, log.end)
	}
	return u, nil
}

// usageOf reads what a process that has ended took, but for its wall time. A nil state is one that never ran.
func usageOf(state *os.ProcessState, log *tail) usage {
	u := usage{log: log.end, lines: log.lines}
	if state == nil {
		return u
	}
	u.cpu = state.UserTime() + state.SystemTime()
	if r, ok := state.SysUsage().(*syscall.Rusage); ok {
		u.peak = r.Maxrss * 1024 // Linux counts in KiB
	}
	return u
}

// tail keeps the last few thousand bytes written to it and counts the lines.
type tail struct {
	end   []byte
	lines int
}

func (t *tail) Write(p []byte) (int, error) {
	const keep = 4 << 10
	t.lines += bytes.Count(p, []byte("\n"))
	t.end = append(t.end, p...)
	if over := len(t.end) - keep; over > 0 {
		t.end = append(t.end[:0], t.end[over:]...)
	}
	return len(p), nil
}
