package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/test/emulators"
)

const (
	sharedWorkers  = 3
	sharedShards   = 8
	sharedFailover = 2 * time.Second
)

// TestSharedStream has three workers share a stream of eight shards while they are killed, paused so that they wake with stale
// leases, throttled and cut off, and while shards are split and merged. Everything that was put is delivered, each contact in order;
// no worker moves a checkpoint of a lease that is not its own, none moves back; the leases of a dead worker find another.
//
// TRUNKLINE_SEED repeats a run's data and plan, though not the instants that it hits; TRUNKLINE_SOAK=1 disturbs 300 times.
func TestSharedStream(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("TRUNKLINE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("TRUNKLINE_SEED=%s: %v", text, err)
		}
	}
	left, campaign := 20, 20
	if os.Getenv("TRUNKLINE_SOAK") != "" {
		left, campaign = 300, 60
	}
	for ; left > 0 && !t.Failed(); left, seed = left-campaign, seed+1 {
		t.Logf("seed: TRUNKLINE_SEED=%d, %d disturbances to go", seed, left)
		s := newShared(t, seed)
		s.run(min(left, campaign))
	}
}

// shared is one stream, its workers, and what arrives from them.
type shared struct {
	t       *testing.T
	chance  *rand.Rand
	folder  string
	sdk     *kinesis.Client // straight to the server
	stream  string
	reader  *between // what the workers take for Kinesis
	table   *between // what they take for DynamoDB
	leases  *leaseLog
	feed    *feed
	arrived *arrivals
	workers [sharedWorkers]*process
	ids     [sharedWorkers]string // access key ids of the processes
	started int
	dead    int // the worker that takeover has killed, else -1
}

func newShared(t *testing.T, seed uint64) *shared {
	s := &shared{t: t, chance: rand.New(rand.NewPCG(seed, 1)), folder: t.TempDir(), stream: "records", dead: -1}
	awsCredentials := credentials.NewStaticCredentialsProvider("CHECKER", "secret", "")
	stream, table := emulators.Kinesis(t), emulators.DynamoDB(t)
	s.sdk = kinesis.New(kinesis.Options{Region: "eu-west-2", BaseEndpoint: &stream, Credentials: awsCredentials})
	s.leases = newLeaseLog(t, dynamodb.New(dynamodb.Options{Region: "eu-west-2", BaseEndpoint: &table, Credentials: awsCredentials}), "shared")
	s.reader = newBetween(t, stream, rand.New(rand.NewPCG(seed, 2)), map[string][]fault{
		"GetRecords":       {{0.04, "ProvisionedThroughputExceededException"}, {0.02, "ExpiredIteratorException"}, {0.02, cutAfter}},
		"GetShardIterator": {{0.03, "ProvisionedThroughputExceededException"}, {0.02, cutBefore}},
		"ListShards":       {{0.05, "LimitExceededException"}},
	}, nil)
	s.table = newBetween(t, table, rand.New(rand.NewPCG(seed, 3)), map[string][]fault{
		"UpdateItem": {{0.02, "ProvisionedThroughputExceededException"}, {0.02, cutAfter}, {0.01, cutBefore}},
		"Scan":       {{0.05, "ThrottlingException"}},
		"PutItem":    {{0.02, cutAfter}},
	}, s.leases.forward)
	s.arrived = newArrivals(t, rand.New(rand.NewPCG(seed, 4)))

	if _, err := s.sdk.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &s.stream, ShardCount: aws.Int32(sharedShards)}); err != nil {
		t.Fatal(err)
	}
	until(t, time.Minute, "the stream to be made", func() bool { return s.active() })
	s.feed = newFeed(s.sdk, s.stream, rand.New(rand.NewPCG(seed, 5)))
	return s
}

// run disturbs the workers n times while records come, lets them get to the end, and takes stock.
func (s *shared) run(n int) {
	feeding, stopFeeding := context.WithCancel(s.t.Context())
	defer stopFeeding()
	fed := make(chan error, 1)
	go func() { fed <- s.feed.run(feeding) }()
	for i := range s.workers {
		s.start(i)
	}
	until(s.t, 2*time.Minute, "the first records to arrive", func() bool { return s.arrived.count() > 20 })
	for i := range n {
		time.Sleep(time.Duration(200+s.chance.IntN(1300)) * time.Millisecond)
		s.disturb()
		if i%7 == 3 {
			s.reshard()
		}
		if s.t.Failed() {
			return
		}
	}
	stopFeeding()
	if err := <-fed; err != nil {
		s.t.Fatalf("put records: %v", err)
	}
	until(s.t, 3*time.Minute, "all records to arrive", func() bool { return s.arrived.distinct() >= s.feed.count() || s.ended() })
	// What a worker has delivered and not settled is delivered again by the next one.
	until(s.t, 3*time.Minute, "all records to be settled", func() bool { return len(s.leases.unsettled(s.feed)) == 0 || s.ended() })
	took := s.takeover()
	// A worker that stops gives its leases up, but for one that it has just stolen: whom it stole from may not know yet.
	until(s.t, 2*time.Minute, "the leases to stay where they are", func() bool { return s.leases.settledFor() > 4*sharedFailover || s.ended() })
	for _, p := range s.workers {
		p.signal(s.t, syscall.SIGTERM)
	}
	for _, p := range s.workers {
		if p.wait(s.t, time.Minute) != -1 { // the one that was killed
			p.want(s.t, 0)
		}
	}
	defer func() {
		if !s.t.Failed() {
			return
		}
		for i, p := range s.workers {
			text := p.stderr.String()
			s.t.Logf("worker %d says in the end:\n%s", i, text[max(0, len(text)-4000):])
		}
	}()
	s.arrived.check(s.t, s.feed)
	s.leases.check()
	s.t.Logf("%d records, %d requests, %d checkpoints; with a failover time of %v, %d leases of a dead worker had other owners after %v",
		s.feed.count(), s.arrived.count(), s.leases.checkpoints, sharedFailover, took.leases, took.time.Round(10*time.Millisecond))
}

