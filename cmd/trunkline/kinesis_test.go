package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/test/emulators"
	"trunkline/test/emulators/cloudwatch"
)

func collectRiver(dir string) call { return call{Dir: dir, Args: []string{"run"}, Env: awsKey} }

// stopRiver ends a worker as Ctrl-C does.
func stopRiver(t testing.TB, p *process) {
	t.Helper()
	p.signal(t, syscall.SIGINT)
	p.wait(t, time.Minute)
	p.want(t, 0)
}

// TestStream reads a stream with one worker and the embedded state: it resumes exactly where it was stopped, follows splits and merges
// while it runs, and takes aggregates apart.
func TestStream(t *testing.T) {
	r, s, dir := newRiver(t, 2), newSea(t), t.TempDir()
	other := strings.Replace(riverARN, "contacts", "none", 1)
	configure(t, dir, "source: {kinesis: {stream: "+other+"}}", fmt.Sprintf("aws: {endpoints: {kinesis: %q}}", r.url))
	collectRiver(dir).run(t).wantComplaint(t, 1, "source.kinesis.stream: "+other+": there is no such stream in this account and region")
	riverConfig(t, dir, r, s, fmt.Sprintf("aws: {endpoints: {kinesis: %q}}", r.url))

	r.put(t, 20, 300)
	p := collectRiver(dir).start(t)
	s.all(t, r, p)
	stopRiver(t, p)
	if _, again := s.count(); again != 0 {
		t.Errorf("%d records came twice", again)
	}

	r.put(t, 20, 100)
	port := fmt.Sprint(emulators.FreePort(t))
	var inner []string
	for range 40 {
		inner = append(inner, r.version("contact-of-aggregate"))
	}
	r.putRaw(t, []types.PutRecordsRequestEntry{{Data: aggregated("contact-of-aggregate", inner...), PartitionKey: aws.String("contact-of-aggregate")}})
	riverConfig(t, dir, r, s, fmt.Sprintf("aws: {endpoints: {kinesis: %q}}", r.url), "observe: {listen: \"127.0.0.1:"+port+"\"}")
	p = collectRiver(dir).start(t)
	s.all(t, r, p)
	if _, again := s.count(); again != 0 {
		t.Errorf("%d records came twice", again)
	}
	if status, page := get(t, "http://127.0.0.1:"+port+"/readyz"); status != 200 {
		t.Errorf("/readyz: %d %s", status, page)
	}
	if _, page := get(t, "http://127.0.0.1:"+port+"/metrics"); !strings.Contains(page, "trunkline_shard_behind_seconds{shard=\"shardId-000000000001\"} 0\n") || !strings.Contains(page, "trunkline_leases_held 2\n") {
		t.Errorf("/metrics lacks the shards:\n%s", page)
	}

	// Resharded while it runs.
	for range 2 {
		r.put(t, 20, 100)
		r.split(t, r.open(t)[0])
		r.put(t, 20, 100)
		open := r.open(t)
		r.merge(t, open[1], open[2])
	}
	r.put(t, 20, 100)
	s.all(t, r, p)

	// Killed: what was not checkpointed comes again, under the same key.
	p.kill()
	r.put(t, 20, 100)
	p = collectRiver(dir).start(t)
	s.all(t, r, p)
	stopRiver(t, p)
	status := trunkline(t, dir, "status")
	for _, want := range []string{"read to its end", "sequence number 4"} {
		if !strings.Contains(status.stdout.String(), want) {
			t.Errorf("status of the stopped worker lacks %q:\n%s", want, status.stdout.String())
		}
	}
}

