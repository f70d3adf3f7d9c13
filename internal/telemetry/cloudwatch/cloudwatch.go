// Package cloudwatch publishes metrics to Amazon CloudWatch under the names and dimensions of the Java Kinesis Client Library, for
// those who have alarms and dashboards on them.
//
//	Scope.Count, Time … ─▶ one set of count, sum, minimum, maximum for each metric ─▶ Publisher.Run, every 10 s ─▶ PutMetricData of 20
//
// Its promises: nobody who records a value waits for the network; at most 10,000 metrics are kept, the oldest go first; and nothing
// depends on it: what cannot be published is dropped, and the log says so once, with the permission where one is missing.
package cloudwatch

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"trunkline/internal/awsclient"
)

const (
	every     = 10 * time.Second // between publications, as the Java library
	batch     = 20               // metrics in a request, likewise
	capacity  = 10_000           // metrics that are kept until then, likewise
	callLimit = 20 * time.Second // for one request with its retries
	lastLimit = 5 * time.Second  // for all that is left at the end
	largest   = 1 << 360         // CloudWatch takes no value beyond it
)

// Level is how much is published.
type Level int

// The levels of the Java library, whose default is Detailed.
const (
	None     Level = iota
	Summary        // what alarms stand on
	Detailed       // and what explains it
)

// ParseLevel reads NONE, SUMMARY or DETAILED.
func ParseLevel(text string) (Level, error) {
	switch text {
	case "NONE":
		return None, nil
	case "SUMMARY":
		return Summary, nil
	case "DETAILED":
		return Detailed, nil
	}
	return None, fmt.Errorf("metrics level %q: it is NONE, SUMMARY or DETAILED", text)
}

// Client is what a Publisher calls; *cloudwatch.Client is one.
type Client interface {
	PutMetricData(context.Context, *cloudwatch.PutMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricDataOutput, error)
}

// Options of a Publisher.
type Options struct {
	// Namespace is the application's name: 1 to 255 characters, not AWS's own.
	Namespace string
	Level     Level
	// Worker, where it is set, is the dimension WorkerIdentifier of metrics that have one. The Java library leaves it out by default:
	// each worker that ever was would be a metric of its own, and cost as much.
	Worker string
	// Log gets what could not be published. nil logs nothing.
	Log *slog.Logger
}

// Publisher collects metrics, and publishes them while Run runs. A nil Publisher collects none. Its methods are safe for concurrent use.
type Publisher struct {
	client Client
	o      Options
	log    *slog.Logger

	mu    sync.Mutex
	sets  map[key]*list.Element
	order list.List // of *set, the oldest first

	failing bool // Run's own
}

// key is what values are one metric by.
type key struct {
	operation, shard, worker string
	name                     string
	unit                     types.StandardUnit
}

// set is the values of a metric since the last publication.
type set struct {
	key
	began                time.Time
	count, sum, min, max float64
}

// New makes a Publisher.
func New(client Client, o Options) (*Publisher, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Namespace == "" || len(o.Namespace) > 255 || o.Namespace[0] == ':' || strings.HasPrefix(o.Namespace, "AWS/") {
		return nil, fmt.Errorf("metrics namespace %.300q: it has 1 to 255 characters, and begins neither with a colon nor with AWS/", o.Namespace)
	}
	return &Publisher{client: client, o: o, log: o.Log, sets: map[key]*list.Element{}}, nil
}

// Scope is where metrics belong. Its zero value records nothing.
type Scope struct {
	p   *Publisher
	key key
}

// Operation is the scope of what the Java library calls an operation, such as ProcessTask.
func (p *Publisher) Operation(name string) Scope {
	return Scope{p, key{operation: name}}
}

// Shard is the scope with the dimension ShardId.
func (s Scope) Shard(id string) Scope {
	s.key.shard = id
	return s
}

// Worker is the scope with the dimension WorkerIdentifier, where that is wanted.
func (s Scope) Worker() Scope {
	if s.p != nil {
		s.key.worker = s.p.o.Worker
	}
	return s
}

// Count records a number of things.
func (s Scope) Count(level Level, name string, n float64) {
	s.record(level, name, types.StandardUnitCount, n)
}

