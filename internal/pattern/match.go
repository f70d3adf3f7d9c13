package pattern

import (
	"math"

	"trunkline/internal/document"
)

// Matcher is the scratch memory to match with one Set. It serves one goroutine at a time, and allocates nothing once it has seen
// events of the usual size.
type Matcher struct {
	set *Set

	leaves  []leaf
	heads   []int32 // by field: the leaf found last, or none
	touched []int32 // the fields that have leaves
	scopes  []scope
	arrays  []int32 // by array of the event that the walk entered: the scope behind those of its elements

	verdicts   []verdict // by condition; of the event at hand
	tried      []bool    // by condition: its branches have been tried
	candidates []int32
	anyOne     bool // the question is whether any pattern matches, not which

	key    []byte // a name with its escapes resolved
	lower  []byte // a string in lower case
	texts  []byte // strings with their escapes resolved
	search search
}

// keepLeaves is the number of leaves that a Matcher keeps room for: one huge event must not hold memory for ever.
const keepLeaves = 1 << 12

// verdict says whether a condition holds for the event.
type verdict uint8

const (
	unknown verdict = iota
	fails
	free  // holds, whatever is chosen for other fields: outside of arrays, or because the field is nowhere
	bound // holds in array elements, or {"exists": false} depends on the element
)

// match walks the event (under dataField, if enveloped) and decides. It returns the index of the first pattern that matches, -1 for
// none. With anyOne set, 0 stands for any.
func (m *Matcher) match(d *document.Document, meta []Meta, enveloped, anyOne bool) (int, error) {
	m.reset()
	switch {
	case enveloped:
		for i := range meta {
			m.addMeta(&meta[i])
		}
		if n := m.set.root.child([]byte(dataField)); n != nil {
			m.walk(d, d.Root(), n, 0)
		}
	case d.Kind(d.Root()) != document.Object:
		return -1, nil
	default:
		m.walk(d, d.Root(), m.set.root, 0)
	}
	return m.decide(anyOne)
}

func (m *Matcher) reset() {
	for _, f := range m.touched {
		m.heads[f] = none
	}
	if cap(m.leaves) > keepLeaves {
		m.leaves, m.scopes, m.arrays, m.texts, m.search = nil, nil, nil, nil, search{}
	}
	m.leaves, m.touched, m.arrays, m.texts = m.leaves[:0], m.touched[:0], m.arrays[:0], m.texts[:0]
	m.scopes = append(m.scopes[:0], scope{parent: none, array: none, end: math.MaxInt32})
	clear(m.verdicts)
	clear(m.tried)
	m.search.reset()
}

// walk collects the leaves in value n, whose path leads to place at, inside array element scope.
func (m *Matcher) walk(d *document.Document, n document.Node, at *node, in int32) {
	switch kind := d.Kind(n); kind {
	case document.Object:
		if len(at.children) == 0 {
			return
		}
		for c, end := d.Children(n); c < end; c = d.After(c) {
			if name, plain := d.Name(c); plain && !at.mayLead(name) {
				continue
			}
			if next := m.step(d, at, c); next != nil {
				m.walk(d, c, next, in)
			}
		}
	case document.Array:
		array := none
		for c, end := d.Children(n); c < end; c = d.After(c) {
			if k := d.Kind(c); k != document.Object && k != document.Array {
				m.add(d, c, k, at, in) // no index: a value in an array goes with every element of it
				continue
			}
			if array == none {
				array = int32(len(m.arrays))
				m.arrays = append(m.arrays, 0)
			}
			element := int32(len(m.scopes))
			m.scopes = append(m.scopes, scope{parent: in, array: array})
			m.walk(d, c, at, element)
			m.scopes[element].end = int32(len(m.scopes))
		}
		if array != none {
			m.arrays[array] = int32(len(m.scopes))
		}
	default:
		m.add(d, n, kind, at, in)
	}
}

// add takes the scalar n as a leaf, if its path is one that patterns name.
func (m *Matcher) add(d *document.Document, n document.Node, kind document.Kind, at *node, in int32) {
	if at.field == none {
		return
	}
	l := m.push(at.field, kind, in)
	switch kind {
	case document.String:
		var plain bool
		if l.text, plain = d.Text(n); !plain {
			from := len(m.texts)
			m.texts = d.AppendText(m.texts, n)
			l.text = m.texts[from:len(m.texts):len(m.texts)]
		}
	case document.Number:
		l.text = d.Raw(n)
	}
}

