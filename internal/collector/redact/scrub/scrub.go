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
// room, and a Find is a span of the given text and never holds a copy of it. What cannot be found this way (names, addresses,
// numbers in words) is listed in doc/scrub.md.
package scrub

import "fmt"

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
// unescaping; JSON or a URL inside of it is scanned like the rest, with \" and %40 understood. Invalid UTF-8 is
// passed over. Scan may be called concurrently.
func Scan(dst []Find, text []byte) []Find {
	s := scanner{text: text, finds: dst, base: len(dst)}
	s.scan()
	return s.finds
}

// Replace appends text to dst with every find replaced and returns the extended slice and the number of finds. The
// function appends what is to stand for the found bytes, which it must not keep or change; when it is nil, the placeholder
// of the kind is written. dst and text must not overlap.
func Replace(dst, text []byte, replace func(dst []byte, k Kind, found []byte) []byte) ([]byte, int) {
	var room [32]Find
	finds := Scan(room[:0], text)
	copied := 0
	for _, f := range finds {
		dst = append(dst, text[copied:f.Start]...)
		if replace == nil {
			dst = append(dst, f.Kind.Placeholder()...)
		} else {
			dst = replace(dst, f.Kind, text[f.Start:f.End])
		}
		copied = f.End
	}
	return append(dst, text[copied:]...), len(finds)
}

// scanner is the state of one Scan.
type scanner struct {
	text  []byte
	finds []Find
	base  int // finds before this index are the caller's

	floor   int // end of the last find: no find begins before it
	at      int // end of the last '@' looked at: no local part begins before it
	quiet   int // end of an ARN: digits and colons before it are not looked at
	escaped int // end of the last percent escape: a number may begin right after it

	examined int // bytes that recognisers have looked at, the measure of work in tests
	run      run
}

func (s *scanner) scan() {
	text := s.text
	for i := 0; i < len(text); {
		switch class[text[i]] & anchor {
		case 0:
			i++
			for i < len(text) && class[text[i]]&anchor == 0 {
				i++
			}
		case digit:
			i = s.number(i)
		case atSign:
			i = s.email(i, i+1)
		case colon:
			i = s.colon(i)
		}
	}
}

// found records a find. It ends before or where the next one begins, except for e-mail, see email.
func (s *scanner) found(k Kind, start, end int) {
	s.finds = append(s.finds, Find{k, max(start, s.floor), end})
	s.floor = end
}
