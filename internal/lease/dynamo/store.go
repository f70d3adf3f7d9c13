package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/internal/lease"
)

// List scans the table, all pages of it, with reads that may be a little behind: half the price, and every write has its condition.
func (t *Table) List(ctx context.Context) ([]lease.Lease, error) {
	var all []lease.Lease
	pages := dynamodb.NewScanPaginator(t.client, &dynamodb.ScanInput{TableName: &t.name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("scan lease table %s: %w", t.name, err)
		}
		for _, row := range page.Items {
			l, err := decode(row)
			switch {
			case err == nil:
				all = append(all, l)
			case !errors.Is(err, errOther):
				t.complain(l.Key, err)
			}
		}
	}
	return all, nil
}

// Get reads one row, as the latest write left it.
func (t *Table) Get(ctx context.Context, key string) (lease.Lease, error) {
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &t.name, Key: item{keyAttribute: text(key)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return lease.Lease{}, fmt.Errorf("get from lease table %s: %w", t.name, err)
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
	_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name, Item: encode(l), ConditionExpression: aws.String("attribute_not_exists(" + keyAttribute + ")"),
	})
	if refused(err) {
		return lease.ErrExists
	}
	if err != nil {
		return fmt.Errorf("put into lease table %s: %w", t.name, err)
	}
	return nil
}

// Renew is lease.Renewed.
func (t *Table) Renew(ctx context.Context, known lease.Lease, kibps float64) (lease.Lease, error) {
	c := change{}
	c.counterIs(known.Counter)
	if known.Drainer == "" {
		c.is(drainerAttribute, "")
	}
	if kibps > 0 {
		c.set(throughputAttribute, throughput(kibps))
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
	if err != nil {
		return fmt.Errorf("delete from lease table %s: %w", t.name, err)
	}
	return nil
}

// update makes a change and returns the row after it.
func (t *Table) update(ctx context.Context, key string, c *change) (lease.Lease, error) {
	update := c.update()
	out, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: item{keyAttribute: text(key)},
		UpdateExpression: &update, ConditionExpression: aws.String(c.condition()),
		ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
		ReturnValues: types.ReturnValueAllNew,
	})
	if refused(err) {
		return lease.Lease{}, lease.ErrConflict
	}
	if err != nil {
		return lease.Lease{}, fmt.Errorf("update lease table %s: %w", t.name, err)
	}
	l, err := decode(out.Attributes)
	if err != nil {
		return lease.Lease{}, fmt.Errorf("lease table %s: %w", t.name, err)
	}
	return l, nil
}

// refused tells whether a condition did not hold.
func refused(err error) bool {
	_, is := errors.AsType[*types.ConditionalCheckFailedException](err)
	return is
}
