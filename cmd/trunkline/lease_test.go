package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/shards"
	"trunkline/internal/state"
	"trunkline/test/emulators"
)

// fleetWorker is a worker that shares the river with others, and the folder of its config.
type fleetWorker struct {
	*process
	dir string
}

// pseudonym is the redact.key that workers of a fleet share.
const pseudonym = "PSEUDONYM=0123456789abcdef0123456789abcdef"

// fleetConfig writes the config of a worker that shares the river by a lease table.
func fleetConfig(t testing.TB, r *river, s *sea, table string) (dir string) {
	dir = t.TempDir()
	riverConfig(t, dir, r, s, fmt.Sprintf("aws: {endpoints: {kinesis: %q, dynamodb: %q}}", r.url, table),
		"state: {dynamodb: {failover: 1s}}", "redact: {keep: all, key: env:PSEUDONYM}")
	return dir
}

func startFleet(t testing.TB, dir string) fleetWorker {
	c := collectRiver(dir)
	c.Env = append([]string{pseudonym}, c.Env...)
	return fleetWorker{c.start(t), dir}
}

// operate runs a command of an operator.
func operate(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	p := call{Dir: dir, Args: args, Env: append([]string{pseudonym}, awsKey...)}.run(t)
	// Neither keys nor anything of a record, though records are read to find a place.
	for _, secret := range []string{strings.TrimPrefix(pseudonym, "PSEUDONYM="), strings.TrimPrefix(awsKey[1], "AWS_SECRET_ACCESS_KEY="), "contact-", "skipped-", "VOICE"} {
		if said := p.stdout.String() + p.stderr.String(); secret == "" || strings.Contains(said, secret) {
			t.Errorf("trunkline %s shows %q: %s", strings.Join(args, " "), secret, said)
		}
	}
	return p
}

type leaseLine struct {
	Shard, State, Owner string
	Ours                bool
	Alive               *bool
	Checkpoint          struct{ Position string }
	LagMS               *int64 `json:"lag_ms"`
	Arrived             time.Time
}

type workerLine struct {
	Worker string
	Leases int
}

// leaseLines are what status --leases --output json prints.
type leaseLines struct {
	Worker  string
	States  map[string]int
	Leases  []leaseLine
	Workers []workerLine
	Unknown []string
}

func leasesOf(t testing.TB, dir string, more ...string) (l leaseLines, status int) {
	t.Helper()
	p := operate(t, dir, append([]string{"status", "--leases", "--output", "json"}, more...)...)
	if err := json.Unmarshal([]byte(p.stdout.String()), &l); err != nil {
		t.Fatalf("status --leases prints %q (%v); %s", p.stdout.String(), err, p.stderr.String())
	}
	return l, p.status()
}

// allHeld waits until all leases are held by so many living workers.
func allHeld(t testing.TB, dir string, workers int) leaseLines {
	t.Helper()
	var l leaseLines
	until(t, time.Minute, fmt.Sprintf("%d workers to have all leases", workers), func() bool {
		l, _ = leasesOf(t, dir, "--no-lag")
		return l.States["held"] == len(l.Leases) && len(l.Workers) == workers &&
			!slices.ContainsFunc(l.Leases, func(l leaseLine) bool {
				return l.Alive == nil || !*l.Alive
			})
	})
	return l
}

// putSkipped puts records into the river of which none may ever arrive.
func (r *river) putSkipped(t testing.TB, n int) {
	t.Helper()
	var entries []types.PutRecordsRequestEntry
	for i := range n {
		contact := fmt.Sprintf("skipped-%d-%d", r.sent, i)
		entries = append(entries, types.PutRecordsRequestEntry{Data: []byte(r.version(contact)), PartitionKey: &contact})
	}
	r.mu.Lock()
	r.sent -= n
	r.mu.Unlock()
	r.putRaw(t, entries)
}

