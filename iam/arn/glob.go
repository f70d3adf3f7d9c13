package arn

import (
	"strings"
	"unicode/utf8"
)

// A Glob is a pattern over a whole string: "*" matches any string, also the empty one, colons and slashes included, and "?" exactly
// one character. Everything else matches itself, with case. The zero Glob matches the empty string only.
//
// Matching takes time linear in the text for patterns without "?", and at most the product of both lengths for others: there is no
// backtracking into an earlier "*".
type Glob struct {
	pattern string
	pieces  []piece // between the stars; the first and the last are anchored
	any     bool    // "*" and nothing else
	exact   bool    // no wildcard: only the text itself matches
	text    string  // of an exact Glob
}

// A piece is what stands between two stars: literals, each behind some characters that may be any.
type piece []literal

type literal struct {
	skip int // characters of any kind in front
	text string
}

// Compile compiles a pattern. Every string is one. Runs of stars count as one star.
func Compile(pattern string) Glob {
	var b Builder
	b.Pattern(pattern)
	return b.Glob()
}

// A Builder makes a Glob of patterns and of text in which "*" and "?" are no wildcards, such as the value of a policy variable.
type Builder struct {
	pattern strings.Builder
	pieces  []piece
	skip    int // characters since the last literal
}

// Literal appends text that matches itself.
func (b *Builder) Literal(text string) {
	b.pattern.WriteString(text)
	b.literal(text)
}

// Pattern appends a pattern.
func (b *Builder) Pattern(pattern string) {
	b.pattern.WriteString(pattern)
	for pattern != "" {
		i := strings.IndexAny(pattern, "*?")
		if i < 0 {
			i = len(pattern)
		}
		b.literal(pattern[:i])
		if i == len(pattern) {
			return
		}
		if pattern[i] == '?' {
			b.skip++
		} else {
			b.star()
		}
		pattern = pattern[i+1:]
	}
}

func (b *Builder) literal(text string) {
	if text == "" {
		return
	}
	if len(b.pieces) == 0 {
		b.pieces = []piece{nil}
	}
	last := &b.pieces[len(b.pieces)-1]
	if n := len(*last); n > 0 && b.skip == 0 {
		(*last)[n-1].text += text
		return
	}
	*last = append(*last, literal{b.skip, text})
	b.skip = 0
}

func (b *Builder) star() {
	if len(b.pieces) == 0 {
		b.pieces = []piece{nil}
	}
	b.flush()
	if n := len(b.pieces); n > 1 && len(b.pieces[n-1]) == 0 {
		return // a star behind a star
	}
	b.pieces = append(b.pieces, nil)
}

// flush ends the last piece.
func (b *Builder) flush() {
	if b.skip > 0 {
		last := &b.pieces[len(b.pieces)-1]
		*last = append(*last, literal{skip: b.skip})
		b.skip = 0
	}
}

// Glob is the compiled pattern. The Builder can go on afterwards.
func (b *Builder) Glob() Glob {
	pieces := make([]piece, max(len(b.pieces), 1))
	for i, p := range b.pieces {
		pieces[i] = append(piece(nil), p...)
	}
	if b.skip > 0 {
		last := &pieces[len(pieces)-1]
		*last = append(*last, literal{skip: b.skip})
	}
	g := Glob{pattern: b.pattern.String(), pieces: pieces}
	switch {
	case len(pieces) == 1 && len(pieces[0]) == 0:
		g.exact = true
	case len(pieces) == 1 && len(pieces[0]) == 1 && pieces[0][0].skip == 0:
		g.exact, g.text = true, pieces[0][0].text
	case len(pieces) == 2 && len(pieces[0]) == 0 && len(pieces[1]) == 0:
		g.any = true
	}
	return g
}

// String is the pattern as given. With a Builder's literals it is for people: what was literal does not show.
func (g Glob) String() string { return g.pattern }

// Any says whether the Glob matches every string.
func (g Glob) Any() bool { return g.any }

// Literal is the only string that matches; false when the Glob has a wildcard.
func (g Glob) Literal() (string, bool) { return g.text, g.exact || len(g.pieces) == 0 }

// Match says whether all of s matches.
func (g *Glob) Match(s string) bool {
	switch {
	case g.any:
		return true
	case g.exact, len(g.pieces) == 0:
		return s == g.text
	}
	n, ok := g.pieces[0].prefix(s)
	if !ok {
		return false
	}
	s = s[n:]
	if len(g.pieces) == 1 {
		return s == ""
	}
	last := g.pieces[len(g.pieces)-1]
	if n, ok = last.suffix(s); !ok {
		return false
	}
	s = s[:len(s)-n]
	for _, p := range g.pieces[1 : len(g.pieces)-1] {
		if n, ok = p.find(s); !ok {
			return false
		}
		s = s[n:]
	}
	return true
}

// prefix is the length of what s begins with and p matches.
func (p piece) prefix(s string) (n int, ok bool) {
	for _, l := range p {
		for range l.skip {
			if n == len(s) {
				return 0, false
			}
			n += width(s[n:])
		}
		if !strings.HasPrefix(s[n:], l.text) {
			return 0, false
		}
		n += len(l.text)
	}
	return n, true
}

// suffix is the length of what s ends with and p matches.
func (p piece) suffix(s string) (n int, ok bool) {
	end := len(s)
	for i := len(p) - 1; i >= 0; i-- {
		if !strings.HasSuffix(s[:end], p[i].text) {
			return 0, false
		}
		end -= len(p[i].text)
		for range p[i].skip {
			if end == 0 {
				return 0, false
			}
			_, size := utf8.DecodeLastRuneInString(s[:end])
			end -= size
		}
	}
	return len(s) - end, true
}

// find is where the first match of p in s ends.
func (p piece) find(s string) (end int, ok bool) {
	if len(p) == 1 && p[0].skip == 0 {
		i := strings.Index(s, p[0].text)
		return i + len(p[0].text), i >= 0
	}
	for start := 0; ; start += width(s[start:]) {
		if n, ok := p.prefix(s[start:]); ok {
			return start + n, true
		}
		if start == len(s) {
			return 0, false
		}
	}
}

// width is the length of the first character of s, which is not empty.
func width(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}
