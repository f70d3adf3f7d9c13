package dedupe

import "math/bits"

// pos numbers entries in the order of their Add, modulo 2^24. All entries of a window lie within half of that.
type pos = uint32

const (
	posBits = 24
	posMask = 1<<posBits - 1

	// A slot of the table is 0 where it is free, else newestBit or not, seven bits of the hash, and a pos. The hash bits, never
	// all 0, save reading most entries that a probe passes.
	newestBit uint32 = 1 << 31
	tagShift         = posBits
)

// table is an open-addressed hash table of slots. The whole hashes are not in it: who has the entries computes them again.
type table struct {
	slots []uint32 // a power of two
	shift int      // a hash's top bits give its slot
	used  int
}

// tag is what a slot holds of the hash: bits that did not choose the slot.
func tag(hash uint64) uint32 { return (uint32(hash&0x7f) | 1) << tagShift }

// find returns the first slot from the hash on that has the tag and matches. kind is newestBit or 0.
func (t *table) find(hash uint64, kind uint32, match func(p pos) bool) (int, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	want := kind | tag(hash)
	for i := int(hash >> t.shift); ; i = (i + 1) & (len(t.slots) - 1) {
		slot := t.slots[i]
		if slot == 0 {
			return 0, false
		}
		if slot&^posMask == want && match(slot&posMask) {
			return i, true
		}
	}
}

// insert puts an entry in. There must be room.
func (t *table) insert(hash uint64, kind uint32, p pos) {
	i := int(hash >> t.shift)
	for t.slots[i] != 0 {
		i = (i + 1) & (len(t.slots) - 1)
	}
	t.slots[i] = kind | tag(hash) | p
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

// sizeFor returns how many slots keep n entries at most four fifths of them.
func (t *table) sizeFor(n int) int {
	size := max(64, len(t.slots))
	for n*5 > size*4 {
		size *= 2
	}
	return size
}

// reset makes the table an empty one of so many slots.
func (t *table) reset(size int) {
	*t = table{slots: make([]uint32, size), shift: 64 - bits.TrailingZeros(uint(size))}
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
