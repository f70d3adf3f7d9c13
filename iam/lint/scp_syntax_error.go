package lint

import (
	"strings"

	"trunkline/iam"
)

var (
	scpActionWildcard = &Check{
		Code: "SCP_SYNTAX_ERROR_ACTION_WILDCARD", Severity: Error, Title: "Wildcard inside an action of a service control policy",
		Detail: "SCP actions can include wildcards (*) only at the end of a string. Update {{action}}.",
		Doc: `Until September 2025 an action in a service control policy could have a wildcard at its end only. Service control policies take
the full policy language since, and Access Analyzer's page still lists the error. Therefore it is a suggestion here: such an
action works, but older tools refuse it.

Source: AWS Organizations, full IAM policy language support for service control policies (2025-09-19).`,
		Type: iam.ServiceControlPolicy,
		Bad:  `{"Effect": "Deny", "Action": "s3:*Bucket", "Resource": "*"}`,
		Good: `{"Effect": "Deny", "Action": ["s3:CreateBucket", "s3:DeleteBucket"], "Resource": "*"}`,
		run: func(p *Pass) {
			for s := range p.eachOf(iam.ServiceControlPolicy) {
				for i := range s.Actions {
					a := &s.Actions[i]
					if at := strings.IndexAny(a.Name, "*?"); at >= 0 && at < len(a.Name)-1 && strings.TrimLeft(a.Name[at:], "*") != "" {
						p.Report(a.Node, "The wildcard stands inside the action: older tools take it at the end only.", "action", a.Text).Severity = Suggestion
					}
				}
			}
		},
	}
	scpPrincipal = &Check{
		Code: "SCP_SYNTAX_ERROR_PRINCIPAL", Severity: Error, Title: "Service control policy names principals",
		Detail: "SCPs do not support specifying principals. Remove the Principal or NotPrincipal element.",
		Doc: `A service control policy is about every principal of the accounts that it hangs on; Organizations refuses one that names principals.
Say in a condition on aws:PrincipalArn whom it spares.

Source: AWS Organizations User Guide, SCP syntax.`,
		Type: iam.ServiceControlPolicy,
		Bad:  `{"Effect": "Deny", "Principal": "*", "Action": "organizations:LeaveOrganization", "Resource": "*"}`,
		Good: `{"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}`,
		run: func(p *Pass) {
			for s := range p.eachOf(iam.ServiceControlPolicy) {
				for _, principal := range [...]*iam.Principal{s.Principal, s.NotPrincipal} {
					if principal == nil {
						continue
					}
					finding := p.ReportKey(principal.Key, "A service control policy takes no "+principal.Key.Text+": remove it, and say in a condition whom the statement spares.")
					if edits, ok := remove(p.Source, principal.Node); principal.Any && principal == s.Principal {
						finding.safeFix("remove Principal", edits, ok) // everybody is whom it is about anyway
					} else {
						finding.riskyFix("remove "+principal.Key.Text, edits, ok)
					}
				}
			}
		},
	}
)
