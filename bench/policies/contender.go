package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A contender is a program that is called
//
//	COMMAND INPUT SECONDS
//
// and prints one line of JSON, an answer. It works through its input again and again until the seconds of its process's CPU time are
// used up, once to warm up and once more for the answer. With 0 seconds it decides the first request of a workload and ends.
type contender struct {
	name    string
	command []string
}

// An answer says what a contender did.
type answer struct {
	Decisions []string `json:"decisions,omitempty"` // of the requests, in their order; one that begins with "error:" is none
	Findings  int      `json:"findings,omitempty"`  // in the input
	Count     int      `json:"count"`               // decisions made, policies linted or parsed in the time measured
	Seconds   float64  `json:"seconds"`             // of CPU time
}

// rate is per second of CPU time.
func (a *answer) rate() float64 { return float64(a.Count) / a.Seconds }

// ask has a contender work on an input, tied to one core.
func (c *contender) ask(ctx context.Context, pin []string, input string, seconds float64) (a answer, err error) {
	line := append(append(append([]string{}, pin...), c.command...), input, strconv.FormatFloat(seconds, 'g', -1, 64))
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return a, fmt.Errorf("%s: %w; it wrote:\n%s", c.name, err, errs.Bytes())
	}
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		return a, fmt.Errorf("%s: answer: %w", c.name, err)
	}
	return a, nil
}

// oneCore is the start of a command line that ties a program to one core: the last one this process may use. It is empty where the
// command taskset is missing.
func oneCore(ctx context.Context, stderr io.Writer) []string {
	out, err := exec.CommandContext(ctx, "taskset", "-cp", strconv.Itoa(os.Getpid())).Output()
	if err != nil {
		fmt.Fprintln(stderr, "policies: contenders are not tied to a core:", err)
		return nil
	}
	list := strings.TrimSpace(string(out)) // pid 123's current affinity list: 0-3,8
	last := list[strings.LastIndexAny(list, " ,-")+1:]
	return []string{"taskset", "-c", last}
}

// A start is what a process took from its start to its end.
type start struct {
	wall time.Duration
	peak int64 // largest resident set, bytes
}

// startOf runs a process some times and returns the best of each.
//
// Linux starts the peak of a process at the peak of the one that it was forked from, so this program keeps little in memory.
func startOf(ctx context.Context, times int, line ...string) (best start, err error) {
	for i := range times {
		cmd := exec.CommandContext(ctx, line[0], line[1:]...)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		began := time.Now()
		err := cmd.Run()
		took := start{wall: time.Since(began)}
		if err != nil {
			return best, fmt.Errorf("%s: %w; it wrote:\n%s", strings.Join(line, " "), err, errs.Bytes())
		}
		if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			took.peak = used.Maxrss * 1024 // Linux counts in KiB
		}
		if i == 0 {
			best = took
		}
		best.wall, best.peak = min(best.wall, took.wall), min(best.peak, took.peak)
	}
	return best, nil
}

// findContenders fills in who takes part, builds what has to be built into the folder, and says how to install what is missing.
func (b *bench) findContenders(ctx context.Context, folder string, stderr io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	role := func(name, role string) contender { return contender{name, []string{self, role}} }
	b.pin = oneCore(ctx, stderr)
	b.deciders = []contender{role("trunkline", "decide"), role("trunkline, request not prepared", "request")}
	b.linters = []contender{role("trunkline", "lint")}
	b.parsers = []contender{role("trunkline", "parse"), role("encoding/json into any", "json")}
	if b.alone {
		return nil
	}

	const install = "run peers/install, or make policies"
	script := filepath.Join("peers", "iam-simulate", "simulate.mjs")
	python := filepath.Join("peers", "parliament", ".venv", "bin", "python")
	_, err = os.Stat(filepath.Join("peers", "iam-simulate", "node_modules", ".installed"))
	_, err2 := os.Stat(python)
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("find peers: %w; %s", err, install)
	}
	cedar := filepath.Join(folder, "cedar")
	build := exec.CommandContext(ctx, "go", "-C", filepath.Join("peers", "cedar"), "build", "-trimpath", "-o", cedar, ".")
	build.Stderr = stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the Cedar contender: %w", err)
	}
	b.deciders = append(b.deciders,
		contender{validating, []string{"node", script, "validating"}},
		contender{unvalidated, []string{"node", script, "unvalidated"}},
		contender{cedarGo, []string{cedar}})
	b.linters = append(b.linters, contender{"parliament", []string{python, filepath.Join("peers", "parliament", "lint.py")}})
	return nil
}

// The peers that decide.
const (
	validating  = "iam-simulate, validating"
	unvalidated = "iam-simulate, not validating"
	cedarGo     = "cedar-go"
)
