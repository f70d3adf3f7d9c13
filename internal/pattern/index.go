package pattern

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"trunkline/internal/document"
)

// index leads from the leaves of one path to the conditions that may hold for them.
type index struct {
	exact    map[string][]int32
	ascii    map[string][]int32 // ASCII texts in lower case that are compared ignoring case
	prefixes byteTrie           // also the beginnings of wildcards
	suffixes byteTrie           // the same from the end
	numbers  intervals
	rest     []int32 // conditions that are tried one by one
	asciiMax int     // length of the longest text in ascii
}

// add files condition c under each of its tests.
func (x *index) add(c int32, tests []test) {
	if slices.ContainsFunc(tests, func(t test) bool { return !x.holds(t) }) {
		x.rest = append(x.rest, c)
		return
	}
	for _, t := range tests {
		switch t := t.(type) {
		case equals:
			x.exact[string(t)] = append(x.exact[string(t)], c)
		case oneOf:
			for s := range t {
				x.exact[s] = append(x.exact[s], c)
			}
		case *foldEquals:
			x.ascii[t.ascii] = append(x.ascii[t.ascii], c)
		case hasPrefix:
			x.prefixes.add(string(t), c)
		case hasSuffix:
			x.suffixes.add(reversed(string(t)), c)
		case *glob:
			if t.head != "" {
				x.prefixes.add(t.head, c)
			} else {
				x.suffixes.add(reversed(t.tail), c)
			}
		case *within:
			x.numbers.spans = append(x.numbers.spans, span{t.lo, t.hi, c})
		}
	}
}

// holds reports whether the index has a place for such a test.
func (x *index) holds(t test) bool {
	switch t := t.(type) {
	case equals, oneOf, hasPrefix, hasSuffix, *within:
		return true
	case *foldEquals:
		return t.ascii != ""
	case *glob:
		return t.head != "" || t.tail != ""
	}
	return false
}

// build is called when all conditions are in.
func (x *index) build() {
	x.numbers.build()
	x.asciiMax = longest(x.ascii)
}

// longest returns the length of the longest key.
func longest(m map[string][]int32) int {
	n := 0
	for s := range m {
		n = max(n, len(s))
	}
	return n
}

// candidates appends the conditions that may hold for l, some of them perhaps twice. Scratch is for its use.
func (x *index) candidates(dst []int32, l *leaf, scratch *[]byte) []int32 {
	switch l.kind {
	case document.String:
		if len(x.exact) > 0 {
			dst = append(dst, x.exact[string(l.text)]...)
		}
		if len(x.ascii) > 0 && len(l.text) <= x.asciiMax {
			*scratch = (*scratch)[:0]
			for _, c := range l.text {
				*scratch = append(*scratch, lower(c))
			}
			dst = append(dst, x.ascii[string(*scratch)]...)
		}
		dst = x.prefixes.candidates(dst, l.text, false)
		dst = x.suffixes.candidates(dst, l.text, true)
	case document.Number:
		if v, ok := l.number(); ok {
			dst = x.numbers.candidates(dst, v, 0, len(x.numbers.spans))
		}
	}
	return dst
}

// byteTrie finds which of many texts a text begins with.
type byteTrie struct{ nodes []trieNode }

type trieNode struct {
	labels []byte
	next   []int32
	ids    []int32 // of the texts that end here
}

func (t *byteTrie) add(s string, id int32) {
	if t.nodes == nil {
		t.nodes = []trieNode{{}}
	}
	at := int32(0)
	for i := range len(s) {
		j := bytes.IndexByte(t.nodes[at].labels, s[i])
		if j < 0 {
			j = len(t.nodes[at].labels)
			t.nodes[at].labels = append(t.nodes[at].labels, s[i])
			t.nodes[at].next = append(t.nodes[at].next, int32(len(t.nodes)))
			t.nodes = append(t.nodes, trieNode{})
		}
		at = t.nodes[at].next[j]
	}
	t.nodes[at].ids = append(t.nodes[at].ids, id)
}

// candidates appends the ids of the texts that text begins with, or with back set, whose reverse it ends with.
func (t *byteTrie) candidates(dst []int32, text []byte, back bool) []int32 {
	if t.nodes == nil {
		return dst
	}
	n := &t.nodes[0]
	for i := 0; ; i++ {
		dst = append(dst, n.ids...)
		if i == len(text) {
			return dst
		}
		c := text[i]
		if back {
			c = text[len(text)-1-i]
		}
		j := bytes.IndexByte(n.labels, c)
		if j < 0 {
			return dst
		}
		n = &t.nodes[n.next[j]]
	}
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// intervals finds which of many ranges of numbers hold a number: a balanced tree in a sorted list, the middle of each part of the
// list being its root.
type intervals struct {
	spans []span
	top   []float64 // the greatest upper bound in the part of which spans[i] is the middle
}

// span is a range of numbers, bounds included.
type span struct {
	lo, hi float64
	id     int32
}

func (t *intervals) build() {
	slices.SortFunc(t.spans, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	t.top = make([]float64, len(t.spans))
	t.fill(0, len(t.spans))
}

func (t *intervals) fill(from, to int) float64 {
	if from == to {
		return math.Inf(-1)
	}
	mid := (from + to) / 2
	t.top[mid] = max(t.spans[mid].hi, t.fill(from, mid), t.fill(mid+1, to))
	return t.top[mid]
}

// candidates appends the ids of the ranges among spans[from:to] that hold v.
func (t *intervals) candidates(dst []int32, v float64, from, to int) []int32 {
	for from < to {
		mid := (from + to) / 2
		if t.top[mid] < v {
			return dst
		}
		dst = t.candidates(dst, v, from, mid)
		s := &t.spans[mid]
		if s.lo > v {
			return dst
		}
		if v <= s.hi {
			dst = append(dst, s.id)
		}
		from = mid + 1
	}
	return dst
}
