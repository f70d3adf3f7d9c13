package pattern

import (
	"bytes"
	"math"

	"trunkline/internal/document"
)

// leaf is one scalar of an event at a path that some pattern names.
type leaf struct {
	text   []byte // a string's content, a number's text
	kind   document.Kind
	scope  int32 // the array element it is in, see scopes; 0 for none
	before int32 // the leaf of the same path found before it, -1 for none

	value     float64
	numeric   reading // whether value is its number
	address   address
	addressed reading // whether address is its address
}

// reading is what came of reading a leaf's text in another way.
type reading uint8

const (
	unread reading = iota
	readable
	unreadable
)

func readingOf(ok bool) reading {
	if ok {
		return readable
	}
	return unreadable
}

// number returns the value of a comparable number.
func (l *leaf) number() (float64, bool) {
	if l.numeric == unread {
		var ok bool
		if l.kind == document.Number {
			l.value, ok = number(l.text)
		}
		l.numeric = readingOf(ok)
	}
	return l.value, l.numeric == readable
}

// ip returns the address of a string that is an IP literal.
func (l *leaf) ip() (address, bool) {
	if l.addressed == unread {
		var ok bool
		if l.kind == document.String {
			l.address, ok = parseAddress(l.text)
		}
		l.addressed = readingOf(ok)
	}
	return l.address, l.addressed == readable
}

// test is one element of a value list, {"exists": false} aside.
type test interface{ holds(l *leaf) bool }

type (
	equals      string              // "text" that is no IP literal; {"exactly": "text"}
	oneOf       map[string]struct{} // many of these
	hasPrefix   string
	hasSuffix   string
	foldEquals  struct{ folded }
	foldPrefix  struct{ folded }
	foldSuffix  struct{ folded }
	inBlock     struct{ block }          // {"cidr": …}; "text" that is an IP literal
	within      struct{ lo, hi float64 } // both included
	numberText  string                   // a number that cannot be compared
	literal     document.Kind            // true, false, null
	present     struct{}                 // {"exists": true}
	anythingBut []test
)

func (t equals) holds(l *leaf) bool { return l.kind == document.String && string(l.text) == string(t) }

func (t hasPrefix) holds(l *leaf) bool { return l.kind == document.String && begins(l.text, string(t)) }

func (t hasSuffix) holds(l *leaf) bool   { return l.kind == document.String && ends(l.text, string(t)) }
func (t *foldEquals) holds(l *leaf) bool { return l.kind == document.String && t.equals(l.text) }
func (t *foldPrefix) holds(l *leaf) bool { return l.kind == document.String && t.prefixOf(l.text) >= 0 }
func (t *foldSuffix) holds(l *leaf) bool { return l.kind == document.String && t.suffixOf(l.text) }
func (t numberText) holds(l *leaf) bool {
	return l.kind == document.Number && string(l.text) == string(t)
}
func (t literal) holds(l *leaf) bool { return l.kind == document.Kind(t) }
func (present) holds(*leaf) bool     { return true }

func (t oneOf) holds(l *leaf) bool {
	if l.kind != document.String {
		return false
	}
	_, ok := t[string(l.text)]
	return ok
}

func (t *inBlock) holds(l *leaf) bool {
	a, ok := l.ip()
	return ok && t.contains(a)
}

func (t *within) holds(l *leaf) bool {
	v, ok := l.number()
	return ok && t.lo <= v && v <= t.hi
}

// bound narrows t to the numbers that compare so with n. Doubles are discrete: "less than n" is "at most the double before n".
func (t *within) bound(op string, n float64) {
	switch op {
	case "=":
		t.lo, t.hi = n, n
	case "<":
		t.hi = math.Nextafter(n, math.Inf(-1))
	case "<=":
		t.hi = n
	case ">":
		t.lo = math.Nextafter(n, math.Inf(1))
	case ">=":
		t.lo = n
	}
}

// A leaf of another type than the excluded values equals none of them.
func (t anythingBut) holds(l *leaf) bool {
	for _, excluded := range t {
		if excluded.holds(l) {
			return false
		}
	}
	return true
}

// glob is a text with gaps: {"wildcard": "head*part*part*tail"}.
type glob struct {
	head, tail string
	parts      [][]byte // what stands between the first and the last *
	star       bool     // there is a *; without one, head is the whole text
}

// Each part is looked for behind the one before, at its first place. If a text matches at all, it matches so: the effort is
// linear, whatever the pattern.
func (t *glob) holds(l *leaf) bool {
	if l.kind != document.String {
		return false
	}
	if !t.star {
		return string(l.text) == t.head
	}
	if len(l.text) < len(t.head)+len(t.tail) || !begins(l.text, t.head) || !ends(l.text, t.tail) {
		return false
	}
	rest := l.text[len(t.head) : len(l.text)-len(t.tail)]
	for _, part := range t.parts {
		i := bytes.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return true
}
