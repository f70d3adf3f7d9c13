package lint

import "trunkline/iam"

var federatedPrincipalNotSupported = &Check{
	Code: "FEDERATED_PRINCIPAL_NOT_SUPPORTED", Severity: Error, Title: "Identity provider is no principal here",
	Detail: "The policy type does not support a federated identity provider in the principal element. Use a supported principal.",
	Doc: `A SAML or OIDC provider can be a principal only in a role trust policy: whoever comes from it acts as the role that it assumes.

Name that role instead.

Source: IAM User Guide, AWS JSON policy elements: Principal.`,
	Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
	Bad: `{"Effect": "Allow", "Principal": {"Federated": "cognito-identity.amazonaws.com"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	Good: `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app-users"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	run: func(p *Pass) {
		if p.Type != iam.ResourcePolicy && p.Type != iam.EndpointPolicy {
			return
		}
		for s := range p.Each() {
			for kind, n := range principals(s) {
				if kind == "Federated" {
					p.Report(n, "An identity provider is a principal in role trust policies only: name the role that its users assume.")
				}
			}
		}
	},
}
