package redact

// names finds a node by a member's name: an open-addressed table, since one is asked for every member of every record and most
// names are not in it. The zero names is empty.
type names struct {
	slots []slot // a power of two, at most half full
	count int
	marks [4]uint64 // a bit of 256 for each name: see mark
}

type slot struct {
	name string
	node *node
}

// mayHave is false for most names that are not there, and quick.
func (t *names) mayHave(name []byte) bool {
	m := mark(name)
	return t.marks[m>>6]>>(m&63)&1 != 0
}

// mark is made of a name's length and first byte.
func mark(name []byte) uint8 {
	if len(name) == 0 {
		return 0
	}
	return uint8(len(name)) + name[0]*29
}

func (t *names) find(name []byte) *node {
	if t.count == 0 {
		return nil
	}
	mask := uint(len(t.slots) - 1)
	for i := hashName(name) & mask; t.slots[i].node != nil; i = (i + 1) & mask {
		if t.slots[i].name == string(name) {
			return t.slots[i].node
		}
	}
	return nil
}

func (t *names) add(name string, n *node) {
	if 2*(t.count+1) > len(t.slots) {
		old := t.slots
		t.slots = make([]slot, max(8, 2*len(old)))
		for _, s := range old {
			if s.node != nil {
				t.place(s)
			}
		}
	}
	t.place(slot{name, n})
	t.count++
	m := mark([]byte(name))
	t.marks[m>>6] |= 1 << (m & 63)
}

func (t *names) place(s slot) {
	mask := uint(len(t.slots) - 1)
	i := hashName([]byte(s.name)) & mask
	for t.slots[i].node != nil {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

// hashName mixes the length and three bytes: enough for the names of one object.
func hashName(name []byte) uint {
	n := uint(len(name))
	if n == 0 {
		return 0
	}
	h := n*0x9E3779B1 ^ uint(name[0])*0x85EBCA6B ^ uint(name[n-1])*0xC2B2AE35 ^ uint(name[n/2])*0x27D4EB2F
	return h ^ h>>15
}
