package cli

import (
	"os"
	"strings"
	"testing"
)

// TestGoneFilesAreForgotten: the position of a file that was deleted goes with the next run, and no other one.
func TestGoneFilesAreForgotten(t *testing.T) {
	b := newBench(t, recordOf("a", 1, "x"))
	b.configure()
	b.write("trunkline.yaml", strings.Replace(string(mustRead(t, b.path("trunkline.yaml"))), "/records.jsonl\"", "/*.jsonl\"", 1))
	b.write("second.jsonl", recordOf("b", 1, "x")+"\n")
	b.write("third.jsonl", recordOf("c", 1, "x")+"\n")
	run := func(delivered int) {
		t.Helper()
		r := b.run("run")
		if n := strings.Count(r.stdout, "\n"); r.status != exitDone || n != delivered {
			t.Fatalf("run: status %d, %d records, want 0 and %d: %s", r.status, n, delivered, r.stderr)
		}
	}
	positions := func(want string) {
		t.Helper()
		var got []string
		for line := range strings.Lines(b.run("status").stdout) {
			if name, ok := strings.CutPrefix(line, "position: "); ok {
				name, _, _ = strings.Cut(name, ":")
				got = append(got, name)
			}
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("positions: got %q, want %q", got, want)
		}
	}
	run(3)
	positions("records.jsonl second.jsonl third.jsonl")
	if err := os.Remove(b.path("second.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(b.path("third.jsonl"), b.path("third.old")); err != nil { // beside the glob
		t.Fatal(err)
	}
	positions("records.jsonl second.jsonl third.jsonl")
	run(0)
	positions("records.jsonl third.jsonl")
	if err := os.Rename(b.path("third.old"), b.path("third.jsonl")); err != nil {
		t.Fatal(err)
	}
	run(0)
	positions("records.jsonl third.jsonl")
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
