package lint

import (
	"slices"
	"strings"

	"trunkline/iam"
)

var missingActionForRolesAnywhere = &Check{
	Code: "MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", Severity: Error, Title: "Roles Anywhere lacks an action",
	Detail: "The rolesanywhere.amazonaws.com service principal requires the sts:AssumeRole, sts:SetSourceIdentity, and sts:TagSession permissions to assume a role. Add the missing permissions to the policy.",
	Doc: `IAM Roles Anywhere calls sts:AssumeRole, sts:SetSourceIdentity and sts:TagSession at once. A role that does not allow it all three
cannot be assumed. The three may stand in different statements of the policy.

Source: IAM Roles Anywhere User Guide, Trust model.`,
	Type: iam.TrustPolicy,
	Bad: `{"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": "sts:AssumeRole",
 "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:rolesanywhere:eu-west-2:111122223333:trust-anchor/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"}}}`,
	Good: `{"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"},
 "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
 "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:rolesanywhere:eu-west-2:111122223333:trust-anchor/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"}}}`,
	run: func(p *Pass) {
		var at *iam.Node
		missing := []string{"AssumeRole", "SetSourceIdentity", "TagSession"}
		for s := range p.eachTrust() {
			principal := rolesAnywhere(s)
			if principal == nil || !s.Allow {
				continue
			}
			if at == nil {
				at = principal
			}
			if s.Action == nil {
				return // NotAction: not worth a guess
			}
			missing = slices.DeleteFunc(missing, func(name string) bool {
				return s.Named("sts", name) != nil || s.Reached("sts", name) != nil
			})
		}
		if at != nil && len(missing) > 0 {
			p.Report(at, "IAM Roles Anywhere also needs sts:"+strings.Join(missing, ", sts:")+": add it to the actions.")
		}
	},
}

func rolesAnywhere(s *Statement) *iam.Node {
	if s.Principal != nil {
		for _, value := range s.Principal.List {
			if value.Type.Text == "Service" && value.Node.Text == "rolesanywhere.amazonaws.com" {
				return value.Node
			}
		}
	}
	return nil
}