func (m *Matcher) addMeta(meta *Meta) {
	at := m.set.root.child([]byte(meta.Name))
	if at == nil || at.field == none {
		return
	}
	l := m.push(at.field, document.String, 0)
	if meta.Number {
		l.kind = document.Number
	}
	from := len(m.texts)
	m.texts = append(m.texts, meta.Value...)
	l.text = m.texts[from:len(m.texts):len(m.texts)]
}

// push makes a leaf of the field. It is valid until the next one is made.
func (m *Matcher) push(field int32, kind document.Kind, in int32) *leaf {
	if m.heads[field] == none {
		m.touched = append(m.touched, field)
	}
	m.leaves = append(m.leaves, leaf{kind: kind, scope: in, before: m.heads[field]})
	m.heads[field] = int32(len(m.leaves) - 1)
	return &m.leaves[len(m.leaves)-1]
}

// decide goes from the leaves to the branches they lead to, and tries those.
func (m *Matcher) decide(anyOne bool) (int, error) {
	m.anyOne = anyOne
	best := int32(m.set.patterns) // no pattern from here on is of interest; at 0, the work is done
	if err := m.tryAll(m.set.unindexed, &best); err != nil {
		return -1, err
	}
	for _, f := range m.touched {
		x := m.set.indexes[f]
		if x == nil || best == 0 {
			continue
		}
		if err := m.tryCandidates(x.rest, &best); err != nil {
			return -1, err
		}
		for l := m.heads[f]; l != none && best > 0; l = m.leaves[l].before {
			m.candidates = x.candidates(m.candidates[:0], &m.leaves[l], &m.lower)
			if err := m.tryCandidates(m.candidates, &best); err != nil {
				return -1, err
			}
		}
	}
	if best == int32(m.set.patterns) {
		return -1, nil
	}
	return int(best), nil
}

// tryCandidates tries the branches that those of the conditions which hold lead to, once an event.
func (m *Matcher) tryCandidates(conditions []int32, best *int32) error {
	for _, c := range conditions {
		if m.tried[c] || m.verdict(c) == fails {
			continue
		}
		m.tried[c] = true
		if err := m.tryAll(m.set.conditions[c].leads, best); err != nil {
			return err
		}
	}
	return nil
}

func (m *Matcher) tryAll(branches []int32, best *int32) error {
	for _, b := range branches {
		if err := m.try(b, best); err != nil {
			return err
		}
	}
	return nil
}

// try lowers best to the pattern of branch b when the branch matches.
func (m *Matcher) try(b int32, best *int32) error {
	br := &m.set.branches[b]
	if br.pattern >= *best {
		return nil
	}
	bounds := 0
	for _, c := range br.conditions {
		switch m.verdict(c) {
		case fails:
			return nil
		case bound:
			bounds++
		}
	}
	if bounds > 0 && (bounds > 1 || br.absent) {
		ok, err := m.consistent(br)
		if !ok {
			return err
		}
	}
	if *best = br.pattern; m.anyOne {
		*best = 0
	}
	return nil
}

// verdict judges condition c alone, once an event.
func (m *Matcher) verdict(c int32) verdict {
	if m.verdicts[c] == unknown {
		m.verdicts[c] = m.judge(&m.set.conditions[c])
	}
	return m.verdicts[c]
}

func (m *Matcher) judge(c *condition) verdict {
	head := m.heads[c.field]
	if c.absent && head == none {
		return free
	}
	v, inside := fails, true // no leaf was seen outside of arrays
	for i := head; i != none; i = m.leaves[i].before {
		l := &m.leaves[i]
		if l.scope == 0 {
			inside = false
		} else if v == bound {
			continue
		}
		if c.holds(l) {
			if l.scope == 0 {
				return free
			}
			v = bound
		}
	}
	if c.absent && inside {
		return bound
	}
	return v
}

func (c *condition) holds(l *leaf) bool {
	for _, t := range c.tests {
		if t.holds(l) {
			return true
		}
	}
	return false
}

func filled(n int, v int32) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = v
	}
	return s
}
