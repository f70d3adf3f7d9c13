package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/internal/lease"
)

// List scans the table, all pages of it, with reads that may be a little behind: half the price, and every write has its condition.
func (t *Table) List(ctx context.Context) ([]lease.Lease, error) {
	var all []lease.Lease
	var reports []lease.Report
	err := t.scan(ctx, t.name, func(row item) {
		t.learn(row)
		l, err := decode(row)
		if err == nil {
			all = append(all, l)
			return
		}
		if !errors.Is(err, errOther) {
			t.complain(l.Key, err)
		} else if r, err := decodeReport(row, keyAttribute); err == nil {
			r.Place = t.name
			reports = append(reports, r)
		}
	})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reports, t.scanned, t.listed = reports, time.Now(), true
	return all, nil
}

// scan calls each for every row of a table.
func (t *Table) scan(ctx context.Context, table string, each func(item)) error {
	pages := dynamodb.NewScanPaginator(t.client, &dynamodb.ScanInput{TableName: &table})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return t.fault("Scan", table, "", err)
		}
		for _, row := range page.Items {
			each(row)
		}
	}
	return nil
}

// learn notes that rows of this table say their kind: new leases then do too. Workers older than 3.5 read no such table.
func (t *Table) learn(row item) {
	if row[entityAttribute] == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kinds = true
}

// kindsKnown tells whether rows of this table say their kind. What was never read is, once.
func (t *Table) kindsKnown(ctx context.Context) (bool, error) {
	t.mu.Lock()
	kinds, listed := t.kinds, t.listed
	t.mu.Unlock()
	if kinds || listed {
		return kinds, nil
	}
	if _, err := t.List(ctx); err != nil {
		return false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kinds, nil
}

// Get reads one row, as the latest write left it.
func (t *Table) Get(ctx context.Context, key string) (lease.Lease, error) {
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &t.name, Key: item{keyAttribute: text(key)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return lease.Lease{}, t.fault("GetItem", t.name, "", err)
	}
	if out.Item == nil {
		return lease.Lease{}, lease.ErrNotFound
	}
	l, err := decode(out.Item)
	switch {
	case errors.Is(err, errOther):
		return lease.Lease{}, lease.ErrNotFound
	case err != nil:
		return lease.Lease{}, fmt.Errorf("lease table %s: %w", t.name, err)
	}
	return l, nil
}

// Create puts a row where there is none.
func (t *Table) Create(ctx context.Context, l lease.Lease) error {
	if err := l.Check(); err != nil {
		return err
	}
	kinds, err := t.kindsKnown(ctx)
	if err != nil {
		return err
	}
	_, err = t.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name, Item: encode(l, kinds), ConditionExpression: aws.String("attribute_not_exists(" + keyAttribute + ")"),
	})
	if refused(err) {
		return lease.ErrExists
	}
	return t.fault("PutItem", t.name, "", err)
}

// Renew is lease.Renewed.
func (t *Table) Renew(ctx context.Context, known lease.Lease, kibps float64) (lease.Lease, error) {
	c := change{}
	c.counterIs(known.Counter)
	if known.Drainer == "" {
		c.is(drainerAttribute, "")
	}
	if kibps > 0 {
		c.set(throughputAttribute, decimal(kibps))
	}
	return t.update(ctx, known.Key, &c)
}

// Take is lease.Taken.
func (t *Table) Take(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	c := change{}
	c.counterIs(known.Counter)
	c.set(ownerAttribute, text(owner))
	c.remove(drainerAttribute)
	if lease.Switched(known, owner) {
		c.add(switchesAttribute)
	}
	return t.update(ctx, known.Key, &c)
}

// Checkpoint is lease.Checkpointed. It ends a checkpoint that a Java worker had prepared.
func (t *Table) Checkpoint(ctx context.Context, known lease.Lease, to lease.Checkpoint) (lease.Lease, error) {
	c := change{}
	c.counterIs(known.Counter)
	c.set(positionAttribute, text(to.Position))
	c.set(subAttribute, whole(to.Sub))
	c.set(switchesAttribute, whole(0))
	c.remove(pending...)
	return t.update(ctx, known.Key, &c)
}

// Assign is lease.Assigned.
func (t *Table) Assign(ctx context.Context, known lease.Lease, owner string) (lease.Lease, error) {
	c := change{}
	c.ownersAre(known)
	c.set(ownerAttribute, text(owner))
	c.remove(drainerAttribute)
	if lease.Reassigned(known, owner) {
		c.add(switchesAttribute)
	}
	return t.update(ctx, known.Key, &c)
}

// Evict is lease.Evicted.
func (t *Table) Evict(ctx context.Context, known lease.Lease) (lease.Lease, error) {
	c := change{}
	c.ownersAre(known)
	if known.Drainer == "" {
		c.remove(ownerAttribute)
	}
	c.remove(drainerAttribute)
	return t.update(ctx, known.Key, &c)
}

// Describe is lease.Described.
func (t *Table) Describe(ctx context.Context, key string, f lease.Facts) error {
	c := change{counterStays: true}
	c.exists()
	if len(f.Children) > 0 {
		c.set(childrenAttribute, set(f.Children))
	}
	if f.Range.Start != "" {
		c.set(startAttribute, text(f.Range.Start))
	}
	if f.Range.End != "" {
		c.set(endAttribute, text(f.Range.End))
	}
	if len(c.sets) == 0 {
		_, err := t.Get(ctx, key)
		return err
	}
	_, err := t.update(ctx, key, &c)
	if errors.Is(err, lease.ErrConflict) {
		return lease.ErrNotFound
	}
	return err
}

// Delete removes a row whose counter is as known: Java sets no condition, and would delete what somebody else has just taken.
func (t *Table) Delete(ctx context.Context, known lease.Lease) error {
	c := change{}
	c.counterIs(known.Counter)
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &t.name, Key: item{keyAttribute: text(known.Key)},
		ConditionExpression: aws.String(c.condition()), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
	})
	if refused(err) {
		return lease.ErrConflict
	}
	return t.fault("DeleteItem", t.name, "", err)
}

// update makes a change and returns the row after it.
func (t *Table) update(ctx context.Context, key string, c *change) (lease.Lease, error) {
	update := c.update()
	out, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: item{keyAttribute: text(key)},
		UpdateExpression: &update, ConditionExpression: aws.String(c.condition()),
		ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
		ReturnValues: types.ReturnValueAllNew, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if refused(err) {
		return met(err), lease.ErrConflict
	}
	if err != nil {
		return lease.Lease{}, t.fault("UpdateItem", t.name, "", err)
	}
	l, err := decode(out.Attributes)
	if err != nil {
		return lease.Lease{}, fmt.Errorf("lease table %s: %w", t.name, err)
	}
	return l, nil
}
