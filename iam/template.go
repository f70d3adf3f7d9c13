package iam

import (
	"iter"
	"strings"
)

// A Template is a string with policy variables, in parts. Their spans cover the string without gaps.
type Template []TemplatePart

// A TemplatePart is literal text or a policy variable.
type TemplatePart struct {
	Kind       PartKind
	Span       Span          // in the string, as decoded
	Text       string        // of Literal and Escape what it says; of Variable the key as written; of Malformed all of it
	Default    string        // of Variable, without its quotes
	HasDefault bool          // the default may be empty
	Fault      VariableFault // of Malformed
}

// A PartKind says what a TemplatePart is.
type PartKind uint8

const (
	Literal   PartKind = iota // text; its * and ? are wildcards where the string is a pattern
	Variable                  // ${key} or ${key, 'default'}
	Escape                    // ${*}, ${?} or ${$}: the character, never a wildcard
	Malformed                 // begins like a variable
)

// A VariableFault says what is wrong with a Malformed part.
type VariableFault string

const (
	MissingBrace VariableFault = "missing brace" // no } in the rest of the string, or another ${ in front of it
	MissingQuote VariableFault = "missing quote" // the default does not begin and end with a single quote
	SpaceInKey   VariableFault = "space in key"  // or around it
	EmptyKey     VariableFault = "empty key"     // ${}, or nothing in front of the comma
)

// ParseTemplate reads a string in which policy variables may stand: a Resource, or a value of a String or Arn operator, under
// Version 2012-10-17. (Elsewhere ${…} is plain text.) The syntax is that of "IAM policy elements: Variables and tags" in the IAM User
// Guide:
//
//	${key}  ${key, 'default'}  ${*}  ${?}  ${$}
//
// A default may hold anything but a single quote. ParseTemplate never fails: what is no variable but begins like one is a part of
// Kind Malformed.
func ParseTemplate(s string) Template {
	var t Template
	start := 0 // of the literal text that is not in t yet
	for part := range variables(s) {
		if part.Span.Start > start {
			t = append(t, TemplatePart{Span: Span{start, part.Span.Start}, Text: s[start:part.Span.Start]})
		}
		t = append(t, part)
		start = part.Span.End
	}
	if start < len(s) {
		t = append(t, TemplatePart{Span: Span{start, len(s)}, Text: s[start:]})
	}
	return t
}

// Variables is the parts of ParseTemplate but the literal ones. It allocates nothing when there is none.
func Variables(s string) []TemplatePart {
	var list []TemplatePart
	for part := range variables(s) {
		list = append(list, part)
	}
	return list
}

// variables yields what begins with ${.
func variables(s string) iter.Seq[TemplatePart] {
	return func(yield func(TemplatePart) bool) {
		open := search{s: s, what: "${"}
		brace, quote, second := search{s: s, what: "}"}, search{s: s, what: "'"}, search{s: s, what: "'"}
		for at := open.from(0); at < len(s); {
			inside := at + len("${")
			next, first := open.from(inside), quote.from(inside)
			end := brace.from(inside)
			// A brace in the quotes of a default is not the one that ends the variable.
			if first < min(end, next) {
				if behind := second.from(first+1) + 1; behind <= len(s) {
					if spaces := countSpaces(s[behind:]); strings.HasPrefix(s[behind+spaces:], "}") {
						end = behind + spaces
					}
				}
			}
			var part TemplatePart
			if end == len(s) || next < end && next < first {
				part = malformed(s, at, next, MissingBrace)
			} else {
				part = variable(s, at, end+1)
			}
			if !yield(part) {
				return
			}
			at = open.from(part.Span.End)
		}
	}
}

// A search finds what a text holds from offsets that never become smaller. All searches together read the text once, however often
// they are asked.
type search struct {
	s, what string
	found   int // at or behind the offset of the last call; len(s) when there is none
	asked   bool
}

// from is where what is searched for stands at offset i or behind it; len(s) when nowhere.
func (f *search) from(i int) int {
	if f.asked && f.found >= i {
		return f.found
	}
	f.asked = true
	f.found = len(f.s)
	if n := strings.Index(f.s[i:], f.what); n >= 0 {
		f.found = i + n
	}
	return f.found
}

func countSpaces(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }

func malformed(s string, at, end int, fault VariableFault) TemplatePart {
	return TemplatePart{Kind: Malformed, Span: Span{at, end}, Text: s[at:end], Fault: fault}
}

// variable reads s[at:end], which begins with ${ and ends with a brace.
func variable(s string, at, end int) TemplatePart {
	inside := s[at+len("${") : end-1]
	switch inside {
	case "*", "?", "$":
		return TemplatePart{Kind: Escape, Span: Span{at, end}, Text: inside}
	}
	key, rest, hasDefault := strings.Cut(inside, ",")
	switch {
	case strings.TrimSpace(key) == "":
		return malformed(s, at, end, EmptyKey)
	case strings.ContainsAny(key, " \t\r\n"):
		return malformed(s, at, end, SpaceInKey)
	case !hasDefault && strings.Contains(key, "'"):
		return malformed(s, at, end, MissingQuote)
	case !hasDefault:
		return TemplatePart{Kind: Variable, Span: Span{at, end}, Text: key}
	}
	value := strings.TrimSpace(rest)
	if len(value) < 2 || value[0] != '\'' || value[len(value)-1] != '\'' || strings.Contains(value[1:len(value)-1], "'") {
		return malformed(s, at, end, MissingQuote)
	}
	return TemplatePart{Kind: Variable, Span: Span{at, end}, Text: key, Default: value[1 : len(value)-1], HasDefault: true}
}
