package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

var (
	forAnyValueWithAudience = &Check{
		Code: "FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE", Severity: SecurityWarning, Title: "ForAnyValue on an audience",
		Detail: "Using ForAnyValue qualifier with the single-valued condition key {{key}} can be overly permissive. We recommend that you remove ForAnyValue:.",
		Doc:    audienceDoc,
		Type:   iam.TrustPolicy,
		Bad: `{"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity",
 "Condition": {"ForAnyValue:StringEquals": {"accounts.google.com:aud": "66677788899900pro0"}}}`,
		Good: audienceGood,
		run: func(p *Pass) {
			p.reportAudience(ForAnyValue, "%s has one value: remove ForAnyValue:.")
		},
	}
	confirmAudience = &Check{
		Code: "CONFIRM_AUDIENCE_CLAIM_TYPE", Severity: Suggestion, Title: "ForAllValues on an audience",
		Detail: `The "{{key}}" ({{audienceType}}) claim key identifies the recipients that the JSON web token is intended for. Because this claim is single-valued, do not use a qualifier.`,
		Doc:    audienceDoc,
		Type:   iam.TrustPolicy,
		Bad: `{"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity",
 "Condition": {"ForAllValues:StringEquals": {"accounts.google.com:aud": "66677788899900pro0"}}}`,
		Good: audienceGood,
		run: func(p *Pass) {
			p.reportAudience(ForAllValues, "%s has one value: remove ForAllValues:, which also lets requests without it pass.")
		},
	}
)

const (
	audienceDoc = `A key that ends in :aud holds the one audience of a token. ForAnyValue and ForAllValues are for keys with many values; ForAllValues
moreover matches requests that lack the key. Use the operator without a prefix.

Source: IAM User Guide, Single-valued vs. multivalued context keys.`
	audienceGood = `{"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity",
 "Condition": {"StringEquals": {"accounts.google.com:aud": "66677788899900pro0"}}}`
)

func (p *Pass) reportAudience(set SetOperator, format string) {
	for s := range p.Each() {
		for i := range s.Tests {
			if c := &s.Tests[i]; c.Set == set && c.Family != NullFamily && strings.HasSuffix(c.Name, ":aud") {
				kind := "OIDC"
				if c.Name == "saml:aud" {
					kind = "SAML"
				}
				p.ReportKey(c.Key, fmt.Sprintf(format, c.Key.Text), "key", c.Key.Text, "audienceType", kind)
			}
		}
	}
}
