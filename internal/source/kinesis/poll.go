package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/awsclient"
	"trunkline/internal/source/kinesis/shards"
)

// The limits of GetRecords for a shard, which all who poll it share.
const (
	worst       = 10<<20 + mostRecords*recordCost // the largest answer
	mostRecords = 10_000
	pace        = 200 * time.Millisecond // five calls a second
	throughput  = 2 << 20                // bytes a second

	iteratorLife = 5*time.Minute - 15*time.Second
	answerTime   = time.Minute // for one answer to come whole
	comfortable  = 1 << 20     // bytes that an answer should have: more is memory, less is calls
	idle         = time.Second // between calls on a shard that has nothing, twice that when it has had nothing for a while
)

// polled is the feed of GetRecords.
type polled struct {
	source *Source
	shard  string
	retry  retry

	from     types.StartingPosition // where to read on, without an iterator
	iterator *string
	since    time.Time // when the service gave it

	notBefore time.Time // of the next call
	average   int       // bytes of a record
	empty     int       // answers without records, in a row
}

func (s *Source) poll(t *task, from types.StartingPosition) *polled {
	return &polled{
		source: s, shard: t.shard, from: from, average: 5 << 10,
		retry: retry{task: t, call: awsclient.Call{Action: "kinesis:GetRecords", Resource: s.o.Stream}},
	}
}

func (p *polled) close() {}

func (p *polled) next(ctx context.Context) (stretch, error) {
	for {
		if err := sleep(ctx, time.Until(p.notBefore)); err != nil {
			return stretch{}, err
		}
		// The room first: to wait for it may take longer than an iterator lives.
		if err := p.source.budget.take(ctx, worst); err != nil {
			return stretch{}, err
		}
		st, err := p.ask(ctx)
		p.source.budget.give(worst - st.cost)
		if err == nil {
			p.retry.worked()
			return st, nil
		}
		if diagnose(err) == stale {
			p.iterator = nil
		}
		wait, ended := p.retry.judge(ctx, err)
		if ended || sleep(ctx, wait) != nil {
			return p.source.forgotten(ctx, p.shard)
		}
	}
}

var errHalfEnd = errors.New("an answer that ends the shard by half: it has only one of no iterator and children")

// ask makes one call.
func (p *polled) ask(ctx context.Context) (stretch, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if p.iterator == nil || time.Since(p.since) > iteratorLife {
		if err := p.renew(ctx); err != nil {
			return stretch{}, err
		}
	}
	sent := time.Now()
	p.notBefore = sent.Add(pace)
	out, err := p.source.o.Client.GetRecords(ctx, &kinesis.GetRecordsInput{
		StreamARN: &p.source.o.Stream, ShardIterator: p.iterator,
		Limit: aws.Int32(int32(min(max(comfortable/p.average, 10), mostRecords))),
	}, once)
	if err != nil {
		return stretch{}, err
	}
	ended := aws.ToString(out.NextShardIterator) == ""
	if ended != (len(out.ChildShards) > 0) {
		return stretch{}, errHalfEnd // the same iterator may bring a better one
	}
	p.iterator, p.since = out.NextShardIterator, time.Now()
	st := stretch{
		records: out.Records, cost: min(bytesOfAll(out.Records), worst), behind: millis(out.MillisBehindLatest),
		ended: ended, children: out.ChildShards,
	}
	p.plan(sent, st)
	return st, nil
}

// plan decides about the call after this one.
func (p *polled) plan(sent time.Time, st stretch) {
	n := len(st.records)
	if n > 0 {
		p.average = max((p.average+st.cost/n)/2, recordCost)
		p.from = shards.After(aws.ToString(st.records[n-1].SequenceNumber))
		p.empty = 0
	} else {
		p.empty++
	}
	bytes := st.cost - n*recordCost // what the service counts
	wait := max(pace, time.Duration(float64(bytes)/throughput*float64(time.Second)))
	if st.behind == 0 {
		wait = max(wait, idle)
		if p.empty > 3 {
			wait = max(wait, 2*idle)
		}
	}
	p.notBefore = sent.Add(wait)
}

// renew gets an iterator for where to read on.
func (p *polled) renew(ctx context.Context) error {
	asked := time.Now()
	out, err := p.source.o.Client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamARN: &p.source.o.Stream, ShardId: &p.shard, ShardIteratorType: p.from.Type,
		StartingSequenceNumber: p.from.SequenceNumber, Timestamp: p.from.Timestamp,
	}, once)
	if err != nil {
		return err
	}
	p.iterator, p.since = out.ShardIterator, time.Now()
	if p.from.Type == types.ShardIteratorTypeLatest {
		// Asked again later, LATEST would skip what has come by then. Clocks differ a little.
		p.from = types.StartingPosition{Type: types.ShardIteratorTypeAtTimestamp, Timestamp: aws.Time(asked.Add(-skew))}
	}
	return nil
}

// skew is how far this machine's clock may be ahead of the service's.
const skew = 10 * time.Second

// once keeps the SDK from trying again: when to do so is decided here.
func once(o *kinesis.Options) { o.Retryer = aws.NopRetryer{} }
