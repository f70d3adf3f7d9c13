// Package terraform writes the description of a deployment as one Terraform module, for the AWS provider 6 or later.
//
//	deploy.Description ─ translate ─▶ blocks as the provider has them ─ hclwrite ─▶ variables, resources, outputs
//
// The module is whole: nothing has to be put into it, and its variables have what the config says as defaults. Its promises: the same
// description gives the same bytes, formatted; every resource and argument is one of the description; no value of a secret is in it. It
// runs with Terraform 1.5 or later and with OpenTofu.
package terraform

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"trunkline/internal/deploy"
)

// Write writes the module.
func Write(w io.Writer, d *deploy.Description) error {
	f := hclwrite.NewEmptyFile()
	m := &module{d: d, body: f.Body()}
	m.head()
	for _, p := range d.Parameters {
		m.variable(p)
	}
	m.places()
	for _, r := range d.Resources {
		m.resource(r)
	}
	for _, o := range d.Outputs {
		block := m.body.AppendNewBlock("output", []string{o.Name}).Body()
		block.SetAttributeValue("description", cty.StringVal(o.About))
		value := m.value(o.Value)
		if o.When != nil {
			value = join(m.test(o.When), word(" ? "), value, word(" : null"))
		}
		block.SetAttributeRaw("value", value)
		m.body.AppendNewline()
	}
	_, err := w.Write(append([]byte(strings.TrimSpace(string(hclwrite.Format(f.Bytes())))), '\n'))
	return err
}

// module is one that is being written.
type module struct {
	d    *deploy.Description
	body *hclwrite.Body
}

// head says what the module is, and which provider it is for.
func (m *module) head() {
	lines := append([]string{m.d.Title + "."}, m.d.About...)
	lines = append(lines,
		fmt.Sprintf("Apply it in account %s and Region %s, where the stream is.", m.d.Place[deploy.Account], m.d.Place[deploy.Region]),
		"The API key comes as TF_VAR_api_key. It stands in the state: keep the state encrypted, and readable for few.",
		"Written by: trunkline deploy export terraform. To change it, change trunkline.yaml and write it again.")
	for _, line := range lines {
		comment(m.body, line)
	}
	m.body.AppendNewline()
	settings := m.body.AppendNewBlock("terraform", nil).Body()
	settings.SetAttributeValue("required_version", cty.StringVal(">= 1.5"))
	settings.AppendNewline()
	settings.AppendNewBlock("required_providers", nil).Body().SetAttributeValue("aws", cty.ObjectVal(map[string]cty.Value{
		"source": cty.StringVal("hashicorp/aws"), "version": cty.StringVal(">= 6.0"),
	}))
	m.body.AppendNewline()
}

func (m *module) variable(p deploy.Parameter) {
	b := m.body.AppendNewBlock("variable", []string{p.Name}).Body()
	b.SetAttributeValue("description", cty.StringVal(p.About))
	kind := "string"
	switch {
	case p.Number:
		kind = "number"
	case p.List:
		kind = "list(string)"
	}
	b.SetAttributeRaw("type", word(kind))
	if p.Secret {
		b.SetAttributeValue("sensitive", cty.True)
	}
	if p.Default != "" || p.Optional {
		b.SetAttributeValue("default", defaultOf(p))
	}
	if rule := rule(p); rule != nil {
		b.AppendNewline()
		check := b.AppendNewBlock("validation", nil).Body()
		check.SetAttributeRaw("condition", rule)
		check.SetAttributeValue("error_message", cty.StringVal(message(p)))
	}
	m.body.AppendNewline()
}

func defaultOf(p deploy.Parameter) cty.Value {
	switch {
	case p.Number:
		n, err := strconv.ParseInt(p.Default, 10, 64)
		if err == nil {
			return cty.NumberIntVal(n)
		}
	case p.List && p.Default == "":
		return cty.ListValEmpty(cty.String)
	case p.List:
		var all []cty.Value
		for item := range strings.SplitSeq(p.Default, ",") {
			all = append(all, cty.StringVal(item))
		}
		return cty.ListVal(all)
	}
	return cty.StringVal(p.Default)
}

