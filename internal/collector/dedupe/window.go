// Package dedupe remembers which versions of a record were delivered, so that none is delivered twice and none after a newer one.
//
//	Check(version) ─▶ Deliver ─▶ destination ─▶ Add ─▶ Take ─▶ one state transaction ─▶ Confirm
//	                └▶ Duplicate, Superseded: drop                                        │
//	                                                   at start: Load(chunk), in order ◀──┘
//
// A [Window] is an index in memory over a log of chunks that somebody else keeps (internal/state). Its promises: a version that
// was added is a duplicate for at least the window's length, unless the size bound drops it first, which is counted; what was
// added and not yet confirmed is offered again by the next Take; an entry costs at most 56 bytes of memory. No identity is ever
// here: the caller hands in keyed hashes.
package dedupe

import (
	"encoding/binary"
	"math"
	"math/bits"
	"time"
)

// Version is one version of one record.
type Version struct {
	// ID is a keyed hash of the kind and the ContactId or EventId: what versions are versions of.
	ID [16]byte
	// Time orders the versions of an ID: Unix microseconds, or NoTime.
	Time int64
	// Content is a keyed hash of the record as it was read.
	Content [16]byte
}

// NoTime is the Time of a version that carries none: it is never older or newer than another, only the same or not.
const NoTime int64 = math.MinInt64

// Verdict is what to do with a version.
type Verdict uint8

// The verdicts.
const (
	// Deliver: nothing speaks against it. Two contents under one time are two versions, since the times of contact records
	// resolve only seconds.
	Deliver Verdict = iota
	// Duplicate: this very version was delivered.
	Duplicate
	// Superseded: a newer version was delivered.
	Superseded
)

func (v Verdict) String() string {
	switch v {
	case Duplicate:
		return "duplicate"
	case Superseded:
		return "superseded"
	}
	return "deliver"
}

// Defaults of [Options].
const (
	DefaultLength = 168 * time.Hour
	DefaultMax    = 1_000_000
)

// Options of a Window. A zero field stands for its default.
type Options struct {
	Length time.Duration // how long a delivered version is remembered
	Max    int           // versions remembered at most, up to MaxEntries; the oldest go first
}

// MaxEntries is the largest Max: positions in the window have 24 bits, and some room is needed for what is not committed yet.
const MaxEntries = 8_000_000

// Window holds the delivered versions. It is not safe for concurrent use.
type Window struct {
	length time.Duration
	max    int

	// Entries stand in the order of their Add, from head to tail. Chunks cover them from head to durable; what follows is not
	// in the log yet.
	log                 log
	head, durable, tail pos
	linked              pos // the index knows the entries before this one
	chunks              []chunk
	gone                int       // chunks dropped here and not yet, as far as we know, from the log
	last                time.Time // of the newest Add
	taken               offer
	buffer              []byte // what the last Take returned
	evicted             uint64

	index table
}

// chunk is one value of the log: all entries of one or more commits.
type chunk struct {
	entries     int
	bytes       int
	first, last int64 // when the oldest and the newest commit in it were made, Unix milliseconds
}

// offer is what the last Take returned, for Confirm.
type offer struct {
	to     pos
	extend bool
	chunk  chunk
	gone   int
	valid  bool
}

// New returns an empty window.
func New(options Options) *Window {
	w := &Window{length: options.Length, max: options.Max}
	if w.length <= 0 {
		w.length = DefaultLength
	}
	if w.max <= 0 {
		w.max = DefaultMax
	}
	w.max = min(w.max, MaxEntries)
	return w
}

// Len is how many versions the window holds.
func (w *Window) Len() int { return int((w.tail - w.head) & posMask) }

// Evicted is how many versions the size bound has dropped before their time. Where it grows, Max is too small for the traffic.
func (w *Window) Evicted() uint64 { return w.evicted }

// Check says what to do with a version, given what was delivered. A version that was delivered is a Duplicate even where a newer
// one followed it: a stream that is read again gives duplicates.
func (w *Window) Check(v Version) Verdict {
	w.link()
	newest, ok := w.newest(&v)
	if ok && v.Time != NoTime {
		n := w.log.at(newest)
		switch {
		case n.Time == v.Time && n.Content == v.Content:
			return Duplicate
		case n.Time < v.Time:
			return Deliver // all others of this ID are older still
		}
	}
	if _, seen := w.index.find(exactHash(&v), 0, func(p pos) bool { return *w.log.at(p) == v }); seen {
		return Duplicate
	}
	if ok && v.Time != NoTime && w.log.at(newest).Time > v.Time {
		return Superseded
	}
	return Deliver
}

