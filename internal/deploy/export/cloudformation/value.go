package cloudformation

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"trunkline/internal/deploy"
)

// camel is a name as templates write it: pipe_role becomes PipeRole.
func camel(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

var pseudo = map[deploy.Place]string{
	deploy.Partition: "AWS::Partition", deploy.Region: "AWS::Region", deploy.Account: "AWS::AccountId", deploy.DNSSuffix: "AWS::URLSuffix",
}

// value is a value in YAML, with the functions of CloudFormation where it is not constant.
func (t *template) value(v deploy.Value) *yaml.Node {
	switch v := v.(type) {
	case deploy.Text:
		return text(string(v))
	case deploy.Number:
		return number(int(v))
	case deploy.Param:
		return function("!Ref", camel(string(v)))
	case deploy.Place:
		return function("!Ref", pseudo[v])
	case deploy.Attr:
		return t.attribute(v)
	case deploy.Join:
		return function("!Sub", t.sub(v))
	case deploy.List:
		list := sequence()
		for _, item := range v {
			list.Content = append(list.Content, t.value(item))
		}
		return list
	case deploy.Map:
		m := mapping()
		for _, member := range v {
			add(m, member.Name, t.value(member.Value))
		}
		return m
	case deploy.Document:
		return t.value(v.Value)
	case deploy.If:
		other := function("!Ref", "AWS::NoValue")
		if v.Else != nil {
			other = t.value(v.Else)
		}
		list := sequence(text(t.condition(v.When)), t.value(v.Then), other)
		list.Tag = "!If"
		return list
	}
	return text("")
}

// byRef are the kinds whose Ref is their ARN.
var byRef = map[deploy.Kind]bool{deploy.Secret: true, deploy.Policy: true, deploy.StateMachine: true}

// attribute is what a resource is known by. Ref is the name of all but a few, whose ARN it is.
func (t *template) attribute(a deploy.Attr) *yaml.Node {
	r := t.d.Resource(a.Of)
	switch {
	case a.Name == deploy.Plain:
		return function("!Sub", "{{resolve:secretsmanager:${"+camel(a.Of)+"}}}")
	case a.Name == deploy.Name || byRef[r.Kind]:
		return function("!Ref", camel(a.Of))
	}
	return function("!GetAtt", camel(a.Of)+".Arn")
}

// sub is a text for Sub. What only looks like a reference, such as a policy variable, is marked as none.
func (t *template) sub(parts deploy.Join) string {
	var b strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case deploy.Text:
			b.WriteString(strings.ReplaceAll(string(part), "${", "${!"))
		case deploy.Param:
			b.WriteString("${" + camel(string(part)) + "}")
		case deploy.Place:
			b.WriteString("${" + pseudo[part] + "}")
		}
	}
	return b.String()
}

// condition returns the name of a condition, and notes that it is needed.
func (t *template) condition(w deploy.When) string {
	var parts []string
	for _, test := range w.Tests() {
		name := "Has" + camel(test.Parameter)
		switch {
		case test.Equals != "" && test.Negated:
			name = camel(test.Parameter) + "Not" + camel(strings.ToLower(test.Equals))
		case test.Equals != "":
			name = camel(test.Parameter) + camel(strings.ToLower(test.Equals))
		case test.Negated:
			name = "No" + camel(test.Parameter)
		}
		parts = append(parts, name)
	}
	name := strings.Join(parts, "And")
	for _, known := range t.conditions {
		if known.name == name {
			return name
		}
	}
	if len(w) > 1 { // it is made of them
		for _, one := range w {
			t.condition(deploy.When{one})
		}
	}
	t.conditions = append(t.conditions, named{name, w})
	return name
}

func (t *template) conditionsNode() *yaml.Node {
	all := mapping()
	for _, c := range t.conditions {
		if len(c.when) == 1 {
			add(all, c.name, t.test(c.when.Tests()[0]))
			continue
		}
		parts := sequence()
		parts.Tag = "!And"
		for _, one := range c.when {
			parts.Content = append(parts.Content, function("!Condition", t.condition(deploy.When{one})))
		}
		add(all, c.name, parts)
	}
	return all
}

func (t *template) test(test deploy.Test) *yaml.Node {
	value := function("!Ref", camel(test.Parameter))
	if t.d.Parameter(test.Parameter).List {
		value = sequence(text(""), value)
		value.Tag = "!Join"
		value.Style = yaml.FlowStyle
	}
	equals := sequence(value, text(test.Equals))
	equals.Tag = "!Equals"
	equals.Style = yaml.FlowStyle
	if test.Negated == (test.Equals == "") { // given is the opposite of equal to nothing
		return equals
	}
	not := sequence(equals)
	not.Tag = "!Not"
	not.Style = yaml.FlowStyle
	return not
}

func function(name, argument string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: name, Value: argument}
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode} }

func sequence(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: items}
}

func add(m *yaml.Node, key string, value *yaml.Node) { m.Content = append(m.Content, text(key), value) }

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func number(n int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(n)}
}

func boolean(b bool) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(b)}
}
