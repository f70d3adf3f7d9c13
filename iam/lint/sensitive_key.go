package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

// Access Analyzer's two codes about values that let too much pass have three wordings each. The keys of the first, "preceded by 6
// consecutive characters", are not published, so that only the others are here.

const globalKeysPage = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"

var (
	variableTooPermissive = &Check{
		Code: "VARIABLE_USAGE_TOO_PERMISSIVE", Severity: Error, Title: "Policy variable as the value of a sensitive key",
		Detail: "{{reason}}",
		Doc: `Keys that say whose account, organization, VPC or endpoint it is decide who is let in. A variable as their value lets in whom
the variable names; where the caller, or who tags a role, chooses its value, that is anybody. In aws:userid a variable may stand for what is right of the colon.

A substituted value is literal, a * in it is no wildcard; the finding is therefore a warning, where Access Analyzer has an error. Its
output format keeps the error.

Silent: variables that AWS fills in by itself, so that aws:ResourceAccount can be compared with ${aws:PrincipalAccount}. Of the keys that are to be
preceded by six characters, which Access Analyzer does not list.

Source: IAM User Guide, AWS global condition context keys, sensitive keys.`,
		Bad: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringEquals": {"aws:SourceVpce": "${aws:PrincipalTag/endpoint}"}}}`,
		Good: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0", "aws:ResourceAccount": "${aws:PrincipalAccount}"}}}`,
		run: func(p *Pass) {
			if !p.Modern() {
				return
			}
			p.sensitiveValues(func(k *testedKey, value *iam.Node) {
				if !strings.Contains(value.Text, "${") || !p.chosen(value.Text) {
					return
				}
				if k.Name == "aws:userid" {
					if before, _, found := strings.Cut(value.Text, ":"); found && !strings.Contains(before, "$") {
						return
					}
					p.Report(value, "A variable in aws:userid belongs right of the colon: what is left of it says who calls.", "reason",
						"Overly permissive use of policy variable with aws:userID. Use the policy variable on the right side of colon or as the only character on the left side of a colon.").Severity = Warning
					return
				}
				p.Report(value, fmt.Sprintf("%s decides who is let in: write its values instead of a variable.", k.Key.Text), "reason",
					"The policy variable is not allowed in the condition key "+k.Key.Text+". We consider the key to be sensitive and policy variables can be evaluated as effective wildcards. Therefore policy variables are not allowed to be used with sensitive keys. Refer to "+globalKeysPage+" for the list of sensitive keys.").Severity = Warning
			})
		},
	}
	wildcardTooPermissive = &Check{
		Code: "WILDCARD_USAGE_TOO_PERMISSIVE", Severity: Error, Title: "Wildcard in the value of a sensitive key",
		Detail: "{{reason}}",
		Doc: `Keys that say whose account, organization, VPC or endpoint it is decide who is let in. Their values are random, so a wildcard lets
in whoever happens to match, and anybody can make more accounts until one does. In aws:userid a wildcard may stand for what is right of the colon, or alone
left of it.

Silent: operators under which * is no wildcard. Of the keys that are to be preceded by six characters, which Access Analyzer does not list.

Source: IAM User Guide, AWS global condition context keys, sensitive keys.`,
		Bad: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-a1*"}}}`,
		Good: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "aws:userid": ["AROA1234567890EXAMPLE:*", "*:reader"]}}}`,
		run: func(p *Pass) {
			p.sensitiveValues(func(k *testedKey, value *iam.Node) {
				if !k.Like || !Wild(value.Text) {
					return
				}
				if k.Name == "aws:userid" {
					if before, _, found := strings.Cut(value.Text, ":"); found && (before == "*" || !Wild(before)) {
						return
					}
					p.Report(value, "A wildcard in aws:userid belongs right of the colon, or alone left of it: AROA…:* are the sessions of one role.", "reason",
						"Overly permissive use of wildcard with aws:userID. Use the wildcard on the right side of colon or as the only character on the left side of a colon.")
					return
				}
				p.Report(value, fmt.Sprintf("%s decides who is let in: write its values in full.", k.Key.Text), "reason",
					"The wildcard is not allowed in the condition key "+k.Key.Text+". We consider the key to be sensitive and wildcards are not allowed to be used with sensitive keys. Refer to "+globalKeysPage+" for the list of sensitive keys.")
			})
		},
	}
)

// sensitiveValues goes through the values of sensitive keys and of aws:userid, but for placeholders.
func (p *Pass) sensitiveValues(report func(k *testedKey, value *iam.Node)) {
	keys := p.testedKeys()
	for i := range keys {
		k := &keys[i]
		if k.known == nil || k.Family != StringFamily || !k.known.Sensitive && k.Name != "aws:userid" {
			continue
		}
		for _, value := range k.Values {
			if !hasBrackets(value.Text) || strings.Contains(value.Text, "${") {
				report(k, value)
			}
		}
	}
}

// chosen tells whether somebody else than AWS chooses what one of the variables in a text stands for: tags, names of sessions, headers.
func (p *Pass) chosen(text string) bool {
	for _, part := range iam.Variables(text) {
		if part.Kind != iam.Variable {
			continue
		}
		key, ok := p.Catalog.GlobalKey(part.Text)
		if !ok || key.Open() {
			return true
		}
		switch key.Name {
		case "aws:UserAgent", "aws:referer", "aws:SourceIdentity", "aws:TagKeys":
			return true
		}
	}
	return false
}
