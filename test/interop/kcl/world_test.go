//go:build interop

package kcl

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	region   = "eu-central-1"
	contacts = 40                                   // that take turns
	pace     = 40 * time.Millisecond                // between two records
	failover = 3 * time.Second                      // of all workers
	scan     = 2 * (failover + 25*time.Millisecond) // between two scans of a worker
)

// world is a stream, a lease table, and what has happened in them.
type world struct {
	t        *testing.T
	kinesis  string // endpoint
	dynamodb string // endpoint of the witness
	name     string // of the stream and of the table
	client   *kinesis.Client
	witness  *witness
	random   *rand.Rand
	// rank is what the names of Java workers begin with. Of two owners of leases, 2.x elects the one whose name comes first; those of ours
	// begin with the name of the host.
	rank string

	mu      sync.Mutex
	history history // but for the writes, which the witness has, and the workers
	fleet   []*process
}

// document is what a record says; contact records have these fields and many more.
type document struct {
	Format              string `json:"AWSContactTraceRecordFormatVersion"`
	ContactID           string `json:"ContactId"`
	LastUpdateTimestamp string
	Channel             string
	Number              int
}

// begin makes a stream of some shards with nothing in it and starts to fill it. Filling ends with the test or by calling stop.
func begin(t *testing.T, kinesisURL, dynamodbURL, name string, shards int) (w *world, stop func()) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w = &world{
		t: t, kinesis: kinesisURL, name: name, rank: javaFirst, random: rand.New(rand.NewPCG(seed, 0)),
		history: history{records: map[int]produced{}, shards: map[string][]int{}},
		client:  kinesis.New(kinesis.Options{Region: region, BaseEndpoint: &kinesisURL, Credentials: credentials("producer")}),
	}
	w.witness, w.dynamodb = watch(t, dynamodbURL, name)
	if _, err := w.client.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(int32(shards))}); err != nil {
		t.Fatal(err)
	}
	w.active()
	ctx, cancel := context.WithCancel(t.Context())
	var filling sync.WaitGroup
	filling.Go(func() { w.fill(ctx) })
	stop = func() { cancel(); filling.Wait() }
	t.Cleanup(stop)
	return w, stop
}

func credentials(key string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key, SecretAccessKey: "secret"}, nil
	})
}

// active waits until the stream is.
func (w *world) active() {
	w.t.Helper()
	w.until("the stream is active", time.Minute, func() bool {
		out, err := w.client.DescribeStreamSummary(w.t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &w.name})
		return err == nil && out.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive
	})
}

// fill puts one record after another; those of a contact are in the order of their numbers.
func (w *world) fill(ctx context.Context) {
	every := time.NewTicker(pace)
	defer every.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		contact := fmt.Sprintf("%08d-0000-4000-8000-%012d", n%contacts, n%contacts)
		data, err := json.Marshal(document{"2017-03-10", contact, time.Now().UTC().Format(time.RFC3339), "VOICE", n})
		if err != nil {
			w.t.Error(err)
			return
		}
		// To the end: whether a record that was cut short is in the stream would not be known.
		out, err := w.client.PutRecord(context.WithoutCancel(ctx), &kinesis.PutRecordInput{StreamName: &w.name, PartitionKey: &contact, Data: data})
		if err != nil {
			w.t.Errorf("put a record: %v", err)
			return
		}
		shard := aws.ToString(out.ShardId)
		w.mu.Lock()
		h := &w.history
		h.records[n] = produced{contact, shard, aws.ToString(out.SequenceNumber), len(h.shards[shard])}
		h.shards[shard] = append(h.shards[shard], n)
		w.mu.Unlock()
	}
}

