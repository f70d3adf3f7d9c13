package lint

import "trunkline/iam"

var allowWithNotPrincipal = &Check{
	Code: "ALLOW_WITH_NOT_PRINCIPAL", Severity: SecurityWarning, Title: "Allow with NotPrincipal opens to everybody else",
	Detail: "Using Allow with NotPrincipal can be overly permissive. We recommend that you use Principal instead.",
	Doc: `Allow with NotPrincipal grants the access to everybody who is not listed: every other principal of the account, every other
account, and anonymous callers. Name with Principal whom you mean.

Silent: Deny; role trust policies, identity policies and resource control policies, which refuse NotPrincipal.

Source: IAM User Guide, AWS JSON policy elements: NotPrincipal.`,
	Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
	Bad: `{"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/contractor"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	Good: `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/staff"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	run: func(p *Pass) {
		if p.Type != iam.ResourcePolicy && p.Type != iam.EndpointPolicy {
			return
		}
		for s := range p.Each() {
			if s.Allow && s.NotPrincipal != nil {
				p.ReportKey(s.NotPrincipal.Key, "Allow with NotPrincipal grants this to everybody else, also to anonymous callers: name them with Principal.")
			}
		}
	},
}
