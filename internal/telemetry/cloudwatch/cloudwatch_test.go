package cloudwatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/google/go-cmp/cmp"

	emulator "trunkline/test/emulators/cloudwatch"
)

// recorder is a Client that keeps the requests.
type recorder struct {
	mu    sync.Mutex
	calls [][]string // of each request, its metrics in short
	times []time.Time
	err   error
	takes time.Duration
}

func (r *recorder) PutMetricData(ctx context.Context, in *cloudwatch.PutMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricDataOutput, error) {
	timer := time.NewTimer(r.takes)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, d := range in.MetricData {
		parts := []string{aws.ToString(d.MetricName)}
		for _, dimension := range d.Dimensions {
			parts = append(parts, *dimension.Name+"="+*dimension.Value)
		}
		v := d.StatisticValues
		parts = append(parts, fmt.Sprintf("%s n=%v sum=%v min=%v max=%v", d.Unit, *v.SampleCount, *v.Sum, *v.Minimum, *v.Maximum))
		all = append(all, strings.Join(parts, " "))
	}
	r.calls, r.times = append(r.calls, all), append(r.times, time.Now())
	return &cloudwatch.PutMetricDataOutput{}, r.err
}

func (r *recorder) sent() [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

func newPublisher(t *testing.T, client Client, o Options) *Publisher {
	t.Helper()
	if o.Namespace == "" {
		o.Namespace = "calls"
	}
	p, err := New(client, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run runs a Publisher until stop is called.
func run(t *testing.T, p *Publisher) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

func TestSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var client recorder
		p := newPublisher(t, &client, Options{Level: Summary, Worker: "w1"})
		stop := run(t, p)
		shard := p.Operation("ProcessTask").Shard("shard-1")
		for _, n := range []float64{4, 1, 7} {
			shard.Count(Summary, "RecordsProcessed", n)
		}
		shard.Bytes(Summary, "DataBytesProcessed", 512)
		shard.Time(Summary, "MillisBehindLatest", 1500*time.Microsecond)
		shard.Count(Detailed, "UpdateLease.Success", 1)
		p.Operation("ProcessTask").Shard("shard-2").Count(Summary, "RecordsProcessed", 1)
		p.Operation("RenewAllLeases").Worker().Count(Summary, "CurrentLeases", 2)
		began := time.Now()
		time.Sleep(3 * time.Second)
		p.Operation("TakeLeases").Done(Summary, "", began, true)
		p.Operation("TakeLeases").Done(Summary, "ListLeases", began, false)
		for _, n := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300} {
			shard.Count(Summary, "RecordsProcessed", n)
		}
		shard.Count(None, "nothing", 1)
		time.Sleep(6999 * time.Millisecond)
		if got := client.sent(); len(got) != 0 {
			t.Errorf("before ten seconds: sent %q", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		want := [][]string{{
			"RecordsProcessed Operation=ProcessTask ShardId=shard-1 Count n=3 sum=12 min=1 max=7",
			"DataBytesProcessed Operation=ProcessTask ShardId=shard-1 Bytes n=1 sum=512 min=512 max=512",
			"MillisBehindLatest Operation=ProcessTask ShardId=shard-1 Milliseconds n=1 sum=1.5 min=1.5 max=1.5",
			"RecordsProcessed Operation=ProcessTask ShardId=shard-2 Count n=1 sum=1 min=1 max=1",
			"CurrentLeases Operation=RenewAllLeases WorkerIdentifier=w1 Count n=1 sum=2 min=2 max=2",
			"Success Operation=TakeLeases Count n=1 sum=1 min=1 max=1",
			"Time Operation=TakeLeases Milliseconds n=1 sum=3000 min=3000 max=3000",
			"ListLeases.Success Operation=TakeLeases Count n=1 sum=0 min=0 max=0",
			"ListLeases.Time Operation=TakeLeases Milliseconds n=1 sum=3000 min=3000 max=3000",
		}}
		if diff := cmp.Diff(client.sent(), want); diff != "" {
			t.Errorf("sent, got - want +:\n%s", diff)
		}
		// What was sent is not sent again, and the end sends what there is.
		shard.Count(Summary, "RecordsProcessed", 5)
		stop()
		want = append(want, []string{"RecordsProcessed Operation=ProcessTask ShardId=shard-1 Count n=1 sum=5 min=5 max=5"})
		if diff := cmp.Diff(client.sent(), want); diff != "" {
			t.Errorf("sent at the end, got - want +:\n%s", diff)
		}
	})
}

func TestLevels(t *testing.T) {
	for level, want := range map[Level]int{None: 0, Summary: 1, Detailed: 2} {
		p := newPublisher(t, &recorder{}, Options{Level: level})
		p.Operation("x").Count(Summary, "a", 1)
		p.Operation("x").Count(Detailed, "b", 1)
		if got := len(p.drain()); got != want {
			t.Errorf("level %d: got %d metrics, want %d", level, got, want)
		}
	}
	for text, want := range map[string]Level{"NONE": None, "SUMMARY": Summary, "DETAILED": Detailed} {
		if got, err := ParseLevel(text); got != want || err != nil {
			t.Errorf("ParseLevel(%s): got %v %v, want %v", text, got, err, want)
		}
	}
	if _, err := ParseLevel("summary"); err == nil {
		t.Error("ParseLevel(summary): got no error")
	}
	for _, name := range []string{"", ":x", "AWS/Kinesis", strings.Repeat("x", 256)} {
		if _, err := New(&recorder{}, Options{Namespace: name}); err == nil {
			t.Errorf("namespace %.20q: got no error", name)
		}
	}
}

// Nobody needs to ask whether there are metrics.
func TestNothing(t *testing.T) {
	var p *Publisher
	p.Operation("x").Shard("s").Worker().Count(Summary, "a", 1)
	p.Operation("x").Done(Summary, "a", time.Now(), true)
	Scope{}.Time(Summary, "a", time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.Run(ctx)
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var client recorder
		p := newPublisher(t, &client, Options{Level: Summary})
		for i := range capacity + 3 {
			p.Operation("x").Shard(fmt.Sprint(i)).Count(Summary, "a", 1)
		}
		p.Operation("x").Shard("2").Count(Summary, "a", 1) // it had gone
		run(t, p)()
		calls := client.sent()
		if len(calls) != capacity/batch {
			t.Fatalf("%d requests, want %d", len(calls), capacity/batch)
		}
		first, last := calls[0][0], calls[len(calls)-1][batch-1]
		if want := "a Operation=x ShardId=4 Count n=1 sum=1 min=1 max=1"; first != want {
			t.Errorf("the oldest: got %q, want %q", first, want)
		}
		if want := "a Operation=x ShardId=2 Count n=1 sum=1 min=1 max=1"; last != want {
			t.Errorf("the newest: got %q, want %q", last, want)
		}
	})
}

