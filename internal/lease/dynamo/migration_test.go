package dynamo

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trunkline/internal/lease"
	"trunkline/test/emulators"
)

// outside sends requests from a bubble of virtual time to a server of real time: connections live outside of it, and its clock stands
// still while one is waited for.
type outside struct {
	mu       sync.Mutex // one at a time
	requests chan *http.Request
	answers  chan answer
}

type answer struct {
	response *http.Response
	err      error
}

func newOutside(t *testing.T) *outside {
	o := &outside{requests: make(chan *http.Request), answers: make(chan answer)}
	go func() {
		for r := range o.requests {
			response, err := http.DefaultTransport.RoundTrip(r)
			if err == nil {
				var body []byte
				body, err = io.ReadAll(response.Body)
				_ = response.Body.Close()
				response.Body = io.NopCloser(bytes.NewReader(body))
			}
			o.answers <- answer{response, err}
		}
	}()
	t.Cleanup(func() { close(o.requests) })
	return o
}

// RoundTrip passes a copy on: a context of the bubble is not to be waited for outside.
func (o *outside) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	copied := r.WithContext(context.Background())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests <- copied
	a := <-o.answers
	return a.response, a.err
}

// java plays a fleet of KCL 3.5 workers that moves from tables of its own to one table: what its leader waits for, and what it writes.
type java struct {
	fleet
	status string    // of TableMigration3.5, without its prefix
	steady time.Time // since when the next status could be reached
	ahead  bool      // its workers were started again, and report in the lease table
	owners []string
	since  map[string]time.Duration // when each status was reached
	began  time.Time
}

const bake = time.Hour // tableMigrationCompleteBakeTimeSeconds, the least

// minute is what happens each minute.
func (j *java) minute() {
	now := time.Now()
	place, key := j.reports, "wid"
	if j.ahead {
		place, key = j.raw, "leaseKey"
	}
	place.put(javaReport(key, "java-1", now))
	switch j.status {
	case "":
		j.move("INIT")
	case "INIT": // all owners of leases understand what is to come
		j.wait(j.all(func(owner string) bool {
			return j.supports(j.reports, "wid", owner) || j.supports(j.raw, "leaseKey", owner)
		}), time.Hour, "DEPLOYED")
	case "DEPLOYED": // nobody reports in the old table
		if now.Sub(j.began) > j.since["DEPLOYED"]+10*time.Minute {
			j.ahead = true
		}
		old := j.all(func(owner string) bool { return !j.active(j.reports, "wid", owner) })
		j.wait(old && j.all(func(owner string) bool { return j.active(j.raw, "leaseKey", owner) }), 0, "PENDING")
	case "PENDING":
		j.wait(j.all(func(owner string) bool { return j.active(j.raw, "leaseKey", owner) }), bake, "COMPLETE")
	}
}

func (j *java) all(is func(string) bool) bool {
	for _, owner := range append(j.owners, "java-1") {
		if !is(owner) {
			return false
		}
	}
	return true
}

// wait moves on when ready has been true for long enough.
func (j *java) wait(ready bool, long time.Duration, next string) {
	switch {
	case !ready:
		j.steady = time.Time{}
	case j.steady.IsZero():
		j.steady = time.Now()
	}
	if ready && time.Since(j.steady) >= long {
		j.move(next)
	}
}

func (j *java) move(status string) {
	j.status, j.steady = status, time.Time{}
	j.since[status] = time.Since(j.began)
	j.phase("TABLE_MIGRATION_STATUS_" + status)
	if status == "PENDING" { // the states move
		if _, err := j.client.DeleteItem(j.t.Context(), &dynamodb.DeleteItemInput{
			TableName: &j.states.table, Key: item{"key": text("Migration3.0")},
		}); err != nil {
			j.t.Error(err)
		}
		j.version("CLIENT_VERSION_3X", false)
	}
}

func number(row item, name string) int64 {
	r := reader{row: row}
	return r.whole(name, false)
}

// active: a worker counts as reporting for a minute, with some room for ours being written in between.
func (j *java) active(place raw, key, owner string) bool {
	row := place.row(key, owner)
	return row != nil && (key == "wid" || row["entityType"] != nil) && time.Now().Unix()-number(row, "lut") <= 60
}