// storedLeases writes leases.db: shard 0 was read to its end, shard 1 got into an aggregate, shard 2 is not begun, and shard 3 waits for
// shard 1. The first two are owned by trunkline, which is how the worker with a state file is called.
func storedLeases(dir string) (err error) {
	store, err := state.Open(filepath.Join(dir, "leases.db"), state.Options{Now: time.Now(), Random: rand.Reader})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	ctx, leases := context.Background(), store.Leases()
	for _, l := range []struct {
		lease.Lease
		at lease.Checkpoint
	}{
		{lease.Lease{Key: "shardId-000000000000", Children: []string{"shardId-000000000001", "shardId-000000000002"}}, lease.Checkpoint{Position: shards.End}},
		{lease.Lease{Key: "shardId-000000000001", Parents: []string{"shardId-000000000000"}}, lease.Checkpoint{Position: "49680480970964784907470742441567", Sub: 3}},
		{lease.Lease{Key: "shardId-000000000002", Parents: []string{"shardId-000000000000"}}, lease.Checkpoint{}},
		{lease.Lease{Key: "shardId-000000000003", Parents: []string{"shardId-000000000001"}}, lease.Checkpoint{}},
	} {
		l.Checkpoint = lease.Checkpoint{Position: shards.TrimHorizon}
		if err := leases.Create(ctx, l.Lease); err != nil || l.at == (lease.Checkpoint{}) {
			if err != nil {
				return err
			}
			continue
		}
		taken, err := leases.Take(ctx, l.Lease, "trunkline")
		if err == nil {
			_, err = leases.Checkpoint(ctx, taken, l.at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// TestLeaseCommands is what an operator does with the leases of two workers that share a stream: look, release, reset.
func TestLeaseCommands(t *testing.T) {
	r, s, table := newRiver(t, 4), newSea(t), emulators.DynamoDB(t)
	a := startFleet(t, fleetConfig(t, r, s, table))
	r.put(t, 40, 200)
	s.all(t, r, a.process)
	b := startFleet(t, fleetConfig(t, r, s, table))
	both := allHeld(t, a.dir, 2)
	ours := 0
	for _, l := range both.Leases {
		if l.Ours {
			ours++
		}
		if l.Ours != (l.Owner == both.Worker) {
			t.Errorf("lease %+v: ours, and the worker is %s", l, both.Worker)
		}
	}
	if ours == 0 || ours == 4 {
		t.Errorf("%d of 4 leases are marked as those of the worker that was asked", ours)
	}
	text := operate(t, a.dir, "status", "--leases")
	text.want(t, 0)
	for _, want := range []string{"SHARD", " (here)", "lease table trunkline: 4 leases, 2 workers (2 alive); 4 held"} {
		if !strings.Contains(text.stdout.String(), want) {
			t.Errorf("status --leases lacks %q:\n%s", want, text.stdout.String())
		}
	}

	// Released, and taken again.
	shard := both.Leases[0].Shard
	p := operate(t, a.dir, "lease", "release", shard, "--yes")
	p.want(t, 0)
	if want := shard + ": released by "; !strings.HasPrefix(p.stdout.String(), want) {
		t.Errorf("lease release prints %q, want %q and by whom", p.stdout.String(), want)
	}
	both = allHeld(t, a.dir, 2)
	most := slices.MaxFunc(both.Workers, func(a, b workerLine) int { return cmp.Compare(a.Leases, b.Leases) })
	operate(t, a.dir, "lease", "release", "--owner", most.Worker, "--yes").want(t, 0)
	allHeld(t, a.dir, 2)
	r.put(t, 40, 100)
	s.all(t, r, a.process, b.process)

	// Not from under a living worker, unless told so; then everything comes again, under its old keys.
	p = operate(t, a.dir, "lease", "reset", "--all", "--to", "trim_horizon", "--yes")
	p.want(t, 1)
	if said := p.stderr.String(); !strings.Contains(said, "living workers have ") || !strings.Contains(said, "watching for up to 1.2s") || p.stdout.String() != "" {
		t.Errorf("lease reset of living workers says %q and prints %q", said, p.stdout.String())
	}
	after, _ := leasesOf(t, a.dir, "--no-lag", "--now")
	for _, l := range after.Leases {
		if l.Checkpoint.Position == shards.TrimHorizon {
			t.Errorf("a reset that was refused moved the checkpoint of %s", l.Shard)
		}
	}
	_, again := s.count()
	p = operate(t, a.dir, "lease", "reset", "--all", "--to", "trim_horizon", "--yes", "--force")
	p.want(t, 0)
	until(t, time.Minute, "all records to come again", func() bool { _, now := s.count(); return now-again >= r.sent })
	s.all(t, r, a.process, b.process)

	// Of stopped workers: latest skips what waits, and what comes behind it is read.
	stopRiver(t, a.process)
	b.kill()
	r.putSkipped(t, 20)
	p = operate(t, a.dir, "lease", "reset", "--all", "--to", "latest", "--yes", "--output", "json")
	p.want(t, 0)
	if got := strings.Count(p.stdout.String(), `"outcome":"reset"`); got != 4 || strings.Count(p.stdout.String(), `"direction":"forward"`) != 4 {
		t.Errorf("lease reset --to latest resets %d leases, want 4 forward: %s", got, p.stdout.String())
	}
	dead, status := leasesOf(t, a.dir)
	if dead.States["free"] != 4 || status != 0 || len(dead.Workers) != 0 {
		t.Errorf("without workers: status %d, %+v, want 4 free leases and status 0", status, dead)
	}
	for _, l := range dead.Leases {
		if l.LagMS == nil || *l.LagMS != 0 || l.Arrived.IsZero() {
			t.Errorf("a lease at the end of its shard: %+v, want a lag of 0 and an arrival", l)
		}
	}
	r.put(t, 40, 100)
	came, again := s.count()
	a = startFleet(t, a.dir)
	s.all(t, r, a.process)
	if now, more := s.count(); now-came != 100 || more != again {
		t.Errorf("after a reset to latest %d new records and %d old ones came, want 100 and 0", now-came, more-again)
	}

	// A time: what came at it or later comes again, and nothing else.
	time.Sleep(20 * time.Millisecond)
	then := time.Now().UTC().Format(time.RFC3339Nano)
	time.Sleep(20 * time.Millisecond)
	r.put(t, 40, 80)
	s.all(t, r, a.process)
	stopRiver(t, a.process)
	dry := operate(t, a.dir, "lease", "reset", "--all", "--to", then, "--dry-run")
	dry.want(t, 0)
	_, again = s.count()
	p = operate(t, a.dir, "lease", "reset", "--all", "--to", then, "--yes")
	p.want(t, 0)
	if strings.Count(p.stdout.String(), ": back, records in between come again") != 4 || p.stdout.String() != dry.stdout.String() {
		t.Errorf("lease reset --to %s prints\n%safter a dry run that printed\n%s", then, p.stdout.String(), dry.stdout.String())
	}
	a = startFleet(t, a.dir)
	until(t, time.Minute, "80 records to come again", func() bool { _, now := s.count(); return now-again >= 80 })
	r.put(t, 40, 40)
	s.all(t, r, a.process)
	stopRiver(t, a.process)
	if _, now := s.count(); now-again != 80 {
		t.Errorf("%d records came again, want 80", now-again)
	}
}

// TestLeasesAlone: the leases of a collector with the embedded state are shown while it runs, and changed when it is stopped.
func TestLeasesAlone(t *testing.T) {
	r, s, dir := newRiver(t, 2), newSea(t), t.TempDir()
	riverConfig(t, dir, r, s, fmt.Sprintf("aws: {endpoints: {kinesis: %q}}", r.url))
	r.putRaw(t, []types.PutRecordsRequestEntry{
		{Data: aggregated("contact-of-aggregate", r.version("contact-of-aggregate"), r.version("contact-of-aggregate")), PartitionKey: aws.String("contact-of-aggregate")},
	})
	r.put(t, 20, 50)
	p := collectRiver(dir).start(t)
	s.all(t, r, p)
	l, status := leasesOf(t, dir)
	if status != 0 || l.States["held"] != 2 || l.Worker != "trunkline" || !l.Leases[0].Ours {
		t.Errorf("of a running collector: status %d, %+v", status, l)
	}
	for _, line := range []string{"release --all", "reset --all --to latest"} {
		c := operate(t, dir, append(strings.Fields("lease "+line), "--yes")...)
		c.want(t, 1)
		if want := "leases are changed only while the collector is stopped"; !strings.Contains(c.stderr.String(), want) {
			t.Errorf("lease %s while it runs says %q, want %q", line, c.stderr.String(), want)
		}
	}
	complete := operate(t, dir, "__complete", "lease", "release", "shardId-000000000000", "")
	if want := "shardId-000000000001\n:4\n"; complete.stdout.String() != want {
		t.Errorf("completion prints %q, want %q", complete.stdout.String(), want)
	}
	stopRiver(t, p)
	leasesDenied(t, r, dir)
	complete = operate(t, dir, "__complete", "lease", "reset", "")
	if want := "shardId-000000000000\nshardId-000000000001\n:4\n"; complete.stdout.String() != want {
		t.Errorf("completion prints %q, want %q", complete.stdout.String(), want)
	}
	c := operate(t, dir, "lease", "reset", "--all", "--to", "trim_horizon")
	c.want(t, 2)
	if want := "add --yes to do it"; !strings.Contains(c.stderr.String(), want) {
		t.Errorf("lease reset without a terminal says %q, want %q", c.stderr.String(), want)
	}
	operate(t, dir, "lease", "reset", "--all", "--to", "trim_horizon", "--yes").want(t, 0)
	_, again := s.count()
	p = collectRiver(dir).start(t)
	until(t, time.Minute, "all records to come again", func() bool { _, now := s.count(); return now-again == r.sent })
	stopRiver(t, p)
}

// leasesDenied looks at the leases of a stopped collector without permission for the stream: the lag is not known, and the rest is shown.
func leasesDenied(t *testing.T, r *river, dir string) {
	real, err := url.Parse(r.url)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(real)
	guard := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.HasSuffix(q.Header.Get("X-Amz-Target"), ".GetShardIterator") {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"__type":"AccessDeniedException","message":"User: arn:aws:iam::111122223333:user/ann is not authorized"}`)
			return
		}
		forward.ServeHTTP(w, q)
	}))
	defer guard.Close()
	config := filepath.Join(dir, "trunkline.yaml")
	allowed := read(t, config)
	write(t, config, []byte(strings.ReplaceAll(string(allowed), r.url, guard.URL)))
	defer write(t, config, allowed)
	shown := operate(t, dir, "status", "--leases")
	shown.want(t, 0)
	for _, want := range []string{"shardId-000000000001  free", "not known: lag: kinesis:GetShardIterator on " + riverARN, "; allow kinesis:GetShardIterator on " + riverARN} {
		if got := shown.stdout.String(); strings.Count(got, want) != 1 {
			t.Errorf("status --leases has not once %q:\n%s", want, got)
		}
	}
	reset := operate(t, dir, "lease", "reset", "--all", "--to", "latest", "--yes")
	reset.want(t, 1)
	if want := "allow kinesis:GetShardIterator on " + riverARN; !strings.Contains(reset.stderr.String(), want) || reset.stdout.String() != "" {
		t.Errorf("lease reset says %q and prints %q, want %q and nothing", reset.stderr.String(), reset.stdout.String(), want)
	}
}
