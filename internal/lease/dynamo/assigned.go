package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trunkline/internal/lease"
)

// The index that says what a worker was assigned. Java makes it when a fleet changes to 3.x.
const ownerIndex = "LeaseOwnerToLeaseKeyIndex"

// Assigned asks the index. One that is not there, or not ready, is said by ErrSetup.
func (t *Table) Assigned(ctx context.Context, worker string) ([]string, error) {
	var keys []string
	pages := dynamodb.NewQueryPaginator(t.client, &dynamodb.QueryInput{
		TableName: &t.name, IndexName: aws.String(ownerIndex), KeyConditionExpression: aws.String("#owner = :worker"),
		ExpressionAttributeNames: map[string]string{"#owner": ownerAttribute}, ExpressionAttributeValues: item{":worker": text(worker)},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if missing(err) || invalid(err) { // nothing else in the request can be
			err = fmt.Errorf("%w: there is no such index, or it is not ready; KCL 3.x makes it, with the partition key %s, the sort key %s and keys only: %w",
				lease.ErrSetup, ownerAttribute, keyAttribute, err)
		}
		if err != nil {
			return nil, t.fault("Query", t.name, ownerIndex, err)
		}
		for _, row := range page.Items {
			r := reader{row: row}
			if key := r.need(keyAttribute); r.err == nil {
				keys = append(keys, key)
			}
		}
	}
	return keys, nil
}

// finished is the position of a shard that is read to its end.
const finished = "SHARD_END"

// HandOver is lease.HandedOver. A finished shard has nothing to drain: it is assigned at once.
func (t *Table) HandOver(ctx context.Context, known lease.Lease, next string) (lease.Lease, error) {
	if known.Checkpoint.Position == finished {
		return t.Assign(ctx, known, next)
	}
	c := change{counterStays: true}
	c.exists()
	c.equals(ownerAttribute, text(known.Owner))
	c.absent(drainerAttribute)
	c.set(ownerAttribute, text(next))
	c.set(drainerAttribute, text(known.Owner))
	return t.update(ctx, known.Key, &c)
}
