package dynamo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
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
	taker, reporting, follower := lease.Regime{}, lease.Regime{Reported: true}, lease.Regime{Assigned: true, Reported: true}
	stranger := lease.Regime{Assigned: true, Reported: true, Leaderless: true}
	tests := []struct {
		cv, tm                string
		apart, ahead          bool // tables of their own; a Java worker reports in the lease table
		want                  lease.Regime
		reportsHere, lockHere bool
	}{
		{want: taker, reportsHere: true, lockHere: true},
		{cv: "INIT", want: taker, reportsHere: true, lockHere: true},
		{cv: "2X", want: taker, reportsHere: true, lockHere: true},
		{cv: "UPGRADE_FROM_2X", want: reporting, reportsHere: true, lockHere: true},
		{cv: "3X_WITH_ROLLBACK", want: follower, reportsHere: true, lockHere: true},
		{cv: "3X", want: follower, reportsHere: true, lockHere: true},
		{cv: "4X", want: stranger, reportsHere: true, lockHere: true},
		{apart: true, want: taker},
		{cv: "UPGRADE_FROM_2X", apart: true, want: reporting},
		{cv: "3X", apart: true, want: follower},
		{cv: "3X", tm: "INIT", apart: true, ahead: true, want: follower},
		{cv: "3X", tm: "DEPLOYED", apart: true, want: follower},
		{cv: "3X", tm: "DEPLOYED", apart: true, ahead: true, want: follower, reportsHere: true},
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

// reportRows: what a Java leader reads, attribute for attribute, and what we make of what Java writes.
func reportRows(t *testing.T, client *dynamodb.Client) {
	f := newFleet(t, client, t.Name(), false)
	f.version("CLIENT_VERSION_UPGRADE_FROM_2X", false)
	root := fstest.MapFS{"proc/stat": {Data: []byte("cpu 0 0 0 100 0 0\n")}}
	table := f.open(Options{Root: root})
	if _, err := table.Regime(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		root["proc/stat"] = &fstest.MapFile{Data: fmt.Appendf(nil, "cpu %d 0 0 %d 0 0\n", (i+1)*(i+2)*5, 100+(i+1)*1000-(i+1)*(i+2)*5)}
		if err := table.Report(t.Context(), "host:1", i == 11); err != nil {
			t.Fatal(err)
		}
	}
	row := f.get("host:1")
	shape := map[string]string{}
	for name, value := range row {
		shape[name] = fmt.Sprintf("%T", value)
	}
	for name, kind := range map[string]string{"leaseKey": "S", "lut": "N", "sts": "M", "opr": "M", "sup": "N", "slu": "N", "entityType": "S", "reportedBy": "S"} {
		if shape[name] != "*types.AttributeValueMember"+kind {
			t.Errorf("attribute %s: got %s, want %s", name, shape[name], kind)
		}
		delete(shape, name)
	}
	if len(shape) > 0 {
		t.Errorf("attributes that Java does not have: %v", shape)
	}
	got := numbers(row["sts"].(*types.AttributeValueMemberM).Value["C"])
	if want := []float64{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -1}[1:]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("values: got %v, want %v: the latest ten, and one that failed", got, want)
	}
	if limits := numbers(row["opr"].(*types.AttributeValueMemberM).Value["C"]); fmt.Sprint(limits) != "[100]" {
		t.Errorf("limits: got %v, want 100", limits)
	}

	now := time.Now()
	put := func(worker string, change func(item)) {
		row := javaReport("leaseKey", worker, now)
		change(row)
		f.put(row)
	}
	empty := &types.AttributeValueMemberM{Value: item{}}
	put("good", func(item) {})
	put("default", func(r item) { r["sts"], r["opr"] = empty, empty })
	put("failing", func(r item) { r["sts"].(*types.AttributeValueMemberM).Value["M"] = javaList("-1") })
	put("no limit", func(r item) { r["opr"] = empty })
	put("limit 0", func(r item) { r["opr"].(*types.AttributeValueMemberM).Value["C"] = javaList("0") })
	put("no samples", func(r item) { delete(r, "sts") })
	put("no time", func(r item) { delete(r, "lut") })
	put("not a list", func(r item) { r["sts"].(*types.AttributeValueMemberM).Value["C"] = text("fast") })
	want := map[string]string{
		"good": "true", "default": "true", "failing": "false", "no limit": "false", "limit 0": "false", "no samples": "false", "not a list": "false",
		"host:1": "false ours",
	}
	all, err := f.open(Options{}).Reports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		got := fmt.Sprint(r.Able)
		if r.Ours {
			got += " ours"
		}
		if got != want[r.Worker] || r.Updated.Unix() < now.Unix()-60 || r.Place != f.table {
			t.Errorf("report %+v: got %s, want %s", r, got, want[r.Worker])
		}
		delete(want, r.Worker)
	}
	if len(want) > 0 {
		t.Errorf("reports not seen: %v", want)
	}
	// A lease is never made a report.
	f.put(javaRow("shard", "w", "1", 3))
	if err := table.Report(t.Context(), "shard", false); err == nil {
		t.Error("a report over a lease: got no error")
	}
	f.is("shard", javaRow("shard", "w", "1", 3))
}

