package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

var mismatchedActionForPrincipal = &Check{
	Code: "MISMATCHED_ACTION_FOR_PRINCIPAL", Severity: Error, Title: "Action is not for this kind of principal",
	Detail: "The {{actionName}} action is invalid with the following principal(s): {{principalNames}}. Use a SAML provider principal with the sts:AssumeRoleWithSAML action or use an OIDC provider principal with the sts:AssumeRoleWithWebIdentity action. Ensure the provider is Federated if you use either of the two options.",
	Doc: `Who comes from a SAML provider assumes the role with sts:AssumeRoleWithSAML, who comes from an OIDC provider with
sts:AssumeRoleWithWebIdentity; everybody else with sts:AssumeRole. With another action the statement trusts nobody.

Silent: an action for which the statement lists a fitting principal too; Deny; actions with wildcards.

Source: IAM User Guide, Creating a role for SAML 2.0 federation; Creating a role for OpenID Connect federation.`,
	Type: iam.TrustPolicy,
	Bad: `{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/directory"},
 "Action": "sts:AssumeRole"}`,
	Good: `{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/directory"},
 "Action": "sts:AssumeRoleWithSAML", "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}}`,
	run: func(p *Pass) {
		for s := range p.eachTrust() {
			if !s.Allow || s.Principal == nil || s.Action == nil || len(s.Principal.List) == 0 {
				continue
			}
			fit, names := kindsOf(s.Principal), ""
			for i := range s.Actions {
				a := &s.Actions[i]
				var want provider
				switch {
				case a.Service != "sts" || a.Wild:
					continue
				case strings.EqualFold(a.Name, "AssumeRoleWithSAML"):
					want = samlProvider
				case strings.EqualFold(a.Name, "AssumeRoleWithWebIdentity"):
					want = oidcProvider
				case !strings.EqualFold(a.Name, "AssumeRole"):
					continue
				}
				if fit[want] {
					continue
				}
				if names == "" {
					names = namesOf(s.Principal)
				}
				use := "sts:AssumeRoleWithSAML is for SAML providers, sts:AssumeRoleWithWebIdentity for OIDC providers, sts:AssumeRole for everybody else"
				p.Report(a.Node, fmt.Sprintf("None of the principals of this statement can call %s: %s.", a.Text, use),
					"actionName", a.Text, "principalNames", names)
			}
		}
	},
}

// kindsOf tells for each kind of provider whether a principal is there that can call its action; unknownProvider is
// sts:AssumeRole. A federated principal of no known form fits all.
func kindsOf(principal *iam.Principal) (fit [3]bool) {
	for _, value := range principal.List {
		switch kind := providerKind(value.Node.Text); {
		case value.Type.Text != "Federated":
			fit[unknownProvider] = true
		case kind == unknownProvider:
			fit = [3]bool{true, true, true}
		default:
			fit[kind] = true
		}
	}
	return fit
}

// namesOf joins the names of the first principals.
func namesOf(principal *iam.Principal) string {
	const most = 20
	var names []string
	for _, value := range principal.List[:min(len(principal.List), most)] {
		names = append(names, value.Node.Text)
	}
	return strings.Join(names, ", ")
}
