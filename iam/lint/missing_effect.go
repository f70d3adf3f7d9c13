package lint

var missingEffect = &Check{
	Code: "MISSING_EFFECT", Severity: Error, Title: "Statement has no Effect",
	Detail: "Add an Effect element to the policy statement with a value of Allow or Deny.",
	Doc: `There is no default: a statement must say Allow or Deny, and IAM refuses a policy with one that does not.

Source: IAM User Guide, IAM JSON policy elements: Effect.`,
	Bad:  `{"Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			if s.Effect == nil {
				p.Report(s.Node, `The statement has no Effect: add "Effect": "Allow" or "Effect": "Deny".`)
			}
		}
	},
}
