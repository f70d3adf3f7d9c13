package phone

import (
	"bytes"
	"unicode/utf8"
)

// form is what the digits of a text are.
type form uint8

const (
	noNumber      form = iota // nothing that could be a number
	national                  // as dialled in the region, perhaps with a prefix
	international             // behind a plus
)

// maxDigits is more than any number with all its prefixes has.
const maxDigits = 32

// scan appends the digits of a number to dst as ASCII. The text is the number alone: "tel:", a plus, digits, what people put
// between them, and an extension, which is dropped.
func scan(dst, text []byte) ([]byte, form) {
	text = bytes.Trim(text, " \t\r\n")
	if rest, ok := cutFold(text, "tel:"); ok {
		text = rest
	}
	start, form := len(dst), national
	for len(text) > 0 {
		c, size := rune(text[0]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRune(text)
		}
		digit, isDigit := digitOf(c)
		switch {
		case isDigit && len(dst)-start == maxDigits:
			return dst, noNumber
		case isDigit:
			dst = append(dst, digit)
		case (c == '+' || c == '＋') && len(dst) == start && form == national:
			form = international
		case isBetween(c):
		case len(dst) > start && isExtension(text):
			return dst, form
		default:
			return dst, noNumber
		}
		text = text[size:]
	}
	if len(dst) == start {
		return dst, noNumber
	}
	return dst, form
}

// digitOf knows the digits that phone numbers are written in: ASCII, full-width, Arabic-Indic and its eastern form.
func digitOf(c rune) (byte, bool) {
	for _, zero := range [...]rune{'0', '０', '٠', '۰'} {
		if c >= zero && c <= zero+9 {
			return byte('0' + c - zero), true
		}
	}
	return 0, false
}

// isBetween reports whether a character stands between digits without meaning: spaces, dashes, brackets, dots, slashes, tildes.
func isBetween(c rune) bool {
	switch c {
	case ' ', '\u00a0', '\u00ad', '\u200b', '\u2060', '\u3000',
		'-', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212', '\u30fc', '\uff0d',
		'(', ')', '[', ']', '（', '）', '［', '］',
		'.', '．', '/', '／', '~', '\u2053', '\u223c', '～':
		return true
	}
	return false
}

// The words that an extension begins with, the longer first.
var extensionWords = [...]string{";ext=", "extension", "extn", "ext", "x", "#"}

// isExtension reports whether text is an extension to its end: a word, and one to nine digits.
func isExtension(text []byte) bool {
	text = bytes.TrimLeft(text, ", ")
	for _, word := range extensionWords {
		rest, ok := cutFold(text, word)
		if !ok {
			continue
		}
		rest = bytes.TrimLeft(rest, ".:- ")
		return len(rest) >= 1 && len(rest) <= 9 && len(bytes.Trim(rest, "0123456789")) == 0
	}
	return false
}

// cutFold takes an ASCII prefix off, whatever its case.
func cutFold(text []byte, prefix string) ([]byte, bool) {
	if len(text) < len(prefix) || !bytes.EqualFold(text[:len(prefix)], []byte(prefix)) {
		return text, false
	}
	return text[len(prefix):], true
}
