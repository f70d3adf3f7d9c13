package lint

import (
	"strings"

	"trunkline/iam"
)

var accountTrustWithoutExternalID = &Check{
	Code: "TL_ACCOUNT_TRUST_WITHOUT_EXTERNAL_ID", Severity: Suggestion, Title: "Trust in an account without an external id",
	Type: iam.TrustPolicy,
	Doc: `The role trusts a whole account, and no condition says for whom. When the account is a third party's, any other customer of
theirs who knows the role's ARN can have them use it: the confused deputy. An external id, which the third party gives to each of its
customers and sends with every call, prevents that.

To mend it, add a condition on sts:ExternalId with the value that the third party gave. For accounts of one's own, add aws:PrincipalOrgID,
or name the role that is trusted.

Silent when a condition on an external id, the organization, the principal or MFA is there, and for a placeholder. A policy does not
say which account it is in, so this is a suggestion.

Source: IAM User Guide, "Access to AWS accounts owned by third parties".`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
  "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
  "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
  "Condition": {"StringEquals": {"sts:ExternalId": "7d1c0b5e"}}}]}`,
	run: func(p *Pass) {
		if p.Type != iam.TrustPolicy {
			return
		}
		for s := range p.Each() {
			if !s.Allow || s.Principal == nil || s.tests("sts:externalid", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn",
				"aws:principaltag/", "aws:userid", "aws:multifactorauthpresent", "aws:multifactorauthage") {
				continue
			}
			for _, principal := range s.Principal.List {
				if principal.Type.Text == "AWS" && wholeAccount(principal.Node.Text) {
					p.Report(principal.Node, "this role trusts everybody whom this account lets assume it: if it is a third party's, add a condition on sts:ExternalId; if it is your own, one on aws:PrincipalOrgID, or name the role")
				}
			}
		}
	},
}

// wholeAccount tells whether a principal is an account: twelve digits, or its root.
func wholeAccount(principal string) bool {
	if strings.HasSuffix(principal, ":root") {
		parts := strings.Split(principal, ":")
		if len(parts) != 6 || parts[2] != "iam" {
			return false
		}
		principal = parts[4]
	}
	return len(principal) == 12 && strings.Trim(principal, "0123456789") == ""
}
