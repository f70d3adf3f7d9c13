package guard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"trunkline/iam/sim"
	"trunkline/internal/lease"
	"trunkline/internal/lease/dynamo"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/guard"
	"trunkline/test/emulators"
)

// TestLeaseTable leads a lease through its life behind the guard, in a real table: the grants are enough, all of them are used, and
// without any one of them the table's error names it.
func TestLeaseTable(t *testing.T) {
	url := emulators.DynamoDB(t)
	grants := []string{
		"dynamodb:CreateTable", "dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem",
	}
	for i := range len(grants) + 1 {
		given, removed := grants, ""
		if i < len(grants) {
			given, removed = slices.Delete(slices.Clone(grants), i, i+1), grants[i]
		}
		t.Run("without "+removed, func(t *testing.T) {
			table := fmt.Sprintf("leases-%d", i)
			caller, err := sim.ParseCaller(role)
			if err != nil {
				t.Fatal(err)
			}
			var policies []guard.Policy
			for _, action := range given {
				policies = append(policies, identity(allow(action, "arn:aws:dynamodb:eu-west-2:111122223333:table/"+table, "")))
			}
			g, err := guard.New(guard.Options{Calls: declared.Calls(), Policies: policies, Caller: caller})
			if err != nil {
				t.Fatal(err)
			}
			client := dynamodb.New(dynamodb.Options{
				Region: "eu-west-2", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
				APIOptions: []func(*middleware.Stack) error{g.Middleware}, RetryMaxAttempts: 3, RetryMode: aws.RetryModeStandard,
			})
			err = life(t.Context(), client, table)
			switch {
			case removed == "" && err != nil:
				t.Fatalf("with all grants: %v", err)
			case removed != "" && (err == nil || !strings.Contains(err.Error(), "AccessDeniedException: User: ") || !strings.Contains(err.Error(), " perform: "+removed+" on resource: arn:")):
				t.Errorf("got %v, want a denial of %s", err, removed)
			}
			if unused := g.Report().Unused; removed == "" && len(unused) > 0 {
				t.Errorf("not used: %v, want nothing", unused)
			}
		})
	}
}

// life makes a table, and a lease in it that is taken, read and deleted.
func life(ctx context.Context, client *dynamodb.Client, name string) error {
	table, err := dynamo.Open(ctx, client, dynamo.Options{Table: name, Create: dynamo.OnDemand})
	if err != nil {
		return err
	}
	if err := table.Create(ctx, lease.Lease{Key: "shard-1", Checkpoint: lease.Checkpoint{Position: "TRIM_HORIZON"}}); err != nil {
		return err
	}
	all, err := table.List(ctx)
	if err != nil || len(all) != 1 {
		return errors.Join(err, fmt.Errorf("%d leases, want 1", len(all)))
	}
	taken, err := table.Take(ctx, all[0], "worker")
	if err != nil {
		return err
	}
	if _, err := table.Get(ctx, taken.Key); err != nil {
		return err
	}
	return table.Delete(ctx, taken)
}
