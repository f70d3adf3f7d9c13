package cli

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"trunkline/contact"
	"trunkline/internal/collector"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/dedupe"
	"trunkline/internal/state"
)

// TestDeadLettersAreCountedOnce: a record that is dead-lettered again, since a position before it was all that a crash left, is still
// one dead letter.
func TestDeadLettersAreCountedOnce(t *testing.T) {
	folder := t.TempDir()
	store, err := state.Open(filepath.Join(folder, "trunkline.db"), state.Options{Now: time.Now(), Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	letters, err := deadletter.OpenFolder(filepath.Join(folder, "dead-letters"), deadletter.FolderOptions{Owner: store.ID()})
	if err != nil {
		t.Fatal(err)
	}
	defer letters.Close()
	for start := range 3 {
		j, err := openJournal(store, letters, nil, func(_, position string) string { return position })
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range []string{"17", "18", "17"} {
			err := j.DeadLetter(collector.Letter{
				Time: time.Now(), Stage: "redact", Reason: errors.New("cannot"), Partition: "file", At: place, Place: place,
				Kind: contact.Contact, ID: "c", Version: dedupe.Version{ID: [16]byte{1}, Content: [16]byte{2}},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Commit(collector.Settlement{}, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		stored, err := store.DeadLetterCount()
		if err != nil {
			t.Fatal(err)
		}
		if _, live := j.sizes(); live != 2 || stored != 2 {
			t.Errorf("start %d: %d dead letters counted, %d stored; want 2 of each", start, live, stored)
		}
	}
}
