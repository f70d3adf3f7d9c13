package dynamo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
)

// makeTable makes a table as a fleet of Java workers does, with the index where it is a lease table.
func makeTable(t *testing.T, client *dynamodb.Client, name, key string, index bool) {
	t.Helper()
	s := types.ScalarAttributeTypeS
	input := &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &key, AttributeType: s}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: &key, KeyType: types.KeyTypeHash}},
	}
	if index {
		owner := ownerAttribute
		input.AttributeDefinitions = append(input.AttributeDefinitions, types.AttributeDefinition{AttributeName: &owner, AttributeType: s})
		input.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{{
			IndexName:  aws.String(ownerIndex),
			KeySchema:  []types.KeySchemaElement{{AttributeName: &owner, KeyType: types.KeyTypeHash}, {AttributeName: &key, KeyType: types.KeyTypeRange}},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}}
	}
	if _, err := client.CreateTable(t.Context(), input); err != nil {
		t.Fatal(err)
	}
	if err := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 5*time.Millisecond, 50*time.Millisecond
	}).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, time.Minute); err != nil {
		t.Fatal(err)
	}
}

// fleet is a lease table with the index, and where apart is set, the tables of KCL 3.0 to 3.4 beside it.
type fleet struct {
	raw
	states, reports raw
}

func newFleet(t *testing.T, client *dynamodb.Client, name string, apart bool) fleet {
	t.Helper()
	name = strings.NewReplacer("/", "_", " ", "_", "#", "_", ",", "", "'", "").Replace(name)
	f := fleet{raw{t, client, name}, raw{t, client, name + "-CoordinatorState"}, raw{t, client, name + "-WorkerMetricStats"}}
	makeTable(t, client, f.table, "leaseKey", true)
	if apart {
		makeTable(t, client, f.states.table, "key", false)
		makeTable(t, client, f.reports.table, "wid", false)
	}
	return f
}

// version writes Migration3.0 as Java does, into the table where it belongs.
func (f fleet) version(cv string, apart bool) {
	f.t.Helper()
	row := item{"cv": text(cv), "mb": text("java-1"), "mts": whole(1_700_000_000_000), "h": &types.AttributeValueMemberL{}}
	if apart {
		row["key"] = text("Migration3.0")
		f.states.put(row)
		return
	}
	row["leaseKey"], row["entityType"] = text("Migration3.0"), text("CLIENT_VERSION_MIGRATION")
	f.put(row)
}

// phase writes TableMigration3.5.
func (f fleet) phase(tm string) {
	f.t.Helper()
	f.states.put(item{"key": text("TableMigration3.5"), "tm": text(tm), "mb": text("java-1"), "mts": whole(1_700_000_000_000)})
}

func (f fleet) open(o Options) *Table {
	f.t.Helper()
	o.Table = f.table
	if o.Root == nil {
		o.Root = fstest.MapFS{}
	}
	table, err := Open(f.t.Context(), f.client, o)
	if err != nil {
		f.t.Fatal(err)
	}
	return table
}