// split splits a shard in the middle of its range while records go on coming.
func (w *world) split(shard string) {
	w.t.Helper()
	out, err := w.client.ListShards(w.t.Context(), &kinesis.ListShardsInput{StreamName: &w.name})
	if err != nil {
		w.t.Fatal(err)
	}
	at := slices.IndexFunc(out.Shards, func(s types.Shard) bool { return *s.ShardId == shard })
	middle := middle(*out.Shards[at].HashKeyRange.StartingHashKey, *out.Shards[at].HashKeyRange.EndingHashKey)
	if _, err := w.client.SplitShard(w.t.Context(), &kinesis.SplitShardInput{StreamName: &w.name, ShardToSplit: &shard, NewStartingHashKey: &middle}); err != nil {
		w.t.Fatal(err)
	}
	w.active()
}

// until waits for something that should happen. Two hundred lines of what the workers wrote explain why it did not.
func (w *world) until(what string, limit time.Duration, is func() bool) {
	w.t.Helper()
	began := time.Now()
	for !is() {
		if time.Since(began) > limit || w.t.Context().Err() != nil {
			w.t.Logf("rows: %v", w.witness.rows())
			w.t.Fatalf("not within %v: %s", limit, what)
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.t.Logf("%5.1f s: %s", time.Since(began).Seconds(), what)
}

// leases are the rows of leases, by shard.
func (w *world) leases() map[string]row {
	all := w.witness.rows()
	for key, r := range all {
		if !r.lease() {
			delete(all, key)
		}
	}
	return all
}

// shared tells whether each of the workers has a shard that is not at its end, and nobody else has one.
func (w *world) shared(workers ...*process) bool {
	has := map[string]int{}
	for _, r := range w.leases() {
		if r.text("checkpoint") != shardEnd {
			has[r.text("leaseOwner")]++
		}
	}
	for _, p := range workers {
		if has[p.id] == 0 {
			return false
		}
	}
	return len(has) == len(workers)
}

// owned tells whether some of the workers have all shards that are not at their end, and nobody else has one.
func (w *world) owned(workers ...*process) bool {
	for _, r := range w.leases() {
		of := func(p *process) bool { return p.id == r.holder() }
		if r.text("checkpoint") != shardEnd && !slices.ContainsFunc(workers, of) {
			return false
		}
	}
	return true
}

// delivered tells whether all that was produced so far has been delivered.
func (w *world) delivered() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	got := map[int]bool{}
	for _, d := range w.history.deliveries {
		got[d.number] = true
	}
	return len(got) == len(w.history.records)
}

// note is called for each record that a worker delivers.
func (w *world) note(d delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.history.deliveries = append(w.history.deliveries, d)
}

// check ends a test: nothing has happened that should not have, and everything that should. kills is how often a worker was killed.
func (w *world) check(kills int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.history
	h.writes, h.workers = w.witness.seen(), map[string]worker{}
	for _, p := range w.fleet {
		h.workers[p.id] = worker{p.kind, p.killed}
	}
	for i, fault := range h.faults() {
		if i == 20 {
			w.t.Error("and more")
			break
		}
		w.t.Error(fault)
	}
	var longest time.Duration
	by, killed, refused := map[bool]int{}, 0, 0
	for _, d := range h.deliveries {
		by[h.workers[d.worker].kind.java()]++
	}
	for id, worker := range h.workers {
		if !worker.killed.IsZero() {
			killed++
		}
		for _, took := range h.takenFrom(id) {
			longest = max(longest, took)
		}
	}
	for _, write := range h.writes {
		if write.refused {
			refused++
		}
	}
	if by[true] == 0 || by[false] == 0 || killed != kills || kills > 0 && longest == 0 {
		w.t.Errorf("%d deliveries by Java workers, %d by ours, %d kills, taken within %v: this run shows nothing", by[true], by[false], killed, longest)
	}
	w.t.Logf("%d records in %d shards; %d deliveries by Java workers, %d by ours; %d writes, %d refused; %d kills, what was left was taken within %v",
		len(h.records), len(h.shards), by[true], by[false], len(h.writes), refused, killed, longest)
}
