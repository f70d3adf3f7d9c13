package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/internal/lease"
)

// The attributes of Migration3.0 beside its version, and of each entry of its history.
const (
	modifierAttr = "mb"  // S, a worker
	modifiedAttr = "mts" // N, milliseconds since 1970
	historyAttr  = "h"   // L of M, newest first: version, modifier, modified

	historyKept = 10
)

// Prepared wants the index to be there and ready.
func (t *Table) Prepared(ctx context.Context) error {
	out, err := t.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &t.name})
	if err != nil {
		return t.fault("DescribeTable", t.name, "", err)
	}
	status := types.IndexStatus("missing")
	for _, index := range out.Table.GlobalSecondaryIndexes {
		if aws.ToString(index.IndexName) == ownerIndex {
			status = index.IndexStatus
		}
	}
	if status != types.IndexStatusActive {
		return fmt.Errorf("%w: index %s of table %s is %s", lease.ErrSetup, ownerIndex, t.name, status)
	}
	return nil
}

// Upgrade writes what Java's leader of 2.x writes when a fleet is ready for 3.x, on the same condition: Migration3.0 goes from
// CLIENT_VERSION_UPGRADE_FROM_2X to CLIENT_VERSION_3X_WITH_ROLLBACK, and what it was goes into its history.
func (t *Table) Upgrade(ctx context.Context, worker string) error {
	table, key := t.versionPlace()
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &table, Key: item{key: text(versionRow)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return t.fault("GetItem", table, "", err)
	}
	r := reader{row: out.Item}
	if r.text(versionAttr) != upgrading {
		return lease.ErrConflict
	}
	was := item{
		versionAttr: text(upgrading), modifierAttr: text(r.need(modifierAttr)), modifiedAttr: whole(r.whole(modifiedAttr, true)),
	}
	history := append([]types.AttributeValue{&types.AttributeValueMemberM{Value: was}}, r.list(historyAttr)...)
	if r.err != nil {
		return fmt.Errorf("row %s of table %s: %w", versionRow, table, r.err)
	}
	c := change{counterStays: true}
	c.equals(versionAttr, text(upgrading))
	c.set(versionAttr, text(upgraded))
	c.set(modifierAttr, text(worker))
	c.set(modifiedAttr, whole(time.Now().UnixMilli()))
	c.set(historyAttr, &types.AttributeValueMemberL{Value: history[:min(len(history), historyKept)]})
	_, err = t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &table, Key: item{key: text(versionRow)}, UpdateExpression: aws.String(c.update()), ConditionExpression: aws.String(c.condition()),
		ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
	})
	if refused(err) {
		return lease.ErrConflict
	}
	return t.fault("UpdateItem", table, "", err)
}

// versionPlace is where Migration3.0 is.
func (t *Table) versionPlace() (table, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.layout.versionAside {
		return t.application + stateSuffix, stateKey
	}
	return t.name, keyAttribute
}
