package shards

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
)

// The positions of a lease that are no sequence number, as they stand in the table. Java sorts them in this order, sequence numbers
// between Latest and End.
const (
	AtTimestamp = "AT_TIMESTAMP" // at the configured time, which the table does not hold
	TrimHorizon = "TRIM_HORIZON" // the oldest record that the stream still has
	Latest      = "LATEST"       // what comes from now on
	End         = "SHARD_END"    // all of the shard was read
)

// maxDigits is how long a sequence number may be in the service's model.
const maxDigits = 129

// Valid tells whether a lease may stand at a position: one of the constants, or a sequence number as the service writes them.
func Valid(position string) bool {
	switch position {
	case AtTimestamp, TrimHorizon, Latest, End:
		return true
	}
	return isNumber(position)
}

func isNumber(s string) bool {
	if s == "" || len(s) > maxDigits || len(s) > 1 && s[0] == '0' {
		return false
	}
	return digits(s)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Compare orders checkpoints: by their positions, sequence numbers by their value, and then by the index within. What is not [Valid]
// comes first.
func Compare(a, b lease.Checkpoint) int {
	return cmp.Or(comparePositions(a.Position, b.Position), cmp.Compare(a.Sub, b.Sub))
}

func comparePositions(a, b string) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 || rank(a) != numbers {
		return c
	}
	return compareNumbers(a, b)
}

// compareNumbers compares decimal numbers of any length by their value.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

const numbers = 4

func rank(position string) int {
	switch position {
	case AtTimestamp:
		return 1
	case TrimHorizon:
		return 2
	case Latest:
		return 3
	case End:
		return numbers + 1
	}
	if digits(position) {
		return numbers
	}
	return 0
}

// ErrEnded says that there is nothing more to read: the checkpoint is at [End].
var ErrEnded = errors.New("the shard was read to its end")

// Start is where an application begins a stream: what the configuration says.
type Start struct {
	Position string    // TrimHorizon, Latest or AtTimestamp
	Time     time.Time // of AtTimestamp, else zero
}

// Check tells what is wrong with a Start.
func (s Start) Check() error {
	switch {
	case s.Position != TrimHorizon && s.Position != Latest && s.Position != AtTimestamp:
		return fmt.Errorf("start position %q: it is %s, %s or %s", s.Position, TrimHorizon, Latest, AtTimestamp)
	case s.Position == AtTimestamp && s.Time.IsZero():
		return fmt.Errorf("start position %s: it needs a time", AtTimestamp)
	case s.Position != AtTimestamp && !s.Time.IsZero():
		return fmt.Errorf("start position %s: it has a time, which only %s has", s.Position, AtTimestamp)
	}
	return nil
}

// filter asks ListShards for the shards that are open at the start.
func (s Start) filter() *types.ShardFilter {
	switch s.Position {
	case Latest:
		return &types.ShardFilter{Type: types.ShardFilterTypeAtLatest}
	case AtTimestamp:
		return &types.ShardFilter{Type: types.ShardFilterTypeAtTimestamp, Timestamp: aws.Time(s.Time)}
	default:
		return &types.ShardFilter{Type: types.ShardFilterTypeAtTrimHorizon}
	}
}

// Resume is where to read on from a checkpoint, in the form that GetShardIterator and SubscribeToShard take. The record of a sequence
// number comes again, since only part of an aggregate may be settled: the reader drops what is not after the checkpoint. since is the
// moment from which records of a lease at Latest count ([Syncer.Since]); the zero time asks for what comes from now on.
//
// The error is ErrEnded at [End]; others say that the lease cannot be read: it is at AtTimestamp and no time is configured any more,
// or at what is no position.
func (s Start) Resume(c lease.Checkpoint, since time.Time) (types.StartingPosition, error) {
	switch c.Position {
	case TrimHorizon:
		return types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}, nil
	case Latest:
		if since.IsZero() {
			return types.StartingPosition{Type: types.ShardIteratorTypeLatest}, nil
		}
		return types.StartingPosition{Type: types.ShardIteratorTypeAtTimestamp, Timestamp: aws.Time(since)}, nil
	case AtTimestamp:
		if s.Time.IsZero() {
			return types.StartingPosition{}, fmt.Errorf("the lease is at %s, and no time is configured: "+
				"configure the time that the application was begun with, or reset the lease", AtTimestamp)
		}
		return types.StartingPosition{Type: types.ShardIteratorTypeAtTimestamp, Timestamp: aws.Time(s.Time)}, nil
	case End:
		return types.StartingPosition{}, ErrEnded
	}
	if !isNumber(c.Position) {
		return types.StartingPosition{}, fmt.Errorf("the lease is at %.40q, which is no position", c.Position)
	}
	return types.StartingPosition{Type: types.ShardIteratorTypeAtSequenceNumber, SequenceNumber: aws.String(c.Position)}, nil
}

// After is where to read on behind a record that was fetched whole, when its iterator has expired or its subscription has ended.
func After(sequence string) types.StartingPosition {
	return types.StartingPosition{Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: aws.String(sequence)}
}
