package lint

import (
	"strings"

	"trunkline/iam"
)

var malformedAction = &Check{
	Code: "TL_MALFORMED_ACTION", Severity: Error, Title: "Action that IAM refuses",
	Doc: `An action is a service's prefix, one colon, and a name: "s3:GetObject"; or "*" alone. IAM refuses the whole policy when an
action has no colon, more than one, or a prefix with other characters than letters, digits, dots and hyphens.

The fix takes the second colon out when the action exists then.

Silent for placeholders.

Source: messages of the IAM API: "Actions/Conditions must be prefaced by a vendor", "Actions/Condition can contain only one colon.",
"Vendor X is not valid".`,
	Bad:  `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs::SendMessage", "Resource": "*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Actions {
				a := &s.Actions[i]
				if a.Placeholder || a.Text == "*" {
					continue
				}
				switch colons := strings.Count(a.Text, ":"); {
				case colons == 0:
					p.Report(a.Node, "an action begins with the prefix of its service and a colon, such as s3:GetObject, or is * alone; IAM refuses the policy")
				case colons > 1:
					f := p.Report(a.Node, "an action has one colon, between the prefix of its service and its name; IAM refuses the policy")
					p.fixColons(f, a.Node)
				case !validPrefix(a.Service):
					p.Report(a.Node, "the prefix of a service has letters, digits, dots and hyphens only; IAM refuses the policy")
				}
			}
		}
	},
}

// fixColons offers the action with one colon in the place of several, when it exists.
func (p *Pass) fixColons(f *Finding, n *iam.Node) {
	prefix, name, _ := strings.Cut(n.Text, ":")
	name = strings.TrimLeft(name, ":")
	service, ok := p.Catalog.Service(prefix)
	if !ok {
		return
	}
	for range service.Expand(name) {
		edits, ok := replace(n, prefix+":"+name)
		f.safeFix("write one colon", edits, ok)
		return
	}
}

func validPrefix(prefix string) bool {
	if prefix == "*" {
		return true
	}
	for i := range len(prefix) {
		switch c := prefix[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '.', c == '-':
		default:
			return false
		}
	}
	return prefix != ""
}
