package sim

import (
	"strings"

	"trunkline/iam"
)

// template takes a text with policy variables apart. What stands before the byte offset from, and what is not well-formed, is plain
// text.
func template(text string, wild bool, from int) []part {
	plain := appendLiteral
	if wild {
		plain = wildcards
	}
	parts := plain(nil, text[:from])
	for _, p := range iam.ParseTemplate(text[from:]) {
		switch p.Kind {
		case iam.Variable:
			parts = append(parts, part{kind: reference, key: newKey(p.Text), text: p.Default, hasDefault: p.HasDefault})
		case iam.Escape:
			parts = appendLiteral(parts, p.Text)
		case iam.Literal, iam.Malformed:
			parts = plain(parts, p.Text)
		}
	}
	return parts
}

// wildcards appends a text in which * and ? are wildcards. Neighbouring * are one.
func wildcards(parts []part, s string) []part {
	for {
		i := strings.IndexAny(s, "*?")
		if i < 0 {
			return appendLiteral(parts, s)
		}
		parts = appendLiteral(parts, s[:i])
		switch {
		case s[i] == '?':
			parts = append(parts, part{kind: one})
		case len(parts) == 0 || parts[len(parts)-1].kind != many:
			parts = append(parts, part{kind: many})
		}
		s = s[i+1:]
	}
}

func appendLiteral(parts []part, s string) []part {
	switch {
	case s == "":
	case len(parts) > 0 && parts[len(parts)-1].kind == literal:
		parts[len(parts)-1].text += s
	default:
		parts = append(parts, part{kind: literal, text: s})
	}
	return parts
}
