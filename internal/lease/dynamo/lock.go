package dynamo

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trunkline/internal/lease"
)

// The leader's lock is an item of Amazon's DynamoDB lock client.
const (
	lockRow      = "Leader"
	lockEntity   = "LEADER"
	lockOwner    = "ownerName"           // S
	lockDuration = "leaseDuration"       // S, milliseconds
	lockVersion  = "recordVersionNumber" // S, a UUID
	lockReleased = "isReleased"          // S, "1", or absent

	lockFor = 2 * time.Minute
)

// lockPlace is where the lock is now.
func (t *Table) lockPlace() (table, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.layout.lockHere() {
		return t.name, keyAttribute
	}
	return t.application + stateSuffix, stateKey
}

// Lock reads it consistently.
func (t *Table) Lock(ctx context.Context) (lease.Lock, error) {
	table, key := t.lockPlace()
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &table, Key: item{key: text(lockRow)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return lease.Lock{}, t.fault("GetItem", table, "", err)
	}
	r := reader{row: out.Item}
	l := lease.Lock{Owner: r.text(lockOwner), Version: r.text(lockVersion), Duration: lockFor, Released: r.text(lockReleased) != ""}
	if ms, err := strconv.ParseInt(r.text(lockDuration), 10, 32); err == nil && ms > 0 {
		l.Duration = time.Duration(ms) * time.Millisecond
	}
	if l.Version == "" {
		return lease.Lock{}, nil
	}
	return l, nil
}

// Lead puts the whole item where it changes hands, and changes it where it does not.
func (t *Table) Lead(ctx context.Context, known lease.Lock, worker string) (lease.Lock, error) {
	table, key := t.lockPlace()
	next := lease.Lock{Owner: worker, Version: lease.UUID(t.random), Duration: lockFor}
	duration := text(strconv.FormatInt(next.Duration.Milliseconds(), 10))
	c := change{counterStays: true}
	var err error
	if known.Version != "" && known.Owner == worker && !known.Released {
		c.equals(lockVersion, text(known.Version))
		c.equals(lockOwner, text(worker))
		c.set(lockDuration, duration)
		c.set(lockVersion, text(next.Version))
		_, err = t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &table, Key: item{key: text(lockRow)}, UpdateExpression: aws.String(c.update()), ConditionExpression: aws.String(c.condition()),
			ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
		})
		err = t.fault("UpdateItem", table, "", err)
	} else {
		switch {
		case known.Version == "":
			c.absent(key)
		case known.Released:
			c.equals(lockReleased, text("1"))
		default:
			c.equals(lockVersion, text(known.Version))
		}
		row := item{key: text(lockRow), lockOwner: text(worker), lockDuration: duration, lockVersion: text(next.Version)}
		if table == t.name {
			row[entityAttribute] = text(lockEntity)
		}
		_, err = t.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &table, Item: row, ConditionExpression: aws.String(c.condition()),
			ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
		})
		err = t.fault("PutItem", table, "", err)
	}
	if refused(err) {
		return lease.Lock{}, lease.ErrConflict
	}
	if err != nil {
		return lease.Lock{}, err
	}
	return next, nil
}

// Resign deletes the item, as Java's leaders do.
func (t *Table) Resign(ctx context.Context, known lease.Lock) error {
	table, key := t.lockPlace()
	c := change{}
	c.equals(lockVersion, text(known.Version))
	c.equals(lockOwner, text(known.Owner))
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &table, Key: item{key: text(lockRow)},
		ConditionExpression: aws.String(c.condition()), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
	})
	if refused(err) {
		return lease.ErrConflict
	}
	return t.fault("DeleteItem", table, "", err)
}
