package dynamo

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/internal/lease"
)

// The attributes of a lease, by their names in the table.
const (
	keyAttribute = "leaseKey" // S

	ownerAttribute      = "leaseOwner"                   // S, absent where nobody has it
	counterAttribute    = "leaseCounter"                 // N
	positionAttribute   = "checkpoint"                   // S
	subAttribute        = "checkpointSubSequenceNumber"  // N
	switchesAttribute   = "ownerSwitchesSinceCheckpoint" // N
	drainerAttribute    = "checkpointOwner"              // S, absent but for a hand-over
	throughputAttribute = "throughputKBps"               // N
	parentsAttribute    = "parentShardId"                // SS
	childrenAttribute   = "childShardIds"                // SS
	startAttribute      = "startingHashKey"              // S
	endAttribute        = "endingHashKey"                // S
	streamAttribute     = "streamName"                   // S
	shardAttribute      = "shardId"                      // S
	entityAttribute     = "entityType"                   // S

	leaseEntity = "LEASE"
)

// pending are the attributes of a prepared checkpoint, which the next checkpoint ends.
var pending = []string{"pendingCheckpoint", "pendingCheckpointSubSequenceNumber", "pendingCheckpointState"}

type item = map[string]types.AttributeValue

// errOther says that a row is of another kind.
var errOther = errors.New("a row of another kind")

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func whole(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func set(all []string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: all} }

// decimal has six decimals, as Java writes what it measures.
func decimal(v float64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatFloat(v, 'f', 6, 64)}
}

// encode is the row of a new lease, with its kind where rows of this table say theirs. Nothing empty is in it: DynamoDB knows no empty
// sets, and Java no empty strings.
func encode(l lease.Lease, kinds bool) item {
	row := item{
		keyAttribute:      text(l.Key),
		counterAttribute:  whole(l.Counter),
		switchesAttribute: whole(l.Switches),
		positionAttribute: text(l.Checkpoint.Position),
		subAttribute:      whole(l.Checkpoint.Sub),
	}
	if kinds {
		row[entityAttribute] = text(leaseEntity)
	}
	for name, value := range map[string]string{
		startAttribute: l.Range.Start, endAttribute: l.Range.End, streamAttribute: l.Stream, shardAttribute: l.Shard,
	} {
		if value != "" {
			row[name] = text(value)
		}
	}
	for name, all := range map[string][]string{parentsAttribute: l.Parents, childrenAttribute: l.Children} {
		if len(all) > 0 {
			row[name] = set(all)
		}
	}
	return row
}

// decode reads a row. The error is errOther for one that is no lease, and says what is wrong with one that should be.
func decode(row item) (lease.Lease, error) {
	r := reader{row: row}
	if kind := r.text(entityAttribute); kind != "" && kind != leaseEntity || r.err != nil {
		return lease.Lease{}, errOther
	}
	l := lease.Lease{
		Key:        r.need(keyAttribute),
		Owner:      r.text(ownerAttribute),
		Counter:    r.whole(counterAttribute, true),
		Checkpoint: lease.Checkpoint{Position: r.need(positionAttribute), Sub: r.whole(subAttribute, false)},
		Switches:   r.whole(switchesAttribute, true),
		Drainer:    r.text(drainerAttribute),
		Throughput: r.number(throughputAttribute),
		Parents:    r.set(parentsAttribute),
		Children:   r.set(childrenAttribute),
		Range:      lease.Range{Start: r.text(startAttribute), End: r.text(endAttribute)},
		Stream:     r.text(streamAttribute),
		Shard:      r.text(shardAttribute),
	}
	return l, r.err
}

// reader reads attributes and keeps the first error.
type reader struct {
	row item
	err error
}

func (r *reader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("attribute %s: want %s", name, want)
	}
}

func (r *reader) text(name string) string {
	switch v := r.row[name].(type) {
	case nil:
	case *types.AttributeValueMemberS:
		return v.Value
	default:
		r.fail(name, "a string (S)")
	}
	return ""
}

func (r *reader) need(name string) string {
	s := r.text(name)
	if s == "" {
		r.fail(name, "a string (S) that is not empty")
	}
	return s
}

func (r *reader) whole(name string, needed bool) int64 {
	value, found := r.row[name]
	if !found && !needed {
		return 0
	}
	if v, ok := value.(*types.AttributeValueMemberN); ok {
		if n, err := strconv.ParseInt(v.Value, 10, 64); err == nil {
			return n
		}
	}
	r.fail(name, "a whole number (N)")
	return 0
}

func (r *reader) number(name string) float64 {
	value, found := r.row[name]
	if !found {
		return 0
	}
	if v, ok := value.(*types.AttributeValueMemberN); ok {
		if n, err := strconv.ParseFloat(v.Value, 64); err == nil {
			return n
		}
	}
	r.fail(name, "a number (N)")
	return 0
}

// set returns the strings in their order: a set has none.
func (r *reader) set(name string) []string {
	switch v := r.row[name].(type) {
	case nil:
	case *types.AttributeValueMemberSS:
		return slices.Sorted(slices.Values(v.Value))
	default:
		r.fail(name, "a set of strings (SS)")
	}
	return nil
}

func (r *reader) list(name string) []types.AttributeValue {
	switch v := r.row[name].(type) {
	case nil:
	case *types.AttributeValueMemberL:
		return v.Value
	default:
		r.fail(name, "a list (L)")
	}
	return nil
}
