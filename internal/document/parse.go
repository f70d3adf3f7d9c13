package document

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// SyntaxError says where and why a text is not acceptable as a record. It never quotes the text.
type SyntaxError struct {
	Offset int    // bytes before the fault
	Reason string // what was wanted, or which limit was passed
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Reason)
}

// keepTape is the tape that a Document keeps from a record to the next: one huge record must not hold memory for ever.
const keepTape = 1 << 14

// Parse checks that data is one JSON text and indexes it. Edits planned before are forgotten. The Document refers to data until
// the next Parse: the caller must not change it meanwhile. The error is a *SyntaxError.
func (d *Document) Parse(data []byte) error {
	d.data = data
	d.edits, d.arena = d.edits[:0], d.arena[:0]
	if cap(d.tape) > keepTape {
		d.tape = nil
	}
	d.tape = d.tape[:0]
	if limit := or(d.Limits.Size, DefaultSize); len(data) > limit {
		return &SyntaxError{limit, fmt.Sprintf("record of %d bytes; the limit is %d", len(data), limit)}
	}
	tape, at, reason := index(d.tape[:cap(d.tape)], data, or(d.Limits.Depth, DefaultDepth), or(d.Limits.Values, DefaultValues))
	if reason != "" {
		return &SyntaxError{at, reason}
	}
	d.tape = tape
	return nil
}

func or(n, fallback int) int {
	if n > 0 {
		return n
	}
	return fallback
}

// outside is the parent of the root.
const outside = ^uint32(0)

// index is the parser: one loop over the text, a tape entry a value, no recursion. It fills tape from its start, makes a longer one
// where it must, and returns what it filled; or where the text is at fault, and why. The gotos are its states:
//
//	value ─▶ (container: name or value) … ─▶ after ─▶ name | value | closed ─▶ after … ─▶ end
//
// While a container is open, its entry's next is the container around it.
func index(tape []entry, data []byte, maxDepth, maxValues int) (filled []entry, at int, reason string) {
	var (
		i           int // the byte looked at
		n           int // values so far
		depth       int
		parent      = outside
		inObject    bool   // the innermost open container is an object
		key, keyLen uint32 // the name read last, for the value that follows
		esc         escapes
		e           *entry
		c           byte
	)
	if len(data) >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF {
		return nil, 0, "record begins with a byte order mark"
	}

value:
	if i < len(data) && data[i] <= ' ' {
		i = skipSpace(data, i)
	}
	if i >= len(data) {
		return nil, i, "text ends where a value should stand"
	}
	if n >= len(tape) {
		if n >= maxValues {
			return nil, i, fmt.Sprintf("more than %d values", maxValues)
		}
		tape = append(tape, entry{})
		tape = tape[:min(cap(tape), maxValues)]
	}
	e = &tape[n]
	n++
	e.start, e.key, e.keyLen, e.next = uint32(i), key, keyLen, uint32(n)
	switch c = data[i]; {
	case c == '"':
		i = plainRun(data, i+1)
		if i >= len(data) || data[i] != '"' {
			var escaped bool
			if i, escaped, reason = scanString(data, i); reason != "" {
				return nil, i, reason
			}
			if escaped {
				esc |= textEscaped
			}
		}
		i++
		e.end, e.kind, e.escapes = uint32(i), String, esc
	case c == '{' || c == '[':
		if depth >= maxDepth {
			return nil, i, fmt.Sprintf("more than %d objects and arrays inside each other", maxDepth)
		}
		depth++
		e.next, parent = parent, uint32(n-1)
		inObject = c == '{'
		e.kind, e.escapes = Array, esc
		if inObject {
			e.kind = Object
		}
		if i++; i < len(data) && data[i] <= ' ' {
			i = skipSpace(data, i)
		}
		if i < len(data) && data[i] == c+2 { // '}' and ']' stand two behind their openers
			goto closed
		}
		if inObject {
			goto name
		}
		key, keyLen, esc = 0, 0, 0
		goto value
	case c == '-' || c-'0' <= 9:
		if i, reason = scanNumber(data, i); reason != "" {
			return nil, i, reason
		}
		e.end, e.kind, e.escapes = uint32(i), Number, esc
	default:
		kind, length := literal(data[i:])
		if kind == Invalid {
			return nil, i, "want a value"
		}
		i += length
		e.end, e.kind, e.escapes = uint32(i), kind, esc
	}

after: // a value has ended before data[i]
	if parent == outside {
		if i = skipSpace(data, i); i < len(data) {
			return nil, i, "text goes on after the record"
		}
		return tape[:n], 0, ""
	}
	if i < len(data) && data[i] <= ' ' {
		i = skipSpace(data, i)
	}
	if i >= len(data) {
		return nil, i, "text ends inside an object or array"
	}
	switch c = data[i]; {
	case c == ',':
		i++
		if inObject {
			goto name
		}
		key, keyLen, esc = 0, 0, 0
		goto value
	case c == '}' && inObject, c == ']' && !inObject:
		goto closed
	case inObject:
		return nil, i, "want ',' or '}' after a member of an object"
	default:
		return nil, i, "want ',' or ']' after an element of an array"
	}

closed: // data[i] closes the innermost container
	i++
	depth--
	e = &tape[parent]
	parent = e.next
	e.end, e.next = uint32(i), uint32(n)
	inObject = parent != outside && tape[parent].kind == Object
	goto after

name:
	if i < len(data) && data[i] <= ' ' {
		i = skipSpace(data, i)
	}
	if i >= len(data) || data[i] != '"' {
		return nil, i, "want a member's name in quotes"
	}
	key, esc = uint32(i+1), 0
	i = plainRun(data, i+1)
	if i >= len(data) || data[i] != '"' {
		var escaped bool
		if i, escaped, reason = scanString(data, i); reason != "" {
			return nil, i, reason
		}
		if escaped {
			esc = keyEscaped
		}
	}
	keyLen = uint32(i) - key
	if i++; i < len(data) && data[i] <= ' ' {
		i = skipSpace(data, i)
	}
	if i >= len(data) || data[i] != ':' {
		return nil, i, "want ':' after a member's name"
	}
	i++
	goto value
}

