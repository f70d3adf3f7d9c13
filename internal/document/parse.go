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

// What a Document keeps from a record to the next, values, edits and bytes: one huge record must not hold memory for ever.
const (
	keepTape  = 1 << 14
	keepEdits = 1 << 14
	keepArena = 256 << 10
)

// Parse checks that data is one JSON text and indexes it. Edits planned before are forgotten. The Document refers to data until
// the next Parse: the caller must not change it meanwhile. The error is a *SyntaxError.
func (d *Document) Parse(data []byte) error {
	d.data = data
	if cap(d.tape) > keepTape {
		d.tape = nil
	}
	if cap(d.edits) > keepEdits {
		d.edits = nil
	}
	if cap(d.arena) > keepArena {
		d.arena = nil
	}
	d.edits, d.arena = d.edits[:0], d.arena[:0]
	d.tape = d.tape[:0]
	if limit := or(d.Limits.Size, DefaultSize); len(data) > limit {
		return &SyntaxError{limit, fmt.Sprintf("record of %d bytes; the limit is %d", len(data), limit)}
	}
	p := parser{data: data, tape: d.tape[:cap(d.tape)], limits: d.Limits}
	p.limits.Depth, p.limits.Values = or(p.limits.Depth, DefaultDepth), or(p.limits.Values, DefaultValues)
	if !p.record() {
		return &SyntaxError{p.at, p.reason}
	}
	d.tape = p.tape[:p.n]
	return nil
}

func or(n, fallback int) int {
	if n > 0 {
		return n
	}
	return fallback
}

// parser goes over a text once and puts an entry for each value on the tape. Its methods take the index to read from and return
// the one behind what they read, or -1 after a fault.
//
//	value ─▶ object ─▶ name, value …
//	      └▶ array ──▶ value …
//
// They call each other as deep as the limit allows, no deeper.
type parser struct {
	data   []byte
	tape   []entry
	n      int // entries in use
	depth  int // objects and arrays that are open
	limits Limits

	at     int // of the fault
	reason string
}

func (p *parser) fail(at int, reason string) int {
	p.at, p.reason = at, reason
	return -1
}

func (p *parser) record() bool {
	data := p.data
	if len(data) >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF {
		p.fail(0, "record begins with a byte order mark")
		return false
	}
	c, i := next(data, 0)
	if i = p.value(c, i, 0, 0, 0); i < 0 {
		return false
	}
	if _, i = next(data, i); i < len(data) {
		p.fail(i, "text goes on after the record")
		return false
	}
	return true
}

// next returns the first byte from i on that is no white space, and where it stands: 0 and the text's length when there is none.
func next(data []byte, i int) (c byte, at int) {
	if i < len(data) && data[i] > ' ' {
		return data[i], i
	}
	for i < len(data) && isSpace(data[i]) {
		i++
	}
	if i < len(data) {
		return data[i], i
	}
	return 0, i
}

// value reads the value that begins at data[i], with c. The member's name, if it has one, is keyLen bytes at key.
func (p *parser) value(c byte, i int, key, keyLen uint32, esc escapes) int {
	data, n := p.data, p.n
	if n >= len(p.tape) && !p.grow(i) {
		return -1
	}
	p.n++
	e := &p.tape[n]
	e.start, e.key, e.keyLen, e.next, e.escapes = uint32(i), key, keyLen, uint32(n+1), esc
	switch {
	case c == '"':
		e.kind = String
		end := plainRun(data, i+1)
		if end >= len(data) || data[end] != '"' {
			var escaped bool
			if end, escaped = p.text(end); end < 0 {
				return -1
			}
			if escaped {
				e.escapes |= textEscaped
			}
		}
		i = end + 1
	case c == '{':
		e.kind = Object
		return p.object(n, i+1)
	case c == '[':
		e.kind = Array
		return p.array(n, i+1)
	case c == '-' || c-'0' <= 9:
		e.kind = Number
		if i = p.number(i); i < 0 {
			return -1
		}
	case i >= len(data):
		return p.fail(i, "text ends where a value should stand")
	default:
		kind, length := literal(data[i:])
		if kind == Invalid {
			return p.fail(i, "want a value")
		}
		e.kind = kind
		i += length
	}
	e.end = uint32(i)
	return i
}

// grow makes room on the tape for the value at data[i].
func (p *parser) grow(i int) bool {
	if p.n >= p.limits.Values {
		p.fail(i, fmt.Sprintf("more than %d values", p.limits.Values))
		return false
	}
	p.tape = append(p.tape, entry{})
	p.tape = p.tape[:min(cap(p.tape), p.limits.Values)]
	return true
}

