package files

import (
	"errors"
	"os"
	"testing"
)

func TestReads(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.MkdirAll("in/deep/.hidden", 0o755), os.Mkdir("out", 0o755), os.Symlink("in", "link"),
		os.WriteFile("in/a", nil, 0o600), os.Link("in/a", "other"), os.Symlink("in/a", "pointer")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, name string
		want       bool
	}{
		{"in/a", "in/a", true},
		{"in/a", "./in/../in/a", true},
		{"in/a", "link/a", true},
		{"in/a", "other", true},
		{"in/a", "pointer", true},
		{"in/a", "in/b", false},
		{"later", "later", true},
		{"later", "later.1", false},
		{"in", "in/b", true},
		{"in", "link/deep/new/b", true},
		{"link", "in/b", true},
		{"in", "in", true},
		{"in", "in/.b", false},
		{"in", "in/deep/.hidden/b", false},
		{"in", "out/b", false},
		{"in", "input", false},
		{".", "b", true},
		{".", "../b", false},
		{"in/*", "in/b", true},
		{"in/*", "in/.b", false},
		{"in/.*", "in/.b", true},
		{"i*", "in/deep/b", true},
		{"*.jsonl", "out.jsonl", true},
		{"*.jsonl", "out/b.jsonl", false},
		{"-", "-", false},
	} {
		if got := Reads(c.path, c.name); got != c.want {
			t.Errorf("Reads(%q, %q): got %v, want %v", c.path, c.name, got, c.want)
		}
	}
}
