package terraform

import (
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"trunkline/internal/deploy"
)

var places = map[deploy.Place]string{
	deploy.Partition: "data.aws_partition.current.partition", deploy.Region: "data.aws_region.current.region",
	deploy.Account: "data.aws_caller_identity.current.account_id", deploy.DNSSuffix: "data.aws_partition.current.dns_suffix",
}

// value is a value as an expression.
func (m *module) value(v deploy.Value) hclwrite.Tokens {
	switch v := v.(type) {
	case deploy.Text:
		return quoted(string(v))
	case deploy.Number:
		return hclwrite.TokensForValue(cty.NumberIntVal(int64(v)))
	case deploy.Param:
		if v == yes {
			return word("true")
		}
		return word("var." + string(v))
	case deploy.Place:
		return word(places[v])
	case deploy.Attr:
		return word(m.attribute(v))
	case deploy.Join:
		return m.template(v)
	case deploy.Document:
		return join(word("jsonencode("), m.value(v.Value), word(")"))
	case deploy.Map:
		return m.object(v)
	case deploy.List:
		return m.list(v)
	case deploy.If:
		other := word("null")
		if v.Else != nil {
			other = m.value(v.Else)
		}
		return join(m.test(v.When), word(" ? "), m.value(v.Then), word(" : "), other)
	}
	return word("null")
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (m *module) object(v deploy.Map) hclwrite.Tokens {
	all := word("{\n")
	for _, member := range v {
		name := word(member.Name)
		if !identifier.MatchString(member.Name) {
			name = quoted(member.Name)
		}
		all = join(all, name, word(" = "), m.value(member.Value), word("\n"))
	}
	return join(all, word("}"))
}

// list is a list; with items that may be absent it is put together from lists.
func (m *module) list(v deploy.List) hclwrite.Tokens {
	var parts []hclwrite.Tokens
	var run deploy.List
	flush := func() {
		if len(run) > 0 {
			parts = append(parts, m.items(run))
			run = nil
		}
	}
	for _, item := range v {
		optional, is := item.(deploy.If)
		if !is || optional.Else != nil {
			run = append(run, item)
			continue
		}
		flush()
		parts = append(parts, join(m.test(optional.When), word(" ? "), m.items(deploy.List{optional.Then}), word(" : []")))
	}
	flush()
	switch len(parts) {
	case 0:
		return word("[]")
	case 1:
		return parts[0]
	}
	all := word("concat(\n")
	for _, part := range parts {
		all = join(all, part, word(",\n"))
	}
	return join(all, word(")"))
}

// items writes short lists on one line.
func (m *module) items(v deploy.List) hclwrite.Tokens {
	if len(v) == 1 {
		return join(word("["), m.value(v[0]), word("]"))
	}
	all := word("[\n")
	for _, item := range v {
		all = join(all, m.value(item), word(",\n"))
	}
	return join(all, word("]"))
}

// template is a text with values in it, as one token: the formatter would put spaces between several.
func (m *module) template(parts deploy.Join) hclwrite.Tokens {
	var b strings.Builder
	for _, part := range parts {
		if text, is := part.(deploy.Text); is {
			inside := strings.TrimSpace(string(quoted(string(text)).Bytes()))
			b.WriteString(inside[1 : len(inside)-1])
			continue
		}
		b.WriteString("${" + strings.TrimSpace(string(m.value(part).Bytes())) + "}")
	}
	return word(`"` + b.String() + `"`)
}

// attribute is what another resource is known by.
func (m *module) attribute(a deploy.Attr) string {
	r := m.d.Resource(a.Of)
	if a.Name == deploy.Plain {
		return "aws_secretsmanager_secret_version." + a.Of + ".secret_string"
	}
	at := kinds[r.Kind] + "." + a.Of
	if r.When != nil {
		return "one(" + at + "[*]." + a.Name + ")"
	}
	return at + "." + a.Name
}

// test is a condition as an expression.
func (m *module) test(w deploy.When) hclwrite.Tokens {
	var parts []string
	for _, test := range w.Tests() {
		variable, operator := "var."+test.Parameter, "=="
		if test.Negated == (test.Equals != "") {
			operator = "!="
		}
		if m.d.Parameter(test.Parameter).List {
			parts = append(parts, "length("+variable+") "+map[string]string{"!=": ">", "==": "=="}[operator]+" 0")
			continue
		}
		parts = append(parts, variable+" "+operator+" "+string(quoted(test.Equals).Bytes()))
	}
	return word(strings.Join(parts, " && "))
}

func quoted(text string) hclwrite.Tokens { return hclwrite.TokensForValue(cty.StringVal(text)) }

// word is a piece of an expression as it stands.
func word(text string) hclwrite.Tokens {
	return hclwrite.Tokens{{Type: hclsyntax.TokenIdent, Bytes: []byte(text)}}
}

func join(parts ...hclwrite.Tokens) (all hclwrite.Tokens) {
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}