// rule is what a variable has to fulfil, nil when anything goes.
func rule(p deploy.Parameter) hclwrite.Tokens {
	this := "var." + p.Name
	matches := func(value string) hclwrite.Tokens {
		return join(word("can(regex("), quoted("^(?:"+p.Pattern+")$"), word(", "+value+"))"))
	}
	switch {
	case p.OneOf != nil:
		var all []cty.Value
		for _, one := range p.OneOf {
			all = append(all, cty.StringVal(one))
		}
		return join(word("contains("), hclwrite.TokensForValue(cty.ListVal(all)), word(", "+this+")"))
	case p.Number:
		return word(fmt.Sprintf("%s >= %d && %s <= %d", this, p.Min, this, p.Max))
	case p.Pattern == "":
		return nil
	case p.List:
		return join(word("alltrue([for item in "+this+" : "), matches("item"), word("])"))
	case p.Optional:
		return join(word(this+` == "" || `), matches(this))
	case p.Most > 0:
		return join(word(fmt.Sprintf("length(%s) <= %d && ", this, p.Most)), matches(this))
	}
	return matches(this)
}

func message(p deploy.Parameter) string {
	text := p.Says
	switch {
	case p.OneOf != nil:
		text = "one of " + strings.Join(p.OneOf, ", ")
	case p.Number:
		text = fmt.Sprintf("a number from %d to %d", p.Min, p.Max)
	}
	if p.Optional && !p.List {
		text += ", or nothing"
	}
	return "Want " + text + "."
}

// places are where the provider is, which the names of everything need.
func (m *module) places() {
	for _, kind := range []string{"aws_partition", "aws_region", "aws_caller_identity"} {
		m.body.AppendNewBlock("data", []string{kind, "current"})
		m.body.AppendNewline()
	}
}

// resource writes the blocks of a resource.
func (m *module) resource(r *deploy.Resource) {
	for n, t := range translate(r) {
		if n == 0 {
			comment(m.body, r.About)
		}
		b := m.body.AppendNewBlock("resource", []string{t.kind, t.label}).Body()
		if r.When != nil {
			b.SetAttributeRaw("count", join(m.test(r.When), word(" ? 1 : 0")))
			b.AppendNewline()
		}
		m.arguments(b, t.arguments)
		m.depends(b, r, n)
		if t.ignore != "" {
			b.AppendNewline()
			comment(b, "A new key is put in place from outside: applying again does not take it back.")
			b.AppendNewBlock("lifecycle", nil).Body().SetAttributeRaw("ignore_changes", word("["+t.ignore+"]"))
		}
		m.body.AppendNewline()
	}
}

// depends writes what arguments do not name. What a resource is made of more than one block of comes after the first.
func (m *module) depends(b *hclwrite.Body, r *deploy.Resource, n int) {
	if len(r.DependsOn) == 0 || n > 0 {
		return
	}
	var names []string
	for _, id := range r.DependsOn {
		of := m.d.Resource(id)
		all := translate(of)
		last := all[len(all)-1]
		names = append(names, last.kind+"."+last.label)
	}
	b.AppendNewline()
	b.SetAttributeRaw("depends_on", word("["+strings.Join(names, ", ")+"]"))
}

// arguments writes arguments and, below them, blocks.
func (m *module) arguments(b *hclwrite.Body, all []argument) {
	for _, a := range all {
		if !a.block {
			b.SetAttributeRaw(a.name, m.value(a.value))
		}
	}
	for _, a := range all {
		if a.block {
			m.blocks(b, a.name, a.value)
		}
	}
}

// blocks writes a mapping as a block, a list of them as several, and one that may be absent as a dynamic one.
func (m *module) blocks(b *hclwrite.Body, name string, v deploy.Value) {
	switch v := v.(type) {
	case deploy.List:
		for _, item := range v {
			m.blocks(b, name, item)
		}
	case deploy.Map:
		space(b)
		m.arguments(b.AppendNewBlock(name, nil).Body(), arguments(v))
	case deploy.If:
		space(b)
		dynamic := b.AppendNewBlock("dynamic", []string{name}).Body()
		dynamic.SetAttributeRaw("for_each", join(m.test(v.When), word(" ? [1] : []")))
		dynamic.AppendNewline()
		content := dynamic.AppendNewBlock("content", nil).Body()
		if then, is := v.Then.(deploy.Map); is {
			m.arguments(content, arguments(then))
		}
	}
}

// space puts an empty line between a block and what stands before it.
func space(b *hclwrite.Body) {
	if len(b.Attributes())+len(b.Blocks()) > 0 {
		b.AppendNewline()
	}
}

// comment writes a line of comment.
func comment(body *hclwrite.Body, text string) {
	body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: 'C', Bytes: []byte("# " + text + "\n")}})
}
