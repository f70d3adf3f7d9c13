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
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	gocmp "github.com/google/go-cmp/cmp"

	"trunkline/internal/lease"
	"trunkline/test/emulators"
)

func step(cv, by string, at int64) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: item{"cv": text(cv), "mb": text(by), "mts": whole(at)}}
}

// upgrades: the flip as Java's leader makes it, in both places of the row; and what is in the way of it.
func upgrades(t *testing.T, client *dynamodb.Client) {
	const from, to = "CLIENT_VERSION_UPGRADE_FROM_2X", "CLIENT_VERSION_3X_WITH_ROLLBACK"
	for _, apart := range []bool{false, true} {
		f := newFleet(t, client, fmt.Sprint(t.Name(), apart), apart)
		place, key := f.raw, "leaseKey"
		if apart {
			place, key = f.states, "key"
		}
		var history []types.AttributeValue // as long as it may be
		for i := range historyKept {
			history = append(history, step("CLIENT_VERSION_2X", "tool", int64(1000-i)))
		}
		was := item{
			key: text("Migration3.0"), "cv": text(from), "mb": text("java-1"), "mts": whole(1_700_000_000_000), "entityType": text("CLIENT_VERSION_MIGRATION"),
			"h": &types.AttributeValueMemberL{Value: history}, "fromTheFuture": text("kept"),
		}
		place.put(was)
		table := f.open(Options{})
		if r, err := table.Regime(t.Context()); err != nil || !r.Upgrading {
			t.Fatalf("Regime: got %+v %v", r, err)
		}
		before := time.Now().UnixMilli()
		if err := table.Upgrade(t.Context(), "go-1"); err != nil {
			t.Fatal(err)
		}
		got := place.row(key, "Migration3.0")
		at := number(got, "mts")
		if at < before || at > time.Now().UnixMilli() {
			t.Errorf("modified at %d, want the time in milliseconds, %d", at, before)
		}
		want := item{
			key: text("Migration3.0"), "cv": text(to), "mb": text("go-1"), "mts": whole(at), "entityType": was["entityType"],
			"h":             &types.AttributeValueMemberL{Value: append([]types.AttributeValue{step(from, "java-1", 1_700_000_000_000)}, history[:historyKept-1]...)},
			"fromTheFuture": text("kept"),
		}
		if diff := gocmp.Diff(got, want, gocmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("the row after the flip, got - want +:\n%s", diff)
		}
		// Once more, and where somebody has rolled it back: the row stays.
		for _, cv := range []string{to, "CLIENT_VERSION_2X", "CLIENT_VERSION_9X"} {
			f.version(cv, apart)
			if err := table.Upgrade(t.Context(), "go-1"); !errors.Is(err, lease.ErrConflict) {
				t.Errorf("Upgrade of %s: got %v, want ErrConflict", cv, err)
			}
			if got := plain(place.row(key, "Migration3.0")); got["cv"] != "S "+cv || got["mb"] != "S java-1" {
				t.Errorf("after a refused Upgrade: %v, want it as it was", got)
			}
		}
		// A row that Java could not read afterwards is left alone.
		for name, broken := range map[string]types.AttributeValue{"mts": text("x"), "mb": whole(1), "h": text("x")} {
			row := item{key: text("Migration3.0"), "cv": text(from), "mb": text("java-1"), "mts": whole(1), "entityType": was["entityType"]}
			row[name] = broken
			place.put(row)
			if err := table.Upgrade(t.Context(), "go-1"); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("Upgrade of a row with a broken %s: got %v, want an error with its name", name, err)
			}
			if got := plain(place.row(key, "Migration3.0"))["cv"]; got != "S "+from {
				t.Errorf("a broken row was changed to %s", got)
			}
		}
	}
	makeTable(t, client, "upgrades-bare", "leaseKey", false)
	bare := fleet{raw: raw{t, client, "upgrades-bare"}}.open(Options{})
	if err := bare.Prepared(t.Context()); !errors.Is(err, lease.ErrSetup) || !strings.Contains(err.Error(), ownerIndex+" of table upgrades-bare is missing") {
		t.Errorf("Prepared without the index: got %v, want ErrSetup with its name", err)
	}
	if err := bare.Upgrade(t.Context(), "go-1"); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("Upgrade of no migration: got %v, want ErrConflict", err)
	}
	if row := bare.name; len((raw{t, client, row}).get("Migration3.0")) > 0 {
		t.Error("Upgrade made a row")
	}
}

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// virtual is a client in a bubble of virtual time.
func virtual(url string, transport http.RoundTripper) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", BaseEndpoint: &url, HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
}

