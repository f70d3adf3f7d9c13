package collector

import (
	"errors"
	"time"

	"trunkline/contact"
	"trunkline/internal/collector/dedupe"
)

// Outcome is how a record was settled: exactly one for each record read.
type Outcome uint8

// The outcomes.
const (
	Pending    Outcome = iota // not settled yet
	Delivered                 // the destination has it
	Filtered                  // no filter wants it
	Duplicate                 // this version was delivered before
	Superseded                // a newer version was delivered before
	DeadLetter                // it could not be handled; its dead letter says why
	Outcomes

	revoked = Outcomes // no outcome: the record is somebody else's
)

var outcomeNames = [Outcomes]string{"pending", "delivered", "filtered", "duplicate", "superseded", "dead_letter"}

func (o Outcome) String() string { return outcomeNames[o] }

// Counts of records by Outcome.
type Counts [Outcomes]int64

// Total is the number of settled records.
func (c Counts) Total() (n int64) {
	for _, k := range c[Delivered:] {
		n += k
	}
	return n
}

// Stage looks at each record before it is rendered. New is called once for each worker goroutine; the function it returns is
// called for one record at a time and may keep memory of its own from record to record. It returns nil when the record goes on,
// ErrFiltered or ErrSuperseded when it ends here, and any other error when it cannot be handled: it is then dead-lettered, and
// no other stage sees it.
type Stage struct {
	Name string
	New  func() func(*Record) error
}

// What a Stage returns for a record that needs nothing more.
var (
	ErrFiltered   = errors.New("filtered")
	ErrSuperseded = errors.New("superseded")
)

// Letter is a record that could not be handled. Its texts hold no value of the record.
type Letter struct {
	Time           time.Time
	Stage          string // source, decode, a Stage's name, or deliver
	Reason         error
	Attempts       int
	Partition, At  string // where the record can be read again
	Place          string // Positions.Place
	Kind           contact.Kind
	ID             string         // ContactId or EventId; empty where the record could not be read so far
	Version        dedupe.Version // its ID is zero where ID is empty
	IdempotencyKey string
	Record         []byte // as read; valid during the call only
}

// Settlement is what becomes durable together.
type Settlement struct {
	Positions map[string]string // by partition: all records before are settled; without those of batches that have a Hold
	Counts    Counts            // outcomes since the last settlement
}

// Journal is the memory that survives the process. Its methods are called from several goroutines.
type Journal interface {
	// DeadLetter writes a record that could not be handled. It counts from the next Commit on.
	DeadLetter(Letter) error
	// Seen tells what deduplication thinks of a version. It is asked when all earlier records of the same order key are settled.
	Seen(dedupe.Version) dedupe.Verdict
	// Watching tells whether Delivered must be told of versions even where nothing is deduplicated.
	Watching() bool
	// Delivered notes a version that the destination has taken. It counts from the next Commit on.
	Delivered(dedupe.Version)
	// Commit makes durable, in one step, the settlement and all that DeadLetter and Delivered were told before it was called.
	// Before that step it calls flush, which makes the delivered records themselves durable. After an error nothing is.
	Commit(s Settlement, flush func() error) error
}

// Observer is told what happens, for metrics. Its methods are called from several goroutines and must be quick.
type Observer interface {
	// Read is called for each batch.
	Read(records, bytes int)
	// Settled is called when records are settled; reason names the stage of a dead letter or what dropped a record.
	Settled(o Outcome, reason string, records int, read time.Time)
	// Revoked is called when records are given up without an outcome, because the right to them is lost.
	Revoked(records int)
	// Committed is called after each durable settlement.
	Committed(took time.Duration)
}
