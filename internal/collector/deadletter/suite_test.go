package deadletter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/deadletter/deadlettertest"
)

// folder is a place for dead letters.
type folder struct{ path string }

func (f folder) Open(t *testing.T, owner string, recipients []age.Recipient) deadlettertest.Store {
	t.Helper()
	s, err := deadletter.OpenFolder(f.path, deadletter.FolderOptions{Owner: owner, Recipients: recipients})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (f folder) Dump(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	files, err := filepath.Glob(filepath.Join(f.path, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

func TestFolderAsStore(t *testing.T) {
	deadlettertest.Run(t, func(t *testing.T) deadlettertest.Place { return folder{t.TempDir()} })
}