// Bytes records a size.
func (s Scope) Bytes(level Level, name string, n int64) {
	s.record(level, name, types.StandardUnitBytes, float64(n))
}

// Time records how long something took, or is behind, in milliseconds.
func (s Scope) Time(level Level, name string, d time.Duration) {
	s.record(level, name, types.StandardUnitMilliseconds, float64(d)/float64(time.Millisecond))
}

// Done records what became of something that began at began: NAME.Success, 1 or 0, and NAME.Time; without a name Success and Time.
func (s Scope) Done(level Level, name string, began time.Time, ok bool) {
	if s.p == nil || level > s.p.o.Level {
		return
	}
	if name != "" {
		name += "."
	}
	success := 0.0
	if ok {
		success = 1
	}
	s.Count(level, name+"Success", success)
	s.Time(level, name+"Time", time.Since(began))
}

func (s Scope) record(level Level, name string, unit types.StandardUnit, value float64) {
	p := s.p
	if p == nil || level == None || level > p.o.Level || math.IsNaN(value) || math.Abs(value) > largest {
		return
	}
	k := s.key
	k.name, k.unit = name, unit
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, found := p.sets[k]; found {
		v := e.Value.(*set)
		v.count++
		v.sum += value
		v.min, v.max = min(v.min, value), max(v.max, value)
		return
	}
	if p.order.Len() >= capacity {
		oldest := p.order.Remove(p.order.Front()).(*set)
		delete(p.sets, oldest.key)
	}
	p.sets[k] = p.order.PushBack(&set{key: k, began: time.Now(), count: 1, sum: value, min: value, max: value})
}

// Run publishes until ctx is done, then what is left, within five seconds. It returns when nothing is under way any more.
func (p *Publisher) Run(ctx context.Context) {
	if p == nil {
		<-ctx.Done()
		return
	}
	// What is under way at the end is not torn off: that would lose it.
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastLimit, cancel) })()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := false; !last; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			last = true
		}
		p.publish(sending)
	}
}

// publish sends what there is. What comes after a request that failed is dropped with it, since the next one would wait as long in
// vain, unless the service found a fault in the request itself.
func (p *Publisher) publish(ctx context.Context) {
	sets := p.drain()
	for len(sets) > 0 {
		n := min(batch, len(sets))
		err := p.put(ctx, sets[:n])
		sets = sets[n:]
		if err == nil {
			p.failing = false
			continue
		}
		if !p.failing {
			explained := awsclient.Call{Action: "cloudwatch:PutMetricData", Resource: "*"}.Explain(ctx, err)
			p.log.Warn("metrics are not published to CloudWatch", "namespace", p.o.Namespace, "error", explained)
		}
		p.failing = true
		if !invalid(err) {
			return
		}
	}
}

// invalid tells whether another request may be better.
func invalid(err error) bool {
	_, value := errors.AsType[*types.InvalidParameterValueException](err)
	_, combination := errors.AsType[*types.InvalidParameterCombinationException](err)
	_, missing := errors.AsType[*types.MissingRequiredParameterException](err)
	return value || combination || missing
}

// drain takes all sets out.
func (p *Publisher) drain() []*set {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*set, 0, p.order.Len())
	for e := p.order.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*set))
	}
	p.order.Init()
	clear(p.sets)
	return all
}

func (p *Publisher) put(ctx context.Context, sets []*set) error {
	input := &cloudwatch.PutMetricDataInput{Namespace: &p.o.Namespace}
	for _, v := range sets {
		input.MetricData = append(input.MetricData, types.MetricDatum{
			MetricName: &v.name, Unit: v.unit, Timestamp: aws.Time(v.began), Dimensions: v.dimensions(),
			StatisticValues: &types.StatisticSet{SampleCount: &v.count, Sum: &v.sum, Minimum: &v.min, Maximum: &v.max},
		})
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	_, err := p.client.PutMetricData(ctx, input)
	return err
}

func (k key) dimensions() (all []types.Dimension) {
	for _, d := range []struct{ name, value string }{
		{"Operation", k.operation}, {"ShardId", k.shard}, {"WorkerIdentifier", k.worker},
	} {
		if d.value != "" {
			all = append(all, types.Dimension{Name: aws.String(d.name), Value: aws.String(d.value)})
		}
	}
	return all
}
