// Package scrub finds personal data inside free text, such as agents' notes, prompts and JSON in attributes, and
// replaces each find with a placeholder that names its kind.
//
//	text ─▶ skip to an anchor ─┬─ '@' ──────▶ e-mail address
//	                           ├─ ':' ──────▶ IPv6 address; the start of an ARN
//	                           └─ a digit ──▶ guards: UUID, ARN, word with digits, over-long id
//	                                          run of digit groups ─▶ IBAN, IPv4, card, SSN, national id, phone
//
// The scan is one pass over the bytes by hand-written recognisers. A find with a checksum is believed wherever it
// stands; a national id needs its name nearby; a phone number is judged by its shape and, where the shape says
// little, by the nearest word before it that says what the number is ("call", "order").
//
// Promises: the work is linear in the text whatever it holds, nothing is allocated when the caller's slice has
// room and the text has no \u escapes, and a Find is a span of the given text and never holds a copy of it. What cannot
// be found this way (names, addresses, numbers in words) is listed in doc/scrub.md.
package scrub

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Kind is what a find looks like.
type Kind uint8

// The kinds. Card numbers and IBANs have passed their checksum, as have the national ids after SSN, which are
// reported only where their name stands before them.
const (
	Email Kind = iota + 1
	Phone
	Card // payment card number
	IBAN
	IP  // IPv4 or IPv6 address
	SSN // US social security number
	NHS // NHS number (England and Wales)
	TFN // Australian tax file number
	ABN // Australian business number
	SIN // Canadian social insurance number
)

var kinds = [...]struct{ name, placeholder string }{
	Email: {"EMAIL", "[EMAIL]"},
	Phone: {"PHONE", "[PHONE]"},
	Card:  {"CARD", "[CARD]"},
	IBAN:  {"IBAN", "[IBAN]"},
	IP:    {"IP", "[IP]"},
	SSN:   {"SSN", "[SSN]"},
	NHS:   {"NHS", "[NHS]"},
	TFN:   {"TFN", "[TFN]"},
	ABN:   {"ABN", "[ABN]"},
	SIN:   {"SIN", "[SIN]"},
}

// String returns the name of the kind in capitals, such as EMAIL.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kinds) {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kinds[k].name
}

// Placeholder returns what Replace writes for a find of the kind, such as [EMAIL].
func (k Kind) Placeholder() string {
	if k == 0 || int(k) >= len(kinds) {
		return "[" + k.String() + "]"
	}
	return kinds[k].placeholder
}

// Find is a span of a text that looks like personal data: text[Start:End], in bytes.
type Find struct {
	Kind       Kind
	Start, End int
}

// Scan appends the finds in text to dst, in order and without overlaps. The text is UTF-8 as it is after JSON
// unescaping; JSON or a URL inside of it is scanned like the rest, with \", \u0040 and %40 understood. Invalid UTF-8 is
// passed over. Scan may be called concurrently.
func Scan(dst []Find, text []byte) []Find {
	if !mayEscape(text) {
		s := scanner{text: text}
		return s.all(dst)
	}
	var room [1 << 10]byte
	s := scanner{text: unescape(room[:0], text)}
	old := len(dst)
	dst = s.all(dst)
	from := origin{text: text}
	for i := range dst[old:] {
		f := &dst[old+i]
		f.Start, f.End = from.of(f.Start), from.of(f.End)
	}
	return dst
}

// Replace appends text to dst with every find replaced and returns the extended slice and the number of finds. The
// function appends what is to stand for the found bytes, which it must not keep or change, and which are without escapes; when it is
// nil, the placeholder of the kind is written. dst and text must not overlap.
func Replace(dst, text []byte, replace func(dst []byte, k Kind, found []byte) []byte) ([]byte, int) {
	var room [32]Find
	finds := Scan(room[:0], text)
	copied := 0
	for _, f := range finds {
		dst = append(dst, text[copied:f.Start]...)
		found := text[f.Start:f.End]
		switch {
		case replace == nil:
			dst = append(dst, f.Kind.Placeholder()...)
		case mayEscape(found):
			dst = replace(dst, f.Kind, unescape(nil, found))
		default:
			dst = replace(dst, f.Kind, found)
		}
		copied = f.End
	}
	return append(dst, text[copied:]...), len(finds)
}

// scanner is the state of one Scan. Its recognisers return a find, or one without a kind, and where to go on.
type scanner struct {
	text []byte

	floor   int // end of the last find
	local   int // no local part of an address begins before it: end of the last @ or address
	quiet   int // end of an ARN: digits and colons before it are not looked at
	key     int // end of the last word with a colon behind it
	escaped int // end of the last percent escape: a number may begin right after it

	examined int // bytes that recognisers have looked at, the measure of work in tests
	run      run
}

// all appends the finds in s.text to dst.
func (s *scanner) all(dst []Find) []Find {
	text := s.text
	old := len(dst)
	for i := s.anchor(0); i < len(text); i = s.anchor(i) {
		var f Find
		switch class[text[i]] {
		case atSign:
			f, i = s.email(i, i+1)
		case colon:
			f, i = s.colon(i)
		default:
			f, i = s.number(i)
		}
		if f.Kind == 0 {
			continue
		}
		// An e-mail address is seen at its @, when digits of its local part may have been taken for something else.
		for n := len(dst) - 1; n >= old && dst[n].End > f.Start; n-- {
			f.Start = min(f.Start, dst[n].Start)
			dst = dst[:n]
		}
		dst = append(dst, f)
		s.floor = f.End
	}
	return dst
}

// anchor returns the offset of the first byte from i on that a recogniser begins with: a digit, ':' or '@'. Eight
// bytes at a time it looks for bytes from '0' to '@', which takes in ";<=>?" too.
func (s *scanner) anchor(i int) int {
	const ones = 0x0101010101010101
	text := s.text
	for i < len(text) {
		if i+8 <= len(text) {
			word := binary.LittleEndian.Uint64(text[i:])
			low := word & (ones * 0x7f)
			hits := (ones*(0x7f+'@'+1) - low) & ^word & (low + ones*(0x7f-'0'+1)) & (ones * 0x80)
			if hits == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(hits) / 8
		}
		if class[text[i]]&(digit|atSign|colon) != 0 {
			return i
		}
		i++
	}
	return i
}
