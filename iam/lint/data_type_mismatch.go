package lint

import (
	"fmt"

	"trunkline/iam"
)

var dataTypeMismatch = &Check{
	Code: "DATA_TYPE_MISMATCH", Severity: Error, Title: "Value has the wrong JSON type",
	Detail: "The text does not match the expected JSON data type {{data_type}}.",
	Doc: `An element holds another JSON type than the policy language wants: a number as Sid, a list as Principal, an object among the
actions, a list of lists under a condition key. IAM refuses the policy.

Version, Id, Sid and Effect are strings. Action, Resource and the principals are a string or a list of strings. Condition and what
stands under an operator are objects; a condition value is a string, number or Boolean, or a list of them.

Source: IAM User Guide, Grammar of the IAM JSON policy language.`,
	Bad:  `{"Sid": 1, "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	Good: `{"Sid": "1", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	run: func(p *Pass) {
		if p.Root == nil {
			return
		}
		if p.Root.Kind != iam.Object {
			p.mismatch(p.Root, "A policy", "an object", "object")
			return
		}
		p.wantString("Version", p.Version)
		p.wantString("Id", p.ID)
		for _, member := range p.Root.Members {
			if member.Key.Text == "Statement" {
				p.wantStatements(member.Value)
			}
		}
		for s := range p.Each() {
			p.wantString("Sid", s.Sid)
			p.wantString("Effect", s.Effect)
			p.wantStrings("Action", s.Action)
			p.wantStrings("NotAction", s.NotAction)
			p.wantStrings("Resource", s.Resource)
			p.wantStrings("NotResource", s.NotResource)
			p.wantPrincipals("Principal", s.Principal)
			p.wantPrincipals("NotPrincipal", s.NotPrincipal)
			p.wantConditions(s.Condition)
		}
	},
}

func (p *Pass) mismatch(at *iam.Node, name, want, dataType string) {
	if !at.Virtual {
		p.Report(at, fmt.Sprintf("%s must be %s, not %s.", name, want, kindNames[at.Kind]), "data_type", dataType)
	}
}

var kindNames = [...]string{
	iam.Null: "null", iam.Bool: "a Boolean", iam.Number: "a number", iam.String: "a string", iam.Array: "a list", iam.Object: "an object",
}

func (p *Pass) wantString(name string, n *iam.Node) {
	if n != nil && n.Kind != iam.String {
		p.mismatch(n, name, "a string", "string")
	}
}

func (p *Pass) wantStatements(n *iam.Node) {
	switch n.Kind {
	case iam.Object:
	case iam.Array:
		for _, item := range n.Items {
			if item.Kind != iam.Object {
				p.mismatch(item, "A statement", "an object", "object")
			}
		}
	default:
		p.mismatch(n, "Statement", "a list of objects", "array")
	}
}

func (p *Pass) wantStrings(name string, v *iam.Values) {
	if v != nil {
		p.wantStringOrList(name, v.Node)
	}
}

func (p *Pass) wantStringOrList(name string, n *iam.Node) {
	switch n.Kind {
	case iam.String:
	case iam.Array:
		for _, item := range n.Items {
			if item.Kind != iam.String {
				p.mismatch(item, "A member of "+name, "a string", "string")
			}
		}
	default:
		p.mismatch(n, name, "a string or a list of strings", "string")
	}
}

func (p *Pass) wantPrincipals(name string, principal *iam.Principal) {
	if principal == nil || principal.Node.Kind == iam.String {
		return
	}
	if principal.Node.Kind != iam.Object {
		p.mismatch(principal.Node, name, `"*" or an object`, "object")
		return
	}
	for _, member := range principal.Node.Members {
		p.wantStringOrList(member.Key.Text, member.Value)
	}
}

func (p *Pass) wantConditions(n *iam.Node) {
	if n == nil {
		return
	}
	if n.Kind != iam.Object {
		p.mismatch(n, "Condition", "an object", "object")
		return
	}
	for _, operator := range n.Members {
		if operator.Value.Kind != iam.Object {
			p.mismatch(operator.Value, operator.Key.Text, "an object", "object")
			continue
		}
		for _, key := range operator.Value.Members {
			switch key.Value.Kind {
			case iam.String, iam.Number, iam.Bool:
			case iam.Array:
				for _, item := range key.Value.Items {
					if item.Kind == iam.Null || item.Kind == iam.Array || item.Kind == iam.Object {
						p.mismatch(item, "A value of "+key.Key.Text, "a string, number or Boolean", "string")
					}
				}
			default:
				p.mismatch(key.Value, key.Key.Text, "a string, number or Boolean, or a list of them", "string")
			}
		}
	}
}
