package lint

var missingAction = &Check{
	Code: "MISSING_ACTION", Severity: Error, Title: "Statement has no Action",
	Detail: "Add an Action or NotAction element to the policy statement.",
	Doc: `A statement must say which actions it is about, with Action or NotAction. IAM refuses a policy with one that does not.

Silent: an empty list is EMPTY_ARRAY_ACTION.

Source: IAM User Guide, IAM JSON policy elements: Action.`,
	Bad:  `{"Effect": "Allow", "Resource": "*"}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			if s.Action == nil && s.NotAction == nil {
				p.Report(s.Node, "The statement has neither Action nor NotAction: add the actions it is about.")
			}
		}
	},
}
