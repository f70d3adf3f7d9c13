package iam

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// space skips white space, and what is taken out like it: comments, ellipses, characters that look like a space.
func (p *parser) space() {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == ' ' || c == '\t' || c == '\r':
			p.pos++
		case c == '\n':
			p.pos++
			for p.pos+8 <= len(p.src) && eight(p.src[p.pos:]) == eachByte*' ' { // indentation
				p.pos += 8
			}
		case c == '/' || c == '#' || c == '.' || c == '\v' || c == '\f' || c >= utf8.RuneSelf:
			if !p.oddSpace() {
				return
			}
		default:
			return
		}
	}
}

// oddSpace skips one comment, ellipsis or odd character, and reports it.
func (p *parser) oddSpace() bool {
	rest := p.src[p.pos:]
	switch {
	case strings.HasPrefix(rest, "//"), rest[0] == '#':
		p.comment(lineEnd(rest))
		return true
	case strings.HasPrefix(rest, "/*"):
		n := len(rest)
		if i := strings.Index(rest[2:], "*/"); i >= 0 {
			n = i + 4
		}
		p.comment(n)
		return true
	case strings.HasPrefix(rest, "..."):
		p.takeOut(Ellipsis, len(rest)-len(strings.TrimLeft(rest, ".")), "an ellipsis in place of something", "")
		return true
	case strings.HasPrefix(rest, "…"):
		p.takeOut(Ellipsis, len("…"), "an ellipsis in place of something", "")
		return true
	}
	r, n := utf8.DecodeRuneInString(rest)
	switch {
	case r == '\ufeff':
		p.takeOut(ExtraText, n, "a byte order mark", "")
		return true
	case r == '\u200b', r == '\u2060':
		p.takeOut(ExtraText, n, "an invisible character", "")
		return true
	case unicode.IsSpace(r):
		p.takeOut(ExtraText, n, "a space that JSON does not know", " ")
		return true
	}
	return false
}

// takeOut reports the next n bytes, which count as the space that is put in their place.
func (p *parser) takeOut(code ProblemCode, n int, text, space string) {
	span := Span{p.pos, p.pos + n}
	p.pos = span.End
	p.report(code, span, text, Edit{span, space})
}

// comment skips a comment of n bytes. With it go the spaces in front, and its line when nothing else stands there.
func (p *parser) comment(n int) {
	span := Span{p.pos, p.pos + n}
	p.pos = span.End
	cut := span
	for cut.Start > 0 && (p.src[cut.Start-1] == ' ' || p.src[cut.Start-1] == '\t') {
		cut.Start--
	}
	ownLine := cut.Start == 0 || p.src[cut.Start-1] == '\n'
	switch rest := p.src[span.End:]; {
	case !ownLine:
	case strings.HasPrefix(rest, "\n"):
		cut.End++
	case strings.HasPrefix(rest, "\r\n"):
		cut.End += 2
	default:
		cut.Start = span.Start
	}
	p.pos = cut.End
	p.report(Comment, span, "JSON has no comments", Edit{Span: cut})
}

// lineEnd is the length of the first line of s, without its line break.
func lineEnd(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i]
	}
	return len(strings.TrimSuffix(s, "\r"))
}
