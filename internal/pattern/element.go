package pattern

import (
	"math"
	"slices"
	"strings"

	"trunkline/internal/document"
)

// operators are the names that an element's object may have.
var operators = []string{"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"}

// documented bounds of numbers: the documentation says that numbers compare within ± 5.0e9 and with 15 digits, 6 behind the point.
const (
	documentedRange  = 5e9
	documentedDigits = 15
	documentedPlaces = 6
)

// valueList reads the array n, the values that the field at path may have.
func (p *parser) valueList(n document.Node, path string) (*valueList, error) {
	list := &valueList{path: path, text: string(p.doc.Raw(n))}
	first, end := p.doc.Children(n)
	if first == end {
		return nil, p.fail(p.doc.Offset(n), path, "name a value, or delete the field", "an empty list of values matches nothing")
	}
	for c := first; c < end; c = p.doc.After(c) {
		t, err := p.element(c, path)
		if err != nil {
			return nil, err
		}
		if t == nil {
			list.absent = true
			continue
		}
		list.tests = append(list.tests, t)
	}
	list.tests = gather(list.tests)
	return list, nil
}

// gather puts many exact texts into one test.
func gather(tests []test) []test {
	const few = 8
	texts := oneOf{}
	rest := make([]test, 0, len(tests))
	for _, t := range tests {
		if s, ok := t.(equals); ok {
			texts[string(s)] = struct{}{}
		} else {
			rest = append(rest, t)
		}
	}
	if len(texts) <= few {
		return tests
	}
	return append(rest, texts)
}

// element reads one value of a list. It returns nil for {"exists": false}.
func (p *parser) element(n document.Node, path string) (test, error) {
	switch kind := p.doc.Kind(n); kind {
	case document.String:
		s := p.string(n)
		if a, ok := parseAddress(s); ok {
			return &inBlock{blockOf(a, int(a.bits))}, nil
		}
		return equals(s), nil
	case document.Number:
		return p.bareNumber(n, path), nil
	case document.Object:
		return p.operator(n, path)
	case document.Array:
		return nil, p.fail(p.doc.Offset(n), path, "put its values into the list around it", "a list inside a list of values")
	default:
		return literal(kind), nil
	}
}

func (p *parser) bareNumber(n document.Node, path string) test {
	raw, at := p.doc.Raw(n), p.doc.Offset(n)
	value, ok := number(raw)
	if !ok {
		p.warn(at, path, "", "a number that a double cannot hold exactly matches its own text only")
		return numberText(raw)
	}
	if strings.ContainsAny(string(raw), ".eE") {
		p.warn(at, path, "write it as the events do",
			"a number with a point or an exponent: the matcher compares values, the documentation says that texts are compared")
	}
	p.lintNumber(n, path, value)
	return &within{value, value}
}

// lintNumber warns of numbers beyond what the documentation promises.
func (p *parser) lintNumber(n document.Node, path string, value float64) {
	d := scanDecimal(p.doc.Raw(n))
	if math.Abs(value) > documentedRange || d.count > documentedDigits || -d.exponent > documentedPlaces {
		p.warn(p.doc.Offset(n), path, "", "a number beyond the documented range (±5.0e9, 15 digits, 6 of them behind the point)")
	}
}

// single returns the one member of an operator's object.
func (p *parser) single(n document.Node, path, what string, names []string) (name string, operand document.Node, err error) {
	c, end := p.doc.Children(n)
	if c == end {
		return "", 0, p.fail(p.doc.Offset(n), path, "write one of "+list(names), "%s is an empty object", what)
	}
	name = string(p.doc.AppendKey(nil, c))
	if next := p.doc.After(c); next < end {
		return "", 0, p.fail(p.keyOffset(next), path, "write an object for each", "%s has more than one operator", what)
	}
	if !slices.Contains(names, name) {
		hint := didYouMean(name, names)
		if hint == "" {
			hint = "write one of " + list(names)
		}
		return "", 0, p.fail(p.keyOffset(c), path, hint, "%s has no operator %q", what, name)
	}
	return name, c, nil
}

// operator reads an element that is an object.
func (p *parser) operator(n document.Node, path string) (test, error) {
	name, x, err := p.single(n, path, "a value", operators)
	if err != nil {
		return nil, err
	}
	at := p.keyOffset(x)
	switch name {
	case "prefix", "suffix":
		return p.affix(x, path, name)
	case "exists":
		switch p.doc.Kind(x) {
		case document.True:
			return present{}, nil
		case document.False:
			return nil, nil
		}
		return nil, p.fail(p.doc.Offset(x), path, "", "exists takes true or false, not %s", article(p.doc.Kind(x)))
	case "numeric":
		return p.numeric(x, path)
	case "anything-but":
		return p.anythingBut(x, path)
	}
	s, err := p.operand(x, path, name)
	if err != nil {
		return nil, err
	}
	switch name {
	case "exactly":
		if p.level == Bus {
			p.warn(at, path, "write the text itself", "exactly is not a documented operator")
		}
		return equals(s), p.pipe(at, path, "write the text itself", "exactly is not among the operators of a pipe")
	case "equals-ignore-case":
		p.lintFold(x, path, s)
		return &foldEquals{fold(s)}, nil
	case "wildcard":
		if err := p.pipe(at, path, "use prefix, suffix, or a list of values", "a pipe has no wildcard"); err != nil {
			return nil, err
		}
		return p.wildcard(x, path, s)
	default: // "cidr"
		if err := p.pipe(at, path, "", "cidr is not among the operators of a pipe"); err != nil {
			return nil, err
		}
		return p.cidr(x, path, s)
	}
}

func (p *parser) string(n document.Node) string { return string(p.doc.AppendText(nil, n)) }

// operand returns the operand of an operator that takes a string.
func (p *parser) operand(n document.Node, path, name string) (string, error) {
	if k := p.doc.Kind(n); k != document.String {
		return "", p.fail(p.doc.Offset(n), path, "", "%s takes a string, not %s", name, article(k))
	}
	return p.string(n), nil
}

// affix reads the operand of prefix and suffix.
func (p *parser) affix(n document.Node, path, name string) (test, error) {
	if p.doc.Kind(n) == document.Object {
		_, x, err := p.single(n, path, name, []string{"equals-ignore-case"})
		if err != nil {
			return nil, err
		}
		s, err := p.operand(x, path, "equals-ignore-case")
		if err != nil {
			return nil, err
		}
		p.lintFold(x, path, s)
		if name == "prefix" {
			return &foldPrefix{fold(s)}, nil
		}
		return &foldSuffix{fold(s)}, nil
	}
	s, err := p.operand(n, path, name)
	if err != nil {
		return nil, err
	}
	if name == "prefix" {
		return hasPrefix(s), nil
	}
	return hasSuffix(s), nil
}

func (p *parser) lintFold(n document.Node, path, s string) {
	for _, r := range s {
		if r > 0xFFFF {
			p.warn(p.doc.Offset(n), path, "", "a character beyond U+FFFF is compared as it stands; EventBridge may never match it when ignoring case")
			return
		}
	}
}
