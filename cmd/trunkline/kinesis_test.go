package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

func collectRiver(dir string) call { return call{Dir: dir, Args: []string{"run"}, Env: awsKey} }

// stopRiver ends a worker as Ctrl-C does.
func stopRiver(t testing.TB, p *process) {
	t.Helper()
	p.signal(t, syscall.SIGINT)
	p.wait(t, time.Minute)
	p.want(t, 0)
}

// TestStream reads a stream with one worker and the embedded state: it resumes exactly where it was stopped, follows splits and merges
// while it runs, and takes aggregates apart.
func TestStream(t *testing.T) {
	r, s, dir := newRiver(t, 2), newSea(t), t.TempDir()
	riverConfig(t, dir, r, s, fmt.Sprintf("aws: {endpoints: {kinesis: %q}}", r.url))
	r.put(t, 20, 300)
	p := collectRiver(dir).start(t)
	s.all(t, r, p)
	stopRiver(t, p)
	if !strings.Contains(p.stderr.String(), "msg=collecting") {
		t.Errorf("the log does not say that it collects:\n%s", p.stderr.String())
	}
	t.Log(p.stderr.String())
}
