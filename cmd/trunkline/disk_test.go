package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The disk is full wherever something is written, as far as the limit on the size of files can play it: the run ends with status 1
// and a line that says what to do, and once there is room, the next one delivers what is missing.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	const n = 20_000
	bad := strings.Repeat("no record\n", 5000)
	for _, c := range []struct {
		name     string
		sections []string
		input    string
		blocks   int // the largest file, in 512 or 1,024 bytes as the shell counts; a new state file has 1 MiB
		line     string
		want     int // records in the output in the end
		dead     int
	}{
		{"output", nil, string(goods(n)), 2200, "deliver: write to out", n, 0},
		{"state, before it is made", nil, string(goods(n)), 100, "state file trunkline.db", n, 0},
		{
			"dead letters",
			[]string{"dead_letter: {recipient: " + recipient + "}", "destination: {file: {path: out, rotate: 1KiB}}"},
			good(1) + "\n" + bad + good(2) + "\n", 2200, "dead-letter folder dead-letters", 2, 5000,
		},
		{
			"state, while it grows",
			[]string{"destination: {stdout: {}}", "deduplicate: {window: 1h}"},
			string(goods(5 * n)), 2200, "state file trunkline.db", 5 * n, 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			configure(t, dir, append(slices.Clone(c.sections), "redact: {keep: all}")...)
			write(t, dir+"/in", []byte(c.input))
			full := call{Dir: dir, Args: []string{"run"}, Shell: fmt.Sprintf("ulimit -f %d", c.blocks)}.run(t)
			full.wantComplaint(t, 1, c.line)
			if line := strings.Join(complaints(full.stderr.String()), "\n"); !strings.Contains(line, "free some") && !strings.Contains(line, "set destination.file.rotate below") {
				t.Errorf("got %q, want it to say what to do", line)
			}
			again := trunkline(t, dir, "run")
			again.wantComplaint(t, 0, "")
			delivered := map[string]bool{}
			for line := range strings.Lines(full.stdout.String() + again.stdout.String() + outputs(t, dir)) {
				if !strings.HasSuffix(line, "\"}\n") {
					t.Fatalf("a torn line: %.200q", line)
				}
				delivered[line] = true
			}
			if len(delivered) != c.want {
				t.Errorf("got %d records delivered, want %d", len(delivered), c.want)
			}
			if got := deadLetters(t, dir); got != c.dead {
				t.Errorf("got %d dead letters, want %d", got, c.dead)
			}
		})
	}
}

// outputs is what stands in the output file and those rotated before.
func outputs(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(dir + "/out*")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, name := range names {
		text.Write(read(t, name))
	}
	return text.String()
}

// Folders that cannot be written, as a kernel sees it: as another user, or, where the tests run as root, below /proc and /sys,
// which no user can write to.
func TestReadOnly(t *testing.T) {
	for _, c := range []struct{ name, section, line string }{
		{"output", "destination: {file: {path: %s/out}}", "destination.file.path"},
		{"state", "state: {file: %s/trunkline.db}", "state file"},
		{"dead letters", "dead_letter: {folder: %s/letters}", "dead-letter folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			closed := dir + "/closed"
			if err := os.Mkdir(closed, 0o555); err != nil {
				t.Fatal(err)
			}
			if os.Geteuid() == 0 {
				closed = "/proc/self/task"
			}
			configure(t, dir, "redact: {keep: all}", fmt.Sprintf(c.section, closed))
			write(t, dir+"/in", goods(3))
			trunkline(t, dir, "run").wantComplaint(t, 1, c.line)
			configure(t, dir, "redact: {keep: all}")
			trunkline(t, dir, "run").wantComplaint(t, 0, "")
			if got := lines(t, dir+"/out"); got != 3 {
				t.Errorf("after the folder was set right: got %d records, want 3", got)
			}
		})
	}
}
