// Package collector is the loop that takes records from a source to a destination and accounts for every one of them.
//
//	Source.Read ─▶ contact.Record ─▶ Stage … ─▶ render ─▶ deduplicate ─▶ Destination.Deliver ─▶ settle ─▶ checkpoint
//	                                    │ drop (reason)        │ duplicate, superseded  │ refused
//	                                    │ error ─▶ dead letter                          └▶ dead letter
//
// Its promises: every record that was read is settled exactly one way (see [Outcome]), unless the right to it is lost before (see
// [Hold]); a checkpoint moves only over a contiguous run of settled records; records with one order key (a contact, an agent) are delivered in stream order; delivery is at least
// once; memory in flight is bounded, and a destination that does not take records stops the reading.
package collector

import "context"

// Source is where records come from. Read is called by one goroutine.
type Source interface {
	// Read waits for the next records. It returns io.EOF when a finite source has ended, and ctx's error when ctx is done. Any
	// other error ends the run.
	Read(ctx context.Context) (*Batch, error)
	// Close frees what the source holds. Read is not called again.
	Close() error
}

// Batch is a run of consecutive records of one partition.
type Batch struct {
	// Partition is what positions count in: a file, a shard. Records of a partition are settled in order. Empty where there is
	// no position to keep, as for standard input.
	Partition string
	// Records, in stream order. A batch may hold none, to move a position on.
	Records []Input
	// Positions tells where the records stand. Its methods are called from any goroutine, until Release.
	Positions Positions
	// Hold, when not nil, is the right to the records. When it is lost, those that are not settled are revoked: see [Hold].
	Hold Hold
	// Release, when not nil, is called once, after the last record is settled or revoked: Records' memory may then be used again.
	Release func()
}

// Hold is a right to records that can be lost while they are in flight, as a worker's right to a shard. All batches that are read
// under it have the same Hold, which is comparable. Records whose Hold is lost are revoked: they are not sent any more, nor their
// position kept, since whoever has the right now reads them again. Its methods are called from several goroutines.
type Hold interface {
	// Context ends when the right is lost, once and for all.
	Context() context.Context
	// Confirm returns nil when the right is held at this moment, and is quick then. It is asked before each sending: a process that
	// was paused does not know what it has lost. After an error that is not ctx's own, Context has ended.
	Confirm(ctx context.Context) error
	// Settled is told where to read on, when all records before are settled and that is durable. Such positions are not for the
	// journal. It returns at once, and may come too late.
	Settled(position string)
}

// lost tells whether the batch's records are somebody else's.
func (b *Batch) lost() bool { return b.Hold != nil && b.Hold.Context().Err() != nil }

// Positions of a batch's records, as opaque texts that mean something to the source that made them. They are made on demand,
// since few are ever wanted.
type Positions interface {
	// At is where record i can be read again.
	At(i int) string
	// Place names where record i stands within the partition. Whenever the record is read, it is the same text, whatever has
	// happened to names since; with the partition and the record's content it identifies a dead letter.
	Place(i int) string
	// After is where to read on when record i and all before it are settled. After(-1) is valid: the position before the batch.
	After(i int) string
}

// Input is one record as the source found it.
type Input struct {
	// Data is the record's text, white space around it removed.
	Data []byte
	// Meta holds what stood around the record in a Kinesis envelope, for filters that ask for it.
	Meta []Meta
	// Key, when not empty, is the Idempotency-Key that the record was given when it was read first (a replay).
	Key string
	// Problem, when not nil, says why the source could not deliver the record's text whole (too long, not base64 …). The record
	// is dead-lettered with it. Data then holds what there is, or nothing.
	Problem error
}

// Meta is one member of the envelope that a pipe or an event source mapping puts a record in.
type Meta struct {
	Name string // partitionKey, sequenceNumber, approximateArrivalTimestamp or kinesisSchemaVersion
	Raw  []byte // its value as JSON text
}

// Outgoing is a record on its way to the destination.
type Outgoing struct {
	// Body is the redacted record, one JSON text without a newline.
	Body []byte
	// Key is the record's Idempotency-Key.
	Key string
	// Hold, when not nil, is to be confirmed before each sending; its error ends Deliver. It is the same for all records of a call.
	Hold Hold
	// Attempts is set by Deliver: how often the record was sent.
	Attempts int
	// Refused is set by Deliver where the destination will never take this record: the record is dead-lettered with it.
	Refused error
}

// Destination is where records go. Deliver is called by as many goroutines as the options say.
type Destination interface {
	// Deliver returns nil when each record is taken, durably unless it is a [Syncer], or has Refused set. It retries by itself what can succeed later,
	// for as long as ctx lives: while it does not return, the source is read no further than the window. ctx ends with the batch's
	// Hold too. Any other error ends the run with nothing of the batch settled.
	Deliver(ctx context.Context, batch []*Outgoing) error
	// Close waits for nothing: it is called after the last Deliver has returned.
	Close() error
}

// Syncer is a Destination whose Deliver may return before the records are durable. They are after Sync, which is called before a
// checkpoint covers them, while other records are being delivered.
type Syncer interface{ Sync() error }
