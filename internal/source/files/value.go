package files

import (
	"encoding/binary"
	"math/bits"

	"trunkline/internal/document"
)

// maxNesting is how deep a value is followed: twice what document.Parse accepts, so that nothing deeper can be a record. It also
// bounds how often the same lines are looked at again when none of the values that begin on them ever ends.
const maxNesting = 2 * document.DefaultDepth

// verdict is what a scan came to.
type verdict uint8

const (
	unfinished verdict = iota // the bytes ran out
	complete                  // the value ended
	faulty                    // what stands there cannot go on the value
)

// value follows one object, array or string from its first byte to its last, over as many pieces of text as it takes. It looks
// at brackets, strings, commas and colons only: enough to find where a value ends, and to notice soon that it never will
// because its rest is missing and the next record has begun. Everything else is left to document.Parse.
type value struct {
	depth   int
	objects [maxNesting / 64]uint64 // a bit a level: an object, not an array
	last    token
	inText  bool // inside a string
	escaped bool // behind a backslash
	fresh   bool // only white space since the last line break
	newline int  // where the line break before a possible cut stands, plus one
	cut     int  // the first '{' that begins a line at its first column; 0 when there was none
}

// token is what was seen last.
type token uint8

const (
	nothing token = iota
	opener
	comma
	colon
	text   // a string that has ended
	atom   // a number, true, false or null, perhaps not yet ended
	spaced // an atom that has ended
	bracketClosed
	braceClosed
)

func (v *value) inObject() bool {
	return v.depth > 0 && v.objects[(v.depth-1)/64]>>((v.depth-1)%64)&1 == 1
}

// wantsNoValue reports that no value can begin here: one has just ended, or a member's name must come first.
func (v *value) wantsNoValue() bool {
	return v.last >= text || v.last != colon && v.inObject()
}

// scan goes on at b[i]. It returns where the value ends, or the byte that is at fault. Places in v count from b[0], which
// must be the value's first byte at each call, unless the caller gave up on v.cut.
func (v *value) scan(b []byte, i int) (int, verdict) {
	for i < len(b) {
		if v.inText {
			if i = v.scanText(b, i); i == len(b) {
				break
			}
			if b[i] == '\n' {
				return i, faulty // no string holds a line break
			}
			i++
			v.inText, v.last = false, text
			if v.depth == 0 {
				return i, complete
			}
			continue
		}
		switch c := b[i]; class[c] {
		case isString:
			if v.last >= text {
				return i, faulty
			}
			v.inText, v.fresh = true, false
		case isOpen:
			if c == '{' && i > 0 && v.newline == i && v.cut == 0 {
				v.cut = i
			}
			if v.wantsNoValue() || v.depth == maxNesting {
				return i, faulty
			}
			if word, bit := v.depth/64, uint64(1)<<(v.depth%64); c == '{' {
				v.objects[word] |= bit
			} else {
				v.objects[word] &^= bit
			}
			v.depth++
			v.last, v.fresh = opener, false
		case isClose:
			if v.depth == 0 || v.inObject() != (c == '}') {
				return i, faulty
			}
			v.depth--
			v.last, v.fresh = bracketClosed, false
			if c == '}' {
				v.last = braceClosed
			}
			if v.depth == 0 {
				return i + 1, complete
			}
		case isComma:
			v.last, v.fresh = comma, false
		case isColon:
			v.last, v.fresh = colon, false
		case isAtom:
			if v.last != atom && v.wantsNoValue() {
				return i, faulty
			}
			v.last, v.fresh = atom, false
			for i++; i < len(b) && class[b[i]] == isAtom; i++ {
			}
			continue
		case isSpace, isNewline:
			if v.last == atom {
				v.last = spaced
			}
			if c == '\n' {
				v.newline, v.fresh = i+1, true
			}
		default:
			return i, faulty
		}
		i++
	}
	return i, unfinished
}

// scanText returns the next quote that ends the string, or line break, at b[i] or behind; len(b) when there is none.
func (v *value) scanText(b []byte, i int) int {
	for i < len(b) {
		if v.escaped {
			v.escaped = false
			if b[i] != '\n' {
				i++
			}
			continue
		}
		for i+8 <= len(b) {
			if m := notPlain(binary.LittleEndian.Uint64(b[i:])); m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if i == len(b) {
			break
		}
		switch b[i] {
		case '"', '\n':
			return i
		case '\\':
			v.escaped = true
		}
		i++
	}
	return i
}

// notPlain sets the top bit of the first byte of w that is a quote, a backslash or a control character; bits above it mean nothing.
func notPlain(w uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^ones*'"', w^ones*'\\'
	return ((quote - ones) | (slash - ones) | (w - ones*0x20)) & ^w & tops
}

// The classes of bytes outside strings.
const (
	isOther uint8 = iota
	isSpace
	isNewline
	isString
	isOpen
	isClose
	isComma
	isColon
	isAtom
)

var class = [256]uint8{
	' ': isSpace, '\t': isSpace, '\r': isSpace, '\n': isNewline,
	'"': isString, '{': isOpen, '[': isOpen, '}': isClose, ']': isClose, ',': isComma, ':': isColon,
	'+': isAtom, '-': isAtom, '.': isAtom,
	'0': isAtom, '1': isAtom, '2': isAtom, '3': isAtom, '4': isAtom, '5': isAtom, '6': isAtom, '7': isAtom, '8': isAtom, '9': isAtom,
	'A': isAtom, 'B': isAtom, 'C': isAtom, 'D': isAtom, 'E': isAtom, 'F': isAtom, 'G': isAtom, 'H': isAtom, 'I': isAtom,
	'J': isAtom, 'K': isAtom, 'L': isAtom, 'M': isAtom, 'N': isAtom, 'O': isAtom, 'P': isAtom, 'Q': isAtom, 'R': isAtom,
	'S': isAtom, 'T': isAtom, 'U': isAtom, 'V': isAtom, 'W': isAtom, 'X': isAtom, 'Y': isAtom, 'Z': isAtom,
	'a': isAtom, 'b': isAtom, 'c': isAtom, 'd': isAtom, 'e': isAtom, 'f': isAtom, 'g': isAtom, 'h': isAtom, 'i': isAtom,
	'j': isAtom, 'k': isAtom, 'l': isAtom, 'm': isAtom, 'n': isAtom, 'o': isAtom, 'p': isAtom, 'q': isAtom, 'r': isAtom,
	's': isAtom, 't': isAtom, 'u': isAtom, 'v': isAtom, 'w': isAtom, 'x': isAtom, 'y': isAtom, 'z': isAtom,
}

// blank reports whether c is JSON's white space.
func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