func (j *java) supports(place raw, key, owner string) bool {
	row := place.row(key, owner)
	return row != nil && number(row, "sup") >= 1 && time.Now().Unix()-number(row, "slu") <= 90
}

// A fleet of Java workers with one of ours among them moves from the tables of KCL 3.0 to one table, with the hour that the first step
// waits and the hour that the last one bakes: nothing waits for our worker, which keeps its lease all the time, and nothing but leases
// is in the lease table before all can read it.
func TestTableMigration(t *testing.T) {
	url := emulators.DynamoDB(t)
	wire := newOutside(t)
	synctest.Test(t, func(t *testing.T) {
		client := dynamodb.New(dynamodb.Options{
			Region: "eu-central-1", BaseEndpoint: &url, HTTPClient: &http.Client{Transport: wire},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
			}),
		})
		j := &java{fleet: newFleet(t, client, "migration", true), owners: []string{"go-1"}, since: map[string]time.Duration{}, began: time.Now()}
		j.version("CLIENT_VERSION_3X", true)
		j.put(javaRow("shard-1", "go-1", "TRIM_HORIZON", 5))
		table := j.open(Options{Root: fstest.MapFS{}})
		// A Java worker leads.
		if _, err := table.Regime(t.Context()); err != nil {
			t.Fatal(err)
		}
		lock, err := table.Lead(t.Context(), lease.Lock{}, "java-1")
		if err != nil {
			t.Fatal(err)
		}
		var begun, ended atomic.Int32
		w, err := lease.New(table, func(ctx context.Context, _ *lease.Tenure) error {
			begun.Add(1)
			<-ctx.Done()
			ended.Add(1)
			return nil
		}, lease.Options{ID: "go-1", Random: rand.New(rand.NewPCG(1, 2)), Policy: lease.Policy{Failover: time.Minute}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		java := &Table{client: client, name: "migration", application: "migration", random: bytes.NewReader(nil), layout: layout{phase: apart}}
		for j.status != "COMPLETE" && time.Since(j.began) < 4*time.Hour {
			time.Sleep(30 * time.Second)
			if lock, err = java.Lead(t.Context(), lock, "java-1"); err != nil {
				t.Fatalf("the Java leader's heartbeat: %v", err)
			}
			time.Sleep(30 * time.Second)
			if lock, err = java.Lead(t.Context(), lock, "java-1"); err != nil {
				t.Fatalf("the Java leader's heartbeat: %v", err)
			}
			j.minute()
			if row := j.get("go-1"); row != nil && !j.ahead && j.status != "PENDING" && j.status != "COMPLETE" {
				t.Fatalf("after %v, in %s: our report is in the lease table", time.Since(j.began), j.status)
			}
		}
		// Ours may be one look at the states and one report late, at each step.
		const late = 4 * time.Minute
		var before time.Duration
		for _, step := range []struct {
			status string
			takes  time.Duration
		}{{"INIT", time.Minute}, {"DEPLOYED", time.Hour}, {"PENDING", 10 * time.Minute}, {"COMPLETE", bake}} {
			got, reached := j.since[step.status]
			if !reached || got-before > step.takes+late {
				t.Errorf("%s was reached (%v) %v after what comes before, want %v", step.status, reached, got-before, step.takes+late)
			}
			before = got
		}
		// The leader is dead now, and its lock in a table that nobody looks at: ours leads in the one table.
		time.Sleep(10 * time.Minute)
		if owner := plain(j.get("Leader"))["ownerName"]; owner != "S go-1" {
			t.Errorf("the lock in the one table has the owner %q, want go-1", owner)
		}
		if begun.Load() != 1 || ended.Load() != 0 || plain(j.get("shard-1"))["leaseOwner"] != "S go-1" {
			t.Errorf("work was begun %d times and ended %d, lease %v; want it held all the time", begun.Load(), ended.Load(), plain(j.get("shard-1")))
		}
		for name, row := range map[string]item{"TableMigration3.5": j.states.row("key", "TableMigration3.5"), "Migration3.0": j.get("Migration3.0")} {
			if got := plain(row)["mb"]; got != "S java-1" {
				t.Errorf("%s was last changed by %s, want java-1", name, got)
			}
		}
		t.Logf("reached: %v", j.since)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}