// object reads members from behind the opening brace to the closing one; n is the object's entry.
func (p *parser) object(n, i int) int {
	data := p.data
	if p.depth == p.limits.Depth {
		return p.tooDeep(i - 1)
	}
	p.depth++
	c, i := next(data, i)
	if c == '}' {
		return p.end(n, i)
	}
	for {
		if c != '"' {
			return p.fail(i, "want a member's name in quotes")
		}
		key := i + 1
		var esc escapes
		end := plainRun(data, key)
		if end >= len(data) || data[end] != '"' {
			var escaped bool
			if end, escaped = p.text(end); end < 0 {
				return -1
			}
			if escaped {
				esc = keyEscaped
			}
		}
		if c, i = next(data, end+1); c != ':' {
			return p.fail(i, "want ':' after a member's name")
		}
		c, i = next(data, i+1)
		if i = p.value(c, i, uint32(key), uint32(end-key), esc); i < 0 {
			return -1
		}
		switch c, i = next(data, i); c {
		case ',':
			c, i = next(data, i+1)
		case '}':
			return p.end(n, i)
		default:
			return p.unended(i, "want ',' or '}' after a member of an object")
		}
	}
}

// array reads elements from behind the opening bracket to the closing one; n is the array's entry.
func (p *parser) array(n, i int) int {
	data := p.data
	if p.depth == p.limits.Depth {
		return p.tooDeep(i - 1)
	}
	p.depth++
	c, i := next(data, i)
	if c == ']' {
		return p.end(n, i)
	}
	for {
		if i = p.value(c, i, 0, 0, 0); i < 0 {
			return -1
		}
		switch c, i = next(data, i); c {
		case ',':
			c, i = next(data, i+1)
		case ']':
			return p.end(n, i)
		default:
			return p.unended(i, "want ',' or ']' after an element of an array")
		}
	}
}

// end closes the object or array n at data[i].
func (p *parser) end(n, i int) int {
	p.depth--
	e := &p.tape[n]
	e.end, e.next = uint32(i+1), uint32(p.n)
	return i + 1
}

// unended fails where a comma or the end of an object or array is missing.
func (p *parser) unended(i int, reason string) int {
	if i == len(p.data) {
		reason = "text ends inside an object or array"
	}
	return p.fail(i, reason)
}

func (p *parser) tooDeep(i int) int {
	return p.fail(i, fmt.Sprintf("more than %d objects and arrays inside each other", p.limits.Depth))
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks the bytes of w that end a run of plain string text: a quote, a backslash, a control character or a byte beyond
// ASCII. The lowest mark is exact; a mark above it can be a borrow's. Turning the bit 2 over puts the quote behind the last
// control character, so that one comparison finds both.
func special(w uint64) uint64 {
	return (((w ^ 2*lows) - ('"'^2+1)*lows) | ((w ^ '\\'*lows) - lows) | w) & highs
}

// plainRun returns the index of the next byte from i on that special marks, or, near the end of data, of one before it.
func plainRun(data []byte, i int) int {
	if i < 0 {
		return i // never; with this said, no check of bounds is left in the loop
	}
	for ; i < len(data)-7; i += 8 {
		if m := special(binary.LittleEndian.Uint64(data[i : i+8 : i+8])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	return i
}

// text reads on in a string from data[i], which needs a closer look, to its closing quote.
func (p *parser) text(i int) (end int, escaped bool) {
	data := p.data
	for i < len(data) {
		switch c := data[i]; {
		case c == '"':
			return i, escaped
		case c == '\\':
			escaped = true
			n := 2
			if i+1 == len(data) || data[i+1] != '"' { // JSON in JSON is full of quotes
				n = escapeLen(data[i:])
			}
			if n == 0 {
				return p.fail(i, "invalid escape in a string"), false
			}
			i += n
		case c < 0x20:
			return p.fail(i, "control character in a string"), false
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && n <= 1 {
				return p.fail(i, "invalid UTF-8"), false
			}
			i += n
			continue
		}
		i = plainRun(data, i)
	}
	return p.fail(i, "text ends inside a string"), false
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

// number reads the number that begins at data[i].
func (p *parser) number(i int) int {
	data := p.data
	if data[i] == '-' {
		i++
	}
	switch {
	case i < len(data) && data[i] == '0':
		i++
	case i < len(data) && data[i]-'1' <= 8:
		i = scanDigits(data, i)
	default:
		return p.fail(i, "want a digit in a number")
	}
	if i < len(data) && data[i] == '.' {
		first := i + 1
		if i = scanDigits(data, first); i == first {
			return p.fail(i, "want a digit behind a number's point")
		}
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		first := i
		if i = scanDigits(data, first); i == first {
			return p.fail(i, "want a digit in a number's exponent")
		}
	}
	return i
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
