package iam

import "strings"

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
	for i := 0; ; {
		next := strings.Index(s[i:], "${")
		if next < 0 {
			break
		}
		i += next
		if i > start {
			t = append(t, TemplatePart{Span: Span{start, i}, Text: s[start:i]})
		}
		part := variableAt(s, i)
		t = append(t, part)
		i, start = part.Span.End, part.Span.End
	}
	if start < len(s) {
		t = append(t, TemplatePart{Span: Span{start, len(s)}, Text: s[start:]})
	}
	return t
}

// Variables is the parts of ParseTemplate but the literal ones. It allocates nothing when there is none.
func Variables(s string) []TemplatePart {
	if !strings.Contains(s, "${") {
		return nil
	}
	var list []TemplatePart
	for _, part := range ParseTemplate(s) {
		if part.Kind != Literal {
			list = append(list, part)
		}
	}
	return list
}

// variableAt reads what begins with ${ at offset at.
func variableAt(s string, at int) TemplatePart {
	malformed := func(end int, fault VariableFault) TemplatePart {
		return TemplatePart{Kind: Malformed, Span: Span{at, end}, Text: s[at:end], Fault: fault}
	}
	inside := s[at+2:]
	end := closingBrace(inside)
	if next := strings.Index(inside, "${"); end < 0 || next >= 0 && next < end && !strings.Contains(inside[:next], "'") {
		if next < 0 {
			next = len(inside)
		}
		return malformed(at+2+next, MissingBrace)
	}
	inside = inside[:end]
	end += at + 3
	switch inside {
	case "*", "?", "$":
		return TemplatePart{Kind: Escape, Span: Span{at, end}, Text: inside}
	}
	key, rest, hasDefault := strings.Cut(inside, ",")
	switch {
	case strings.TrimSpace(key) == "":
		return malformed(end, EmptyKey)
	case strings.ContainsAny(key, " \t\r\n"):
		return malformed(end, SpaceInKey)
	case !hasDefault && strings.Contains(key, "'"):
		return malformed(end, MissingQuote)
	case !hasDefault:
		return TemplatePart{Kind: Variable, Span: Span{at, end}, Text: key}
	}
	value := strings.TrimSpace(rest)
	if len(value) < 2 || value[0] != '\'' || value[len(value)-1] != '\'' || strings.Contains(value[1:len(value)-1], "'") {
		return malformed(end, MissingQuote)
	}
	return TemplatePart{Kind: Variable, Span: Span{at, end}, Text: key, Default: value[1 : len(value)-1], HasDefault: true}
}

// closingBrace is where the variable ends whose inside s begins with, -1 when it does not: at the first brace, but for one in the
// quotes of a default.
func closingBrace(s string) int {
	brace := strings.IndexByte(s, '}')
	quote := strings.IndexByte(s, '\'')
	if quote < 0 || quote > brace {
		return brace
	}
	if end := strings.IndexByte(s[quote+1:], '\''); end >= 0 {
		behind := quote + 1 + end + 1
		if strings.HasPrefix(strings.TrimLeft(s[behind:], " "), "}") {
			return behind + strings.IndexByte(s[behind:], '}')
		}
	}
	return brace
}
