package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

var invalidFederatedPrincipal = &Check{
	Code: "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", Severity: Error, Title: "Identity provider is not named as IAM knows it",
	Detail: "The principal value specifies a federated principal that does not match the expected format. Update the federated principal to a domain name or a SAML metadata ARN.",
	Doc: `A federated principal is the ARN of a SAML provider (arn:aws:iam::111122223333:saml-provider/name), the ARN of an OIDC provider
(…:oidc-provider/host/path), or the domain of a provider that IAM knows by itself, such as accounts.google.com.

Silent: placeholders.

Source: IAM User Guide, AWS JSON policy elements: Principal.`,
	Type: iam.TrustPolicy,
	Bad: `{"Effect": "Allow", "Principal": {"Federated": "https://accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity",
 "Condition": {"StringEquals": {"accounts.google.com:aud": "66677788899900pro0"}}}`,
	Good: `{"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity",
 "Condition": {"StringEquals": {"accounts.google.com:aud": "66677788899900pro0"}}}`,
	run: func(p *Pass) {
		for s := range p.eachTrust() {
			for kind, n := range principals(s) {
				if kind != "Federated" || providerKind(n.Text) != unknownProvider || hasPlaceholder(n.Text) || Wild(n.Text) {
					continue
				}
				p.Report(n, fmt.Sprintf("%q is neither the ARN of a SAML or OIDC provider nor a domain: write it as IAM lists it.", n.Text))
			}
		}
	},
}

// A provider is a kind of identity provider.
type provider uint8

const (
	unknownProvider provider = iota
	samlProvider
	oidcProvider
)

// providerKind is the kind of provider that a federated principal names, by its form only.
func providerKind(text string) provider {
	if strings.HasPrefix(text, "arn:") {
		fields := strings.SplitN(text, ":", 6)
		switch {
		case len(fields) < 6 || fields[2] != "iam":
		case strings.HasPrefix(fields[5], "saml-provider/") && fields[5] != "saml-provider/":
			return samlProvider
		case strings.HasPrefix(fields[5], "oidc-provider/") && fields[5] != "oidc-provider/":
			return oidcProvider
		}
		return unknownProvider
	}
	if !strings.Contains(text, ".") || strings.Contains(text, "://") || strings.HasPrefix(text, ".") || strings.HasSuffix(text, ".") {
		return unknownProvider
	}
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(".-_/:", rune(c)) {
			return unknownProvider
		}
	}
	return oidcProvider
}

// providerName is how the keys of an OIDC provider begin, in lower case: its host and path. It is empty when the text does not say.
func providerName(text string) string {
	if _, name, found := strings.Cut(text, ":oidc-provider/"); found {
		return strings.ToLower(name)
	}
	if providerKind(text) == oidcProvider {
		return strings.ToLower(text)
	}
	return ""
}
