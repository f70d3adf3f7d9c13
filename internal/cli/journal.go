package cli

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/dedupe"
	"trunkline/internal/pipeline"
	"trunkline/internal/state"
)

// journal is the collector's memory: the state file, the window of deduplication and the store of dead letters, committed
// together.
type journal struct {
	store    *state.Store
	letters  letterStore
	describe func(partition, position string) string

	mu      sync.Mutex
	window  *dedupe.Window // nil where nothing is deduplicated
	watch   *deadletter.Watch
	entries []deadletter.Entry // written and not committed
	live    int                // dead letters in the index
	notice  notice
}

// openJournal loads what the state file knows. window may be nil.
func openJournal(store *state.Store, letters letterStore, window *dedupe.Window, describe func(partition, position string) string) (*journal, error) {
	j := &journal{store: store, letters: letters, window: window, describe: describe}
	if window != nil {
		if err := store.WindowChunks(window.Load); err != nil {
			return nil, err
		}
	}
	contacts, err := store.Contacts()
	if err != nil {
		return nil, err
	}
	j.watch = deadletter.NewWatch(contacts)
	if j.live, err = store.DeadLetterCount(); err != nil {
		return nil, err
	}
	segments, err := store.Segments()
	if err != nil {
		return nil, err
	}
	_, err = letters.Prune(segments)
	return j, err
}

// DeadLetter implements collector.Journal.
func (j *journal) DeadLetter(l collector.Letter) error {
	if l.Partition == "" && len(l.Record) == 0 {
		// Too long to hold, and nowhere to be read again: better stop than lose it.
		return fmt.Errorf("a record of standard input cannot be kept: %w; raise source.file.max_record, or read it from a file", l.Reason)
	}
	letter := pipeline.Letter(l, j.describe(l.Partition, l.At))
	entry, err := j.letters.Append(letter, l.Record)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if entry.Segment != "" {
		j.entries = append(j.entries, entry)
		j.watch.Add(entry.Contact)
	}
	j.notice.deadLetter(letter)
	return nil
}

// Seen implements collector.Journal.
func (j *journal) Seen(v dedupe.Version) dedupe.Verdict {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.window.Check(v)
}

// Watching implements collector.Journal.
func (j *journal) Watching() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.watch.Len() > 0
}

// Delivered implements collector.Journal.
func (j *journal) Delivered(v dedupe.Version) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.window != nil {
		j.window.Add(v, time.Now())
	}
	if v.Time != dedupe.NoTime {
		j.watch.Delivered(deadletter.Hash(v.ID), v.Time)
	}
}

// Commit implements collector.Journal.
func (j *journal) Commit(s collector.Settlement, flush func() error) error {
	return j.commit(state.Settlement{Positions: s.Positions, Outcomes: outcomeTotals(s.Counts)}, flush)
}

// commit adds to the settlement what was delivered and dead-lettered, and makes it durable. Both are taken in one look: were a
// newer version durable before the dead letter of an older one, a kill in between would let the older one be read again as
// superseded, and its dead letter be missing.
func (j *journal) commit(settlement state.Settlement, flush func() error) error {
	j.mu.Lock()
	settlement.DeadLetters = append(settlement.DeadLetters, j.entries...)
	j.entries = nil
	settlement.Delivered = j.watch.Take()
	if j.window != nil {
		settlement.Window = j.window.Take(time.Now())
	}
	j.mu.Unlock()
	// The records first, then what says that they are there.
	if err := errors.Join(flush(), j.letters.Sync()); err != nil {
		return err
	}
	added, err := j.added(settlement.DeadLetters)
	if err != nil {
		return err
	}
	if err := j.store.Commit(settlement); err != nil {
		return err
	}
	j.letters.Committed(settlement.DeadLetters...)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.watch.Confirm()
	if j.window != nil {
		j.window.Confirm()
	}
	j.live += added - len(settlement.Replayed)
	return nil
}

// added counts the entries that the index does not have: a record that is read again after a crash can be dead-lettered again, and
// is the same dead letter.
func (j *journal) added(entries []deadletter.Entry) (n int, err error) {
	counted := make(map[deadletter.ID]bool, len(entries))
	for _, e := range entries {
		if counted[e.ID] {
			continue
		}
		_, known, err := j.store.DeadLetter(e.ID)
		if err != nil {
			return 0, err
		}
		if counted[e.ID] = true; !known {
			n++
		}
	}
	return n, nil
}

// sizes tells the entries of the window and the dead letters.
func (j *journal) sizes() (window, letters int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.window != nil {
		window = j.window.Len()
	}
	return window, j.live + len(j.entries)
}

func outcomeTotals(c collector.Counts) map[string]uint64 {
	totals := map[string]uint64{}
	for o := collector.Delivered; o < collector.Outcomes; o++ {
		if c[o] > 0 {
			totals[o.String()] = uint64(c[o])
		}
	}
	return totals
}
