package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"trunkline/internal/lease"
)

// leasesBucket has key → lease as JSON. It is made with the first lease: a file that never had one has no such bucket.
var leasesBucket = []byte("leases")

// Leases is the lease.Store of workers in one process: a second process cannot open the file. What a write returned as done
// survives a crash. As with Commit, after a failed write to the file nothing is written any more.
type Leases struct{ store *Store }

// Leases of this file.
func (s *Store) Leases() *Leases { return &Leases{s} }

// row is a lease as the file has it.
type row struct {
	Owner      string   `json:"owner,omitempty"`
	Counter    int64    `json:"counter"`
	Position   string   `json:"position"`
	Sub        int64    `json:"sub,omitempty"`
	Switches   int64    `json:"switches,omitempty"`
	Drainer    string   `json:"drainer,omitempty"`
	Throughput float64  `json:"throughput,omitempty"`
	Parents    []string `json:"parents,omitempty"`
	Children   []string `json:"children,omitempty"`
	Start      string   `json:"start,omitempty"`
	End        string   `json:"end,omitempty"`
	Stream     string   `json:"stream,omitempty"`
	Shard      string   `json:"shard,omitempty"`
}

func encodeLease(l lease.Lease) ([]byte, error) {
	return json.Marshal(row{
		Owner: l.Owner, Counter: l.Counter, Position: l.Checkpoint.Position, Sub: l.Checkpoint.Sub, Switches: l.Switches,
		Drainer: l.Drainer, Throughput: l.Throughput, Parents: l.Parents, Children: l.Children,
		Start: l.Range.Start, End: l.Range.End, Stream: l.Stream, Shard: l.Shard,
	})
}

func (t *Leases) decode(key, value []byte) (lease.Lease, error) {
	var r row
	if err := json.Unmarshal(value, &r); err != nil {
		return lease.Lease{}, &CorruptError{t.store.path, fmt.Errorf("lease of %q: %w", key, err)}
	}
	return lease.Lease{
		Key: string(key), Owner: r.Owner, Counter: r.Counter, Checkpoint: lease.Checkpoint{Position: r.Position, Sub: r.Sub},
		Switches: r.Switches, Drainer: r.Drainer, Throughput: r.Throughput, Parents: r.Parents, Children: r.Children,
		Range: lease.Range{Start: r.Start, End: r.End}, Stream: r.Stream, Shard: r.Shard,
	}, nil
}

// List returns all leases by key.
func (t *Leases) List(ctx context.Context) ([]lease.Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var all []lease.Lease
	err := t.store.view(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(leasesBucket)
		if bucket == nil {
			return nil
		}
		return bucket.ForEach(func(k, v []byte) error {
			l, err := t.decode(k, v)
			all = append(all, l)
			return err
		})
	})
	return all, err
}

// Get returns one lease.
func (t *Leases) Get(ctx context.Context, key string) (l lease.Lease, err error) {
	if err := ctx.Err(); err != nil {
		return lease.Lease{}, err
	}
	err = t.store.view(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(leasesBucket)
		if bucket == nil {
			return lease.ErrNotFound
		}
		value := bucket.Get([]byte(key))
		if value == nil {
			return lease.ErrNotFound
		}
		l, err = t.decode([]byte(key), value)
		return err
	})
	return l, err
}

// Create adds a lease.
func (t *Leases) Create(ctx context.Context, l lease.Lease) error {
	if err := l.Check(); err != nil {
		return err
	}
	if len(l.Key) > bbolt.MaxKeySize {
		return fmt.Errorf("create lease: its key has %d bytes, the state file takes %d", len(l.Key), bbolt.MaxKeySize)
	}
	return t.write(ctx, l.Key, func(before *lease.Lease) (*lease.Lease, error) {
		if before != nil {
			return nil, lease.ErrExists
		}
		return &l, nil
	})
}

// Renew is lease.Renewed.
func (t *Leases) Renew(ctx context.Context, known lease.Lease, throughput float64) (lease.Lease, error) {
	return t.change(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.Renewed(row, known, throughput) })
}

// Take is lease.Taken.
func (t *Leases) Take(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	return t.change(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.Taken(row, known, owner) })
}

// Checkpoint is lease.Checkpointed.
func (t *Leases) Checkpoint(ctx context.Context, known lease.Lease, c lease.Checkpoint) (lease.Lease, error) {
	return t.change(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.Checkpointed(row, known, c) })
}

// Assign is lease.Assigned.
func (t *Leases) Assign(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	return t.change(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.Assigned(row, known, owner) })
}

// Evict is lease.Evicted.
func (t *Leases) Evict(ctx context.Context, known lease.Lease) (lease.Lease, error) {
	return t.change(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.Evicted(row, known) })
}

// Describe is lease.Described.
func (t *Leases) Describe(ctx context.Context, key string, f lease.Facts) error {
	return t.write(ctx, key, func(before *lease.Lease) (*lease.Lease, error) {
		if before == nil {
			return nil, lease.ErrNotFound
		}
		after := lease.Described(*before, f)
		return &after, nil
	})
}

// Delete removes a lease whose counter is as known.
func (t *Leases) Delete(ctx context.Context, known lease.Lease) error {
	return t.write(ctx, known.Key, func(before *lease.Lease) (*lease.Lease, error) {
		if before == nil || before.Counter != known.Counter {
			return nil, lease.ErrConflict
		}
		return nil, nil
	})
}

// change is a write to a lease that is there.
func (t *Leases) change(ctx context.Context, known lease.Lease, do func(lease.Lease) (lease.Lease, error)) (after lease.Lease, err error) {
	err = t.write(ctx, known.Key, func(before *lease.Lease) (*lease.Lease, error) {
		if before == nil {
			return nil, lease.ErrConflict
		}
		after, err = do(*before)
		return &after, err
	})
	if err != nil {
		return lease.Lease{}, err
	}
	return after, nil
}

// write puts what do makes of a lease in its place, in one transaction: nil, of one that is there, deletes it. An error of do leaves
// everything as it was, and the store usable.
func (t *Leases) write(ctx context.Context, key string, do func(before *lease.Lease) (*lease.Lease, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var refused error
	err := t.store.write(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(leasesBucket)
		if err != nil {
			return err
		}
		var before *lease.Lease
		if value := bucket.Get([]byte(key)); value != nil {
			l, err := t.decode([]byte(key), value)
			if err != nil {
				return err
			}
			before = &l
		}
		after, err := do(before)
		if err != nil {
			refused = err
			return errRefused
		}
		if after == nil {
			return bucket.Delete([]byte(key))
		}
		value, err := encodeLease(*after)
		if err != nil {
			return err
		}
		return bucket.Put([]byte(key), value)
	})
	if errors.Is(err, errRefused) {
		return refused
	}
	return err
}
