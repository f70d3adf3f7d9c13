package integration

import (
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"trunkline/iam"
)

// WriteTerraform writes policies as Terraform: for each a data source with its statements, and the resource that makes it, of the AWS
// provider.
func WriteTerraform(w io.Writer, policies []*Rendered, tables []*RenderedTable) error {
	f := hclwrite.NewEmptyFile()
	first := true
	space := func() {
		if !first {
			f.Body().AppendNewline()
		}
		first = false
	}
	for _, r := range policies {
		for _, d := range r.Documents {
			space()
			label := identifier(r.Integration.Name + "_" + d.Name)
			terraformDocument(f.Body().AppendNewBlock("data", []string{"aws_iam_policy_document", label}).Body(), iam.Parse(d.Text))
			space()
			r.terraformResource(f.Body(), d.Name, label)
		}
	}
	for _, t := range tables {
		space()
		t.terraform(f.Body())
	}
	_, err := f.WriteTo(w)
	return err
}

// identifier is a name as Terraform takes it for a block.
func identifier(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' {
			return c
		}
		return '_'
	}, name)
}

// terraformResource writes what makes the policy. What it is attached to is the reader's: a comment says it.
func (r *Rendered) terraformResource(body *hclwrite.Body, name, label string) {
	comment(body, fmt.Sprintf("%s. For: %s.", r.Policy.Title, r.Policy.Attached))
	kind, attribute := "aws_iam_policy", "policy"
	switch r.Policy.Type {
	case iam.TrustPolicy:
		kind, attribute = "aws_iam_role", "assume_role_policy"
	case iam.ServiceControlPolicy, iam.ResourceControlPolicy:
		kind, attribute = "aws_organizations_policy", "content"
	case iam.IdentityPolicy, iam.PermissionsBoundary, iam.ResourcePolicy, iam.SessionPolicy, iam.EndpointPolicy:
	}
	b := body.AppendNewBlock("resource", []string{kind, label}).Body()
	b.SetAttributeValue("name", cty.StringVal(r.Name(name)))
	switch kind {
	case "aws_iam_role":
		if r.boundary != "" {
			b.SetAttributeValue("permissions_boundary", cty.StringVal(r.boundary))
		}
	case "aws_iam_policy":
		b.SetAttributeValue("description", cty.StringVal(r.Policy.Title))
	case "aws_organizations_policy":
		b.SetAttributeValue("description", cty.StringVal(r.Policy.Title))
		b.SetAttributeValue("type", cty.StringVal(organizationsType(r.Policy.Type)))
	}
	b.SetAttributeTraversal(attribute, hcl.Traversal{
		hcl.TraverseRoot{Name: "data"}, hcl.TraverseAttr{Name: "aws_iam_policy_document"}, hcl.TraverseAttr{Name: label}, hcl.TraverseAttr{Name: "json"},
	})
}

func organizationsType(t iam.Type) string {
	if t == iam.ResourceControlPolicy {
		return "RESOURCE_CONTROL_POLICY"
	}
	return "SERVICE_CONTROL_POLICY"
}

// comment writes a line of comment.
func comment(body *hclwrite.Body, text string) {
	body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: 'C', Bytes: []byte("# " + text + "\n")}})
}

// terraformDocument writes the statements of a policy. Policy variables stay what they are: hclwrite escapes their ${.
func terraformDocument(body *hclwrite.Body, doc *iam.Document) {
	for n, s := range doc.Statements {
		if n > 0 {
			body.AppendNewline()
		}
		b := body.AppendNewBlock("statement", nil).Body()
		if s.Sid != nil {
			b.SetAttributeValue("sid", cty.StringVal(s.Sid.Text))
		}
		b.SetAttributeValue("effect", cty.StringVal(s.Effect.Text))
		for _, list := range []struct {
			name   string
			values *iam.Values
		}{{"actions", s.Action}, {"not_actions", s.NotAction}, {"resources", s.Resource}, {"not_resources", s.NotResource}} {
			if list.values != nil {
				b.SetAttributeValue(list.name, ctyList(texts(list.values)))
			}
		}
		if s.Principal != nil {
			terraformPrincipals(b, s.Principal)
		}
		for _, c := range s.Conditions {
			b.AppendNewline()
			condition := b.AppendNewBlock("condition", nil).Body()
			condition.SetAttributeValue("test", cty.StringVal(c.Operator.Text))
			condition.SetAttributeValue("variable", cty.StringVal(c.Key.Text))
			condition.SetAttributeValue("values", ctyList(textsOf(c.Values)))
		}
	}
}

func terraformPrincipals(b *hclwrite.Body, p *iam.Principal) {
	kinds := map[string][]string{}
	var order []string
	for _, value := range p.List {
		if kinds[value.Type.Text] == nil {
			order = append(order, value.Type.Text)
		}
		kinds[value.Type.Text] = append(kinds[value.Type.Text], value.Node.Text)
	}
	if p.Any {
		kinds["*"], order = []string{"*"}, []string{"*"}
	}
	for _, kind := range order {
		b.AppendNewline()
		principals := b.AppendNewBlock("principals", nil).Body()
		principals.SetAttributeValue("type", cty.StringVal(kind))
		principals.SetAttributeValue("identifiers", ctyList(kinds[kind]))
	}
}

func ctyList(list []string) cty.Value {
	all := make([]cty.Value, len(list))
	for n, text := range list {
		all[n] = cty.StringVal(text)
	}
	return cty.ListVal(all)
}

func (r *RenderedTable) terraform(body *hclwrite.Body) {
	comment(body, r.Why)
	b := body.AppendNewBlock("resource", []string{"aws_dynamodb_table", identifier(r.Name)}).Body()
	b.SetAttributeValue("name", cty.StringVal(r.TableName))
	b.SetAttributeValue("billing_mode", cty.StringVal("PROVISIONED"))
	b.SetAttributeValue("read_capacity", cty.NumberIntVal(int64(r.Read)))
	b.SetAttributeValue("write_capacity", cty.NumberIntVal(int64(r.Write)))
	b.SetAttributeValue("hash_key", cty.StringVal(r.Key))
	b.AppendNewline()
	attribute := b.AppendNewBlock("attribute", nil).Body()
	attribute.SetAttributeValue("name", cty.StringVal(r.Key))
	attribute.SetAttributeValue("type", cty.StringVal("S"))
}