func javaList(n string) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberN{Value: n}}}
}

// lockRows: the item of Amazon's lock client, in both tables, and a lock that a Java leader wrote.
func lockRows(t *testing.T, client *dynamodb.Client) {
	for _, apart := range []bool{false, true} {
		f := newFleet(t, client, fmt.Sprint(t.Name(), apart), apart)
		f.version("CLIENT_VERSION_3X", apart)
		table := f.open(Options{Random: bytes.NewReader(bytes.Repeat([]byte{0xab}, 48))})
		if _, err := table.Regime(t.Context()); err != nil {
			t.Fatal(err)
		}
		place, key := f.raw, "leaseKey"
		if apart {
			place, key = f.states, "key"
		}
		java := item{
			key: text("Leader"), "ownerName": text("java-1"), "leaseDuration": text("120000"), "recordVersionNumber": text("5e1e-1"),
			"data": &types.AttributeValueMemberB{Value: []byte{1}},
		}
		if !apart {
			java["entityType"] = text("LEADER")
		}
		place.put(java)
		seen, err := table.Lock(t.Context())
		if want := (lease.Lock{Owner: "java-1", Version: "5e1e-1", Duration: 2 * time.Minute}); seen != want || err != nil {
			t.Errorf("Lock: got %+v %v, want %+v", seen, err, want)
		}
		if _, err := table.Lead(t.Context(), seen, "go-1"); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			key: "S Leader", "ownerName": "S go-1", "leaseDuration": "S 120000", "recordVersionNumber": "S abababab-abab-4bab-abab-abababababab",
		}
		if !apart {
			want["entityType"] = "S LEADER"
		}
		if got := plain(place.row(key, "Leader")); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("row of the lock: got %v, want %v", got, want)
		}
		java["isReleased"] = text("1")
		place.put(java)
		seen, err = table.Lock(t.Context())
		if err != nil || !seen.Released {
			t.Errorf("Lock of a released item: got %+v %v", seen, err)
		}
		if _, err := table.Lead(t.Context(), seen, "go-1"); err != nil {
			t.Errorf("Lead after a release: %v", err)
		}
	}
}

// kinds: a new lease says its kind where rows of the table do, since KCL 3.5, and not before.
func kinds(t *testing.T, client *dynamodb.Client) {
	for name, row := range map[string]item{
		"2.x": javaRow("other", "", "LATEST", 0),
		"3.5": {"leaseKey": text("Migration3.0"), "entityType": text("CLIENT_VERSION_MIGRATION"), "cv": text("CLIENT_VERSION_3X")},
	} {
		f := newFleet(t, client, t.Name()+name, false)
		f.put(row)
		if err := f.open(Options{}).Create(t.Context(), leasetest.New("shard")); err != nil {
			t.Fatal(err)
		}
		if got := f.get("shard")["entityType"] != nil; got != (name == "3.5") {
			t.Errorf("a new lease in a table of %s says its kind: %v", name, got)
		}
	}
}

// denier answers some operations as a role without the permission.
type denier struct {
	http.RoundTripper
	operation, table string // of a request's header and body
}

func (d denier) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+d.operation) && strings.Contains(string(body), d.table) {
		return &http.Response{
			StatusCode: http.StatusBadRequest, Request: r, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
			Body: io.NopCloser(strings.NewReader(`{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User is not authorized"}`)),
		}, nil
	}
	return d.RoundTripper.RoundTrip(r)
}

