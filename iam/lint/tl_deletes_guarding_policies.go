package lint

import "fmt"

// guardDeletions take policies, boundaries and roles away, on resources of a kind.
var guardDeletions = [...]struct{ action, kind, does string }{
	{"DeleteRolePolicy", "role/", "can take inline policies, also those that deny, away from any role"},
	{"DetachRolePolicy", "role/", "can take managed policies, also those that deny, away from any role"},
	{"DeleteRolePermissionsBoundary", "role/", "can take the permissions boundary away from any role"},
	{"DeleteServiceLinkedRole", "role/", "can delete any service-linked role that is not in use"},
	{"DeleteUserPolicy", "user/", "can take inline policies, also those that deny, away from any user"},
	{"DetachUserPolicy", "user/", "can take managed policies, also those that deny, away from any user"},
	{"DeleteUserPermissionsBoundary", "user/", "can take the permissions boundary away from any user"},
	{"DeleteGroupPolicy", "group/", "can take inline policies, also those that deny, away from any group"},
	{"DetachGroupPolicy", "group/", "can take managed policies, also those that deny, away from any group"},
}

var deletesGuardingPolicies = &Check{
	Code: "TL_DELETES_GUARDING_POLICIES", Severity: SecurityWarning, Title: "Guarding policies of any principal can be removed",
	Doc: `Policies of a role, user or group also deny, and a boundary only ever limits. Who can remove them from any principal, itself
included, can lift what guards the account, and can break what works.

To mend it, name the roles: for one of Amazon Connect's service-linked roles
arn:aws:iam::ACCOUNT:role/aws-service-role/connect.amazonaws.com/NAME.

Silent with a condition on the resource's tags, the policy's ARN or the boundary, and where the principal is an administrator anyway.

Source: IAM User Guide, policy evaluation logic: an explicit deny in any policy of the principal is final.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:DeleteRolePolicy", "Resource": "*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:DeleteRolePolicy",
  "Resource": "arn:aws:iam::111122223333:role/app-worker"}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		for _, deletion := range guardDeletions {
			for g := range p.naming("iam", deletion.action) {
				if g.s.tests(closers...) {
					continue
				}
				s := step{g, g.s.targets("iam", deletion.kind)}
				if every := s.everyOne(deletion.kind); every != "" {
					p.Report(g.Node, fmt.Sprintf("with iam:%s on %s the principal %s: name the ones that are meant", deletion.action, every, deletion.does))
				}
			}
		}
	},
}
