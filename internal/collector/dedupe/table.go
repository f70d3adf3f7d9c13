package dedupe

import "math/bits"

// pos numbers entries in the order of their Add, modulo 2^30. All entries of a window lie within a quarter of that.
type pos = uint32

const (
	posBits = 30
	posMask = 1<<posBits - 1

	// A slot of the table is 0 where it is free, else used, perhaps newestBit, and a pos.
	used      uint32 = 1 << 31
	newestBit uint32 = 1 << 30
)

// table is an open-addressed hash table of slots. It stores no hashes: who has the entries computes them again.
type table struct {
	slots []uint32 // a power of two
	shift int      // a hash's top bits give its slot
	used  int
}

// find returns the first slot from the hash on that matches.
func (t *table) find(hash uint64, match func(slot uint32) bool) (int, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	for i := int(hash >> t.shift); ; i = (i + 1) & (len(t.slots) - 1) {
		slot := t.slots[i]
		if slot == 0 {
			return 0, false
		}
		if match(slot) {
			return i, true
		}
	}
}

// insert puts a slot in. There must be room.
func (t *table) insert(hash uint64, slot uint32) {
	i := int(hash >> t.shift)
	for t.slots[i] != 0 {
		i = (i + 1) & (len(t.slots) - 1)
	}
	t.slots[i] = used | slot
	t.used++
}

// remove frees slot i and moves those behind it up, so that no probe ends too early.
func (t *table) remove(i int, hash func(slot uint32) uint64) {
	mask := len(t.slots) - 1
	for j := (i + 1) & mask; t.slots[j] != 0; j = (j + 1) & mask {
		home := int(hash(t.slots[j]) >> t.shift)
		// The slot at j may move to i when i lies between its home and j, going round.
		if (j-home)&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = 0
	t.used--
}

// room makes sure that one more slot keeps the table at most four fifths full.
func (t *table) room(hash func(slot uint32) uint64) {
	if (t.used+1)*5 > len(t.slots)*4 {
		t.resize(max(64, 2*len(t.slots)), hash)
	}
}

// reserve makes room for n more at once.
func (t *table) reserve(n int, hash func(slot uint32) uint64) {
	size := max(64, len(t.slots))
	for (t.used+n)*5 > size*4 {
		size *= 2
	}
	if size > len(t.slots) {
		t.resize(size, hash)
	}
}

func (t *table) resize(size int, hash func(slot uint32) uint64) {
	old := t.slots
	t.slots = make([]uint32, size)
	t.shift = 64 - bits.TrailingZeros(uint(size))
	t.used = 0
	for _, slot := range old {
		if slot != 0 {
			t.insert(hash(slot), slot)
		}
	}
}

// log holds entries by position, in pages that come and go as the window moves on.
type log struct {
	pages []*page // a power of two; page n of the positions is at n modulo the length
	spare *page
}

const (
	pageBits = 12
	pageSize = 1 << pageBits
)

type page [pageSize]Version

func (l *log) at(p pos) *Version {
	return &l.pages[int(p>>pageBits)&(len(l.pages)-1)][p&(pageSize-1)]
}

// put stores the entry that follows all others.
func (l *log) put(p pos, v Version) {
	n := int(p >> pageBits)
	if len(l.pages) == 0 {
		l.pages = make([]*page, 1)
	}
	slot := &l.pages[n&(len(l.pages)-1)]
	if p&(pageSize-1) == 0 && *slot != nil {
		l.grow(n)
		slot = &l.pages[n&(len(l.pages)-1)]
	}
	if *slot == nil {
		if l.spare == nil {
			l.spare = new(page)
		}
		*slot, l.spare = l.spare, nil
	}
	(*slot)[p&(pageSize-1)] = v
}

// grow doubles the room. The pages are those before page next, as many as there is room.
func (l *log) grow(next int) {
	old := l.pages
	l.pages = make([]*page, 2*len(old))
	for i := 1; i <= len(old); i++ {
		n := (next - i) & (posMask >> pageBits)
		l.pages[n&(len(l.pages)-1)] = old[n&(len(old)-1)]
	}
}

// free tells that p is gone and next is now the oldest entry.
func (l *log) free(p, next pos) {
	if p>>pageBits == next>>pageBits {
		return
	}
	slot := &l.pages[int(p>>pageBits)&(len(l.pages)-1)]
	l.spare, *slot = *slot, nil
}
