package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"filippo.io/age"

	"trunkline/internal/collector"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/dedupe"
	"trunkline/internal/source/files"
	"trunkline/internal/source/kinesis"
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
	letter  deadletter.Letter
	content [16]byte // its record's dedupe.Version.Content today
	stays   bool     // failed again, or superseded
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
			s.journal.handled.Add(1)
			s.journal.say(e.ID, errSuperseded)
			continue
		}
		letter, in, err := s.open(ctx, e)
		if err != nil {
			s.summary.Unreadable++
			s.journal.handled.Add(1)
			s.journal.say(e.ID, err)
			continue
		}
		s.journal.hold(letter, s.run.keys().Content(in.Data))
		in.Key = letter.IdempotencyKey
		return &collector.Batch{Partition: e.ID.String(), Positions: replayed{}, Records: []collector.Input{in}}, nil
	}
	return nil, io.EOF
}

// Close implements collector.Source.
func (s *replaySource) Close() error { return nil }

// open returns a letter and its record: from the letter or, where that holds none, from where it was read first.
func (s *replaySource) open(ctx context.Context, e deadletter.Entry) (l deadletter.Letter, in collector.Input, err error) {
	if l, err = s.run.journal.letters.Read(e); err != nil {
		return l, in, err
	}
	if l.Record != "" {
		// Encryption vouches for the record. Its hash would not: it is another one after a change of redact.key.
		in.Data, err = l.Decrypt(s.identities...)
		if err == nil {
			in.Meta, err = s.envelope(ctx, l)
		}
		return l, in, err
	}
	in, err = s.reread(ctx, l)
	if err == nil && s.run.keys().Content(in.Data) != l.ContentHash {
		err = fmt.Errorf("what stands at %s is not the record that was dead-lettered, or redact.key is another one than when it was dead-lettered:"+
			" replay it under that key", l.Source.Location)
	}
	return l, in, err
}

// envelope is what stood around a record of a stream, where a filter asks for it: letters do not hold that.
func (s *replaySource) envelope(ctx context.Context, l deadletter.Letter) ([]collector.Meta, error) {
	if s.run.config.Source.Kinesis == nil || !readsEnvelopes(s.run.config.Filter) {
		return nil, nil
	}
	in, err := s.reread(ctx, l)
	if err != nil {
		return nil, fmt.Errorf("filter asks for what stood around the record: %w; replay it with a filter on data alone", err)
	}
	return in.Meta, nil
}

// reread reads the record of a letter that does not hold it from where it was read first.
func (s *replaySource) reread(ctx context.Context, l deadletter.Letter) (in collector.Input, err error) {
	if k := s.run.config.Source.Kinesis; k != nil {
		client, err := kinesis.NewClient(ctx, s.run.aws.Clients, k.Stream)
		if err != nil {
			return in, err
		}
		return kinesis.ReadAt(ctx, client, k.Stream, l.Source.Position)
	}
	if s.files == nil {
		if s.run.config.Source.File.Stdin() {
			return in, &deadletter.NoRecordError{ID: l.ID, Source: l.Source}
		}
		// Follow finds files by their identity even when the config's path leads to none any more.
		source, err := files.Open(files.Options{Path: s.run.config.Source.File.Path, Follow: true, MaxRecord: int(s.run.config.Source.File.MaxRecord), Logger: s.run.log})
		if err != nil {
			return in, err
		}
		s.files = source
		s.run.closers = append(s.run.closers, source.Close)
	}
	in.Data, err = s.files.ReadAt(ctx, l.Source.Position)
	return in, err
}

// replayJournal settles dead letters: what was handled leaves the index, what failed again stays in it with its new reason.
type replayJournal struct {
	*journal
	force   bool
	stderr  io.Writer
	handled atomic.Int64 // letters, for the progress bar

	mu      sync.Mutex
	letters map[string]heldLetter // by id
	entries []deadletter.Entry    // of letters that failed again
}

func (j *replayJournal) hold(l deadletter.Letter, content [16]byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.letters[l.ID.String()] = heldLetter{letter: l, content: content}
}

// say tells why a letter stays, other than by having failed again.
func (j *replayJournal) say(id deadletter.ID, why error) {
	fmt.Fprintf(j.stderr, "%s: %v\n", id, why)
}

var errSuperseded = errors.New("superseded: a newer version was delivered; send it with --force")

func (j *replayJournal) superseded(e deadletter.Entry) bool {
	j.journal.mu.Lock()
	defer j.journal.mu.Unlock()
	return e.Superseded(j.watch.Newest(e.Contact))
}

// Seen implements collector.Journal: what is forced is not asked about. A letter can turn out to be superseded only when it is its
// turn, by another letter or by what was delivered before it was dead-lettered. It stays.
func (j *replayJournal) Seen(v dedupe.Version) dedupe.Verdict {
	if j.force {
		return dedupe.Deliver
	}
	verdict := j.verdict(v)
	if verdict != dedupe.Superseded {
		return verdict
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for partition, held := range j.letters { // those in flight
		if held.content == v.Content && !held.stays {
			held.stays = true
			j.letters[partition] = held
			j.say(held.letter.ID, errSuperseded)
		}
	}
	return verdict
}

// verdict is the window's where there is one; without it, a contact's newest delivery still counts.
func (j *replayJournal) verdict(v dedupe.Version) dedupe.Verdict {
	j.journal.mu.Lock()
	defer j.journal.mu.Unlock()
	if j.window != nil {
		return j.window.Check(v)
	}
	if v.Time != dedupe.NoTime && v.Time < j.watch.Newest(deadletter.Hash(v.ID)) {
		return dedupe.Superseded
	}
	return dedupe.Deliver
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
	held.letter, held.stays = again, true
	j.letters[l.Partition] = held
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
		if !held.stays {
			settlement.Replayed = append(settlement.Replayed, held.letter.ID)
			settlement.Outcomes["replayed"]++
		}
	}
	j.mu.Unlock()
	if err := j.journal.commit(settlement, flush); err != nil {
		return err
	}
	j.handled.Add(int64(len(s.Positions)))
	return nil
}
