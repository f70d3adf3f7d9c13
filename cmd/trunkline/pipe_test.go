package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// resultCalls are command lines that print results, in a folder that resultFolder has filled.
func resultCalls() [][]string {
	return [][]string{
		{"--help"},
		{"--version"},
		{"version"},
		{"version", "--output", "json"},
		{"help", "run"},
		{"completion", "bash"},
		{"config", "schema"},
		{"check"},
		{"check", "in"},
		{"check", "--output", "json", "in"},
		{"match", "--pattern", `{"Channel": ["VOICE"]}`, "--form", "bus", "in"},
		{"match", "--cases", "cases"},
		{"status"},
		{"status", "--output", "json"},
		{"replay", "--list"},
		{"replay", "--list", "--output", "json"},
		{"replay"},
		{"demo", "--duration", "0"},
		{"demo", "--duration", "0", "--verbose"},
	}
}

// resultFolder has a config, records, cases, a state file and a dead letter.
func resultFolder(t *testing.T) string {
	dir := t.TempDir()
	configure(t, dir)
	write(t, dir+"/in", append(goods(2000), "no record\n"...))
	write(t, dir+"/cases", []byte(strings.Repeat(`{"id": 1, "pattern": {"a": [1]}, "event": {"a": 1}}`+"\n", 10_000)))
	trunkline(t, dir, "run").want(t, 0)
	return dir
}

// A command whose reader has gone ends at once and says nothing, with the status that shells report for SIGPIPE.
func TestReaderGone(t *testing.T) {
	dir := resultFolder(t)
	for _, args := range resultCalls() {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			p := call{Dir: dir, Args: args, Stdout: w}.start(t)
			w.Close()
			p.wait(t, 20*time.Second)
			p.want(t, 141)
			if got := complaints(p.stderr.String()); len(got) > 0 {
				t.Errorf("standard error: got %q, want nothing", got)
			}
		})
	}
}

// Results that cannot be written are a failure, also where a command has no more to do.
func TestResultsCannotBeWritten(t *testing.T) {
	dir := resultFolder(t)
	for _, args := range resultCalls() {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer full.Close()
			p := call{Dir: dir, Args: args, Stdout: full}.start(t)
			p.wait(t, 20*time.Second)
			p.want(t, 1)
			got := complaints(p.stderr.String())
			if n := len(got); n == 0 || !strings.HasPrefix(got[n-1], "trunkline: write to standard output: ") || !strings.HasSuffix(got[n-1], "no space left on device") {
				t.Errorf("standard error: got %q, want a line that says that standard output cannot be written", got)
			}
		})
	}
}
