package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestListWhileRunning: replay --list shows the same dead letters, by the same choice, while the collector runs and after it.
func TestListWhileRunning(t *testing.T) {
	b := newBench(t, recordOf("a", 1, "x"), recordOf("b", 1, "2026-11-22T00:00:00Z"), "no record", recordOf("c", 1, "y"))
	b.configure(strict, b.letters(""))
	text, err := os.ReadFile(b.path("trunkline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	b.write("trunkline.yaml", strings.Replace(string(text), "records.jsonl\"", "records.jsonl\", follow: true", 1))

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan result, 1)
	go func() {
		var out, errs bytes.Buffer
		status := Main(ctx, []string{"run", "--config", b.path("trunkline.yaml")}, strings.NewReader(""), &out, &errs)
		ended <- result{status, out.String(), errs.String()}
	}()
	const all = 3
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if r := b.run("status"); strings.Contains(r.stdout, "running: ") && strings.Contains(r.stdout, "waiting for a replay: 3\n") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the collector has not made its dead letters")
		}
	}
	first, _, _ := strings.Cut(b.run("replay", "--list").stdout, " ")
	queries := []struct {
		args  []string
		lines int
	}{
		{nil, all},
		{[]string{"--output", "json"}, all},
		{[]string{"--stage", "redact"}, 2},
		{[]string{"--stage", "deliver"}, 0},
		{[]string{"--reason", "ATTRIBUTES.NOTE"}, 2},
		{[]string{"--contact", "c"}, 1},
		{[]string{"--contact", "c&stage=decode"}, 0},
		{[]string{"--until", "2001-01-01T00:00:00Z"}, 0},
		{[]string{"--since", "2001-01-01T00:00:00+01:00"}, all},
		{[]string{"--id", first}, 1},
	}
	running := make([]result, len(queries))
	for i, q := range queries {
		running[i] = b.run(append([]string{"replay", "--list"}, q.args...)...)
	}
	if r := b.run("replay"); r.status != exitFailed || !strings.Contains(r.stderr, "in use by process") {
		t.Errorf("replay while the collector runs: status %d, %q; want it refused", r.status, r.stderr)
	}
	// A list of what cannot be read is as well the same.
	segments, err := filepath.Glob(b.path("dead-letters/*"))
	if err != nil || len(segments) != 1 {
		t.Fatalf("dead letters are in %v (%v), want one file", segments, err)
	}
	if err := os.Rename(segments[0], b.path("aside")); err != nil {
		t.Fatal(err)
	}
	lost := b.run("replay", "--list")
	if lost.stdout != "" || strings.Count(lost.stderr, "cannot be read") != all {
		t.Errorf("replay --list of letters that are gone: got %+v, want a line for each", lost)
	}
	if err := os.Rename(b.path("aside"), segments[0]); err != nil {
		t.Fatal(err)
	}
	stop()
	if r := <-ended; r.status != exitDone {
		t.Fatalf("run: status %d: %s", r.status, r.stderr)
	}
	for i, q := range queries {
		got, want := running[i], b.run(append([]string{"replay", "--list"}, q.args...)...)
		if got != want {
			t.Errorf("replay --list %q: while running got\n%+v\nand then\n%+v", q.args, got, want)
		}
		if n := strings.Count(got.stdout, "\n"); got.status != exitDone || n != q.lines {
			t.Errorf("replay --list %q: status %d, %d lines, want 0 and %d:\n%s%s", q.args, got.status, n, q.lines, got.stdout, got.stderr)
		}
	}
}
