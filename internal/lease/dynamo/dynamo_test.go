package dynamo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
	"trunkline/test/emulators"
)

// raw is the table as any other client sees it.
type raw struct {
	t      *testing.T
	client *dynamodb.Client
	table  string
}

func newClient(t *testing.T, url string) *dynamodb.Client {
	t.Helper()
	return dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", BaseEndpoint: &url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
}

// openTable makes a table of the test's own.
func openTable(t *testing.T, client *dynamodb.Client, log *slog.Logger) (*Table, raw) {
	t.Helper()
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", r) {
			return r
		}
		return '_'
	}, t.Name())
	table, err := Open(t.Context(), client, Options{Table: name, Create: OnDemand, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return table, raw{t, client, name}
}

func (r raw) put(row item) {
	r.t.Helper()
	if _, err := r.client.PutItem(r.t.Context(), &dynamodb.PutItemInput{TableName: &r.table, Item: row}); err != nil {
		r.t.Fatal(err)
	}
}

func (r raw) get(key string) item {
	r.t.Helper()
	out, err := r.client.GetItem(r.t.Context(), &dynamodb.GetItemInput{
		TableName: &r.table, Key: item{"leaseKey": text(key)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out.Item
}

func (r raw) is(key string, want item) {
	r.t.Helper()
	if diff := cmp.Diff(plain(r.get(key)), plain(want)); diff != "" {
		r.t.Errorf("row %s, got - want +:\n%s", key, diff)
	}
}

// plain shows each attribute as its type and value.
func plain(row item) map[string]string {
	all := map[string]string{}
	for name, value := range row {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			all[name] = "S " + v.Value
		case *types.AttributeValueMemberN:
			all[name] = "N " + v.Value
		case *types.AttributeValueMemberB:
			all[name] = fmt.Sprintf("B %x", v.Value)
		case *types.AttributeValueMemberSS:
			all[name] = fmt.Sprintf("SS %q", v.Value)
		default:
			all[name] = fmt.Sprintf("%T", v)
		}
	}
	return all
}

// handOver is what a leader of KCL 3.x writes.
func (r raw) handOver(ctx context.Context, key, next string) error {
	old := r.get(key)["leaseOwner"]
	_, err := r.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &r.table, Key: item{"leaseKey": text(key)},
		UpdateExpression:          aws.String("SET leaseOwner = :new, checkpointOwner = :old"),
		ConditionExpression:       aws.String("leaseOwner = :old AND attribute_not_exists(checkpointOwner) AND attribute_exists(leaseKey)"),
		ExpressionAttributeValues: item{":new": text(next), ":old": old},
	})
	return err
}

func TestTable(t *testing.T) {
	client := newClient(t, emulators.DynamoDB(t))
	testTable(t, client)
	for name, test := range map[string]func(*testing.T, *dynamodb.Client){"workers": workers, "followers": followers} {
		t.Run(name, func(t *testing.T) { test(t, client) })
	}
}

// testTable is all that a lease table must do, on the wire; what workers do with it is another thing.
func testTable(t *testing.T, client *dynamodb.Client) {
	t.Run("suite", func(t *testing.T) {
		leasetest.Run(t, func(t *testing.T) leasetest.Harness {
			table, raw := openTable(t, client, nil)
			reopen := func() lease.Store {
				again, err := Open(t.Context(), client, Options{Table: raw.table})
				if err != nil {
					t.Fatal(err)
				}
				return again
			}
			return leasetest.Harness{Store: table, HandOver: raw.handOver, Reopen: reopen}
		})
	})
	for name, test := range map[string]func(*testing.T, *dynamodb.Client){
		"names and types":         namesAndTypes,
		"a table of Java workers": continuesJava,
		"unknown attributes":      unknownSurvive,
		"other rows":              otherRows,
		"rows that are broken":    brokenRows,
		"pages":                   pages,
		"create":                  createTable,
		"create never":            createNever,
		"create at once":          createAtOnce,
		"wrong key":               wrongKey,
		"names of tables":         tableNames,
		"coordinators":            coordinators,
		"regimes and places":      regimesAndPlaces,
		"rows of reports":         reportRows,
		"rows of the lock":        lockRows,
		"kinds":                   kinds,
		"denied calls":            deniedCalls,
		"finished shards":         finishedShards,
		"upgrades":                upgrades,
	} {
		t.Run(name, func(t *testing.T) { test(t, client) })
	}
}

// namesAndTypes: what Java reads, attribute for attribute.
func namesAndTypes(t *testing.T, client *dynamodb.Client) {
	table, raw := openTable(t, client, nil)
	ctx, key := t.Context(), "shardId-000000000007"
	l := lease.Lease{
		Key: key, Checkpoint: lease.Checkpoint{Position: "TRIM_HORIZON"}, Parents: []string{"shardId-000000000001", "shardId-000000000002"},
		Range: lease.Range{Start: "0", End: "340282366920938463463374607431768211455"},
	}
	if err := table.Create(ctx, l); err != nil {
		t.Fatal(err)
	}
	want := item{
		"leaseKey": text(key), "leaseCounter": whole(0), "ownerSwitchesSinceCheckpoint": whole(0), "checkpoint": text("TRIM_HORIZON"),
		"checkpointSubSequenceNumber": whole(0), "parentShardId": set(l.Parents), "startingHashKey": text("0"),
		"endingHashKey": text("340282366920938463463374607431768211455"),
	}
	raw.is(key, want)
	step := func(got lease.Lease, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		l = got
		raw.is(key, want)
	}
	want["leaseOwner"], want["leaseCounter"] = text("w1"), whole(1)
	step(table.Take(ctx, l, "w1"))
	want["throughputKBps"], want["leaseCounter"] = &types.AttributeValueMemberN{Value: "1.333333"}, whole(2)
	step(table.Renew(ctx, l, 4./3))
	want["leaseOwner"], want["leaseCounter"], want["ownerSwitchesSinceCheckpoint"] = text("w2"), whole(3), whole(1)
	step(table.Take(ctx, l, "w2"))
	want["checkpoint"], want["checkpointSubSequenceNumber"] = text("49546986683135544286507457936321625675700192471156785154"), whole(4)
	want["leaseCounter"], want["ownerSwitchesSinceCheckpoint"] = whole(4), whole(0)
	step(table.Checkpoint(ctx, l, lease.Checkpoint{Position: "49546986683135544286507457936321625675700192471156785154", Sub: 4}))
	want["childShardIds"] = set([]string{"shardId-000000000008", "shardId-000000000009"})
	if err := table.Describe(ctx, key, lease.Facts{Children: []string{"shardId-000000000008", "shardId-000000000009"}}); err != nil {
		t.Fatal(err)
	}
	want["checkpoint"], want["checkpointSubSequenceNumber"], want["leaseCounter"] = text("SHARD_END"), whole(0), whole(5)
	step(table.Checkpoint(ctx, l, lease.Checkpoint{Position: "SHARD_END"}))
	delete(want, "leaseOwner")
	want["leaseCounter"] = whole(6)
	step(table.Evict(ctx, l))
	want["leaseOwner"], want["leaseCounter"], want["ownerSwitchesSinceCheckpoint"] = text("w3"), whole(7), whole(1)
	step(table.Assign(ctx, l, "w3"))
}

// javaRow is a lease as KCL 1.x left it, with nothing that came later.
func javaRow(key, owner, checkpoint string, counter int64) item {
	row := item{
		"leaseKey": text(key), "leaseCounter": whole(counter), "ownerSwitchesSinceCheckpoint": whole(2),
		"checkpoint": text(checkpoint), "checkpointSubSequenceNumber": whole(0),
	}
	if owner != "" {
		row["leaseOwner"] = text(owner)
	}
	return row
}

func continuesJava(t *testing.T, client *dynamodb.Client) {
	table, raw := openTable(t, client, nil)
	for _, sentinel := range []string{"LATEST", "TRIM_HORIZON", "AT_TIMESTAMP", "SHARD_END"} {
		raw.put(javaRow("s-"+sentinel, "", sentinel, 0))
	}
	raw.put(javaRow("s-5", "java-worker", "495", 17))
	all, err := table.List(t.Context())
	if len(all) != 5 || err != nil {
		t.Fatalf("List: got %v %v, want 5 leases", all, err)
	}
	for _, l := range all {
		if l.Key != "s-5" && (l.Key != "s-"+l.Checkpoint.Position || l.Owner != "" || l.Counter != 0) {
			t.Errorf("got %+v", l)
		}
	}
	l, err := table.Get(t.Context(), "s-5")
	want := lease.Lease{Key: "s-5", Owner: "java-worker", Counter: 17, Checkpoint: lease.Checkpoint{Position: "495"}, Switches: 2}
	if diff := cmp.Diff(l, want); diff != "" || err != nil {
		t.Fatalf("Get (%v), got - want +:\n%s", err, diff)
	}
	if _, err := table.Take(t.Context(), l, "w1"); err != nil {
		t.Fatal(err)
	}
	row := javaRow("s-5", "w1", "495", 18)
	row["ownerSwitchesSinceCheckpoint"] = whole(3)
	raw.is("s-5", row)
}

// unknownSurvive: what a later version of the library keeps in a lease stays, and a prepared checkpoint ends with the next one.
func unknownSurvive(t *testing.T, client *dynamodb.Client) {
	table, raw := openTable(t, client, nil)
	row := javaRow("a", "w0", "1", 5)
	row["fromTheFuture"] = &types.AttributeValueMemberB{Value: []byte{1, 2, 3}}
	row["pendingCheckpoint"], row["pendingCheckpointSubSequenceNumber"] = text("9"), whole(1)
	row["pendingCheckpointState"] = &types.AttributeValueMemberB{Value: []byte{4}}
	raw.put(row)
	ctx := t.Context()
	l, err := table.Get(ctx, "a")
	do := func(next lease.Lease, e error) {
		l, err = next, errors.Join(err, e)
		if raw.get("a")["fromTheFuture"] == nil {
			t.Errorf("an unknown attribute was lost by %+v", l)
		}
	}
	do(table.Take(ctx, l, "w1"))
	do(table.Renew(ctx, l, 1))
	if raw.get("a")["pendingCheckpoint"] == nil {
		t.Error("a renewal ended a prepared checkpoint")
	}
	do(table.Checkpoint(ctx, l, lease.Checkpoint{Position: "2"}))
	for _, name := range pending {
		if raw.get("a")[name] != nil {
			t.Errorf("%s is there after a checkpoint", name)
		}
	}
	do(l, table.Describe(ctx, "a", lease.Facts{Children: []string{"c"}}))
	do(table.Assign(ctx, l, "w2"))
	do(table.Evict(ctx, l))
	if err != nil {
		t.Error(err)
	}
}

// otherRows: the leader's lock, workers' metrics and what else the table holds is not shown and not changed, whoever names it.
func otherRows(t *testing.T, client *dynamodb.Client) {
	table, raw := openTable(t, client, nil)
	rows := map[string]item{
		"Leader":       {"leaseKey": text("Leader"), "entityType": text("LEADER"), "ownerName": text("w1")},
		"Migration3.0": {"leaseKey": text("Migration3.0"), "entityType": text("CLIENT_VERSION_MIGRATION"), "cv": text("CLIENT_VERSION_3X")},
		"w1":           {"leaseKey": text("w1"), "entityType": text("WORKER_METRIC_STATS"), "lut": whole(1)},
		"new":          {"leaseKey": text("new"), "entityType": text("OF_NEXT_YEAR")},
		"strange":      {"leaseKey": text("strange"), "entityType": whole(5)},
	}
	for _, row := range rows {
		raw.put(row)
	}
	raw.put(javaRow("shard", "", "LATEST", 0))
	ctx := t.Context()
	if all, err := table.List(ctx); len(all) != 1 || err != nil {
		t.Errorf("List: got %+v %v, want the one lease", all, err)
	}
	for key, row := range rows {
		known := lease.Lease{Key: key}
		_, got := table.Get(ctx, key)
		created := table.Create(ctx, leasetest.New(key))
		_, renewed := table.Renew(ctx, known, 1)
		_, taken := table.Take(ctx, known, "w1")
		_, checkpointed := table.Checkpoint(ctx, known, lease.Checkpoint{Position: "1"})
		_, assigned := table.Assign(ctx, known, "w1")
		_, evicted := table.Evict(ctx, known)
		for what, err := range map[string][2]error{
			"Get": {got, lease.ErrNotFound}, "Create": {created, lease.ErrExists}, "Renew": {renewed, lease.ErrConflict},
			"Take": {taken, lease.ErrConflict}, "Checkpoint": {checkpointed, lease.ErrConflict}, "Assign": {assigned, lease.ErrConflict},
			"Evict": {evicted, lease.ErrConflict}, "Delete": {table.Delete(ctx, known), lease.ErrConflict},
			"Describe": {table.Describe(ctx, key, lease.Facts{Children: []string{"c"}}), lease.ErrNotFound},
		} {
			if !errors.Is(err[0], err[1]) {
				t.Errorf("%s of %s: got %v, want %v", what, key, err[0], err[1])
			}
		}
		raw.is(key, row)
	}
}

// brokenRows: one bad row does not hide the others, and is logged once.
func brokenRows(t *testing.T, client *dynamodb.Client) {
	var log bytes.Buffer
	table, raw := openTable(t, client, slog.New(slog.NewTextHandler(&log, nil)))
	good := javaRow("good", "", "LATEST", 0)
	raw.put(good)
	for name, value := range map[string]types.AttributeValue{
		"leaseCounter": nil, "ownerSwitchesSinceCheckpoint": nil, "checkpoint": nil, "parentShardId": text("one parent"),
		"leaseOwner": whole(1), "checkpointSubSequenceNumber": &types.AttributeValueMemberN{Value: "1.5"},
		"throughputKBps": text("fast"), "childShardIds": &types.AttributeValueMemberBOOL{Value: true},
	} {
		row := javaRow("bad-"+name, "", "LATEST", 0)
		if value == nil {
			delete(row, name)
		} else {
			row[name] = value
		}
		raw.put(row)
		if _, err := table.Get(t.Context(), "bad-"+name); err == nil || !strings.Contains(err.Error(), "attribute "+name) {
			t.Errorf("Get of a row with a bad %s: got %v, want it named", name, err)
		}
	}
	for range 2 {
		if all, err := table.List(t.Context()); len(all) != 1 || err != nil || all[0].Key != "good" {
			t.Errorf("List: got %+v %v, want the good lease", all, err)
		}
	}
	if got := strings.Count(log.String(), "row of the lease table is no lease"); got != 8 {
		t.Errorf("%d lines logged for 8 bad rows and 2 scans:\n%s", got, log.String())
	}
}

// pages: a scan returns a megabyte at a time.
func pages(t *testing.T, client *dynamodb.Client) {
	table, raw := openTable(t, client, nil)
	long := strings.Repeat("x", 100_000)
	for i := range 25 {
		row := javaRow(fmt.Sprint("lease-", i), "", "LATEST", 0)
		row["padding"] = text(long)
		raw.put(row)
	}
	if all, err := table.List(t.Context()); len(all) != 25 || err != nil {
		t.Errorf("List: got %d leases and %v, want 25", len(all), err)
	}
}

func createTable(t *testing.T, client *dynamodb.Client) {
	for how, want := range map[Create]string{OnDemand: "PAY_PER_REQUEST 0 0", Provisioned: "PROVISIONED 10 10"} {
		name := fmt.Sprint("create-", how)
		if _, err := Open(t.Context(), client, Options{Table: name, Create: how}); err != nil {
			t.Fatal(err)
		}
		out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			t.Fatal(err)
		}
		mode := types.BillingModeProvisioned
		if s := out.Table.BillingModeSummary; s != nil {
			mode = s.BillingMode
		}
		p := out.Table.ProvisionedThroughput
		if got := fmt.Sprint(mode, " ", *p.ReadCapacityUnits, " ", *p.WriteCapacityUnits); got != want {
			t.Errorf("%d: got a table %s, want %s", how, got, want)
		}
		// It is found again, whatever may be made.
		if _, err := Open(t.Context(), client, Options{Table: name}); err != nil {
			t.Error(err)
		}
	}
}

