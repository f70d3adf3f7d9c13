package iam

import (
	"strings"
	"unicode/utf8"
)

// str reads the string at p.pos, which begins with the quote of JSON. A string without escapes shares the text's memory.
func (p *parser) str() *Node {
	start := p.pos + 1
	for i := start + plain(p.src[start:]); i < len(p.src); i++ {
		switch c := p.src[i]; {
		case c == '"':
			n := p.node(String, p.pos, i+1)
			n.Text = p.src[start:i]
			p.pos, p.end = i+1, i+1
			return n
		case c < ' ', c == '\\', c >= utf8.RuneSelf:
			return p.quoted(p.pos, len(p.src))
		}
	}
	return p.quoted(p.pos, len(p.src))
}

// A quoteFamily is the quotes that can close what one of them opened.
type quoteFamily uint8

const (
	noQuote quoteFamily = iota
	doubleQuote
	singleQuote
)

// quoteAt is the quote that s begins with, its length in bytes and its family.
func quoteAt(s string) (int, quoteFamily) {
	if s == "" || s[0] != '"' && s[0] != '\'' && s[0] != '`' && s[0] < utf8.RuneSelf {
		return 0, noQuote
	}
	switch r, n := utf8.DecodeRuneInString(s); r {
	case '"', '“', '”', '„', '‟', '«', '»', '″':
		return n, doubleQuote
	case '\'', '`', '‘', '’', '‚', '‛', '′':
		return n, singleQuote
	}
	return 0, noQuote
}

// A quotedText is a string as it is read: what it says and what would have to be changed for JSON to say the same.
type quotedText struct {
	start, end int // with quotes
	text       string
	closed     bool // by a quote
	smart      bool // holds a quote other than that of JSON, which may have been meant to close
	quotes     []Edit
	bad        []Edit
	badSpan    Span
	badText    string
}

// quoted reads the string that begins at offset start with any quote. It ends at limit at the latest, where a quote is then missing.
func (p *parser) quoted(start, limit int) *Node {
	q := p.scanQuoted(start, limit, false)
	if q.closed && q.smart && p.src[start] == '"' && !closesWell(p.src[q.end:]) {
		// "Version”: "2012-10-17" reads as a string that ends where the next one should begin.
		if again := p.scanQuoted(start, limit, true); again.closed {
			q = again
		}
	}
	if !q.closed && q.smart {
		if again := p.scanQuoted(start, limit, true); again.closed && closesWell(p.src[again.end:]) {
			q = again
		}
	}
	if !q.closed {
		q = p.scanQuoted(start, p.contentEnd(start, q.end), false)
	}
	n := p.node(String, start, q.end)
	n.Text = q.text
	p.pos, p.end = q.end, q.end
	if len(q.quotes) > 0 {
		p.report(SmartQuote, Span{start, start + firstRune(p.src[start:])}, "a quote that JSON does not know", q.quotes...)
	}
	switch {
	case len(q.bad) > MaxProblems:
		p.report(BadString, q.badSpan, q.badText) // this is no text
	case len(q.bad) > 0:
		p.report(BadString, q.badSpan, q.badText, q.bad...)
	}
	if !q.closed {
		p.insertCloser(q.end, `"`)
	}
	return n
}

// scanQuoted reads a string. With smartClose, any quote of the family closes a string that JSON's quote opened.
func (p *parser) scanQuoted(start, limit int, smartClose bool) quotedText {
	width, family := quoteAt(p.src[start:])
	foreign := p.src[start] != '"'
	q := quotedText{start: start}
	if foreign {
		q.quotes = append(q.quotes, Edit{Span{start, start + width}, `"`})
	}
	var changed []byte // the text up to from, when it differs from what stands there
	i := start + width
	from := i
	put := func(end int, with string) {
		changed = append(append(changed, p.src[from:i]...), with...)
		i, from = end, end
	}
	mend := func(end int, text, with, edit string) {
		if len(q.bad) == 0 {
			q.badSpan, q.badText = Span{i, end}, text
		}
		if len(q.bad) <= MaxProblems {
			q.bad = append(q.bad, Edit{Span{i, end}, edit})
		}
		put(end, with)
	}
	finish := func() quotedText {
		q.text = p.src[from:i]
		if changed != nil {
			q.text = string(append(changed, q.text...))
		}
		return q
	}
	for i < limit {
		c := p.src[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' && c != '\'' && c != '`' {
			i++
			continue
		}
		if size, quote := quoteAt(p.src[i:limit]); quote != noQuote {
			switch {
			case quote == family && (c == '"' || foreign || smartClose):
				finish()
				q.closed, q.end = true, i+size
				if c != '"' {
					q.quotes = append(q.quotes, Edit{Span{i, i + size}, `"`})
				}
				return q
			case c == '"': // within single quotes
				q.quotes = append(q.quotes, Edit{Span{i, i}, `\`})
				i++
			default:
				q.smart = q.smart || quote == family
				i += size
			}
			continue
		}
		switch {
		case c == '\\':
			end, text, ok := escape(p.src[i:limit])
			switch {
			case ok:
				put(i+end, text)
			case text == "'":
				mend(i+2, "a wrong escape", "'", "'")
			default:
				mend(i+1, "a backslash that escapes nothing", `\`, `\\`)
			}
		case c == '\n' || c == '\r':
			if !p.lineGoesOn(i, limit) {
				q.end = i
				return finish()
			}
			mend(i+1, "a line break within a string", string(c), controlEscape(c))
		case c < ' ':
			mend(i+1, "a control character within a string", string(c), controlEscape(c))
		default:
			r, size := utf8.DecodeRuneInString(p.src[i:limit])
			if r == utf8.RuneError && size <= 1 {
				mend(i+1, "no UTF-8", "\ufffd", "\ufffd")
			} else {
				i += size
			}
		}
	}
	q.end = i
	return finish()
}

// lineGoesOn says of a string that meets a line break at offset at whether it goes on behind it: whether the next quote closes a
// string, rather than opens one.
func (p *parser) lineGoesOn(at, limit int) bool {
	const far = 4096
	rest := p.src[at:min(at+far, limit)]
	i := strings.IndexByte(rest, '"')
	return i >= 0 && closesWell(rest[i+1:])
}

// closesWell says whether what follows a string can follow one.
func closesWell(rest string) bool {
	rest = strings.TrimLeft(rest, " \t\r\n")
	return rest == "" || strings.IndexByte(":,]}", rest[0]) >= 0
}

// contentEnd is where a string that begins at start and lacks its quote most likely ends, up to limit: before the closers, commas
// and spaces at the end of the line.
func (p *parser) contentEnd(start, limit int) int {
	width, _ := quoteAt(p.src[start:])
	content := p.src[start+width : max(limit, start+width)]
	// A closer whose opener is in the string belongs to what is in the string.
	brackets, braces := strings.Contains(content, "["), strings.Contains(content, "{")
	return start + width + len(strings.TrimRightFunc(content, func(r rune) bool {
		return strings.ContainsRune(" \t\r\n,", r) || r == ']' && !brackets || r == '}' && !braces
	}))
}

// colonInQuotes is where the closing quote of a name belongs that stands behind the colon, as in "Version: "2012-10-17"; 0 when it
// stands where it should.
func colonInQuotes(src string, key *Node) int {
	start, end := key.Span.Start, key.Span.End
	if end-start < 2 || src[start] != '"' || src[end-1] != '"' {
		return 0
	}
	name := strings.TrimRight(src[start+1:end-1], " \t")
	short, found := strings.CutSuffix(name, ":")
	if !found || short == "" {
		return 0
	}
	return start + 1 + len(short)
}

func firstRune(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