// takeover kills a worker while nothing else happens, and waits until others have its leases.
func (s *shared) takeover() (took struct {
	leases int
	time   time.Duration
},
) {
	s.t.Helper()
	i := 0
	until(s.t, 2*time.Minute, "each lease to have an owner, and the first worker some", func() bool {
		held, free := s.leases.held(s.ids[i])
		took.leases = held
		return held > 0 && free == 0 || s.ended()
	})
	began := time.Now()
	s.dead = i
	s.workers[i].kill()
	// The failover time and a scan, on a machine that may have much else to do.
	until(s.t, 10*sharedFailover+time.Minute, "the leases of a dead worker to find others", func() bool {
		held, free := s.leases.held(s.ids[i])
		return held+free == 0
	})
	took.time = time.Since(began)
	return took
}

// ended tells whether a worker has ended by itself, which it never should.
func (s *shared) ended() bool {
	for i, p := range s.workers {
		if i == s.dead {
			continue
		}
		select {
		case <-p.exited:
			s.t.Fatalf("a worker has ended with status %d:\n%s", p.status(), p.stderr.String())
		default:
		}
	}
	return false
}

// start starts a worker under an access key of its own, by which its calls are told from all others'.
func (s *shared) start(i int) {
	s.started++
	s.ids[i] = fmt.Sprintf("AKIAWORKER%d%04d", i, s.started)
	dir := filepath.Join(s.folder, strconv.Itoa(i))
	write(s.t, filepath.Join(dir, "trunkline.yaml"), fmt.Appendf(nil, `version: 1
source: {kinesis: {stream: "arn:aws:kinesis:eu-west-2:111122223333:stream/%s", application: shared}}
redact: {keep: all, key: env:TRUNKLINE_TEST_KEY}
destination: {http: {url: %q, timeout: 2s, concurrency: 8}}
state: {dynamodb: {failover: %s}}
aws: {region: eu-west-2, endpoints: {kinesis: %q, dynamodb: %q}}
observe: {listen: "off", log: info}
`, s.stream, s.arrived.url, sharedFailover, s.reader.url, s.table.url))
	s.workers[i] = call{Dir: dir, Args: []string{"run"}, Env: []string{
		"AWS_ACCESS_KEY_ID=" + s.ids[i], "AWS_SECRET_ACCESS_KEY=secret", "TRUNKLINE_TEST_KEY=0123456789abcdef",
	}}.start(s.t)
}

// disturb kills a worker and starts it again, at once or after a while, or pauses one for longer than its leases last.
func (s *shared) disturb() {
	i := s.chance.IntN(sharedWorkers)
	p := s.workers[i]
	switch s.chance.IntN(4) {
	case 0:
		p.signal(s.t, syscall.SIGSTOP)
		time.Sleep(sharedFailover + time.Duration(s.chance.IntN(3000))*time.Millisecond)
		p.signal(s.t, syscall.SIGCONT)
		return
	case 1: // a clean end
		p.signal(s.t, syscall.SIGTERM)
		p.wait(s.t, time.Minute)
		p.want(s.t, 0)
	default:
		if !p.kill() {
			s.t.Fatalf("a worker has ended with status %d:\n%s", p.status(), p.stderr.String())
		}
	}
	if s.chance.IntN(3) == 0 {
		time.Sleep(time.Duration(s.chance.IntN(2000)) * time.Millisecond)
	}
	s.start(i)
}

// reshard splits an open shard in the middle, or merges two that lie side by side.
func (s *shared) reshard() {
	s.t.Helper()
	out, err := s.sdk.ListShards(s.t.Context(), &kinesis.ListShardsInput{StreamName: &s.stream})
	if err != nil {
		s.t.Fatal(err)
	}
	var open []types.Shard
	for _, shard := range out.Shards {
		if shard.SequenceNumberRange.EndingSequenceNumber == nil {
			open = append(open, shard)
		}
	}
	one := open[s.chance.IntN(len(open))]
	start, end := number128(*one.HashKeyRange.StartingHashKey), number128(*one.HashKeyRange.EndingHashKey)
	for _, two := range open {
		if s.chance.IntN(2) == 0 && number128(*two.HashKeyRange.StartingHashKey).Cmp(end.Add(end, one128)) == 0 {
			_, err = s.sdk.MergeShards(s.t.Context(), &kinesis.MergeShardsInput{StreamName: &s.stream, ShardToMerge: one.ShardId, AdjacentShardToMerge: two.ShardId})
			s.awaitReshard(err)
			return
		}
		end = number128(*one.HashKeyRange.EndingHashKey)
	}
	middle := start.Add(start, end)
	middle.Rsh(middle, 1)
	_, err = s.sdk.SplitShard(s.t.Context(), &kinesis.SplitShardInput{StreamName: &s.stream, ShardToSplit: one.ShardId, NewStartingHashKey: aws.String(middle.String())})
	s.awaitReshard(err)
}

func (s *shared) awaitReshard(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	until(s.t, time.Minute, "the stream to be resharded", s.active)
}

func (s *shared) active() bool {
	out, err := s.sdk.DescribeStreamSummary(s.t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &s.stream})
	return err == nil && out.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive
}
