package kinesis

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/shards"
)

// Counts is what happened since the source was opened.
type Counts struct {
	Gained, Lost         uint64 // leases
	Checkpoints, Refused uint64 // refused: the lease was lost
	Throttled, Expired   uint64 // answers of the service; expired: iterators
	Elsewhere            uint64 // aggregates that belong to another shard, and come again there
	Gaps                 uint64 // times that records were lost because the stream had forgotten them
}

type counts struct {
	gained, lost, checkpoints, refused, throttled, expired, elsewhere, gaps atomic.Uint64
}

// Counts of this worker.
func (s *Source) Counts() Counts {
	c := &s.counts
	return Counts{
		Gained: c.gained.Load(), Lost: c.lost.Load(), Checkpoints: c.checkpoints.Load(), Refused: c.refused.Load(),
		Throttled: c.throttled.Load(), Expired: c.expired.Load(), Elsewhere: c.elsewhere.Load(), Gaps: c.gaps.Load(),
	}
}

// Shard is how far a shard was read that this worker has.
type Shard struct {
	ID         string
	Checkpoint lease.Checkpoint // as the table has it
	Ended      bool
	Denied     bool // it cannot be read until a person has put a permission or a key right
	// Behind is the time between the last record fetched and the end of the shard, and known once there was an answer.
	Behind time.Duration
	Known  bool
	// Records and Bytes are about how much that is, by how much came lately in the same time.
	Records, Bytes int64
	// FetchedRecords and FetchedBytes are what was fetched in this tenure, aggregates as one record each.
	FetchedRecords, FetchedBytes int64
}

// Shards are those that this worker has, by id.
func (s *Source) Shards() []Shard {
	s.mu.Lock()
	tasks := make([]*task, 0, len(s.tasks))
	for t := range s.tasks {
		tasks = append(tasks, t)
	}
	s.mu.Unlock()
	all := make([]Shard, 0, len(tasks))
	for _, t := range tasks {
		at := t.tenure.Lease().Checkpoint
		one := Shard{ID: t.shard, Checkpoint: at, Ended: at.Position == shards.End, Denied: t.denied.Load()}
		t.pulse.read(&one)
		all = append(all, one)
	}
	for _, l := range s.worker.Held() {
		if l.Checkpoint.Position == shards.End { // its task has returned
			all = append(all, Shard{ID: l.Key, Checkpoint: l.Checkpoint, Ended: true, Known: true})
		}
	}
	slices.SortFunc(all, func(a, b Shard) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(all, func(a, b Shard) bool { return a.ID == b.ID })
}

// Lag is how far the shards of this worker are behind, about: the bytes that wait in them. known is false before the first answers.
func (s *Source) Lag() (bytes int64, known bool) {
	for _, shard := range s.Shards() {
		bytes += shard.Bytes
		known = known || shard.Known
	}
	return bytes, known
}

// pulse measures what comes from a shard.
type pulse struct {
	mu     sync.Mutex
	known  bool
	behind time.Duration

	// Of what came lately: how much, and the span of its times of arrival. Halved again and again, so that old times fade.
	records, bytes float64
	span           time.Duration
	last           time.Time // arrival of the last record

	totalRecords, totalBytes int64

	fresh int64 // bytes since rate was asked
	asked time.Time
}

func (p *pulse) fetched(st stretch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.behind = true, st.behind
	p.fresh += int64(st.cost)
	for i := range st.records {
		r := &st.records[i]
		if at := r.ApproximateArrivalTimestamp; at != nil {
			if !p.last.IsZero() {
				p.span += max(at.Sub(p.last), 0)
			}
			p.last = *at
		}
		p.records++
		p.bytes += float64(len(r.Data))
		p.totalRecords++
		p.totalBytes += int64(len(r.Data))
	}
	const memory = 10 * time.Minute
	for p.span > memory || p.records > 1e6 {
		p.records, p.bytes, p.span = p.records/2, p.bytes/2, p.span/2
	}
}

// read tells how far the shard is behind.
func (p *pulse) read(into *Shard) {
	p.mu.Lock()
	defer p.mu.Unlock()
	into.Behind, into.Known = p.behind, p.known
	into.FetchedRecords, into.FetchedBytes = p.totalRecords, p.totalBytes
	if p.span <= 0 || p.behind <= 0 {
		return
	}
	share := float64(p.behind) / float64(p.span)
	into.Records, into.Bytes = int64(p.records*share+0.5), int64(p.bytes*share+0.5)
}

// rate is the bytes a second since it was asked last.
func (p *pulse) rate() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	took := now.Sub(p.asked)
	fresh := p.fresh
	p.fresh, p.asked = 0, now
	if took <= 0 || took > time.Hour {
		return 0
	}
	return uint64(float64(fresh) / took.Seconds())
}
