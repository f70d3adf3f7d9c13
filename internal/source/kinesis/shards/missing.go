package shards

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
)

// First is the leases of an empty table: one for each shard that is open at the start, closed since or not, at the start position. An
// error that wraps ErrUnsettled says that the shards leave a hole in the hash range.
func First(openAtStart []types.Shard, position string) ([]lease.Lease, error) {
	all := append([]types.Shard(nil), openAtStart...)
	inOrder(all)
	var leases []lease.Lease
	var ranges []lease.Range
	for _, s := range all {
		l := Of(s, position)
		leases, ranges = append(leases, l), append(ranges, l.Range)
	}
	if holes := uncovered(everything(), ranges); len(holes) > 0 {
		return nil, fmt.Errorf("%w: %d shards leave a hole in the hash range at %s", ErrUnsettled, len(all), holes[0].Start)
	}
	return leases, nil
}

// Missing is the leases that a table which is not empty lacks, in the order in which to create them. listing is all shards of the
// stream, listed after the leases. For each open shard without a lease:
//
//   - One that descends from a shard with a lease waits for that one's end, which creates it.
//   - One that does not is created at the start position. With TRIM_HORIZON and AT_TIMESTAMP its oldest listed ancestors are created in
//     its place, and it waits for them.
//   - The other parent of a merge, where only one descends from a shard with a lease, is created at the start position.
//   - A shard whose parent's lease has ended, and that has none, is created at TRIM_HORIZON. The end of a shard creates its children
//     first, so this happens only on tables of old Java workers, and where somebody deleted rows.
//
// Where a parent is not listed, since it has expired or a listing lags, the hash range shows the descent: an open shard descends from
// every older shard that it has a key in common with.
//
// An error that wraps ErrUnsettled says that an open shard's parent is listed as open.
func Missing(listing []types.Shard, leases []lease.Lease, position string) ([]lease.Lease, error) {
	m := &missing{
		shards: byID(listing), table: ByKey(leases), position: position,
		descends: map[string]bool{}, oldest: map[string]bool{}, at: map[string]string{},
	}
	for _, s := range listing {
		if !open(s) {
			continue
		}
		for _, p := range parents(s) {
			if parent, listed := m.shards[p]; listed && open(parent) {
				return nil, fmt.Errorf("%w: %s and its parent %s are both open", ErrUnsettled, aws.ToString(s.ShardId), p)
			}
		}
	}
	all := append([]types.Shard(nil), listing...)
	inOrder(all)
	for _, s := range all {
		id := aws.ToString(s.ShardId)
		if found, _ := m.table.has(id); !open(s) || found {
			continue
		}
		if !m.visit(id) {
			m.at[id] = position
		}
	}
	var want []lease.Lease
	for _, s := range all {
		if at, found := m.at[aws.ToString(s.ShardId)]; found {
			want = append(want, Of(s, at))
		}
	}
	return want, nil
}

// missing is the state of one call of Missing.
type missing struct {
	shards   map[string]types.Shard
	table    Table
	position string
	descends map[string]bool   // what visit found
	oldest   map[string]bool   // shards to create if a descendant asks for it
	at       map[string]string // shards to create, and where
}

// visit tells whether a shard will be reached by reading on from shards that have a lease or get one, and notes which ones have to
// get one for that.
func (m *missing) visit(id string) bool {
	if descends, visited := m.descends[id]; visited {
		return descends
	}
	// A lease of a shard that the stream has forgotten counts as well: whoever gets it finds that out, and creates the children.
	if found, _ := m.table.has(id); found {
		m.descends[id] = true
		return true
	}
	s, listed := m.shards[id]
	if !listed {
		return false
	}
	m.descends[id] = false // a listing in which a shard is its own ancestor must not hold us up
	from := map[string]bool{}
	late := false
	for _, p := range parents(s) {
		if m.visit(p) || m.oldest[p] {
			from[p] = true
		}
		_, ended := m.table.has(p)
		late = late || ended
	}
	if len(from) == 0 && !late && m.orphan(s) {
		waits, ended := m.related(s)
		if waits {
			m.descends[id] = true
			return true
		}
		late = ended
	}
	if len(from) == 0 && !late {
		m.oldest[id] = m.position != Latest
		return false
	}
	for _, p := range parents(s) {
		_, listed := m.shards[p]
		if found, _ := m.table.has(p); found || !listed {
			continue
		}
		switch {
		case from[p] && !m.oldest[p]: // it is created by the end of its own parent
		case from[p] && m.position != AtTimestamp:
			m.at[p] = TrimHorizon
		default:
			m.at[p] = m.position
		}
	}
	if late {
		m.at[id] = TrimHorizon
	}
	m.descends[id] = true
	return true
}

// orphan tells whether nothing is known of a parent.
func (m *missing) orphan(s types.Shard) bool {
	return slices.ContainsFunc(parents(s), func(p string) bool {
		_, listed := m.shards[p]
		leased, _ := m.table.has(p)
		return !listed && !leased
	})
}

// related tells whether there are leases of the shard's hash range: one that goes on, or one that has ended.
func (m *missing) related(s types.Shard) (goesOn, ended bool) {
	for _, l := range m.table {
		if overlap(l.Range, hashRange(s.HashKeyRange)) {
			over := l.Checkpoint.Position == End
			goesOn, ended = goesOn || !over, ended || over
		}
	}
	return goesOn, ended
}
