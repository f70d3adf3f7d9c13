package shards

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
)

var (
	// ErrInvalid says that what a stream answered at the end of a shard cannot be: ask again from the same place.
	ErrInvalid = errors.New("the children of a shard do not fit it")
	// ErrWait says that the end of a shard has to wait for the lease of the other parent of a merge.
	ErrWait = errors.New("the other parent of the merged shard has no lease yet")
)

// Startable tells whether a shard may be read: the lease of each parent has ended or is absent. table needs to have the parents only.
func Startable(l lease.Lease, table Table) bool {
	return !slices.ContainsFunc(l.Parents, func(p string) bool {
		found, ended := table.has(p)
		return found && !ended
	})
}

// Children is the leases to create at the end of a shard, those of its children that have none. table needs to have the children, and
// the parents that they name.
//
// A child of a merge is created when both parents have leases: else the other parent would be created behind its child's back, and be
// read after it. Where one has none, the error wraps ErrWait, unless expired says that it never will, since the stream has forgotten it.
// The error wraps ErrInvalid when a child does not name its parents: a split's child one, that of a merge two.
func Children(parent string, children []types.ChildShard, table Table, expired func(child lease.Lease, parent string) bool) ([]lease.Lease, error) {
	var want []lease.Lease
	for _, c := range children {
		l := OfChild(c)
		merged := len(children) == 1
		if l.Key == "" || l.Key == parent || !slices.Contains(l.Parents, parent) || merged != (len(l.Parents) == 2) {
			return nil, fmt.Errorf("%w: of %s, child %q with the parents %q", ErrInvalid, parent, aws.ToString(c.ShardId), c.ParentShards)
		}
		if found, _ := table.has(l.Key); found {
			continue
		}
		for _, other := range l.Parents {
			if found, _ := table.has(other); found || other == parent || expired(l, other) {
				continue
			}
			return nil, fmt.Errorf("%w: %s, of %s", ErrWait, other, l.Key)
		}
		want = append(want, l)
	}
	return want, nil
}

// Deletable tells whether the lease of a shard has served: it has ended, its children are known and have leases that have begun, and
// its parents' leases are gone. Until then it is the tombstone that keeps the shard from being read again. table needs to have the
// children and the parents only.
func Deletable(l lease.Lease, table Table) bool {
	if l.Checkpoint.Position != End || len(l.Children) == 0 {
		return false
	}
	for _, c := range l.Children {
		child, found := table[c]
		if !found || child.Checkpoint.Position == TrimHorizon || child.Checkpoint.Position == AtTimestamp {
			return false
		}
	}
	return !slices.ContainsFunc(l.Parents, func(p string) bool { found, _ := table.has(p); return found })
}

// Garbage tells whether an ended lease is of no use any more since the stream has forgotten the shard, and each child that it still has
// is in the table. Ask it of leases that ended long ago only: a listing may lag behind.
func Garbage(l lease.Lease, listing []types.Shard, table Table) bool {
	if l.Checkpoint.Position != End {
		return false
	}
	for _, s := range listing {
		if aws.ToString(s.ShardId) == l.Key {
			return false
		}
		if found, _ := table.has(aws.ToString(s.ShardId)); !found && slices.Contains(parents(s), l.Key) {
			return false
		}
	}
	return true
}
