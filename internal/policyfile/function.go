package policyfile

import (
	"bytes"
	"strings"

	"trunkline/iam"
)

// function tells whether a value is a function of CloudFormation, in its short form (!Sub) or its long one ({"Fn::Sub": …}).
func (n *node) function() (name string, argument *node, ok bool) {
	if n.tag != "" {
		plain := *n
		plain.tag = ""
		return n.tag, &plain, true
	}
	if n.kind != iam.Object || len(n.members) != 1 {
		return "", nil, false
	}
	m := n.members[0]
	if m.name == "Ref" {
		return "Ref", m.value, true
	}
	name, ok = strings.CutPrefix(m.name, "Fn::")
	return name, m.value, ok
}

// branches are the values that may stand in a place: both sides of Fn::If, nothing for AWS::NoValue, else the value itself.
func (s *scan) branches(n *node) []*node {
	if n == nil || !s.spend() {
		return nil
	}
	name, argument, ok := n.function()
	switch {
	case ok && name == "Ref" && argument.text == "AWS::NoValue":
		return nil
	case ok && name == "If" && argument.kind == iam.Array && len(argument.items) == 3:
		return append(s.branches(argument.items[1]), s.branches(argument.items[2])...)
	}
	return []*node{n}
}

// branch is the first of the values that may stand in a place, or nil.
func (s *scan) branch(n *node) *node {
	if all := s.branches(n); len(all) > 0 {
		return all[0]
	}
	return nil
}

// writeText appends what a text or a function gives, with a placeholder for each part that is not known before the template is
// deployed: <Name> for a parameter or resource, <region> for AWS::Region. quoted is for the inside of a JSON string.
func (s *scan) writeText(b *builder, n *node, quoted bool) {
	if n = s.branch(n); n == nil {
		return
	}
	name, argument, ok := n.function()
	if !ok {
		s.writeScalar(b, n, quoted)
		return
	}
	switch name {
	case "Sub":
		s.writeSub(b, argument, quoted)
	case "Join":
		if argument.kind != iam.Array || len(argument.items) != 2 || !argument.items[0].isText() || argument.items[1].kind != iam.Array || argument.items[1].tag != "" {
			b.add("<Join>", n.at, false)
			return
		}
		for i, part := range argument.items[1].items {
			if i > 0 {
				s.writeScalar(b, argument.items[0], quoted)
			}
			s.writeText(b, part, quoted)
		}
	case "Ref":
		b.add(placeholder(argument.text), n.at, false)
	case "GetAtt":
		b.add(placeholder(attribute(argument)), n.at, false)
	default:
		b.add(placeholder(name), n.at, false)
	}
}

// attribute is the argument of Fn::GetAtt in one text.
func attribute(argument *node) string {
	var parts []string
	for _, part := range argument.items {
		parts = append(parts, part.text)
	}
	return argument.text + strings.Join(parts, ".")
}

// reference begins what CloudFormation takes from a secret or a parameter.
const reference = "{{resolve:"

func isReference(text string) bool { return strings.Contains(text, reference) }

// writeScalar appends a text that is no function. References to secrets and parameters, {{resolve:…}}, become placeholders.
func (s *scan) writeScalar(b *builder, n *node, quoted bool) {
	c := content(b.base, n)
	at := 0
	for {
		begin := bytes.Index(c.data[at:], []byte(reference))
		if begin < 0 {
			break
		}
		end := bytes.Index(c.data[at+begin:], []byte("}}"))
		if end < 0 {
			break
		}
		b.copy(c, at, at+begin, quoted)
		b.add("<resolve>", n.inside, false)
		at += begin + end + len("}}")
	}
	b.copy(c, at, len(c.data), quoted)
}

// writeSub appends the text of Fn::Sub: ${Name} is known on deployment only, ${!name} is the policy variable ${name}.
func (s *scan) writeSub(b *builder, argument *node, quoted bool) {
	values := (*node)(nil)
	if argument.kind == iam.Array {
		if len(argument.items) == 0 {
			return
		}
		if len(argument.items) > 1 {
			values = argument.items[1]
		}
		argument = argument.items[0]
	}
	c := content(b.base, argument)
	at := 0
	for {
		begin := bytes.Index(c.data[at:], []byte("${"))
		if begin < 0 {
			break
		}
		begin += at
		length := bytes.IndexByte(c.data[begin:], '}')
		if length < 0 {
			break
		}
		end := begin + length + 1
		name := strings.TrimSpace(string(c.data[begin+2 : end-1]))
		b.copy(c, at, begin, quoted)
		switch value := values.member(name); {
		case strings.HasPrefix(name, "!"):
			b.copy(c, begin, begin+2, quoted)
			b.copy(c, begin+3, end, quoted)
		case value != nil && s.spend():
			s.writeText(b, value, quoted)
		default:
			b.add(placeholder(name), c.source(begin), false)
		}
		at = end
	}
	b.copy(c, at, len(c.data), quoted)
}

// placeholder is the text that stands for a value that only the deployment knows.
func placeholder(name string) string {
	switch name {
	case "AWS::AccountId":
		return "<account-id>"
	case "AWS::Region":
		return "<region>"
	case "AWS::Partition":
		return "<partition>"
	case "AWS::URLSuffix":
		return "amazonaws.com" // all but in China; as a placeholder it would hide every service principal
	}
	plain := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' {
			return c
		}
		return '-'
	}, strings.TrimPrefix(name, "AWS::"))
	return "<" + plain + ">"
}
