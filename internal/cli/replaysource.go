package cli

import (
	"context"
	"fmt"
	"io"
	"sync"

	"filippo.io/age"

	"trunkline/internal/collector"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/dedupe"
	"trunkline/internal/source/files"
	"trunkline/internal/state"
)

// replaySource is a source of dead letters. Each is a partition of its own, so that each is settled by itself.
type replaySource struct {
	run        *run
	journal    *replayJournal
	entries    []deadletter.Entry
	identities []age.Identity
	force      bool
	summary    *replaySummary
	files      *files.Source // opened when a letter does not hold its record
}

// heldLetter is a letter on its way.
type heldLetter struct {
	letter deadletter.Letter
	failed bool // again
}

// replayed is the position behind a dead letter.
type replayed struct{}

func (replayed) At(int) string    { return "" }
func (replayed) Place(int) string { return "" }
func (replayed) After(int) string { return "replayed" }

// Read implements collector.Source.
func (s *replaySource) Read(ctx context.Context) (*collector.Batch, error) {
	for len(s.entries) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e := s.entries[0]
		s.entries = s.entries[1:]
		if !s.force && s.journal.superseded(e) {
			s.summary.Superseded++
			fmt.Fprintf(s.run.app.stderr, "%s: superseded: a newer version was delivered since; send it with --force\n", e.ID)
			continue
		}
		letter, record, err := s.open(ctx, e)
		if err != nil {
			s.summary.Unreadable++
			fmt.Fprintf(s.run.app.stderr, "%s: %v\n", e.ID, err)
			continue
		}
		s.journal.hold(letter)
		return &collector.Batch{
			Partition: e.ID.String(), Positions: replayed{},
			Records: []collector.Input{{Data: record, Key: letter.IdempotencyKey}},
		}, nil
	}
	return nil, io.EOF
}

// Close implements collector.Source.
func (s *replaySource) Close() error { return nil }

// open returns a letter and its record: from the letter or, where that holds none, from where it was read first.
func (s *replaySource) open(ctx context.Context, e deadletter.Entry) (l deadletter.Letter, record []byte, err error) {
	if l, err = s.run.journal.letters.Read(e); err != nil {
		return l, nil, err
	}
	if l.Record != "" {
		record, err = l.Decrypt(s.identities...)
	} else {
		record, err = s.reread(ctx, l)
	}
	if err == nil && s.run.keys().Content(record) != l.ContentHash {
		err = fmt.Errorf("what stands at %s is not the record that was dead-lettered", l.Source.Location)
	}
	return l, record, err
}

func (s *replaySource) reread(ctx context.Context, l deadletter.Letter) ([]byte, error) {
	if s.files == nil {
		if s.run.config.Source.File.Stdin() {
			return nil, &deadletter.NoRecordError{ID: l.ID, Source: l.Source}
		}
		// Follow finds files by their identity even when the config's path leads to none any more.
		source, err := files.Open(files.Options{Path: s.run.config.Source.File.Path, Follow: true, MaxRecord: int(s.run.config.Source.File.MaxRecord), Logger: s.run.log})
		if err != nil {
			return nil, err
		}
		s.files = source
		s.run.closers = append(s.run.closers, source.Close)
	}
	return s.files.ReadAt(ctx, l.Source.Position)
}

// replayJournal settles dead letters: what was handled leaves the index, what failed again stays in it with its new reason.
type replayJournal struct {
	*journal
	force    bool
	progress func(settled int)

	mu      sync.Mutex
	letters map[string]heldLetter // by id
	entries []deadletter.Entry    // of letters that failed again
}

func (j *replayJournal) hold(l deadletter.Letter) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.letters[l.ID.String()] = heldLetter{letter: l}
}

func (j *replayJournal) superseded(e deadletter.Entry) bool {
	j.journal.mu.Lock()
	defer j.journal.mu.Unlock()
	return e.Superseded(j.watch.Newest(e.Contact))
}

// Seen implements collector.Journal: what is forced is not asked about.
func (j *replayJournal) Seen(v dedupe.Version) dedupe.Verdict {
	if j.force {
		return dedupe.Deliver
	}
	return j.journal.Seen(v)
}

// DeadLetter implements collector.Journal.
func (j *replayJournal) DeadLetter(l collector.Letter) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	held, ok := j.letters[l.Partition]
	if !ok {
		return fmt.Errorf("dead letter %s failed again, but is not on its way", l.Partition)
	}
	again := held.letter
	again.Time, again.Stage, again.Reason, again.Attempts = l.Time, l.Stage, l.Reason.Error(), again.Attempts+l.Attempts
	record := l.Record
	if again.Record == "" {
		record = nil // it is to be read again from where it was
	}
	entry, err := j.journal.letters.Append(again, record)
	if err != nil {
		return err
	}
	j.entries = append(j.entries, entry)
	j.letters[l.Partition] = heldLetter{again, true}
	return nil
}

// Commit implements collector.Journal.
func (j *replayJournal) Commit(s collector.Settlement, flush func() error) error {
	settlement := state.Settlement{Outcomes: map[string]uint64{}}
	j.mu.Lock()
	settlement.DeadLetters, j.entries = j.entries, nil
	for partition := range s.Positions {
		held := j.letters[partition]
		delete(j.letters, partition)
		if !held.failed {
			settlement.Replayed = append(settlement.Replayed, held.letter.ID)
			settlement.Outcomes["replayed"]++
		}
	}
	j.mu.Unlock()
	if err := j.journal.commit(settlement, flush); err != nil {
		return err
	}
	if j.progress != nil {
		j.progress(len(s.Positions))
	}
	return nil
}
