//go:build interop

package kcl

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// history is all that happened on a stream and its lease table. What it says of itself is in faults.
type history struct {
	records    map[int]produced // by the number in the record
	shards     map[string][]int // numbers of the records of a shard, in its order
	deliveries []delivery
	writes     []write
	workers    map[string]worker // by id
}

// produced is a record as the stream took it.
type produced struct {
	contact  string
	shard    string
	sequence string
	index    int // among the records of its shard
}

// delivery is a record that a worker delivered.
type delivery struct {
	at     time.Time // by the worker's clock, which is ours
	worker string
	number int
}

// worker is one process; a worker that is started again is another.
type worker struct {
	kind   kind
	killed time.Time // zero: it was not
}

// tenure is the time for which one worker could act on a lease.
type tenure struct {
	worker, shard string
	from, to      time.Time // to is zero where it lasts
	checkpoint    string    // where it began
}

// faults are what should not have happened. Nothing in here depends on how fast the machine is, but for two limits that tell late from
// never.
func (h *history) faults() []string {
	all := slices.Concat(h.lost(), h.disorder(), h.repeated())
	for _, w := range h.writes {
		all = append(all, h.miswritten(w)...)
	}
	return append(all, h.abandoned()...)
}

// lost: every record is delivered, and what is delivered for the first time is in the order of its contact.
func (h *history) lost() (faults []string) {
	first := map[int]time.Time{}
	for _, d := range h.deliveries {
		if at, again := first[d.number]; !again || d.at.Before(at) {
			first[d.number] = d.at
		}
		if _, known := h.records[d.number]; !known {
			faults = append(faults, fmt.Sprintf("%s delivered record %d, which was never produced", d.worker, d.number))
		}
	}
	latest := map[string]int{}
	for _, n := range slices.Sorted(maps.Keys(h.records)) {
		at, delivered := first[n]
		if !delivered {
			faults = append(faults, fmt.Sprintf("record %d was never delivered: %+v", n, h.records[n]))
			continue
		}
		contact := h.records[n].contact
		if before, any := latest[contact]; any && at.Before(first[before]) {
			faults = append(faults, fmt.Sprintf("contact %s: record %d was delivered before record %d", contact, n, before))
		}
		latest[contact] = n
	}
	return faults
}

// tenures are those of all workers, from the rows as they were written.
func (h *history) tenures() []tenure {
	var all []tenure
	open := map[string]int{} // by shard
	for _, w := range h.writes {
		was, is := w.before.holder(), w.after.holder()
		again := w.takes && w.after.text("leaseOwner") == w.who && w.after.text("checkpointOwner") == ""
		if w.refused || was == is && !again || !w.before.lease() && !w.after.lease() {
			continue // a worker that lost a lease by its own clock may take it again
		}
		if at, held := open[w.key]; held {
			all[at].to = w.done
			delete(open, w.key)
		}
		if is != "" {
			open[w.key] = len(all)
			all = append(all, tenure{worker: is, shard: w.key, from: w.sent, checkpoint: w.after.text("checkpoint")})
		}
	}
	return all
}

// lateBy is for how long a worker may go on after it lost a lease without knowing. Ours holds it for no longer than the failover time
// after its last heartbeat; the rest is for machines that are slow to write down what they did. Java promises nothing.
func lateBy(k kind) time.Duration {
	if k.java() {
		return failover + 20*time.Second
	}
	return failover + 2*time.Second
}