// skipSpace returns the index of the next byte from i on that is no white space.
func skipSpace(data []byte, i int) int {
	for i < len(data) && isSpace(data[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks the bytes of w that end a run of plain string text: a quote, a backslash, a control character or a byte beyond
// ASCII. The lowest mark is exact; a mark above it can be a borrow's.
func special(w uint64) uint64 {
	return (((w ^ '"'*lows) - lows) | ((w ^ '\\'*lows) - lows) | (w - 0x20*lows) | w) & highs
}

// plainRun returns the index of the next byte from i on that special marks, or, near the end of data, of one before it.
func plainRun(data []byte, i int) int {
	for ; i+8 <= len(data); i += 8 {
		if m := special(binary.LittleEndian.Uint64(data[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	return i
}

// scanString reads on in a string from data[i], which needs a closer look, to its closing quote.
func scanString(data []byte, i int) (end int, escaped bool, reason string) {
	for i < len(data) {
		switch c := data[i]; {
		case c == '"':
			return i, escaped, ""
		case c == '\\':
			escaped = true
			n := escapeLen(data[i:])
			if n == 0 {
				return i, escaped, `invalid escape in a string`
			}
			i += n
		case c < 0x20:
			return i, escaped, "control character in a string"
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && n <= 1 {
				return i, escaped, "invalid UTF-8"
			}
			i += n
			continue
		}
		i = plainRun(data, i)
	}
	return i, escaped, "text ends inside a string"
}

// escapeLen returns the length of the escape that b begins with, 0 where it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) >= 6 && hex4(b[2:6]) >= 0 {
			return 6
		}
	}
	return 0
}

// scanNumber reads the number that begins at data[i].
func scanNumber(data []byte, i int) (end int, reason string) {
	if data[i] == '-' {
		i++
	}
	switch {
	case i < len(data) && data[i] == '0':
		i++
	case i < len(data) && data[i]-'1' <= 8:
		i = scanDigits(data, i)
	default:
		return i, "want a digit in a number"
	}
	if i < len(data) && data[i] == '.' {
		first := i + 1
		if i = scanDigits(data, first); i == first {
			return i, "want a digit behind a number's point"
		}
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		first := i
		if i = scanDigits(data, first); i == first {
			return i, "want a digit in a number's exponent"
		}
	}
	return i, ""
}

func scanDigits(data []byte, i int) int {
	for i < len(data) && data[i]-'0' <= 9 {
		i++
	}
	return i
}

// literal recognises null, true and false at the start of b and returns their length.
func literal(b []byte) (Kind, int) {
	switch {
	case len(b) >= 4 && string(b[:4]) == "null":
		return Null, 4
	case len(b) >= 4 && string(b[:4]) == "true":
		return True, 4
	case len(b) >= 5 && string(b[:5]) == "false":
		return False, 5
	}
	return Invalid, 0
}