// A service that does not answer keeps nobody, neither while it runs nor at the end.
func TestSlowService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := recorder{takes: time.Hour}
		p := newPublisher(t, &client, Options{Level: Summary})
		stop := run(t, p)
		for range 100 {
			began := time.Now()
			p.Operation("x").Count(Summary, "a", 1)
			if took := time.Since(began); took > 0 {
				t.Fatalf("a value took %v", took)
			}
			time.Sleep(time.Second)
		}
		began := time.Now()
		stop()
		if took := time.Since(began); took > lastLimit {
			t.Errorf("the end took %v, want at most %v", took, lastLimit)
		}
	})
}

// What is under way when Run is told to end arrives.
func TestEndWaitsForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := recorder{takes: 2 * time.Second}
		p := newPublisher(t, &client, Options{Level: Summary})
		stop := run(t, p)
		p.Operation("x").Count(Summary, "a", 1)
		time.Sleep(every + time.Second)
		p.Operation("x").Count(Summary, "b", 1)
		stop()
		if got := client.sent(); len(got) != 2 {
			t.Errorf("got %q, want a and b", got)
		}
	})
}

func TestSaysOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		client := recorder{err: errors.New("no route")}
		p := newPublisher(t, &client, Options{Level: Summary, Log: slog.New(slog.NewTextHandler(&log, nil))})
		stop := run(t, p)
		for range 5 {
			p.Operation("x").Count(Summary, "a", 1)
			time.Sleep(every + time.Second)
		}
		stop()
		if got := strings.Count(log.String(), "\n"); got != 1 || !strings.Contains(log.String(), "cloudwatch:PutMetricData") {
			t.Errorf("got %d lines, want one that names the call:\n%s", got, log.String())
		}
		if got := len(client.sent()); got != 5 {
			t.Errorf("%d attempts, want 5", got)
		}
	})
}

