package lint

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
)

var (
	rcpMissingPrincipalKey = &Check{
		Code: "RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY", Severity: Warning, Title: "AWS services fall under a condition on principals",
		Detail: `RCPs impact IAM roles, users, and AWS service principals. To prevent unintended impact to services acting on your behalf using a service principal, an additional statement should be added to the Condition block "BoolIfExists": { "aws:PrincipalIsAWSService": "false"} whenever a principal key {{conditionKeyName}} is used.`,
		Doc: `A service that calls with its own principal, such as CloudTrail writing its log, belongs to no account and no organization of
yours. A Deny on aws:PrincipalOrgID, aws:PrincipalOrgPaths, aws:PrincipalAccount, aws:PrincipalArn or a principal tag hits it too.
Add "BoolIfExists": {"aws:PrincipalIsAWSService": "false"} to the Condition.

Silent: any condition on aws:PrincipalIsAWSService in the statement.

Source: AWS Organizations User Guide, RCP examples.`,
		Type: iam.ResourceControlPolicy,
		Bad: `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
 "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}`,
		Good: `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
 "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}`,
		run: func(p *Pass) {
			for s := range p.eachOf(iam.ResourceControlPolicy) {
				if !s.Deny || s.Tested("aws:principalisawsservice") != nil {
					continue
				}
				for i := range s.Tests {
					c := &s.Tests[i]
					switch c.Name {
					case "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn":
					default:
						if !strings.HasPrefix(c.Name, "aws:principaltag/") {
							continue
						}
					}
					p.ReportKey(c.Key, `The condition also hits AWS services that call with their own principal: add "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}.`,
						"conditionKeyName", c.Key.Text)
				}
			}
		},
	}
	rcpMissingServiceKey = &Check{
		Code: "RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY", Severity: Warning, Title: "Your principals fall under a condition on services",
		Detail: `RCPs impact IAM roles, users, and AWS service principals. To prevent unintended impact to your principals, an additional statement should be added to the Condition block "BoolIfExists": { "aws:PrincipalIsAWSService": "true"} whenever the key {{conditionKeyName}} is used.`,
		Doc: `Only a service that calls with its own principal carries aws:SourceOrgID, aws:SourceOrgPaths, aws:SourceAccount and aws:SourceArn.
A Deny with a negated operator on one of them hits every role and user as well, for the key is absent there. Add
"Bool": {"aws:PrincipalIsAWSService": "true"} to the Condition.

Silent: any condition on aws:PrincipalIsAWSService in the statement.

Source: AWS Organizations User Guide, RCP examples.`,
		Type: iam.ResourceControlPolicy,
		Bad: `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
 "Condition": {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:SourceAccount": "false"}}}`,
		Good: rcpServiceGood,
		run: func(p *Pass) {
			for s := range p.eachOf(iam.ResourceControlPolicy) {
				if s.Deny && s.Tested("aws:principalisawsservice") == nil {
					p.reportSourceKeys(s, `The condition also hits your roles and users, who have no %s: add "BoolIfExists": {"aws:PrincipalIsAWSService": "true"}.`)
				}
			}
		},
	}
	rcpMissingNullCheck = &Check{
		Code: "RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK", Severity: Warning, Title: "Calls of services without a source fall under a condition",
		Detail: `The specified service may have a service integration that does not require the use of the {{conditionKeyName}} condition key. To prevent unintended impact to services acting on your behalf using a service principal, an additional statement should be added to the Condition block "Null": { "aws:SourceAccount": "false"} or "Null": { "aws:SourceArn": "false"} whenever the key {{conditionKeyName}} is used.`,
		Doc: `Some integrations of services send no aws:SourceAccount, aws:SourceArn, aws:SourceOrgID or aws:SourceOrgPaths. A Deny with a negated operator
on one of them hits those calls too. Add "Null": {"aws:SourceAccount": "false"} to the Condition, so that it is about calls that
have a source.

Silent: Null on aws:SourceAccount or aws:SourceArn in the statement.

Source: AWS Organizations User Guide, RCP examples.`,
		Type: iam.ResourceControlPolicy,
		Bad: `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
 "Condition": {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"}, "Bool": {"aws:PrincipalIsAWSService": "true"}}}`,
		Good: rcpServiceGood,
		run: func(p *Pass) {
			for s := range p.eachOf(iam.ResourceControlPolicy) {
				checked := slices.ContainsFunc(s.Tests, func(c Condition) bool {
					return c.Family == NullFamily && (c.Name == "aws:sourceaccount" || c.Name == "aws:sourcearn")
				})
				if s.Deny && !checked {
					p.reportSourceKeys(s, `The condition also hits services that send no %s: add "Null": {"aws:SourceAccount": "false"}.`)
				}
			}
		},
	}
)

const rcpServiceGood = `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
 "Condition": {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:SourceAccount": "false"},
  "Bool": {"aws:PrincipalIsAWSService": "true"}}}`

// reportSourceKeys reports the conditions of a statement on where the call of a service comes from. Null asks only whether it is known.
func (p *Pass) reportSourceKeys(s *Statement, format string) {
	for i := range s.Tests {
		c := &s.Tests[i]
		switch c.Name {
		case "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceaccount", "aws:sourcearn":
			if c.Family != NullFamily {
				p.ReportKey(c.Key, fmt.Sprintf(format, c.Key.Text), "conditionKeyName", c.Key.Text)
			}
		}
	}
}
