package lint

import "trunkline/iam"

var (
	emptyArrayAction = &Check{
		Code: "EMPTY_ARRAY_ACTION", Severity: Suggestion, Title: "List of actions is empty",
		Detail: "This statement includes no actions and does not affect the policy. Specify actions.",
		Doc: `The list of actions is empty. IAM refuses the policy; other services store a statement that does nothing. Add actions, or remove
the statement.

Source: IAM User Guide, IAM JSON policy elements: Action.`,
		Bad:  `{"Effect": "Allow", "Action": [], "Resource": "*"}`,
		Good: `{"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"}`,
		run: func(p *Pass) {
			for s := range p.Each() {
				p.reportEmpty(s.Action, "The list of actions is empty: add actions, or remove the statement.")
				p.reportEmpty(s.NotAction, "The list of actions is empty: add actions, or remove the statement.")
			}
		},
	}
	emptyArrayResource = &Check{
		Code: "EMPTY_ARRAY_RESOURCE", Severity: Suggestion, Title: "List of resources is empty",
		Detail: "This statement includes no resources and does not affect the policy. Specify resources.",
		Doc: `The list of resources is empty. IAM refuses the policy; other services store a statement that does nothing. Add resources, or
remove the statement.

Source: IAM User Guide, IAM JSON policy elements: Resource.`,
		Bad:  `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": []}`,
		Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": ["*"]}`,
		run: func(p *Pass) {
			for s := range p.Each() {
				p.reportEmpty(s.Resource, "The list of resources is empty: add resources, or remove the statement.")
				p.reportEmpty(s.NotResource, "The list of resources is empty: add resources, or remove the statement.")
			}
		},
	}
)

func (p *Pass) reportEmpty(values *iam.Values, message string) {
	if values != nil && values.Node.Kind == iam.Array && len(values.Node.Items) == 0 {
		p.Report(values.Node, message)
	}
}