// Three workers of ours and a Java worker of 3.x that leaves the flip to the one that is elected, on the wire, with all the minutes that
// it takes. A worker of 2.x has a lease at first, which blocks the migration; the one that is elected is killed, and another flips the
// fleet, once.
func TestUpgradeOverWire(t *testing.T) {
	url := emulators.DynamoDB(t)
	wire := newOutside(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, virtual(url, wire), "upgrade", false)
		began := time.Now()
		f.version("CLIENT_VERSION_UPGRADE_FROM_2X", false)
		for i := range 5 {
			f.put(javaRow("shard-"+strconv.Itoa(i), "", "TRIM_HORIZON", 0))
		}
		f.put(javaRow("shard-5", "java-1", "TRIM_HORIZON", 1))
		f.put(javaRow("shard-6", "java-2x", "TRIM_HORIZON", 1))
		var log lines
		join := func(id string, output io.Writer) (kill func()) {
			table := f.open(Options{Root: fstest.MapFS{}})
			w, err := lease.New(table, func(ctx context.Context, _ *lease.Tenure) error {
				<-ctx.Done()
				return nil
			}, lease.Options{
				ID: id, Random: rand.New(rand.NewPCG(1, uint64(len(id)))), Policy: lease.Policy{Failover: time.Minute, MaxLeases: 2},
				Log: slog.New(slog.NewTextHandler(output, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- w.Run(ctx) }()
			return func() {
				cancel()
				if err := <-done; err != nil {
					t.Errorf("Run of %s: %v", id, err)
				}
			}
		}
		// Of five owners the last is elected, of four too, and of three.
		stops := []func(){join("go-1", io.Discard), join("go-2", io.Discard)}
		stopElected := join("x-3", &log)
		alive := func(key, owner string) { // renews what a Java worker has
			row := f.get(key)
			if row["leaseOwner"] == nil || plain(row)["leaseOwner"] != "S "+owner {
				t.Fatalf("%s is not %s's any more: %v", key, owner, plain(row))
			}
			row["leaseCounter"] = whole(number(row, "leaseCounter") + 1)
			f.put(row)
		}
		minutes := func(n int, old bool) {
			for range 2 * n {
				alive("shard-5", "java-1")
				f.put(javaReport("leaseKey", "java-1", time.Now()))
				if old {
					alive("shard-6", "java-2x")
				}
				time.Sleep(30 * time.Second)
			}
		}
		state := func() string { return plain(f.get("Migration3.0"))["cv"] }
		minutes(20, true)
		if got := state(); got != "S CLIENT_VERSION_UPGRADE_FROM_2X" || !strings.Contains(log.String(), "reports of 1 workers: java-2x") {
			t.Fatalf("with an owner that does not report: %s, want it as it was, and who blocks:\n%s", got, log.String())
		}
		// It is gone, and one of ours comes for its lease. The elected one follows it after a while.
		row := f.get("shard-6")
		delete(row, "leaseOwner")
		f.put(row)
		stops = append(stops, join("x-2", &log))
		minutes(8, false)
		stopElected()
		stops = append(stops, join("x-4", &log))
		minutes(5, false)
		if got := state(); got != "S CLIENT_VERSION_UPGRADE_FROM_2X" {
			t.Fatalf("%v: %s, flipped before ten minutes were over for whoever is elected now", time.Since(began), got)
		}
		for state() != "S CLIENT_VERSION_3X_WITH_ROLLBACK" && time.Since(began) < 2*time.Hour {
			minutes(1, false)
		}
		got := f.get("Migration3.0")
		if by := plain(got)["mb"]; state() != "S CLIENT_VERSION_3X_WITH_ROLLBACK" || by != "S x-4" {
			t.Errorf("state %s by %s, want it flipped by x-4\n%s", state(), by, log.String())
		}
		t.Logf("flipped after %v", time.Since(began))
		minutes(10, false)
		if later := f.get("Migration3.0"); fmt.Sprint(plain(later)) != fmt.Sprint(plain(got)) {
			t.Errorf("the row was changed again: %v after %v", plain(later), plain(got))
		}
		for _, stop := range stops {
			stop()
		}
	})
}