// TestStreamLetters follows dead letters of a stream: without a recipient they hold positions only, and the records are read again. It
// also looks at what goes to CloudWatch.
func TestStreamLetters(t *testing.T) {
	r, s, dir, watch := newRiver(t, 1), newSea(t), t.TempDir(), cloudwatch.Start(t)
	riverConfig(t, dir, r, s, fmt.Sprintf("aws: {endpoints: {kinesis: %q, cloudwatch: %q}}", r.url, watch.URL),
		"source: {kinesis: {stream: "+riverARN+", cloudwatch: summary}}", "filter: [{\"partitionKey\": [{\"prefix\": \"k\"}]}]")
	s.set(func(s *sea) { s.stern = true })
	key := aws.String("key")
	r.putRaw(t, []types.PutRecordsRequestEntry{
		{Data: []byte("no JSON"), PartitionKey: key},
		{Data: []byte(r.version("good-1")), PartitionKey: key},
		{Data: aggregated("key", r.version("good-2"), r.version("bad-1"), r.version("good-3")), PartitionKey: key},
		{Data: []byte(r.version("bad-2")), PartitionKey: key},
		{Data: []byte(good(9)), PartitionKey: aws.String("other")}, // filtered
	})
	p := collectRiver(dir).start(t)
	until(t, time.Minute, "what is good", func() bool { came, _ := s.count(); return came == 3 })
	until(t, time.Minute, "the dead letters", func() bool {
		return strings.Contains(trunkline(t, dir, "status").stdout.String(), "dead letters waiting for a replay: 3\n")
	})
	stopRiver(t, p)
	sums := map[string]float64{}
	for _, request := range watch.Requests() {
		for _, d := range request {
			sums[d.Namespace+" "+d.Name+" "+d.Dimensions["ShardId"]] += d.Sum
		}
	}
	for _, want := range []string{"trunkline RecordsProcessed shardId-000000000000", "trunkline CurrentLeases "} {
		if sums[want] == 0 {
			t.Errorf("CloudWatch did not get %s, but %v; %q", want, sums, watch.Refused())
		}
	}
	list := call{Dir: dir, Args: []string{"replay", "--list"}, Env: awsKey}.run(t)
	list.want(t, 0)
	for _, want := range []string{"decode", "deliver", "status 422", ", record 1 of its aggregate)", "(shardId-000000000000, sequence number 4"} {
		if !strings.Contains(list.stdout.String(), want) {
			t.Errorf("the list lacks %q:\n%s", want, list.stdout.String())
		}
	}
	s.set(func(s *sea) { s.stern = false })
	replay := call{Dir: dir, Args: []string{"replay"}, Env: awsKey}.run(t)
	replay.want(t, 3) // what is no JSON stays
	if want := "3 dead letters: 2 delivered, 0 filtered, 0 duplicate, 1 failed again"; !strings.Contains(replay.stdout.String(), want) {
		t.Errorf("replay says %s, want %s; %s", replay.stdout.String(), want, replay.stderr.String())
	}
	s.all(t, r)
}

// TestStreamShared lets two workers share a stream by a lease table. Both get shards; one is stopped, one killed, and the other goes on.
func TestStreamShared(t *testing.T) {
	r, s, table := newRiver(t, 4), newSea(t), emulators.DynamoDB(t)
	worker := func() (*process, string) {
		dir := t.TempDir()
		riverConfig(t, dir, r, s, fmt.Sprintf("aws: {endpoints: {kinesis: %q, dynamodb: %q}}", r.url, table),
			"state: {dynamodb: {failover: 1s}}", "redact: {keep: all, key: env:PSEUDONYM}")
		c := collectRiver(dir)
		c.Env = append([]string{"PSEUDONYM=0123456789abcdef0123456789abcdef"}, c.Env...)
		return c.start(t), dir
	}
	a, dirA := worker()
	r.put(t, 40, 200)
	s.all(t, r, a)
	b, _ := worker()
	shards := func(dir string) int {
		return strings.Count(trunkline(t, dir, "status").stdout.String(), "position: shardId-")
	}
	until(t, time.Minute, "the second worker to get its share", func() bool {
		r.put(t, 40, 40)
		time.Sleep(200 * time.Millisecond)
		return shards(dirA) == 2
	})
	s.all(t, r, a, b)
	if _, again := s.count(); again != 0 {
		t.Logf("%d records came twice when leases were stolen", again)
	}
	b.kill()
	r.put(t, 40, 200)
	s.all(t, r, a, b)
	c, dirC := worker()
	r.put(t, 40, 100)
	stopRiver(t, a)
	r.put(t, 40, 100)
	s.all(t, r, a, c)
	until(t, time.Minute, "the last worker to have all", func() bool { return shards(dirC) == 4 })
	stopRiver(t, c)
}

func get(t testing.TB, url string) (status int, page string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
