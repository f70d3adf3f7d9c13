package lint

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"trunkline/iam"
)

var missingConditionKeyForOIDC = &Check{
	Code: "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", Severity: SecurityWarning, Title: "Everybody of an identity provider is trusted",
	Detail: "Using an Open ID Connect principal without a condition can be overly permissive. Add condition keys with a prefix that matches your federated OIDC principals to ensure that only the intended identity provider assumes the role.",
	Doc: `A role that trusts an OIDC provider without a condition on the provider's own keys can be assumed by everybody who has a token of
it, also a token that was made for another application. Compare host:aud with your client ID, and host:sub with who may come.

Silent: GitHub, which has MISSING_GITHUB_REPO_CONDITION_KEY; placeholders; statements without sts:AssumeRoleWithWebIdentity.

Source: IAM User Guide, Creating a role for OpenID Connect federation.`,
	Type: iam.TrustPolicy,
	Bad:  `{"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity"}`,
	Good: `{"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity",
 "Condition": {"StringEquals": {"accounts.google.com:aud": "66677788899900pro0"}}}`,
	run: func(p *Pass) {
		for n, name := range p.trustedProviders() {
			if isGitHub(name.provider) || name.statement.testedUnder(name.provider+":") || hasPlaceholder(n.Text) {
				continue
			}
			p.Report(n, fmt.Sprintf("Whoever has a token of %s can assume this role: compare %[1]s:aud and %[1]s:sub in a condition.", name.provider))
		}
	},
}

// A trusted is an OIDC provider, by the beginning of its condition keys, in a statement that lets its users assume the role.
type trusted struct {
	provider  string
	statement *Statement
}

// trustedProviders goes through the OIDC providers that a role trust policy trusts.
func (p *Pass) trustedProviders() iter.Seq2[*iam.Node, trusted] {
	return func(yield func(*iam.Node, trusted) bool) {
		for s := range p.eachTrust() {
			if !s.Allow || s.Principal == nil || s.Action == nil {
				continue
			}
			if s.Named("sts", "AssumeRoleWithWebIdentity") == nil && s.Reached("sts", "AssumeRoleWithWebIdentity") == nil {
				continue
			}
			for _, value := range s.Principal.List {
				if value.Type.Text != "Federated" {
					continue
				}
				if name := providerName(value.Node.Text); name != "" && !yield(value.Node, trusted{name, s}) {
					return
				}
			}
		}
	}
}

// testedUnder tells whether a condition is on a key that begins with a prefix in lower case.
func (s *Statement) testedUnder(prefix string) bool {
	return slices.ContainsFunc(s.Tests, func(c Condition) bool { return strings.HasPrefix(c.Name, prefix) })
}