// row is a row of any of the tables.
func (r raw) row(key, value string) item {
	r.t.Helper()
	out, err := r.client.GetItem(r.t.Context(), &dynamodb.GetItemInput{TableName: &r.table, Key: item{key: text(value)}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		r.t.Fatal(err)
	}
	return out.Item
}

func coordinators(t *testing.T, client *dynamodb.Client) {
	for _, apart := range []bool{false, true} {
		t.Run(fmt.Sprint("apart ", apart), func(t *testing.T) {
			leasetest.RunCoordinator(t, func(t *testing.T) leasetest.Coordinated {
				f := newFleet(t, client, t.Name(), apart)
				f.version("CLIENT_VERSION_3X", apart)
				table := f.open(Options{})
				if _, err := table.Regime(t.Context()); err != nil {
					t.Fatal(err)
				}
				return table
			})
		})
	}
}

// regimesAndPlaces: every state of both migrations, and where a worker reports and looks for the lock then.
func regimesAndPlaces(t *testing.T, client *dynamodb.Client) {
	const prefix, status = "CLIENT_VERSION_", "TABLE_MIGRATION_STATUS_"
	taker, follower := lease.Regime{}, lease.Regime{Assigned: true, Reported: true}
	upgrade := lease.Regime{Reported: true, Upgrading: true}
	stranger := lease.Regime{Assigned: true, Reported: true, Leaderless: true}
	tests := []struct {
		cv, tm                string
		apart, ahead          bool // tables of their own; a Java worker reports in the lease table
		ours                  bool // one of ours does
		want                  lease.Regime
		reportsHere, lockHere bool
	}{
		{want: taker, reportsHere: true, lockHere: true},
		{cv: "INIT", want: taker, reportsHere: true, lockHere: true},
		{cv: "2X", want: taker, reportsHere: true, lockHere: true},
		{cv: "UPGRADE_FROM_2X", want: upgrade, reportsHere: true, lockHere: true},
		{cv: "3X_WITH_ROLLBACK", want: follower, reportsHere: true, lockHere: true},
		{cv: "3X", want: follower, reportsHere: true, lockHere: true},
		{cv: "4X", want: stranger, reportsHere: true, lockHere: true},
		{apart: true, want: taker},
		{cv: "UPGRADE_FROM_2X", apart: true, want: upgrade},
		{cv: "3X", apart: true, want: follower},
		{cv: "3X", tm: "INIT", apart: true, ahead: true, want: follower},
		{cv: "3X", tm: "DEPLOYED", apart: true, want: follower},
		{cv: "3X", tm: "DEPLOYED", apart: true, ahead: true, want: follower, reportsHere: true},
		{cv: "3X", tm: "DEPLOYED", apart: true, ours: true, want: follower},
		{cv: "3X", tm: "PENDING", apart: true, want: follower, reportsHere: true},
		{cv: "3X", tm: "COMPLETE", apart: true, want: follower, reportsHere: true, lockHere: true},
		{cv: "3X", tm: "REVERTED", apart: true, want: stranger},
		{cv: "3X", tm: "REVERTED", apart: true, ahead: true, want: stranger, reportsHere: true},
	}
	for i, test := range tests {
		t.Run(fmt.Sprintf("%d %s %s", i, test.cv, test.tm), func(t *testing.T) {
			f := newFleet(t, client, t.Name(), test.apart)
			if test.cv != "" {
				f.version(prefix+test.cv, test.apart)
			}
			if test.tm != "" {
				f.phase(status + test.tm)
			}
			if test.ahead {
				f.put(javaReport("leaseKey", "java-2", time.Now()))
			}
			if test.ours { // that says nothing: they would keep each other there
				row := javaReport("leaseKey", "go-2", time.Now())
				row["reportedBy"] = text("trunkline")
				f.put(row)
			}
			table := f.open(Options{})
			got, err := table.Regime(t.Context())
			if name := got.Name; err != nil || test.cv != "" && !strings.Contains(name, test.cv) || !strings.Contains(name, test.tm) {
				t.Errorf("Regime: got %+v %v, want a name with %s and %s", got, err, test.cv, test.tm)
			}
			if got.Name = ""; got != test.want {
				t.Errorf("Regime: got %+v, want %+v", got, test.want)
			}
			if err := table.Report(t.Context(), "go-1", false); err != nil {
				t.Error(err)
			}
			if here := f.row("leaseKey", "go-1") != nil; here != test.reportsHere {
				t.Errorf("report in the lease table: %v, want %v", here, test.reportsHere)
			}
			if test.apart {
				if there := f.reports.row("wid", "go-1") != nil; there == test.reportsHere {
					t.Errorf("report in the table of reports: %v, want %v", there, !test.reportsHere)
				}
			}
			if _, err := table.Lead(t.Context(), lease.Lock{}, "go-1"); err != nil {
				t.Error(err)
			}
			if here := f.row("leaseKey", "Leader") != nil; here != test.lockHere {
				t.Errorf("lock in the lease table: %v, want %v", here, test.lockHere)
			}
		})
	}
}

// javaReport is a row as KCL 3.x writes it.
func javaReport(key, worker string, at time.Time) item {
	list := func(n ...string) types.AttributeValue {
		l := &types.AttributeValueMemberL{}
		for _, n := range n {
			l.Value = append(l.Value, &types.AttributeValueMemberN{Value: n})
		}
		return l
	}
	row := item{
		key: text(worker), "lut": whole(at.Unix()), "sup": whole(1), "slu": whole(at.Unix()),
		"sts": &types.AttributeValueMemberM{Value: item{"C": list("1.000000", "12.500000")}},
		"opr": &types.AttributeValueMemberM{Value: item{"C": list("100", "80")}},
	}
	if key == "leaseKey" {
		row["entityType"] = text("WORKER_METRIC_STATS")
	}
	return row
}

// finishedShards: there is nothing to drain.
func finishedShards(t *testing.T, client *dynamodb.Client) {
	f := newFleet(t, client, t.Name(), false)
	f.put(javaRow("shard", "w1", "SHARD_END", 3))
	table := f.open(Options{})
	l, err := table.Get(t.Context(), "shard")
	if err != nil {
		t.Fatal(err)
	}
	got, err := table.HandOver(t.Context(), l, "w2")
	if err != nil || got.Owner != "w2" || got.Drainer != "" || got.Counter != 4 {
		t.Errorf("HandOver of a finished shard: got %+v %v, want it w2's at once", got, err)
	}
}

// followers: real workers on the real wire, in a table of KCL 3.5: the first leads, is given all leases, and hands them over as others
// join; one is killed, and another stops.
func followers(t *testing.T, client *dynamodb.Client) {
	t.Parallel()
	f := newFleet(t, client, t.Name(), false)
	f.version("CLIENT_VERSION_3X", false)
	table := f.open(Options{})
	const leases = 6
	for i := range leases {
		if err := table.Create(t.Context(), leasetest.New(fmt.Sprint("shard-", i))); err != nil {
			t.Fatal(err)
		}
	}
	var drained atomic.Int32
	join := func(id string) (w *lease.Worker, stop func()) {
		w, err := lease.New(f.open(Options{}), func(ctx context.Context, tenure *lease.Tenure) error {
			select {
			case <-ctx.Done():
			case <-tenure.Draining():
				drained.Add(1)
			}
			return tenure.Checkpoint(context.WithoutCancel(ctx), lease.Checkpoint{Position: id})
		}, lease.Options{ID: id, Random: rand.New(rand.NewPCG(1, uint64(len(id)))), Policy: lease.Policy{Failover: time.Second}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		return w, func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run of %s: %v", id, err)
			}
		}
	}
	until := func(what string, held func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !held(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("not after a minute: %s", what)
			}
		}
	}
	one, stop1 := join("w1")
	until("the first worker has all leases", func() bool { return len(one.Held()) == leases })
	two, stop2 := join("w22")
	until("each has three", func() bool { return len(one.Held()) == 3 && len(two.Held()) == 3 })
	t.Logf("%d leases drained", drained.Load()) // on a busy machine some expire instead
	stop2()
	until("the first has all again", func() bool { return len(one.Held()) == leases })
	stop1()
	if got := plain(f.get("Migration3.0"))["cv"]; got != "S CLIENT_VERSION_3X" {
		t.Errorf("the state was changed to %s", got)
	}
}

func TestMet(t *testing.T) {
	row := javaRow("a", "w2", "5", 7)
	got := met(fmt.Errorf("UpdateItem: %w", &types.ConditionalCheckFailedException{Item: row}))
	if got.Owner != "w2" || got.Counter != 7 {
		t.Errorf("the row that a condition met: got %+v", got)
	}
	for name, err := range map[string]error{
		"none":          &types.ConditionalCheckFailedException{},
		"another error": errOther,
		"another kind":  &types.ConditionalCheckFailedException{Item: item{"leaseKey": text("a"), "entityType": text("LEADER")}},
	} {
		if got := met(err); got.Key != "" {
			t.Errorf("%s: got %+v, want nothing", name, got)
		}
	}
}