// Add notes that a version was delivered. A version that the window already answers with Duplicate or Superseded (it was sent
// again by force) is left out: there is nothing to remember.
func (w *Window) Add(v Version, now time.Time) {
	if w.Check(v) != Deliver {
		return
	}
	w.add(v)
	w.last = now
}

// add appends a version.
func (w *Window) add(v Version) {
	w.log.put(w.tail, v)
	w.tail = (w.tail + 1) & posMask
}

// link indexes the entries that are not indexed yet: the last one added, and after Load many.
//
// The index has one slot for each entry. The newest version of an ID stands under the hash of the ID, where one probe answers the
// usual questions; each other one stands under the hash of the whole version, so that thousands of versions of one contact make
// no long chain.
func (w *Window) link() {
	if w.linked == w.tail {
		return
	}
	w.resize()
	for ; w.linked != w.tail; w.linked = (w.linked + 1) & posMask {
		p := w.linked
		v := w.log.at(p)
		if v.Time == NoTime {
			w.index.insert(exactHash(v), 0, p)
			continue
		}
		slot, ok := w.findNewest(v)
		if !ok {
			w.index.insert(idHash(v), newestBit, p)
			continue
		}
		old := w.index.slots[slot] & posMask
		if w.log.at(old).Time > v.Time { // Add leaves such versions out; a log that holds one nevertheless must not turn time back
			w.index.insert(exactHash(v), 0, p)
			continue
		}
		w.index.slots[slot] = w.index.slots[slot]&^posMask | p
		w.index.insert(exactHash(w.log.at(old)), 0, old)
	}
}

// resize gives the index room for all entries. It goes through them in the order of their Add and not of their slots: to read
// entries in memory order is several times faster.
func (w *Window) resize() {
	size := w.index.sizeFor(w.Len())
	if size == len(w.index.slots) {
		return
	}
	newest := make([]bool, w.Len()) // by position from head on
	for _, slot := range w.index.slots {
		if slot&newestBit != 0 {
			newest[(slot-w.head)&posMask] = true
		}
	}
	w.index.reset(size)
	for p := w.head; p != w.linked; p = (p + 1) & posMask {
		if v := w.log.at(p); newest[(p-w.head)&posMask] {
			w.index.insert(idHash(v), newestBit, p)
		} else {
			w.index.insert(exactHash(v), 0, p)
		}
	}
}

// forget drops the oldest n entries.
func (w *Window) forget(n int) {
	w.link()
	for range n {
		p := w.head
		v := w.log.at(p)
		this := func(q pos) bool { return q == p }
		slot, ok := w.index.find(idHash(v), newestBit, this)
		if !ok {
			slot, ok = w.index.find(exactHash(v), 0, this)
		}
		if ok {
			w.index.remove(slot, w.slotHash)
		}
		w.head = (w.head + 1) & posMask
		w.log.free(p, w.head)
	}
}

func (w *Window) newest(v *Version) (pos, bool) {
	slot, ok := w.findNewest(v)
	if !ok {
		return 0, false
	}
	return w.index.slots[slot] & posMask, true
}

func (w *Window) findNewest(v *Version) (slot int, ok bool) {
	return w.index.find(idHash(v), newestBit, func(p pos) bool { return w.log.at(p).ID == v.ID })
}

// slotHash is the hash that a slot's entry was indexed under.
func (w *Window) slotHash(slot uint32) uint64 {
	v := w.log.at(slot & posMask)
	if slot&newestBit != 0 {
		return idHash(v)
	}
	return exactHash(v)
}

// The hashes need little mixing: ID and Content are keyed hashes already.
func idHash(v *Version) uint64 { return binary.LittleEndian.Uint64(v.ID[:]) * 0x9e3779b97f4a7c15 }

func exactHash(v *Version) uint64 {
	h := binary.LittleEndian.Uint64(v.ID[8:]) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(v.Content[:]), 32)
	return (h ^ uint64(v.Time)*0xff51afd7ed558ccd) * 0x9e3779b97f4a7c15
}