// TestService is the SDK's client, over the wire.
func TestService(t *testing.T) {
	service := emulator.Start(t)
	var log bytes.Buffer
	client := cloudwatch.New(cloudwatch.Options{
		Region: "eu-central-1", BaseEndpoint: &service.URL, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	p := newPublisher(t, client, Options{Level: Detailed, Worker: "host/1:uuid", Log: slog.New(slog.NewTextHandler(&log, nil))})
	scope := p.Operation("ProcessTask").Shard("shardId-000000000001")
	scope.Time(Summary, "MillisBehindLatest", 2*time.Second)
	scope.Time(Summary, "MillisBehindLatest", 0)
	p.Operation("RenewAllLeases").Worker().Count(Summary, "LostLeases", 0)
	for i := range 200 { // more than the SDK leaves unzipped, 20 at a time
		p.Operation(strings.Repeat("operation ", 100)).Shard(fmt.Sprint(i)).Count(Detailed, "UpdateLease.Success", 1)
	}
	p.publish(t.Context())
	requests := service.Requests()
	if len(requests) != 11 || len(service.Refused()) > 0 || log.Len() > 0 {
		t.Fatalf("got %d requests, want 11; refused %q; log:\n%s", len(requests), service.Refused(), log.String())
	}
	want := []emulator.Datum{
		{
			Namespace: "calls", Name: "MillisBehindLatest", Unit: "Milliseconds", Count: 2, Sum: 2000, Max: 2000,
			Dimensions: map[string]string{"Operation": "ProcessTask", "ShardId": "shardId-000000000001"},
		},
		{
			Namespace: "calls", Name: "LostLeases", Unit: "Count", Count: 1,
			Dimensions: map[string]string{"Operation": "RenewAllLeases", "WorkerIdentifier": "host/1:uuid"},
		},
	}
	if diff := cmp.Diff(requests[0][:2], want); diff != "" {
		t.Errorf("first request, got - want +:\n%s", diff)
	}

	// One request that the service finds a fault in takes no other with it.
	scope.Count(Summary, strings.Repeat("x", 300), 1)
	for i := range batch {
		scope.Count(Summary, fmt.Sprint("metric", i), 1)
	}
	p.publish(t.Context())
	if got := len(service.Requests()); got != 12 || len(service.Refused()) != 1 || !strings.Contains(log.String(), "InvalidParameterValue") {
		t.Errorf("after a request with a fault: %d requests arrived, want 12; refused %q; log:\n%s", got, service.Refused(), log.String())
	}

	log.Reset()
	service.Fail(&emulator.Fault{Status: 403, Code: "AccessDenied", Message: "User: arn:aws:iam::111122223333:user/x is not authorized"})
	p.failing = false
	for range 3 {
		scope.Count(Summary, "a", 1)
		p.publish(t.Context())
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "allow cloudwatch:PutMetricData") {
		t.Errorf("without the permission, got the log:\n%s\nwant one line with: allow cloudwatch:PutMetricData", got)
	}
	service.Fail(nil)
	scope.Count(Summary, "a", 1)
	p.publish(t.Context())
	if got := len(service.Requests()); got != 13 || p.failing {
		t.Errorf("with the permission: %d requests arrived, want 13", got)
	}
}

func BenchmarkCount(b *testing.B) {
	p, err := New(&recorder{}, Options{Namespace: "calls", Level: Summary})
	if err != nil {
		b.Fatal(err)
	}
	scope := p.Operation("ProcessTask").Shard("shardId-000000000001")
	b.ReportAllocs()
	for b.Loop() {
		scope.Count(Summary, "RecordsProcessed", 1)
	}
}
