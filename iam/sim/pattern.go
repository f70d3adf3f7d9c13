package sim

import (
	"strings"
	"unicode/utf8"

	"trunkline/iam/arn"
)

// A pattern is a string with wildcards and policy variables, compiled. Wildcards are those of the policy's text only: what a
// variable stands for is compared letter by letter.
type pattern struct {
	glob  arn.Glob // of a pattern without variables
	parts []part   // of one with variables; else nil
}

// A part of a pattern.
type part struct {
	kind       kind
	text       string // literal, or the default of a reference
	key        key    // of a reference
	hasDefault bool
}

type kind uint8

const (
	literal   kind = iota
	many           // *: any string, also an empty one
	one            // ?: exactly one character
	reference      // ${key}
)

func newPattern(parts []part) pattern {
	var glob arn.Builder
	for i := range parts {
		switch p := &parts[i]; p.kind {
		case literal:
			glob.Literal(p.text)
		case many:
			glob.Pattern("*")
		case one:
			glob.Pattern("?")
		case reference:
			return pattern{parts: parts}
		}
	}
	return pattern{glob: glob.Glob()}
}

// match compares the whole string. It is unknown when it hangs on a variable whose value is not known.
func (p *pattern) match(s string, facts *table) truth {
	switch {
	case p.parts == nil:
		return truthOf(p.glob.Match(s))
	case !resolvable(p.parts, facts):
		return no
	default:
		return matchParts(p.parts, s, facts)
	}
}

// resolvable tells whether each variable has, or may have, something to stand for: a value in the request or a default. One without
// matches nothing ("IAM policy elements: Variables and tags").
func resolvable(parts []part, facts *table) bool {
	for i := range parts {
		if p := &parts[i]; p.kind == reference && !p.hasDefault && facts.find(&p.key).known() == absent {
			return false
		}
	}
	return true
}

// resolve gives what a reference stands for, and whether it is known. A key with several values is no variable; what becomes of it
// is not documented, so it is not known.
func (p *part) resolve(facts *table) (string, bool) {
	f := facts.find(&p.key)
	switch f.known() {
	case absent:
		return p.text, true
	case present:
		return f.values[0], len(f.values) == 1
	case somehow, perhaps:
	}
	return "", false
}

// matchParts is a glob over parts whose variables are looked up on the way, so that nothing is built: on a mismatch only the last *
// needs to grow. A variable of unknown value can stand for anything, so it is taken for a *, and a match that used it is unknown.
func matchParts(parts []part, s string, facts *table) truth {
	result := yes
	star, from := -1, 0 // the last *, and where in s what follows it was tried last
	for i, at := 0, 0; ; {
		if i == len(parts) {
			if at == len(s) {
				return result
			}
		} else {
			p := &parts[i]
			k, text := p.kind, p.text
			if k == reference {
				var known bool
				if text, known = p.resolve(facts); known {
					k = literal
				} else {
					k, result = many, unknown
				}
			}
			switch {
			case k == many:
				if i == len(parts)-1 {
					return result
				}
				star, from = i, at
				i++
				continue
			case k == literal && star >= 0 && i == star+1:
				if i == len(parts)-1 {
					return and(result, truthOf(strings.HasSuffix(s[at:], text)))
				}
				found := strings.Index(s[at:], text)
				if found < 0 {
					return no
				}
				from = at + found
				at = from + len(text)
				i++
				continue
			case k == literal && strings.HasPrefix(s[at:], text):
				at += len(text)
				i++
				continue
			case k == one && at < len(s):
				_, size := utf8.DecodeRuneInString(s[at:])
				at += size
				i++
				continue
			}
		}
		if star < 0 || from >= len(s) {
			return no
		}
		_, size := utf8.DecodeRuneInString(s[from:])
		from += size
		i, at = star+1, from
	}
}

// matchFold compares without case; the pattern has no wildcards.
func (p *pattern) matchFold(s string, facts *table) truth {
	if p.parts == nil {
		text, _ := p.glob.Literal()
		return truthOf(strings.EqualFold(text, s))
	}
	if !resolvable(p.parts, facts) {
		return no
	}
	for i := range p.parts {
		text, known := p.parts[i].text, true
		if p.parts[i].kind == reference {
			if text, known = p.parts[i].resolve(facts); !known {
				return unknown
			}
		}
		n := leading(s, utf8.RuneCountInString(text))
		if !strings.EqualFold(text, s[:n]) {
			return no
		}
		s = s[n:]
	}
	return truthOf(s == "")
}

// leading is the length in bytes of the first n characters of s, or of all when there are fewer.
func leading(s string, n int) int {
	for at := range s {
		if n == 0 {
			return at
		}
		n--
	}
	return len(s)
}
