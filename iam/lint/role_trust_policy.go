package lint

import (
	"iter"

	"trunkline/iam"
)

var (
	roleTrustPolicyNotPrincipal = &Check{
		Code: "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", Severity: Error, Title: "Trust policy with NotPrincipal",
		Detail: "Role trust policies do not support NotPrincipal. Update the policy to use a Principal element instead.",
		Doc: `A role trust policy names whom it trusts; NotPrincipal is refused. Use Principal; to keep somebody out, deny with a condition on
aws:PrincipalArn.

Source: IAM User Guide, AWS JSON policy elements: NotPrincipal.`,
		Type: iam.TrustPolicy,
		Bad:  `{"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}`,
		run: func(p *Pass) {
			for s := range p.eachTrust() {
				if s.NotPrincipal != nil {
					p.ReportKey(s.NotPrincipal.Key, "A role trust policy takes no NotPrincipal: name with Principal whom the role trusts.")
				}
			}
		},
	}
	roleTrustPolicyWildcard = &Check{
		Code: "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", Severity: Error, Title: "Trust policy for everybody",
		Detail: `"Principal:" "*" is not supported in the principal element of a role trust policy. Replace the wildcard with a valid principal value.`,
		Doc: `A role trust policy must not have "Principal": "*". Name the account, role, service or provider that may assume the role.

Source: IAM User Guide, AWS JSON policy elements: Principal.`,
		Type: iam.TrustPolicy,
		Bad:  `{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}`,
		run: func(p *Pass) {
			for s := range p.eachTrust() {
				if s.Principal != nil && s.Principal.Any && s.Allow {
					p.Report(s.Principal.Node, `A role trust policy takes no "Principal": "*": name who may assume the role.`)
				}
			}
		},
	}
	roleTrustPolicyResource = &Check{
		Code: "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", Severity: Error, Title: "Trust policy with Resource",
		Detail: "Role trust policies apply to the role that they are attached to. You cannot specify a resource. Remove the Resource or NotResource element.",
		Doc: `The resource of a role trust policy is the role that it hangs on. IAM refuses one that names a resource. The fix removes the element.

Source: IAM User Guide, IAM JSON policy elements: Resource.`,
		Type: iam.TrustPolicy,
		Bad:  `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Resource": "*"}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}`,
		run: func(p *Pass) {
			for s := range p.eachTrust() {
				for _, values := range [...]*iam.Values{s.Resource, s.NotResource} {
					if values != nil {
						edits, ok := remove(p.Source, values.Node)
						p.ReportKey(values.Key, "A role trust policy is about its own role: remove "+values.Key.Text+".").
							safeFix("remove "+values.Key.Text, edits, ok)
					}
				}
			}
		},
	}
)

// eachTrust goes through the statements of a role trust policy, and through none of another policy.
func (p *Pass) eachTrust() iter.Seq[*Statement] { return p.eachOf(iam.TrustPolicy) }
