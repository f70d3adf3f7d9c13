// Package shards says which leases a Kinesis stream needs, and keeps a table of leases so: what the Java Kinesis Client Library calls
// shard sync, the auditor and lease clean-up, by the same rules, so that its workers and ours can do it on one table.
//
//	Lister.List ─▶ shards ┐
//	                      ├─▶ First, Missing, Holes ─▶ leases to create ─▶ Store.Create     (Syncer.Sync and the audit)
//	Store.List  ─▶ leases ┘
//	end of a shard ─▶ Children ─▶ Store.Create, Store.Describe ─▶ the caller checkpoints End  (Syncer.End)
//	ended leases   ─▶ Deletable, Garbage ─▶ Store.Delete                                      (clean-up)
//
// Every decision is a function of what was listed; [Syncer] runs them. The promises, where the lease of an ended shard is checkpointed
// at [End] only after [Syncer.End] has returned nil:
//
//   - Every open part of the hash range is read in the end: by a shard's own lease, or by that of an ancestor whose end creates it.
//   - Leases are created ancestors first, so that a crash between two of them leaves a table from which the rest follows.
//   - A shard is started only when each parent's lease is at [End] or absent ([Startable]).
//   - With [TrimHorizon] no record is skipped: a child of a shard that was read is created at TrimHorizon.
//   - A lease is deleted only at [End], when its children have leases that have got on, and its parents' leases are gone. It does not
//     come back: a round lists leases before shards, and ends before clean-up would first look at what the round has seen.
//   - Any number of workers may do all this at once. Creation is conditional, and each decision is the same whoever makes it.
//
// # LATEST
//
// A lease at [Latest] stays so in the table until its first checkpoint, as Java expects. Who resumes it after a failure would skip what
// came in between. The table has no place for the moment of creation, so each Syncer remembers the moment until which it knows that
// the lease was not there: [Syncer.Since]. [Start.Resume] reads from then. This covers every failure that a worker survives which had
// listed the table before the lease was made; a fleet that is restarted whole before a shard's first checkpoint begins at a later
// LATEST, as Java does. Where that matters, start at TRIM_HORIZON or at a time.
package shards

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
)

// Table is leases by their key, which for the leases of one stream is the id of the shard.
type Table map[string]lease.Lease

// ByKey makes a Table of the leases of one stream. Rows of an application that reads several streams, whose keys name the stream, are
// none of its: the Java library is blind to them as well.
func ByKey(leases []lease.Lease) Table {
	t := make(Table, len(leases))
	for _, l := range leases {
		if l.Stream == "" {
			t[l.Key] = l
		}
	}
	return t
}

// has tells whether there is a lease of a shard, and whether it has ended.
func (t Table) has(shard string) (found, ended bool) {
	l, found := t[shard]
	return found, found && l.Checkpoint.Position == End
}

// Of is the new lease of a shard, at a position.
func Of(s types.Shard, position string) lease.Lease {
	return lease.Lease{
		Key: aws.ToString(s.ShardId), Parents: parents(s), Range: hashRange(s.HashKeyRange),
		Checkpoint: lease.Checkpoint{Position: position},
	}
}

// OfChild is the new lease of a shard that follows one that was read to its end: it is read from its beginning.
func OfChild(c types.ChildShard) lease.Lease {
	return lease.Lease{
		Key: aws.ToString(c.ShardId), Parents: distinct(c.ParentShards...), Range: hashRange(c.HashKeyRange),
		Checkpoint: lease.Checkpoint{Position: TrimHorizon},
	}
}

// Offspring is what a listing says of the children of a shard, as the end of the shard would say it. It is complete when the children
// cover the range of their parent; a listing may lag behind, and forgets shards that have expired.
func Offspring(listing []types.Shard, parent string, whole lease.Range) (children []types.ChildShard, complete bool) {
	var ranges []lease.Range
	for _, s := range listing {
		if !slices.Contains(parents(s), parent) {
			continue
		}
		children = append(children, types.ChildShard{ShardId: s.ShardId, ParentShards: parents(s), HashKeyRange: s.HashKeyRange})
		ranges = append(ranges, hashRange(s.HashKeyRange))
	}
	span, known := parse(whole)
	return children, len(children) > 0 && known && len(uncovered(span, ranges)) == 0
}

// ErrUnsettled says that the stream is being resharded, or that a listing is behind: ask again soon.
var ErrUnsettled = errors.New("the listed shards do not fit together yet")

// parents are the ids of the shards that have to be read before a shard.
func parents(s types.Shard) []string {
	return distinct(aws.ToString(s.ParentShardId), aws.ToString(s.AdjacentParentShardId))
}

func distinct(ids ...string) []string {
	var all []string
	for _, id := range ids {
		if id != "" && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

func hashRange(r *types.HashKeyRange) lease.Range {
	if r == nil || aws.ToString(r.StartingHashKey) == "" || aws.ToString(r.EndingHashKey) == "" {
		return lease.Range{}
	}
	return lease.Range{Start: *r.StartingHashKey, End: *r.EndingHashKey}
}

// begins is a shard's first sequence number, "" where it is not said.
func begins(s types.Shard) string {
	if s.SequenceNumberRange == nil {
		return ""
	}
	return aws.ToString(s.SequenceNumberRange.StartingSequenceNumber)
}

func open(s types.Shard) bool {
	return s.SequenceNumberRange == nil || s.SequenceNumberRange.EndingSequenceNumber == nil
}

// byID is a listing by shard id.
func byID(listing []types.Shard) map[string]types.Shard {
	all := make(map[string]types.Shard, len(listing))
	for _, s := range listing {
		all[aws.ToString(s.ShardId)] = s
	}
	return all
}

// inOrder sorts shards so that ancestors come first: by where they begin, then by id.
func inOrder(all []types.Shard) {
	slices.SortFunc(all, func(a, b types.Shard) int {
		return cmp.Or(comparePositions(begins(a), begins(b)), cmp.Compare(aws.ToString(a.ShardId), aws.ToString(b.ShardId)))
	})
}

// RecreatedError says that the stream was deleted, and another one made under its name: its shards have the same ids, and the leases
// tell of the earlier one.
type RecreatedError struct {
	Stream string
	Reason string // what shows it
}

func (e *RecreatedError) Error() string {
	return fmt.Sprintf("stream %s was deleted and created again since the leases were made (%s): "+
		"stop all workers and reset the leases (trunkline lease reset), or name another lease table", e.Stream, e.Reason)
}

// recreated looks for a lease that cannot be one of the listed shards: it got to where its shard had not begun, or it has ended and the
// shard has not. The latter counts only in the parts of the hash range that were read by nobody for minutes: elsewhere, the listing may
// lag behind. It returns what shows it, or "".
func recreated(listing []types.Shard, table Table, unread []lease.Range) string {
	for _, s := range listing {
		l, found := table[aws.ToString(s.ShardId)]
		if !found {
			continue
		}
		at := l.Checkpoint.Position
		switch {
		case isNumber(at) && begins(s) != "" && comparePositions(at, begins(s)) < 0:
			return fmt.Sprintf("the lease of %s is at %s, and the shard begins at %s", l.Key, at, begins(s))
		case at == End && open(s) && slices.ContainsFunc(unread, func(r lease.Range) bool { return overlap(r, hashRange(s.HashKeyRange)) }):
			return fmt.Sprintf("the lease of %s has ended, and the shard is open", l.Key)
		}
	}
	return ""
}