func createNever(t *testing.T, client *dynamodb.Client) {
	_, err := Open(t.Context(), client, Options{Table: "not-there"})
	if err == nil || !strings.Contains(err.Error(), "partition key leaseKey (String)") {
		t.Errorf("Open of no table: got %v, want how to make one", err)
	}
}

func createAtOnce(t *testing.T, client *dynamodb.Client) {
	var opens sync.WaitGroup
	for range 8 {
		opens.Go(func() {
			if _, err := Open(t.Context(), client, Options{Table: "at-once", Create: OnDemand}); err != nil {
				t.Error(err)
			}
		})
	}
	opens.Wait()
}

func wrongKey(t *testing.T, client *dynamodb.Client) {
	s, n := types.ScalarAttributeTypeS, types.ScalarAttributeTypeN
	for name, keys := range map[string][]struct {
		name string
		kind types.ScalarAttributeType
	}{
		"other-name":     {{"ShardID", s}},
		"other-type":     {{"leaseKey", n}},
		"with-a-sortkey": {{"leaseKey", s}, {"ShardID", s}},
	} {
		input := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest}
		for i, key := range keys {
			input.AttributeDefinitions = append(input.AttributeDefinitions, types.AttributeDefinition{AttributeName: &key.name, AttributeType: key.kind})
			input.KeySchema = append(input.KeySchema, types.KeySchemaElement{
				AttributeName: &key.name, KeyType: []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}[i],
			})
		}
		if _, err := client.CreateTable(t.Context(), input); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), client, Options{Table: name, Create: OnDemand})
		if !errors.Is(err, ErrNotLeases) || !strings.Contains(err.Error(), "HASH leaseKey S") {
			t.Errorf("Open of %s: got %v, want ErrNotLeases with the key that it should have", name, err)
		}
	}
}

func tableNames(t *testing.T, client *dynamodb.Client) {
	for _, name := range []string{"", "ab", "a b c", "a/b", strings.Repeat("a", 256), "müll"} {
		if _, err := Open(t.Context(), client, Options{Table: name, Create: OnDemand}); err == nil || !strings.Contains(err.Error(), "3 to 255") {
			t.Errorf("Open of %q: got %v, want the rule of names", name, err)
		}
	}
	for _, name := range []string{"abc", "verintAgentEvents_verintris.2", strings.Repeat("a", 255)} {
		if _, err := Open(t.Context(), client, Options{Table: name, Create: OnDemand}); err != nil {
			t.Errorf("Open of %q: %v", name, err)
		}
	}
}
