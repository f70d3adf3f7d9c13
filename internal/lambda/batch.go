package lambda

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"

	"trunkline/internal/collector"
	"trunkline/internal/collector/dedupe"
)

// chunk is how many records a worker takes at once.
const chunk = 256

// source hands an event's records to the loop, until one has failed.
type source struct {
	event  *event
	failed func() bool
	next   int // first record that was not read
}

// Read returns the next records, or io.EOF.
func (s *source) Read(ctx context.Context) (*collector.Batch, error) {
	if s.next == len(s.event.records) || s.failed() {
		return nil, io.EOF
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	part := s.event.records[s.next:min(s.next+chunk, len(s.event.records))]
	b := &collector.Batch{Partition: s.event.shard, Records: make([]collector.Input, len(part)), Positions: positions{part, s.next}}
	for i := range part {
		b.Records[i] = part[i].in
	}
	s.next += len(part)
	return b, nil
}

// Close has nothing to free.
func (*source) Close() error { return nil }

// positions of a part of an event's records. What is settled is counted; where a record can be read again is its sequence number.
type positions struct {
	records []record
	first   int
}

func (p positions) At(i int) string    { return p.records[i].sequence }
func (p positions) Place(i int) string { return p.records[i].place() }
func (p positions) After(i int) string { return strconv.Itoa(p.first + i + 1) }

// UnstoredError is why an invocation fails: a record could not be handled, and there is no place for dead letters.
type UnstoredError struct {
	Place  string // of the record: shard and sequence number, or which element it is
	Stage  string
	Reason error
}

func (e *UnstoredError) Error() string {
	return fmt.Sprintf("record %s, %s: %v; no place is set for dead letters, so the batch is not answered and comes again", e.Place, e.Stage, e.Reason)
}

func (e *UnstoredError) Unwrap() error { return e.Reason }

// Letters is where records are kept that could not be handled. It is safe for concurrent use.
type Letters interface {
	// Store returns when the letter is durable.
	Store(context.Context, collector.Letter) error
}

// journal remembers for one invocation what the daemon keeps in its state file.
type journal struct {
	ctx     context.Context // of the invocation
	event   *event
	log     *slog.Logger
	letters Letters // nil: a record that cannot be handled fails the batch

	mu      sync.Mutex
	settled int // records settled without a gap from the first one on, the failed one among them
	counts  collector.Counts
	first   int   // the first record that failed
	failure error // why; nil: none did
}

// DeadLetter stores the letter, or notes that the record has failed. Those before it are still settled, as far as they can be; what is
// delivered behind it comes again.
func (j *journal) DeadLetter(l collector.Letter) error {
	var failure error = &UnstoredError{l.Place, l.Stage, l.Reason}
	if j.letters != nil {
		failure = j.letters.Store(j.ctx, l)
	}
	if failure == nil {
		j.log.WarnContext(j.ctx, "record dead-lettered", "record", l.Place, "stage", l.Stage, "reason", l.Reason)
		return nil
	}
	at := j.event.find(l.Place)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failure == nil || at < j.first {
		j.first, j.failure = at, failure
	}
	return nil
}

func (j *journal) failed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failure != nil
}

// result tells how many records are settled without a gap, and why the next one is not where it has failed.
func (j *journal) result() (settled int, failure error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failure != nil {
		return min(j.first, j.settled), j.failure
	}
	return j.settled, nil
}

// Seen is not asked: deduplication needs a memory that outlives the invocation.
func (*journal) Seen(dedupe.Version) dedupe.Verdict { return dedupe.Deliver }

func (*journal) Watching() bool           { return false }
func (*journal) Delivered(dedupe.Version) {}

func (j *journal) Commit(s collector.Settlement, flush func() error) error {
	if err := flush(); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, position := range s.Positions {
		n, err := strconv.Atoi(position)
		if err != nil {
			return err
		}
		j.settled = n
	}
	for o, n := range s.Counts {
		j.counts[o] += n
	}
	return nil
}

// maxAnswer is the most that Lambda takes as an answer, in bytes.
const maxAnswer = 6 << 20

// errRoom refuses what would keep an answer from the target as a whole: a pipe does not call a target with more than it takes at once.
var errRoom = errors.New("its aggregate holds more records than the pipe's target takes at once; use an event source mapping, or set TRUNKLINE_ANSWER_MAX to what the target takes")

// answer is the destination of a pipe's records: the array that goes back. Deliver is called by one goroutine, in stream order.
type answer struct {
	text []byte
	room int // for how many records
}

func (a *answer) Deliver(_ context.Context, batch []*collector.Outgoing) error {
	for _, out := range batch {
		if a.room == 0 {
			out.Refused = errRoom
			continue
		}
		if a.room--; len(a.text) > 1 {
			a.text = append(a.text, ',')
		}
		a.text = append(a.text, out.Body...)
	}
	if len(a.text) >= maxAnswer {
		return fmt.Errorf("the answer is longer than the %d bytes that Lambda takes; set a smaller BatchSize in the pipe", maxAnswer)
	}
	return nil
}

// Close has nothing to free.
func (*answer) Close() error { return nil }
