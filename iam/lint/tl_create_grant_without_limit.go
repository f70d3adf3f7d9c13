package lint

var createGrantWithoutLimit = &Check{
	Code: "TL_CREATE_GRANT_WITHOUT_LIMIT", Severity: SecurityWarning, Title: "Key can be granted to anybody",
	Doc: `kms:CreateGrant gives others the use of a key, outside of all policies. Without a condition the caller may grant it to any
principal, also of another account.

To mend it, add {"Bool": {"kms:GrantIsForAWSResource": "true"}}, so that only AWS services can be given a grant, or a condition on
kms:ViaService, kms:GranteePrincipal or kms:GrantOperations.

Silent with any of these, and for kms:*, which means everything and says so.

Source: AWS KMS Developer Guide, "Controlling access to grants".`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:CreateGrant",
  "Resource": "arn:aws:kms:eu-west-1:111122223333:key/8f"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:CreateGrant",
  "Resource": "arn:aws:kms:eu-west-1:111122223333:key/8f", "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		for g := range p.naming("kms", "CreateGrant") {
			if !g.s.tests("kms:grantisforawsresource", "kms:viaservice", "kms:granteeprincipal", "kms:grantoperations", "kms:grantconstrainttype", "kms:retiringprincipal") {
				p.Report(g.Node, "kms:CreateGrant may give the use of the key to anybody, outside of all policies: add a condition on kms:GrantIsForAWSResource or kms:ViaService")
			}
		}
	},
}
