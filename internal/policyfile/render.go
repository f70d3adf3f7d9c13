package policyfile

import (
	"strings"

	"trunkline/iam"
)

// render writes a policy of a template as the JSON text that the deployment would send, compact, each byte with its origin. known
// is false where the policy, or its Statement, is not known before.
func (s *scan) render(base *text, n *node) (policy *text, known bool) {
	b := &builder{text{base: base}}
	n = s.branch(n)
	if n == nil {
		return nil, false
	}
	if name, argument, ok := n.function(); ok && name == "ToJsonString" {
		n = argument
	} else if ok && name != "Sub" && name != "Join" {
		return nil, false
	} else if ok || n.kind == iam.String { // a policy as a text
		s.writeText(b, n, false)
		return &b.text, strings.Contains(string(b.data), "{")
	}
	if n.kind != iam.Object {
		return nil, false
	}
	if statement := n.member("Statement"); statement != nil {
		if statement = s.branch(statement); statement == nil {
			return nil, false
		}
		if _, _, ok := statement.function(); ok {
			return nil, false
		}
	}
	s.write(b, n, "")
	return &b.text, true
}

// write appends a value. in is the name of the member that it is, or is an item of, as far as that decides what a function in its
// place can give.
func (s *scan) write(b *builder, n *node, in string) {
	if n = s.branch(n); n == nil {
		b.add("null", 0, false)
		return
	}
	_, _, function := n.function()
	switch {
	case function || n.kind == iam.String:
		b.add(`"`, n.at, false)
		s.writeText(b, n, true)
		b.add(`"`, b.last(), false)
	case n.kind == iam.Object:
		s.writeObject(b, n, in)
	case n.kind == iam.Array:
		b.add("[", n.at, false)
		written := 0
		for _, item := range n.items {
			for _, item := range s.branches(item) {
				if in == "Statement" && s.unknown(item) {
					continue
				}
				if written++; written > 1 {
					b.add(",", item.at, false)
				}
				s.write(b, item, in)
			}
		}
		b.add("]", b.last(), false)
	default:
		b.add(n.text, n.at, true)
	}
}

func (s *scan) unknown(n *node) bool {
	_, _, ok := n.function()
	return ok
}

func (s *scan) writeObject(b *builder, n *node, in string) {
	b.add("{", n.at, false)
	written := 0
	for _, m := range n.members {
		value := s.branch(m.value)
		if value == nil || strings.HasPrefix(m.name, "Fn::") {
			continue
		}
		block := m.name == "Condition" || in == "Condition" // an operator's block
		if block && s.unknown(value) {
			continue
		}
		if written++; written > 1 {
			b.add(",", m.at, false)
		}
		b.add(`"`, m.at, false)
		b.addQuoted(m.name, m.inside, m.exact)
		b.add(`"`, b.last(), false)
		b.add(`:`, m.at, false)
		if (m.name == "Principal" || m.name == "NotPrincipal") && s.unknown(value) {
			b.add(`{"AWS":`, value.at, false)
			s.write(b, value, m.name)
			b.add(`}`, b.last(), false)
			continue
		}
		within := ""
		if m.name == "Statement" || m.name == "Condition" {
			within = m.name
		}
		s.write(b, value, within)
	}
	b.add("}", b.last(), false)
}
