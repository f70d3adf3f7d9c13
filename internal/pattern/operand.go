package pattern

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"trunkline/internal/document"
)

// wildcard reads the operand s of node n.
func (p *parser) wildcard(n document.Node, path, s string) (test, error) {
	var parts []string
	var part []byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '*' && i > 0 && len(part) == 0 && len(parts) > 0:
			return nil, p.fail(p.doc.Offset(n), path, "write one *", "two * side by side in a wildcard")
		case c == '*':
			parts = append(parts, string(part))
			part = part[:0]
		case c == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '\\'):
			i++
			part = append(part, s[i])
		case c == '\\':
			return nil, p.fail(p.doc.Offset(n), path, `write \\\\ for one backslash, \\* for a star (in JSON)`,
				"a backslash in a wildcard stands before * or another backslash only")
		default:
			part = append(part, c)
		}
	}
	parts = append(parts, string(part))
	g := &glob{head: parts[0]}
	if last := len(parts) - 1; last > 0 {
		g.star, g.tail = true, parts[last]
		for _, s := range parts[1:last] {
			g.parts = append(g.parts, []byte(s))
		}
	}
	return g, nil
}

// cidr reads the operand s of node n.
func (p *parser) cidr(n document.Node, path, s string) (test, error) {
	at := p.doc.Offset(n)
	literal, length, found := strings.Cut(s, "/")
	if !found || strings.Contains(length, "/") {
		return nil, p.fail(at, path, `write "10.0.0.0/24"`, "cidr takes an address, one slash and a number of bits")
	}
	a, ok := parseAddress(literal)
	if !ok {
		return nil, p.fail(at, path, `write "10.0.0.0/24"`, "what stands before the slash is no IP address")
	}
	bits, err := strconv.Atoi(length)
	if err != nil {
		return nil, p.fail(at, path, `write "10.0.0.0/24"`, "what stands behind the slash is no number of bits")
	}
	if bits == int(a.bits) {
		return nil, p.fail(at, path, "write the address itself as a value", "EventBridge refuses /%d: a block of one address", bits)
	}
	if bits < 0 || bits > int(a.bits) {
		return nil, p.fail(at, path, "", "a block of %d bits; an address of this family has 0 to %d", bits, a.bits-1)
	}
	b := blockOf(a, bits)
	if b.hi != a.hi || b.lo != a.lo {
		p.warn(at, path, "", "bits behind the first %d are set and have no meaning", bits)
	}
	return &inBlock{b}, nil
}

// exact returns a number that numeric and anything-but can take.
func (p *parser) exact(n document.Node, path, name string) (float64, error) {
	value, ok := number(p.doc.Raw(n))
	if !ok {
		return 0, p.fail(p.doc.Offset(n), path, "", "%s cannot compare with a number that a double does not hold exactly", name)
	}
	p.lintNumber(n, path, value)
	return value, nil
}

// anythingBut reads the operand of anything-but.
func (p *parser) anythingBut(n document.Node, path string) (test, error) {
	kind := p.doc.Kind(n)
	if kind == document.Object {
		return p.anythingButLike(n, path)
	}
	values := []document.Node{n}
	if kind == document.Array {
		values = p.elements(n)
	}
	if len(values) == 0 {
		return nil, p.fail(p.doc.Offset(n), path, `for "the field is there" write {"exists": true}`, "anything-but with an empty list")
	}
	var excluded []test
	for _, v := range values {
		switch k := p.doc.Kind(v); {
		case k == document.String && p.doc.Kind(values[0]) == k:
			excluded = append(excluded, equals(p.string(v)))
		case k == document.Number && p.doc.Kind(values[0]) == k:
			value, err := p.exact(v, path, "anything-but")
			if err != nil {
				return nil, err
			}
			excluded = append(excluded, &within{value, value})
		case k == document.String || k == document.Number:
			return nil, p.fail(p.doc.Offset(v), path, "", "anything-but takes strings only or numbers only in one list")
		default:
			return nil, p.fail(p.doc.Offset(v), path, "", "anything-but takes strings, numbers or an operator, not %s", article(k))
		}
	}
	return anythingBut(gather(excluded)), nil
}

