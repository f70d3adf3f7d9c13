package scrub

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON that stands in a string, or in a string of such JSON, may write any character as \u0040, as \\u0040 one level further down, and
// so on. The scanner reads such a text with these characters in place of their escapes, and its finds are led back to the text.

// mayEscape reports whether text may hold such an escape. It is quick, since hardly any text does.
func mayEscape(text []byte) bool { return bytes.Contains(text, []byte(`\u`)) }

// unit returns what stands at the beginning of text, which is not empty: an escape of a character, and its length, or bytes that stand
// for themselves, with c 0. Half of a pair of surrogates stands for itself.
func unit(text []byte) (c rune, length int) {
	if text[0] != '\\' {
		if next := bytes.IndexByte(text, '\\'); next > 0 {
			return 0, next
		}
		return 0, len(text)
	}
	for length < len(text) && text[length] == '\\' {
		length++
	}
	if len(text) < length+5 || text[length] != 'u' {
		return 0, length
	}
	value, err := strconv.ParseUint(string(text[length+1:length+5]), 16, 16)
	if err != nil {
		return 0, length
	}
	c = rune(value)
	if c == 0 || utf16.IsSurrogate(c) {
		return 0, length
	}
	return c, length + 5
}

// unescape appends text to dst with the characters in place of their escapes.
func unescape(dst, text []byte) []byte {
	dst = slices.Grow(dst, len(text)) // it never gets longer
	for len(text) > 0 {
		c, n := unit(text)
		if c != 0 {
			dst = utf8.AppendRune(dst, c)
		} else {
			dst = append(dst, text[:n]...)
		}
		text = text[n:]
	}
	return dst
}

// origin leads places in what unescape has made of a text back to the text. They are asked for in order, so that each unit is looked
// at once.
type origin struct {
	text      []byte // from the present unit on
	at, plain int    // where that begins: in the text, and in what unescape has made
	c         rune   // the unit itself; length 0: not yet known
	length    int
}

func (o *origin) of(plain int) int {
	for o.plain < plain {
		if o.length == 0 {
			o.c, o.length = unit(o.text)
		}
		width := o.length
		if o.c != 0 {
			width = utf8.RuneLen(o.c)
		}
		if plain-o.plain < width { // inside of bytes that stand for themselves
			return o.at + plain - o.plain
		}
		o.text, o.at, o.plain, o.length = o.text[o.length:], o.at+o.length, o.plain+width, 0
	}
	return o.at
}
