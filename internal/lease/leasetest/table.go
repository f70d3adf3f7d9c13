package leasetest

import (
	"context"
	"errors"
	"sync"

	"trunkline/internal/lease"
)

// Table is a lease.Store in memory, for tests of what uses one. Its zero value is empty.
type Table struct {
	mu   sync.Mutex
	rows map[string]lease.Lease
}

// List returns all leases.
func (t *Table) List(ctx context.Context) ([]lease.Lease, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]lease.Lease, 0, len(t.rows))
	for _, row := range t.rows {
		all = append(all, row)
	}
	return all, ctx.Err()
}

// Get returns one lease.
func (t *Table) Get(ctx context.Context, key string) (lease.Lease, error) {
	return t.change(ctx, key, func(row lease.Lease) (lease.Lease, error) { return row, nil })
}

// Create adds a lease.
func (t *Table) Create(ctx context.Context, l lease.Lease) error {
	if err := l.Check(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, found := t.rows[l.Key]; found {
		return lease.ErrExists
	}
	if t.rows == nil {
		t.rows = map[string]lease.Lease{}
	}
	t.rows[l.Key] = l
	return nil
}

// Renew is lease.Renewed.
func (t *Table) Renew(ctx context.Context, known lease.Lease, throughput float64) (lease.Lease, error) {
	return t.write(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.Renewed(row, known, throughput) })
}

// Take is lease.Taken.
func (t *Table) Take(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	return t.write(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.Taken(row, known, owner) })
}

// Checkpoint is lease.Checkpointed.
func (t *Table) Checkpoint(ctx context.Context, known lease.Lease, c lease.Checkpoint) (lease.Lease, error) {
	return t.write(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.Checkpointed(row, known, c) })
}

// Assign is lease.Assigned.
func (t *Table) Assign(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	return t.write(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.Assigned(row, known, owner) })
}

// Evict is lease.Evicted.
func (t *Table) Evict(ctx context.Context, known lease.Lease) (lease.Lease, error) {
	return t.write(ctx, known, func(row lease.Lease) (lease.Lease, error) { return lease.Evicted(row, known) })
}

// Describe is lease.Described.
func (t *Table) Describe(ctx context.Context, key string, f lease.Facts) error {
	_, err := t.change(ctx, key, func(row lease.Lease) (lease.Lease, error) { return lease.Described(row, f), nil })
	return err
}

// Delete removes a lease whose counter is as known.
func (t *Table) Delete(ctx context.Context, known lease.Lease) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if row, found := t.rows[known.Key]; !found || row.Counter != known.Counter {
		return lease.ErrConflict
	}
	delete(t.rows, known.Key)
	return nil
}

// Promise starts to hand a lease over to another worker, as the leader of a fleet does.
func (t *Table) Promise(ctx context.Context, key, next string) error {
	_, err := t.change(ctx, key, func(row lease.Lease) (lease.Lease, error) { return lease.HandedOver(row, row, next) })
	return err
}

// write is a change that finds a missing row to be a conflict.
func (t *Table) write(ctx context.Context, known lease.Lease, do func(lease.Lease) (lease.Lease, error)) (lease.Lease, error) {
	row, err := t.change(ctx, known.Key, do)
	if errors.Is(err, lease.ErrNotFound) {
		return lease.Lease{}, lease.ErrConflict
	}
	return row, err
}

func (t *Table) change(ctx context.Context, key string, do func(lease.Lease) (lease.Lease, error)) (lease.Lease, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return lease.Lease{}, ctx.Err()
	}
	row, found := t.rows[key]
	if !found {
		return lease.Lease{}, lease.ErrNotFound
	}
	row, err := do(row)
	if err == nil {
		t.rows[key] = row
	}
	return row, err
}