// anythingButLike reads {"anything-but": {operator: operand}}.
func (p *parser) anythingButLike(n document.Node, path string) (test, error) {
	name, x, err := p.single(n, path, "anything-but", []string{"prefix", "suffix", "equals-ignore-case", "wildcard"})
	if err != nil {
		return nil, err
	}
	if err := p.pipe(p.keyOffset(x), path, "list whole values in anything-but", "a pipe has no anything-but with %s", name); err != nil {
		return nil, err
	}
	operands := []document.Node{x}
	if p.doc.Kind(x) == document.Array {
		operands = p.elements(x)
	}
	if len(operands) == 0 {
		return nil, p.fail(p.doc.Offset(x), path, "", "anything-but %s with an empty list", name)
	}
	var excluded []test
	for _, o := range operands {
		s, err := p.operand(o, path, "anything-but "+name)
		if err != nil {
			return nil, err
		}
		var t test
		switch name {
		case "prefix", "suffix":
			if s == "" {
				return nil, p.fail(p.doc.Offset(o), path, "", "anything-but %s with an empty text excludes every string", name)
			}
			if t = hasPrefix(s); name == "suffix" {
				t = hasSuffix(s)
			}
		case "equals-ignore-case":
			p.lintFold(o, path, s)
			t = &foldEquals{fold(s)}
		case "wildcard":
			if t, err = p.wildcard(o, path, s); err != nil {
				return nil, err
			}
		}
		excluded = append(excluded, t)
	}
	return anythingBut(excluded), nil
}

func (p *parser) elements(n document.Node) (nodes []document.Node) {
	for c, end := p.doc.Children(n); c < end; c = p.doc.After(c) {
		nodes = append(nodes, c)
	}
	return nodes
}

// numeric reads the operand of numeric: one comparison, or a lower bound and an upper one.
func (p *parser) numeric(n document.Node, path string) (test, error) {
	const hint = `write [">", 0] or [">=", 0, "<", 10]`
	if k := p.doc.Kind(n); k != document.Array {
		return nil, p.fail(p.doc.Offset(n), path, hint, "numeric takes an array, not %s", article(k))
	}
	terms := p.elements(n)
	if len(terms) != 2 && len(terms) != 4 {
		return nil, p.fail(p.doc.Offset(n), path, hint, "numeric takes an operator and a number, once or twice; this array has %d values", len(terms))
	}
	known := []string{"=", "<", "<=", ">", ">="}
	w, bottom := &within{math.Inf(-1), math.Inf(1)}, 0.0
	for i := 0; i < len(terms); i += 2 {
		op := ""
		if p.doc.Kind(terms[i]) == document.String {
			op = p.string(terms[i])
		}
		if !slices.Contains(known, op) {
			return nil, p.fail(p.doc.Offset(terms[i]), path, hint, "numeric compares with %s", list(known))
		}
		if len(terms) == 4 && (i == 0) != (op[0] == '>') || len(terms) == 4 && op == "=" {
			return nil, p.fail(p.doc.Offset(terms[i]), path, hint, "a numeric range has its lower bound (> or >=) first, then its upper bound (< or <=)")
		}
		if k := p.doc.Kind(terms[i+1]); k != document.Number {
			return nil, p.fail(p.doc.Offset(terms[i+1]), path, hint, "numeric compares with a number, not %s", article(k))
		}
		value, err := p.exact(terms[i+1], path, "numeric")
		if err != nil {
			return nil, err
		}
		if i == 2 && value <= bottom {
			return nil, p.fail(p.doc.Offset(terms[i+1]), path, `for one value write {"numeric": ["=", value]}`,
				"the upper bound of a numeric range must be greater than its lower bound")
		}
		bottom = value
		w.bound(op, value)
	}
	return w, nil
}