func denying(client *dynamodb.Client, operation, table string) *dynamodb.Client {
	o := client.Options()
	o.HTTPClient = &http.Client{Transport: denier{http.DefaultTransport, operation, table}}
	return dynamodb.New(o)
}

// deniedCalls: an error names the permission and what it is for.
func deniedCalls(t *testing.T, client *dynamodb.Client) {
	f := newFleet(t, client, t.Name(), true)
	f.version("CLIENT_VERSION_3X", true)
	f.put(javaRow("shard", "w", "1", 3))
	ctx, known := t.Context(), lease.Lease{Key: "shard", Owner: "w", Counter: 3}
	for _, test := range []struct {
		operation, table string
		call             func(*Table) error
		want             string
	}{
		{"Query", f.table, func(t *Table) error { _, err := t.Assigned(ctx, "w"); return err }, ":table/" + f.table + "/index/LeaseOwnerToLeaseKeyIndex"},
		{"UpdateItem", f.reports.table, func(t *Table) error { return t.Report(ctx, "w", false) }, ":table/" + f.reports.table},
		{"PutItem", f.states.table, func(t *Table) error { _, err := t.Lead(ctx, lease.Lock{}, "w"); return err }, ":table/" + f.states.table},
		{"GetItem", f.states.table, func(t *Table) error { _, err := t.Lock(ctx); return err }, ":table/" + f.states.table},
		{"Scan", f.reports.table, func(t *Table) error { _, err := t.Reports(ctx); return err }, ":table/" + f.reports.table},
		{"UpdateItem", f.table, func(t *Table) error { _, err := t.Renew(ctx, known, 0); return err }, ":table/" + f.table},
		{"Scan", f.table, func(t *Table) error { _, err := t.List(ctx); return err }, ":table/" + f.table},
	} {
		table, err := Open(ctx, denying(client, test.operation, test.table), Options{Table: f.table, Root: fstest.MapFS{}})
		if err != nil {
			t.Fatal(err)
		}
		table.layout = layout{phase: apart}
		err = test.call(table)
		if want := "allow dynamodb:" + test.operation + " on arn:aws:dynamodb:"; !errors.Is(err, lease.ErrSetup) || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), test.want+":") {
			t.Errorf("%s of %s denied: got %v, want ErrSetup, %q and %q", test.operation, test.table, err, want, test.want)
		}
	}
	// Most roles do not know the table of states: a fleet of takers works, and it is said once.
	var log bytes.Buffer
	table, err := Open(ctx, denying(client, "GetItem", f.states.table), Options{Table: f.table, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r, err := table.Regime(ctx); err != nil || r.Assigned {
			t.Errorf("Regime without the permission: got %+v %v, want that of takers", r, err)
		}
	}
	if n := strings.Count(log.String(), "dynamodb:GetItem on"); n != 1 {
		t.Errorf("said %d times, want once:\n%s", n, &log)
	}
	// An index that is not there is said as well.
	makeTable(t, client, t.Name()[len("TestTable/"):]+"-bare", "leaseKey", false)
	bare := fleet{raw: raw{t, client, t.Name()[len("TestTable/"):] + "-bare"}}.open(Options{})
	if _, err := bare.Assigned(ctx, "w"); !errors.Is(err, lease.ErrSetup) || !strings.Contains(err.Error(), ownerIndex) {
		t.Errorf("Assigned without the index: got %v, want ErrSetup with its name", err)
	}
	// Nor is the other table of KCL 3.0 to 3.4.
	makeTable(t, client, bare.name+stateSuffix, "key", false)
	if _, err := bare.Regime(ctx); err != nil {
		t.Fatal(err)
	}
	if err := bare.Report(ctx, "w", false); !errors.Is(err, lease.ErrSetup) || !strings.Contains(err.Error(), bare.name+metricsSuffix) {
		t.Errorf("Report without its table: got %v, want ErrSetup with its name", err)
	}
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
	if drained.Load() == 0 {
		t.Error("nothing was drained when a second worker joined")
	}
	stop2()
	until("the first has all again", func() bool { return len(one.Held()) == leases })
	stop1()
	if lock, err := table.Lock(t.Context()); err != nil || lock.Version != "" {
		t.Errorf("after the end: lock %+v %v, want none", lock, err)
	}
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
