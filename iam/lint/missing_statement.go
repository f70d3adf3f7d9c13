package lint

import "trunkline/iam"

var missingStatement = &Check{
	Code: "MISSING_STATEMENT", Severity: Error, Title: "Policy has no statement",
	Detail: "Add a statement to the policy",
	Doc: `A policy is an object with a Statement, which holds one statement or a list of them. Without it, or with an empty list, IAM
refuses the policy.

The usual cause is a statement that was published alone, without the policy around it. Then the fix puts the policy around it, and
the other checks look at the statement as if it stood there already.

Source: IAM User Guide, IAM JSON policy elements: Statement.`,
	Bad:  `{"Version": "2012-10-17", "Statement": []}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}`,
	run: func(p *Pass) {
		for _, problem := range p.Problems {
			if problem.Code == iam.BareStatement {
				p.ReportSpan(problem.Span, "This is a statement without a policy around it: put it into the Statement of a policy.").
					safeFix(mending(problem.Code), problem.Edits, len(problem.Edits) > 0)
				return
			}
		}
		if p.Root == nil || p.Root.Kind != iam.Object {
			return
		}
		for _, member := range p.Root.Members {
			if member.Key.Text != "Statement" {
				continue
			}
			if member.Value.Kind == iam.Array && len(member.Value.Items) == 0 {
				p.Report(member.Value, "The policy has no statement: add one.")
			}
			return
		}
		p.Report(p.Root, "The policy has no Statement element: add one with at least one statement.")
	},
}
