package sim

import (
	"strings"

	"trunkline/iam/arn"
)

// arnFields is how many fields an ARN has; the last one may have colons in it.
const arnFields = 6

// An arnPattern is the operand of an ARN operator: "Each of the six colon-delimited components of the ARN is checked separately
// and each can include multi-character match wildcards (*) or single-character match wildcards (?)" ("Amazon Resource Name (ARN)
// condition operators").
type arnPattern struct {
	any    bool // a lone *: any ARN
	broken bool // no six fields: matches nothing
	fields [arnFields]pattern
	parts  []part // where a variable may bring colons of its own
	moves  bool   // a variable stands outside the last field
}

func newARNPattern(parts []part) arnPattern {
	if len(parts) == 1 && parts[0].kind == many {
		return arnPattern{any: true}
	}
	a := arnPattern{parts: parts}
	fields := splitParts(parts)
	a.broken = len(fields) < arnFields
	for i, field := range fields {
		a.fields[i] = newPattern(field)
		if a.fields[i].parts != nil && i < arnFields-1 {
			a.moves = true
		}
	}
	return a
}

// splitParts cuts at colons, into six fields at most.
func splitParts(parts []part) [][]part {
	fields := [][]part{nil}
	for _, p := range parts {
		for p.kind == literal && len(fields) < arnFields {
			head, tail, found := strings.Cut(p.text, ":")
			if !found {
				break
			}
			if head != "" {
				fields[len(fields)-1] = append(fields[len(fields)-1], part{kind: literal, text: head})
			}
			fields = append(fields, nil)
			p.text = tail
		}
		if p.kind != literal || p.text != "" {
			fields[len(fields)-1] = append(fields[len(fields)-1], p)
		}
	}
	return fields
}

// match compares field by field. A value that is no ARN matches nothing.
func (a *arnPattern) match(value string, facts *table) truth {
	fields, n := arn.Split(value)
	if n < arnFields || fields[0] != "arn" {
		return no
	}
	if a.any {
		return yes
	}
	if a.moves {
		if !resolvable(a.parts, facts) {
			return no
		}
		switch colons, known := variableColons(a.parts, facts); {
		case !known:
			return unknown
		case colons:
			// A whole ARN in a variable, say: the fields are those of what it stands for.
			substituted := newARNPattern(substitute(a.parts, facts))
			return substituted.match(value, facts)
		}
	}
	if a.broken {
		return no
	}
	result := yes
	for i := range a.fields {
		if result = and(result, a.fields[i].match(fields[i], facts)); result == no {
			return no
		}
	}
	return result
}

// variableColons tells whether what a variable stands for has a colon, and whether all of them are known.
func variableColons(parts []part, facts *table) (colons, known bool) {
	for i := range parts {
		if parts[i].kind == reference {
			text, ok := parts[i].resolve(facts)
			if !ok {
				return false, false
			}
			colons = colons || strings.IndexByte(text, ':') >= 0
		}
	}
	return colons, true
}

func substitute(parts []part, facts *table) []part {
	substituted := make([]part, len(parts))
	for i, p := range parts {
		if p.kind == reference {
			text, _ := p.resolve(facts)
			p = part{kind: literal, text: text}
		}
		substituted[i] = p
	}
	return substituted
}
