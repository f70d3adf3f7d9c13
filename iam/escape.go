package iam

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escape decodes the escape that s begins with: its length and what it says. Without ok it is none; text is then the character
// behind the backslash where that is clear. Half a surrogate pair says U+FFFD, as in encoding/json.
func escape(s string) (n int, text string, ok bool) {
	if len(s) < 2 {
		return 0, "", false
	}
	switch s[1] {
	case '"', '\\', '/':
		return 2, s[1:2], true
	case 'b':
		return 2, "\b", true
	case 'f':
		return 2, "\f", true
	case 'n':
		return 2, "\n", true
	case 'r':
		return 2, "\r", true
	case 't':
		return 2, "\t", true
	case '\'':
		return 0, "'", false
	case 'u':
		r, ok := unicodeEscape(s)
		if !ok {
			return 0, "", false
		}
		if utf16.IsSurrogate(r) {
			low, ok := unicodeEscape(s[6:])
			if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
				return 12, string(pair), true
			}
			r = utf8.RuneError
		}
		return 6, string(r), true
	}
	return 0, "", false
}

// unicodeEscape decodes \uXXXX.
func unicodeEscape(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// controlEscape is how JSON writes a control character.
func controlEscape(c byte) string {
	switch c {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	return fmt.Sprintf(`\u%04x`, c)
}

// quote writes text, which is UTF-8, as a JSON string.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"', c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ':
			b.WriteString(controlEscape(c))
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isNumber says whether s is a number as JSON writes it.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole := digits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if fraction, found := strings.CutPrefix(s, "."); found {
		n := digits(fraction)
		if n == 0 {
			return false
		}
		s = fraction[n:]
	}
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && digits(s) == len(s)
}

// digits is how many digits s begins with.
func digits(s string) int {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}
