package files

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestAbsent: only what has no name any more where it was is absent, and nothing is where that cannot be told.
func TestAbsent(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	must := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	must(os.MkdirAll("in/done", 0o755), os.MkdirAll("away", 0o755), os.MkdirAll("far", 0o755))
	positions := map[string]string{"other": "of another source"}
	partitions := map[string]string{} // by name
	for _, name := range []string{"in/stays", "in/deleted", "in/renamed", "in/hidden", "in/filed", "in/moved", "in/removed", "in/replaced", "away/other"} {
		must(os.WriteFile(name, []byte(name), 0o600))
		info, err := os.Stat(name)
		must(err)
		id := identify(name, info)
		positions[id.String()] = position{place{3, plain}, stream{id: id, name: name}}.String()
		partitions[id.String()] = name
	}
	elsewhere := identity{device: 1 << 40, inode: 7} // a file system that is not mounted now
	positions[elsewhere.String()] = position{place{3, plain}, stream{id: elsewhere, name: "in/mounted"}}.String()
	partitions[elsewhere.String()] = "in/mounted"
	keep, err := os.Open("in/deleted") // or its number may be given to the next file
	must(err)
	defer keep.Close()
	must(os.Remove("in/deleted"), os.Rename("in/renamed", "in/renamed.1"), os.Rename("in/hidden", "in/.hidden"),
		os.Rename("in/filed", "in/done/filed"), os.Rename("in/moved", "away/moved"), os.Rename("in/removed", "far/removed"), os.WriteFile("new", []byte("in/replaced"), 0o600), os.Rename("new", "in/replaced"))

	for _, c := range []struct{ path, want string }{
		{"in", "in/deleted in/removed in/replaced"},
		{"in/*", "in/deleted in/removed in/replaced"},
		{".", "in/deleted in/replaced"},
		{"in/none", ""},
		{"none", ""},
	} {
		absent, err := Absent(c.path, positions)
		if (err != nil) != strings.Contains(c.path, "none") {
			t.Errorf("%s: got error %v", c.path, err)
		}
		var got []string
		for partition, text := range absent {
			if text != positions[partition] {
				t.Errorf("%s: got position %q of %s, want %q", c.path, text, partition, positions[partition])
			}
			got = append(got, partitions[partition])
		}
		slices.Sort(got)
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s: got %q absent, want %q", c.path, got, c.want)
		}
	}

	// Whole folders go too, such as those of a day. Where path itself is one, that is rather a mistake.
	must(os.RemoveAll("in"))
	if absent, err := Absent("away", positions); err != nil || len(absent) != 7 {
		t.Errorf("without the folder: got %v (%v), want the 7 files that were in it and are nowhere else", absent, err)
	}
	if absent, err := Absent("in", positions); err == nil || len(absent) > 0 {
		t.Errorf("without the folder that is the path: got %v (%v), want nothing absent", absent, err)
	}
}
