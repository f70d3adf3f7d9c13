package dynamo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

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
		{"UpdateItem", f.states.table, func(t *Table) error {
			f.version("CLIENT_VERSION_UPGRADE_FROM_2X", true)
			t.layout.versionAside = true
			return t.Upgrade(ctx, "w")
		}, ":table/" + f.states.table},
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
	f.version("CLIENT_VERSION_3X", true)
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
	makeTable(t, client, path.Base(t.Name())+"-bare", "leaseKey", false)
	bare := fleet{raw: raw{t, client, path.Base(t.Name()) + "-bare"}}.open(Options{})
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
