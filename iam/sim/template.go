package sim

import "strings"

// template takes a text with policy variables apart ("IAM policy elements: Variables and tags"): ${key}, ${key, 'default'}, and the
// escapes ${*}, ${?} and ${$}. What stands before the byte offset from, and what is not well-formed, is literal.
func template(text string, wild bool, from int) []part {
	var parts []part
	add := func(s string) {
		if wild {
			parts = wildcards(parts, s)
		} else {
			parts = appendLiteral(parts, s)
		}
	}
	add(text[:from])
	rest := text[from:]
	for {
		start := strings.Index(rest, "${")
		if start < 0 {
			add(rest)
			return parts
		}
		add(rest[:start])
		rest = rest[start:]
		p, n := readVariable(rest)
		if n == 0 {
			add("${")
			rest = rest[2:]
			continue
		}
		if p.kind == literal {
			parts = appendLiteral(parts, p.text)
		} else {
			parts = append(parts, p)
		}
		rest = rest[n:]
	}
}

// readVariable reads the variable at the start of s and gives its length, or 0 when it is none.
func readVariable(s string) (part, int) {
	body := s[2:]
	end := strings.IndexAny(body, "},")
	if end < 0 {
		return part{}, 0
	}
	name := body[:end]
	if body[end] == '}' {
		switch name {
		case "*", "?", "$":
			return part{kind: literal, text: name}, 2 + end + 1
		}
	}
	if name == "" || strings.ContainsAny(name, " ${") {
		return part{}, 0
	}
	p := part{kind: reference, key: newKey(name)}
	if body[end] == '}' {
		return p, 2 + end + 1
	}
	value, found := strings.CutPrefix(body[end:], ", '")
	length := strings.Index(value, "'}")
	if !found || length < 0 {
		return part{}, 0
	}
	p.hasDefault, p.text = true, value[:length]
	return p, 2 + end + 3 + length + 2
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
