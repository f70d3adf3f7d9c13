package collector

import (
	"bytes"
	"errors"
	"hash/maphash"
	"time"

	"trunkline/contact"
	"trunkline/internal/collector/dedupe"
)

// Record is a record on its way through the stages.
type Record struct {
	contact.Record
	Meta []Meta
}

// job is a batch on its way, and what became of its records.
type job struct {
	batch *Batch
	read  time.Time
	ready chan struct{} // closed when items are prepared
	items []item
	out   []byte // the rendered records
	size  int    // bytes of the batch's records

	// The rest belongs to the ledger.
	settled int // items settled
	prefix  int // items settled without a gap from the first one on
	done    []bool
}

// What a batch and a record cost in memory beside the record's text, in bytes: without it, short records would have no bound.
const batchCost, recordCost = 512, 256

// cost is what the job takes of Options.InFlight.
func (j *job) cost() int { return j.size + batchCost + recordCost*len(j.items) }

// item is a record of a job.
type item struct {
	job     *job
	index   int
	outcome Outcome        // Pending: to be delivered
	stage   string         // what ended it
	err     error          // why, for a dead letter
	lo, hi  int            // its rendered form in job.out
	order   uint64         // equal for records that must stay in order
	version dedupe.Version // where the options ask for deduplication or keys
	out     Outgoing
}

func (it *item) raw() []byte { return it.job.batch.Records[it.index].Data }

// preparer takes records through the stages: the work that needs no order, done by several goroutines.
type preparer struct {
	stages  []Stage
	process []func(*Record) error
	ident   *identifier
	of      identity // of the record at hand, as read
	seed    maphash.Seed
	keyed   bool
	dedupe  bool
	record  Record
}

func (c *Collector) preparer() *preparer {
	p := &preparer{stages: c.o.Stages, ident: c.o.Keys.identifier(), seed: c.seed, keyed: c.o.Keyed, dedupe: c.o.Deduplicate}
	for _, s := range p.stages {
		p.process = append(p.process, s.New())
	}
	return p
}

// prepare decides about each record of the job as far as it can be decided out of order, and renders those that go on.
func (p *preparer) prepare(j *job) {
	for i := range j.batch.Records {
		in := &j.batch.Records[i]
		it := &j.items[i]
		it.job, it.index = j, i
		it.lo = len(j.out)
		p.item(it, in)
		it.hi = len(j.out)
	}
	// Only now does out stay where it is.
	for i := range j.items {
		if it := &j.items[i]; it.outcome == Pending {
			it.out.Body = j.out[it.lo:it.hi:it.hi]
		}
	}
}

func (p *preparer) item(it *item, in *Input) {
	fail := func(stage string, err error) { it.outcome, it.stage, it.err = DeadLetter, stage, err }
	if in.Problem != nil {
		fail("source", in.Problem)
		return
	}
	r := &p.record
	if err := r.Parse(in.Data); err != nil {
		fail("decode", err)
		return
	}
	r.Meta = in.Meta
	if r.Kind() == contact.CallNotice {
		it.outcome, it.stage = Filtered, "call notice"
		return
	}
	p.of.take(&r.Record) // now, since stages may change the record
	it.out.Key = in.Key
	it.order = maphash.Bytes(p.seed, r.OrderKey())
	for i, process := range p.process {
		switch err := process(r); {
		case err == nil:
		case errors.Is(err, ErrFiltered):
			it.outcome, it.stage = Filtered, p.stages[i].Name
			return
		case errors.Is(err, ErrSuperseded):
			it.outcome, it.stage = Superseded, p.stages[i].Name
			return
		default:
			fail(p.stages[i].Name, err)
			return
		}
	}
	// What hashes every byte comes last: it is not wanted of records that are filtered.
	if p.dedupe || p.keyed {
		it.version = p.ident.version(&p.of, in.Data)
	}
	if p.keyed && it.out.Key == "" {
		it.out.Key = p.ident.key(&p.of, it.version.Content)
	}
	it.job.out = r.Document().Render(it.job.out)
	oneLine(it.job.out[it.lo:])
}

// oneLine makes line breaks blanks. In JSON they stand between values only: inside of a text they are escaped.
func oneLine(text []byte) {
	for _, c := range []byte("\n\r") {
		for rest := text; ; {
			i := bytes.IndexByte(rest, c)
			if i < 0 {
				break
			}
			rest[i], rest = ' ', rest[i+1:]
		}
	}
}