// disorder: each tenure begins behind its checkpoint, leaves nothing out, keeps the order of each contact, and ends in time.
func (h *history) disorder() (faults []string) {
	of := map[string][]*tenure{} // by worker and shard
	for _, t := range h.tenures() {
		of[t.worker+" "+t.shard] = append(of[t.worker+" "+t.shard], &t)
	}
	delivered := map[*tenure]map[string][]int{} // by contact, the indexes within the shard
	for _, d := range slices.SortedStableFunc(slices.Values(h.deliveries), func(a, b delivery) int { return a.at.Compare(b.at) }) {
		r, known := h.records[d.number]
		if !known {
			continue
		}
		var t *tenure
		for _, candidate := range of[d.worker+" "+r.shard] {
			if !d.at.Before(candidate.from) {
				t = candidate
			}
		}
		if t == nil {
			faults = append(faults, fmt.Sprintf("%s delivered record %d of %s before it had the lease", d.worker, d.number, r.shard))
			continue
		}
		if late := d.at.Sub(t.to); !t.to.IsZero() && late > lateBy(h.workers[d.worker].kind) {
			faults = append(faults, fmt.Sprintf("%s delivered record %d of %s %v after it had lost the lease", d.worker, d.number, r.shard, late))
		}
		if delivered[t] == nil {
			delivered[t] = map[string][]int{}
		}
		delivered[t][r.contact] = append(delivered[t][r.contact], r.index)
	}
	for t, contacts := range delivered {
		first, known := h.index(t.shard, t.checkpoint)
		if !known {
			continue // the write says so
		}
		expected := map[string][]int{} // by contact, what the shard has behind the checkpoint
		for _, n := range h.shards[t.shard][min(first+1, len(h.shards[t.shard])):] {
			expected[h.records[n].contact] = append(expected[h.records[n].contact], h.records[n].index)
		}
		for contact, got := range contacts {
			if !follows(got, expected[contact]) {
				faults = append(faults, fmt.Sprintf("%s had %s from %s on at checkpoint %s, and delivered records %v of contact %s, want them as they come in %v",
					t.worker, t.shard, t.from.Format("15:04:05.000"), t.checkpoint, got, contact, expected[contact]))
			}
		}
	}
	return faults
}

// follows tells whether the records of a contact were delivered as they come: from the first on, none left out. A worker may go back,
// as after an answer that was lost; that it does not go back behind a checkpoint is another rule.
func follows(got, all []int) bool {
	next := 0
	for _, index := range got {
		at := slices.Index(all, index)
		if at < 0 || at > next {
			return false
		}
		next = at + 1
	}
	return true
}

// repeated: who has a lease delivers nothing that its checkpoint has passed.
func (h *history) repeated() (faults []string) {
	type change struct {
		write
		index int
	}
	of := map[string][]change{} // by shard
	for _, w := range h.writes {
		if index, known := h.index(w.key, w.after.text("checkpoint")); known && w.after.lease() && !w.refused {
			of[w.key] = append(of[w.key], change{w, index})
		}
	}
	for _, d := range h.deliveries {
		r := h.records[d.number]
		var last change
		for _, c := range of[r.shard] {
			if c.done.After(d.at) {
				break
			}
			last = c
		}
		if last.after.holder() == d.worker && last.index >= r.index {
			faults = append(faults, fmt.Sprintf("%s delivered record %d of %s again, behind its checkpoint: %s", d.worker, d.number, r.shard, last))
		}
	}
	return faults
}

// index is that of the record at a position in its shard: −1 for the beginning, one more than the last has for the end.
func (h *history) index(shard, position string) (index int, known bool) {
	switch position {
	case trimHorizon:
		return -1, true
	case shardEnd:
		return len(h.shards[shard]), true
	}
	for i, n := range h.shards[shard] {
		if h.records[n].sequence == position {
			return i, true
		}
	}
	return -1, false
}

// abandoned: what a killed worker had, others have within the failover time and a few scans; with a leader, within the time for which
// it believes in dead workers. How soon is a matter of slow machines too: the limit tells late from never.
func (h *history) abandoned() (faults []string) {
	for id, w := range h.workers {
		for shard, took := range h.takenFrom(id) {
			if limit := failover + 3*scan + 150*time.Second; took < 0 || took > limit {
				faults = append(faults, fmt.Sprintf("%s was killed (%s) with %s, and nobody had it within %v", id, w.killed.Format("15:04:05"), shard, limit))
			}
		}
	}
	return faults
}

// takenFrom says for each shard that a killed worker had how long it took until another had it; −1 where none ever did.
func (h *history) takenFrom(id string) map[string]time.Duration {
	killed := h.workers[id].killed
	if killed.IsZero() {
		return nil
	}
	took := map[string]time.Duration{}
	for _, t := range h.tenures() {
		switch {
		case t.worker != id && took[t.shard] == -1:
			took[t.shard] = t.from.Sub(killed)
		case t.worker == id && !t.from.After(killed) && (t.to.IsZero() || t.to.After(killed)):
			took[t.shard] = -1
		}
	}
	return took
}
