package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
	"trunkline/iam/arn"
)

var redundantPrincipal = &Check{
	Code: "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", Severity: Suggestion, Title: "Session of a role that is trusted anyway",
	Detail: "The assumed-role principal {{redundant_principal}} is redundant with its parent role {{parent_role}}. Remove the assumed-role principal.",
	Doc: `The principal of a role covers all its sessions, so one of them beside it does nothing. Remove it, or the role when only the session
is meant.

The safe fix removes the session.

Silent: sessions and roles in different statements.

Source: IAM User Guide, AWS JSON policy elements: Principal, Role session principals.`,
	Type: iam.TrustPolicy,
	Bad: `{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [
  "arn:aws:iam::111122223333:role/ci", "arn:aws:sts::111122223333:assumed-role/ci/build"]}}`,
	Good: `{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}}`,
	run: func(p *Pass) {
		for s := range p.eachOf(iam.TrustPolicy) {
			if s.Principal == nil || len(s.Principal.List) < 2 {
				continue
			}
			roles := make(map[string]string) // by account and name
			for _, principal := range s.Principal.List {
				if a, err := arn.Parse(principal.Node.Text); err == nil && a.Service == "iam" && strings.HasPrefix(a.Resource, "role/") {
					roles[a.Account+":"+a.Resource[strings.LastIndexByte(a.Resource, '/')+1:]] = principal.Node.Text
				}
			}
			for _, principal := range s.Principal.List {
				a, err := arn.Parse(principal.Node.Text)
				if err != nil || a.Service != "sts" {
					continue
				}
				session, ok := strings.CutPrefix(a.Resource, "assumed-role/")
				name, _, _ := strings.Cut(session, "/")
				role, trusted := roles[a.Account+":"+name]
				if !ok || !trusted {
					continue
				}
				finding := p.Report(principal.Node, fmt.Sprintf("%s is trusted with all its sessions: remove this one.", role), "redundant_principal", principal.Node.Text, "parent_role", role)
				edits, ok := remove(p.Source, principal.Node)
				finding.safeFix("remove the session", edits, ok)
			}
		}
	},
}
