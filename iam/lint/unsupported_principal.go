package lint

import "trunkline/iam"

var unsupportedPrincipal = &Check{
	Code: "UNSUPPORTED_PRINCIPAL", Severity: Error, Title: "Principal has no place here",
	Detail: "The policy type {{policy_type}} does not support the Principal element. Remove the Principal element.",
	Doc: `An identity policy, a permissions boundary and a session policy are about the principal that they hang on. IAM refuses one that
names a principal.

Remove the element. If it is a bucket policy, key policy or trust policy, lint it as such.

Source: IAM User Guide, AWS JSON policy elements: Principal.`,
	Bad:  `{"Effect": "Allow", "Principal": "*", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	run: func(p *Pass) {
		if !p.Identity() {
			return
		}
		for s := range p.Each() {
			for _, principal := range [...]*iam.Principal{s.Principal, s.NotPrincipal} {
				if principal != nil {
					edits, ok := remove(p.Source, principal.Node)
					p.ReportKey(principal.Node, "This policy hangs on its principal and must not name one: remove "+principal.Key.Text+".",
						"policy_type", "IDENTITY_POLICY").
						riskyFix("remove "+principal.Key.Text, edits, ok)
				}
			}
		}
	},
}
