package collector

import (
	"maps"
	"sync"
	"time"
)

// ledger knows which records of the batches in flight are settled, and so how far each partition's position may move.
type ledger struct {
	observer Observer
	release  func(*job) // called once for each settled job

	mu         sync.Mutex
	partitions map[string][]*job // unsettled or in front of one, oldest first
	positions  map[string]string // to be committed
	counts     Counts            // of the records that positions have passed, to be committed with them
	total      Counts
	inFlight   int
	dirty      chan struct{} // has a token when something waits for a commit
}

func newLedger(o Observer, release func(*job)) *ledger {
	return &ledger{observer: o, release: release, partitions: map[string][]*job{}, positions: map[string]string{}, dirty: make(chan struct{}, 1)}
}

// open enters a batch. Batches of one partition are opened in stream order.
func (l *ledger) open(j *job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := j.batch.Partition
	l.partitions[p] = append(l.partitions[p], j)
	l.inFlight += len(j.items)
	if len(j.items) == 0 {
		l.advance(p)
		l.mark()
	}
}

// settle enters the outcome of items. When the last one of a batch is settled, its memory goes back.
func (l *ledger) settle(items ...*item) {
	if len(items) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(items)
	for _, it := range items {
		j := it.job
		if j.done[it.index] {
			panic("collector: record settled twice") // a checkpoint could be wrong: better no checkpoint
		}
		j.done[it.index] = true
		j.settled++
		l.inFlight--
		if j.settled == len(j.items) || j.prefix == it.index {
			l.advance(j.batch.Partition)
		}
	}
	l.mark()
}

// tell lets the observer know, in runs of items that it cannot tell apart. It comes first: a settled item may be another record.
func (l *ledger) tell(items []*item) {
	for len(items) > 0 {
		first, n := items[0], 1
		for n < len(items) && items[n].outcome == first.outcome && items[n].stage == first.stage && items[n].job == first.job {
			n++
		}
		l.observer.Settled(first.outcome, first.stage, n, first.job.read)
		items = items[n:]
	}
}

// advance moves the partition's position over what is settled without a gap.
func (l *ledger) advance(partition string) {
	queue := l.partitions[partition]
	for len(queue) > 0 {
		j := queue[0]
		for j.prefix < len(j.items) && j.done[j.prefix] {
			l.counts[j.items[j.prefix].outcome]++
			j.prefix++
		}
		if j.prefix < len(j.items) {
			break
		}
		l.note(j)
		queue[0], queue = nil, queue[1:]
		l.release(j)
	}
	if len(queue) == 0 {
		delete(l.partitions, partition)
		return
	}
	l.partitions[partition] = queue
}

// note takes down the position behind what j has settled without a gap.
func (l *ledger) note(j *job) {
	if j.batch.Partition != "" && j.batch.Positions != nil {
		l.positions[j.batch.Partition] = j.batch.Positions.After(j.prefix - 1)
	}
}

// mark asks for a commit.
func (l *ledger) mark() {
	select {
	case l.dirty <- struct{}{}:
	default:
	}
}

// take returns what has been settled since it was taken last.
func (l *ledger) take() Settlement {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, queue := range l.partitions {
		if queue[0].prefix > 0 {
			l.note(queue[0])
		}
	}
	s := Settlement{Positions: maps.Clone(l.positions), Counts: l.counts}
	clear(l.positions)
	for o, n := range l.counts {
		l.total[o] += n
	}
	l.counts = Counts{}
	return s
}

func (l *ledger) summary() (c Counts, inFlight int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for o := range c {
		c[o] = l.total[o] + l.counts[o]
	}
	return c, l.inFlight
}

// silent is the Observer of those who want none.
type silent struct{}

func (silent) Read(int, int)                           {}
func (silent) Settled(Outcome, string, int, time.Time) {}
func (silent) Committed(time.Duration)                 {}
