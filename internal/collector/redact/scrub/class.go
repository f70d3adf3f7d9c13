package scrub

import "unicode/utf8"

// The classes of a byte.
const (
	digit uint8 = 1 << iota
	atSign
	colon
	letter
	hex   // a digit or a letter from a to f
	local // may stand in the local part of an e-mail address, next to letters and digits
	under

	word = digit | letter | under
)

var class = func() (table [256]uint8) {
	for c := range 256 {
		switch {
		case c >= '0' && c <= '9':
			table[c] = digit | hex
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			table[c] = letter | hex
		case c >= 'g' && c <= 'z', c >= 'G' && c <= 'Z':
			table[c] = letter
		}
	}
	table['@'] = atSign
	table[':'] = colon
	table['_'] = under
	for _, c := range "!#$%&'*+-._~^" {
		table[c] |= local
	}
	return table
}()

// is reports whether the byte at i exists and has one of the classes.
func (s *scanner) is(i int, classes uint8) bool {
	return uint(i) < uint(len(s.text)) && class[s.text[i]]&classes != 0
}

// byteAt returns the byte at i, or 0 outside of the text.
func (s *scanner) byteAt(i int) byte {
	if uint(i) < uint(len(s.text)) {
		return s.text[i]
	}
	return 0
}

// inWord reports whether the byte before i belongs to the same word as the one at i would: a letter, digit or
// underscore. The n of \n in JSON nested in a string does not, nor does what ends a percent escape.
func (s *scanner) inWord(i int) bool {
	if !s.is(i-1, word) || i == s.escaped {
		return false
	}
	switch s.text[i-1] {
	case 'n', 't', 'r', 'b', 'f':
		return s.byteAt(i-2) != '\\'
	}
	return true
}

// space returns the length in bytes of the blank at i: a space or one of the spaces that keep lines together or are
// narrow. Tabs and line ends part what stands on both sides and are none.
func (s *scanner) space(i int) int {
	switch c := s.byteAt(i); {
	case c == ' ':
		return 1
	case c < utf8.RuneSelf:
		return 0
	}
	switch r, n := utf8.DecodeRune(s.text[i:]); {
	case r == 0xa0, r >= 0x2000 && r <= 0x200b, r == 0x202f, r == 0x2060, r == 0x3000:
		return n
	}
	return 0
}

// dash returns the length in bytes of the dash at i, in ASCII or not.
func (s *scanner) dash(i int) int {
	switch c := s.byteAt(i); {
	case c == '-':
		return 1
	case c < utf8.RuneSelf:
		return 0
	}
	switch r, n := utf8.DecodeRune(s.text[i:]); {
	case r >= 0x2010 && r <= 0x2015, r == 0x2212, r == 0xff0d:
		return n
	}
	return 0
}
