package lint

import "trunkline/iam"

var missingPrincipal = &Check{
	Code: "MISSING_PRINCIPAL", Severity: Error, Title: "Statement has no Principal",
	Detail: "Add a Principal element to the policy statement.",
	Doc: `A policy that hangs on a resource, a role (its trust policy) or a VPC endpoint must say whom each statement is about. The same
holds for a resource control policy, whose principal is always "*".

If the policy is meant to hang on a user, group or role, lint it as an identity policy.

Source: IAM User Guide, AWS JSON policy elements: Principal.`,
	Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
	Bad: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	Good: `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	run: func(p *Pass) {
		if p.Identity() || p.Type == iam.ServiceControlPolicy {
			return
		}
		for s := range p.Each() {
			if s.Principal == nil && s.NotPrincipal == nil {
				p.Report(s.Node, "The statement has no Principal: add whom it is about.")
			}
		}
	},
}
