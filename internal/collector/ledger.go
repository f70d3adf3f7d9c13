package collector

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// ledger knows which records of the batches in flight are settled, and so how far each partition's position may move.
type ledger struct {
	observer Observer
	release  func(*job) // called once for each settled job

	mu         sync.Mutex
	partitions map[strand][]*job // unsettled or in front of one, oldest first
	positions  map[string]string // to be committed
	held       map[Hold]string   // likewise, of batches that have a Hold
	counts     Counts            // of the records that positions have passed, to be committed with them
	total      Counts
	inFlight   int
	dirty      chan struct{} // has a token when something waits for a commit
}

// strand is what positions advance in: a partition, as read under one Hold. A shard that is lost and comes back is another strand,
// so that neither waits for the other.
type strand struct {
	partition string
	hold      Hold
}

func (j *job) strand() strand { return strand{j.batch.Partition, j.batch.Hold} }

func newLedger(o Observer, release func(*job)) *ledger {
	return &ledger{
		observer: o, release: release, partitions: map[strand][]*job{}, positions: map[string]string{}, held: map[Hold]string{},
		dirty: make(chan struct{}, 1),
	}
}

// open enters a batch. Batches of one partition are opened in stream order.
func (l *ledger) open(j *job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := j.strand()
	l.partitions[p] = append(l.partitions[p], j)
	l.inFlight += len(j.items)
	if len(j.items) == 0 {
		l.advance(p)
		l.mark()
	}
}

// settle enters the outcome of items, or that they are revoked. When that is so of all items of a batch, its memory goes back.
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
			l.advance(j.strand())
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
		if first.outcome == revoked {
			l.observer.Revoked(n)
		} else {
			l.observer.Settled(first.outcome, first.stage, n, first.job.read)
		}
		items = items[n:]
	}
}

// advance moves the strand's position over what is settled without a gap. A position whose Hold is lost stays where it is: only
// memory is given back.
func (l *ledger) advance(s strand) {
	queue := l.partitions[s]
	if len(queue) > 0 && queue[0].batch.lost() {
		queue = slices.DeleteFunc(queue, func(j *job) bool {
			done := j.settled == len(j.items)
			if done {
				l.release(j)
			}
			return done
		})
		l.keep(s, queue)
		return
	}
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
	l.keep(s, queue)
}

func (l *ledger) keep(s strand, queue []*job) {
	if len(queue) == 0 {
		delete(l.partitions, s)
		return
	}
	l.partitions[s] = queue
}

// note takes down the position behind what j has settled without a gap.
func (l *ledger) note(j *job) {
	switch b := j.batch; {
	case b.Positions == nil:
	case b.Hold != nil:
		l.held[b.Hold] = b.Positions.After(j.prefix - 1)
	case b.Partition != "":
		l.positions[b.Partition] = b.Positions.After(j.prefix - 1)
	}
}

// mark asks for a commit.
func (l *ledger) mark() {
	select {
	case l.dirty <- struct{}{}:
	default:
	}
}

// take returns what has been settled since it was taken last. held are the positions that their Hold is to be told when the rest is
// durable.
func (l *ledger) take() (s Settlement, held map[Hold]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, queue := range l.partitions {
		if queue[0].prefix > 0 && !queue[0].batch.lost() {
			l.note(queue[0])
		}
	}
	s, held = Settlement{Positions: maps.Clone(l.positions), Counts: l.counts}, maps.Clone(l.held)
	clear(l.positions)
	clear(l.held)
	for o, n := range l.counts {
		l.total[o] += n
	}
	l.counts = Counts{}
	return s, held
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
func (silent) Revoked(int)                             {}
func (silent) Committed(time.Duration)                 {}
