package deadletter

import (
	"maps"
	"math"
)

// NothingDelivered is the version of a contact of which nothing was delivered since its first dead letter: older than any.
const NothingDelivered int64 = math.MinInt64

// Watch notes, for the contacts with dead letters, the newest version that was delivered since: a dead letter that is older is
// superseded, however long ago that was. Entries of other contacts cost one look-up in a small map. A contact is noted as long as the
// process lives: dead letters leave by a replay only, which is a process of its own. It is not safe for concurrent use.
type Watch struct {
	newest  map[Hash]int64 // Unix microseconds, or NothingDelivered
	changed map[Hash]int64
	taken   map[Hash]int64
}

// NewWatch takes the contacts with dead letters, and the map with them.
func NewWatch(contacts map[Hash]int64) *Watch {
	if contacts == nil {
		contacts = map[Hash]int64{}
	}
	return &Watch{newest: contacts, changed: map[Hash]int64{}}
}

// Add tells that a contact has a dead letter. It is called before a later record of the contact is delivered.
func (w *Watch) Add(contact Hash) {
	if _, ok := w.newest[contact]; !ok && contact != (Hash{}) {
		w.newest[contact] = NothingDelivered
	}
}

// Delivered tells that a version of a contact was delivered, in Unix microseconds.
func (w *Watch) Delivered(contact Hash, version int64) {
	if newest, ok := w.newest[contact]; ok && version > newest {
		w.newest[contact] = version
		w.changed[contact] = version
	}
}

// Newest is what was delivered of a contact since its first dead letter, or NothingDelivered.
func (w *Watch) Newest(contact Hash) int64 {
	if newest, ok := w.newest[contact]; ok {
		return newest
	}
	return NothingDelivered
}

// Len is how many contacts are watched.
func (w *Watch) Len() int { return len(w.newest) }

// Take returns what changed, for the state transaction; nil when nothing did. Once that is durable, call Confirm; without it the
// next Take returns the same again.
func (w *Watch) Take() map[Hash]int64 {
	w.taken = nil
	if len(w.changed) == 0 {
		return nil
	}
	w.taken = maps.Clone(w.changed)
	return w.taken
}

// Confirm tells that what the last Take returned is durable.
func (w *Watch) Confirm() {
	for contact, version := range w.taken {
		if w.changed[contact] == version {
			delete(w.changed, contact)
		}
	}
	w.taken = nil
}
