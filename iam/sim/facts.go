package sim

import (
	"slices"
	"strings"
)

// A Context is what the request context says beside principal, action and resource: the condition keys. The zero Context is empty
// and complete: a key that it does not name is absent, but for the keys that every request carries or that follow from the
// principal, which are filled in where their value is known and unknown where it is not.
//
// Names of keys are compared without case, tag keys in them too ("Condition" page of the IAM User Guide: "Condition key names are
// not case-sensitive").
type Context struct {
	// Partial says that the Context lists only a part of the keys: one that it does not name may be there, with any value.
	Partial bool

	list []fact
}

// Set says that the key is present with these values. Without a value it is present as an empty set, which condition operators
// treat as absent. When two calls name the same key in different case and with different values, as two resource tags can, both are
// meant and which of them counts is not known (aws:ResourceTag in the "AWS global condition context keys" page).
func (c *Context) Set(key string, values ...string) {
	c.set(fact{key: newKey(key), state: present, values: slices.Clone(values)}, key)
}

// SetUnknown says that the key may be present, with any value, or absent.
func (c *Context) SetUnknown(key string) { c.set(fact{key: newKey(key), state: perhaps}, key) }

// SetAbsent says that the key is absent, also when every request is documented to carry it.
func (c *Context) SetAbsent(key string) { c.set(fact{key: newKey(key), state: absent}, key) }

func (c *Context) set(f fact, spelling string) {
	f.spelling = spelling
	c.list = slices.Clone(c.list) // a copy of the Context keeps what it has
	for i := range c.list {
		old := &c.list[i]
		if old.name != f.name {
			continue
		}
		twice := old.spelling != spelling && f.state == present && (old.state == somehow || old.state == present && !slices.Equal(old.values, f.values))
		if twice {
			f.state, f.values = somehow, nil
		}
		*old = f
		return
	}
	c.list = append(c.list, f)
}

// A state says what is known of a condition key in a request.
type state uint8

const (
	absent  state = iota
	present       // with known values
	somehow       // present with a value that is not known
	perhaps       // not known whether it is present
)

// A fact is what is known of one condition key.
type fact struct {
	key
	state    state
	spelling string
	values   []string
}

// A key is the name of a condition key in lower case, with its hash.
type key struct {
	name string
	hash uint32
}

func newKey(name string) key {
	name = strings.ToLower(name)
	return key{name, hash(name)}
}

// hash is FNV-1a.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// A table finds facts by key: open addressing, at most half full, no allocation when it is read.
type table struct {
	facts []fact
	slots []uint32 // index into facts plus one
	rest  fact     // what is known of a key that is not in facts
}

func newTable(c *Context) *table {
	t := &table{facts: slices.Clone(c.list)}
	if c.Partial {
		t.rest.state = perhaps
	}
	return t
}

// fill says what is known of a key unless the caller has said it; all of them before seal.
func (t *table) fill(name string, s state, values ...string) {
	k := newKey(name)
	if !slices.ContainsFunc(t.facts, func(f fact) bool { return f.name == k.name }) {
		t.facts = append(t.facts, fact{key: k, state: s, spelling: name, values: values})
	}
}

// seal makes find work.
func (t *table) seal() {
	size := 16
	for size < 2*len(t.facts) {
		size *= 2
	}
	t.slots = make([]uint32, size)
	for i := range t.facts {
		slot := t.facts[i].hash
		for t.slots[slot&uint32(size-1)] != 0 {
			slot++
		}
		t.slots[slot&uint32(size-1)] = uint32(i + 1)
	}
}

// find tells what is known of a key. An empty set counts as absent: "Null … the key exists and its value is not null".
func (t *table) find(k *key) *fact {
	mask := uint32(len(t.slots) - 1)
	for slot := k.hash; ; slot++ {
		i := t.slots[slot&mask]
		if i == 0 {
			return &t.rest
		}
		if f := &t.facts[i-1]; f.hash == k.hash && f.name == k.name {
			return f
		}
	}
}

// known is the state as condition operators see it.
func (f *fact) known() state {
	if f.state == present && len(f.values) == 0 {
		return absent
	}
	return f.state
}
