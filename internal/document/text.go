package document

import (
	"unicode/utf16"
	"unicode/utf8"
)

// hex4 returns the value of four hexadecimal digits, -1 where b begins with none.
func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescape resolves the escape that b, a part of a checked string, begins with, and returns its length.
func unescape(b []byte) (r rune, n int) {
	switch b[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r = hex4(b[2:])
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
			if pair := utf16.DecodeRune(r, hex4(b[8:])); pair != utf8.RuneError {
				return pair, 12
			}
		}
		return utf8.RuneError, 6
	}
	return rune(b[1]), 2
}

// appendUnescaped appends checked string text with its escapes resolved.
func appendUnescaped(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			dst = append(dst, text[i])
			i++
			continue
		}
		r, n := unescape(text[i:])
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst
}

// unescapedIs reports whether checked string text is s once its escapes are resolved.
func unescapedIs(text []byte, s string) bool {
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			if s == "" || s[0] != text[i] {
				return false
			}
			s = s[1:]
			i++
			continue
		}
		r, n := unescape(text[i:])
		var buf [utf8.UTFMax]byte
		enc := utf8.AppendRune(buf[:0], r)
		if len(s) < len(enc) || s[:len(enc)] != string(enc) {
			return false
		}
		s = s[len(enc):]
		i += n
	}
	return s == ""
}

// AppendString appends content as a JSON string: quotes around it, and escapes for quotes, backslashes and control characters.
// Invalid UTF-8 becomes U+FFFD.
func AppendString[T string | []byte](dst []byte, content T) []byte {
	const digits = "0123456789abcdef"
	text := []byte(content)
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		end := plainRun(text, i)
		for end < len(text) && text[end] >= 0x20 && text[end] < utf8.RuneSelf && text[end] != '"' && text[end] != '\\' {
			end++ // the last few bytes, which plainRun leaves
		}
		dst = append(dst, text[i:end]...)
		if i = end; i == len(text) {
			break
		}
		switch c := text[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			r, n := utf8.DecodeRune(text[i:])
			dst = utf8.AppendRune(dst, r)
			i += n - 1
		}
		i++
	}
	return append(dst, '"')
}
