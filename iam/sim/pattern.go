package sim

import (
	"strings"
	"unicode/utf8"
)

// A pattern is a string with wildcards and policy variables, compiled. Wildcards are those of the policy's text only: what a
// variable stands for is compared letter by letter.
type pattern struct {
	shape shape
	text  string // exact: all of it; prefix: what stands before the only wildcard, a final *
	parts []part // general and variable
}

type shape uint8

const (
	exact shape = iota
	everything
	prefix
	general  // wildcards
	variable // policy variables, perhaps wildcards
)

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

// newPattern looks for the cheapest shape that says the same as the parts.
func newPattern(parts []part) pattern {
	wild, variables := 0, 0
	for i := range parts {
		switch parts[i].kind {
		case many, one:
			wild++
		case reference:
			variables++
		case literal:
		}
	}
	switch n := len(parts); {
	case variables > 0:
		return pattern{shape: variable, parts: parts}
	case n == 0:
		return pattern{shape: exact}
	case n == 1 && wild == 0:
		return pattern{shape: exact, text: parts[0].text}
	case n == 1 && parts[0].kind == many:
		return pattern{shape: everything}
	case n == 2 && wild == 1 && parts[1].kind == many:
		return pattern{shape: prefix, text: parts[0].text}
	default:
		return pattern{shape: general, parts: parts}
	}
}

// match compares the whole string. It is unknown when it hangs on a variable whose value is not known.
func (p *pattern) match(s string, facts *table) truth {
	switch p.shape {
	case exact:
		return truthOf(p.text == s)
	case everything:
		return yes
	case prefix:
		return truthOf(strings.HasPrefix(s, p.text))
	case general:
		return matchParts(p.parts, s, nil)
	case variable:
		if !resolvable(p.parts, facts) {
			return no
		}
		return matchParts(p.parts, s, facts)
	}
	return no
}

// resolvable tells whether each variable has, or may have, something to stand for. "If the variable … is not present in the
// request context, the statement does not match", says "IAM policy elements: Variables and tags"; a default mends that.
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

// matchParts is a glob over parts: on a mismatch only the last * needs to grow. A variable of unknown value can stand for
// anything, so it is taken for a *, and a match that used it is unknown.
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
	if p.shape == exact {
		return truthOf(strings.EqualFold(p.text, s))
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
