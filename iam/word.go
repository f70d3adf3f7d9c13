package iam

import (
	"strings"
	"unicode/utf8"
)

// scalar reads a value that begins with c, which opens neither a string, an array nor an object.
func (p *parser) scalar(c byte) *Node {
	if c == '\'' || c == '`' || c >= utf8.RuneSelf {
		if _, family := quoteAt(p.src[p.pos:]); family != noQuote {
			return p.quoted(p.pos, len(p.src))
		}
	}
	i := p.pos
	for i < len(p.src) && literalByte(p.src[i]) {
		i++
	}
	if i < len(p.src) && wordByte(p.src[i]) && !commentAt(p.src[i:]) {
		return p.word(false)
	}
	text := p.src[p.pos:i]
	switch {
	case text == "true", text == "false":
		return p.literal(Bool, i, text)
	case text == "null":
		return p.literal(Null, i, text)
	case isNumber(text):
		return p.literal(Number, i, text)
	}
	for _, meant := range [...]struct {
		word, text string
		kind       Kind
	}{{"true", "true", Bool}, {"false", "false", Bool}, {"null", "null", Null}, {"none", "null", Null}, {"nil", "null", Null}} {
		if strings.EqualFold(text, meant.word) {
			span := Span{p.pos, i}
			n := p.literal(meant.kind, i, meant.text)
			p.report(BadLiteral, span, "JSON writes "+meant.text, Edit{span, meant.text})
			return n
		}
	}
	return p.word(false)
}

func (p *parser) literal(kind Kind, end int, text string) *Node {
	n := p.node(kind, p.pos, end)
	n.Text = text
	p.pos, p.end = end, end
	return n
}

// literalByte says whether c can stand in a number, true, false or null.
func literalByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '+' || 'A' <= c && c <= 'Z'
}

// wordByte says whether a bare word goes on with c.
func wordByte(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', ']', '[', '}', '{', '"':
		return false
	}
	return true
}

func commentAt(s string) bool {
	return s[0] == '#' || strings.HasPrefix(s, "//") || strings.HasPrefix(s, "/*")
}

// word reads what stands where a string belongs, without quotes: at least one character. As a name it ends before a colon or an
// equals sign; as a value it may have spaces within.
func (p *parser) word(name bool) *Node {
	start := p.pos
	end := p.wordEnd(start, name)
	for !name {
		next := end
		for next < len(p.src) && (p.src[next] == ' ' || p.src[next] == '\t') {
			next++
		}
		if next == end || next == len(p.src) || !wordStart(p.src[next]) {
			break
		}
		more := p.wordEnd(next, name)
		if more < len(p.src) && p.src[more] == ':' {
			break // a name without quotes and a comma in front of it
		}
		end = more
	}
	n := p.node(String, start, end)
	n.Text = strings.ToValidUTF8(p.src[start:end], "\ufffd")
	p.pos, p.end = end, end
	if end < len(p.src) && p.src[end] == '"' && closesWell(p.src[end+1:]) {
		n.Span.End++
		p.pos, p.end = end+1, end+1
		text := quote(n.Text)
		p.report(BadLiteral, Span{start, end}, "a string without its opening quote", Edit{Span{start, end}, text[:len(text)-1]})
		return n
	}
	code, text := BadLiteral, "a string without quotes"
	if len(Placeholders(n.Text)) > 0 {
		code, text = PlaceholderText, "a placeholder without quotes"
	}
	p.report(code, n.Span, text, Edit{n.Span, quote(n.Text)})
	return n
}

// wordEnd is where the bare word at offset i ends.
func (p *parser) wordEnd(i int, name bool) int {
	for start := i; i < len(p.src); {
		switch c := p.src[i]; {
		case c == '{':
			n := bracePlaceholder(p.src[i:])
			if n == 0 && i == start {
				n = 1
			}
			if n == 0 {
				return i
			}
			i += n
		case c == '<':
			i += max(anglePlaceholder(p.src[i:]), 1)
		case i == start:
			_, n := utf8.DecodeRuneInString(p.src[i:])
			i += n
		case (c == ':' || c == '=') && (name || i+1 == len(p.src) || !wordByte(p.src[i+1]) && bracePlaceholder(p.src[i+1:]) == 0):
			return i
		case !wordByte(c):
			return i
		case c >= utf8.RuneSelf:
			if _, quote := quoteAt(p.src[i:]); quote == doubleQuote {
				return i
			}
			_, n := utf8.DecodeRuneInString(p.src[i:])
			i += n
		default:
			i++
		}
	}
	return i
}

// wordStart says whether a bare word can go on with c behind a space.
func wordStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '<'
}
