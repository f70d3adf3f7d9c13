package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

var (
	unsupportedGlobalKey = &Check{
		Code: "UNSUPPORTED_GLOBAL_CONDITION_KEY", Severity: Error, Title: "Condition on aws:ARN in a policy with principals",
		Detail: "The condition key aws:ARN is not supported. Use aws:PrincipalArn or aws:SourceArn instead.",
		Doc: `aws:ARN is an old name that AWS no longer supports. In the policy of a resource it may have been meant as the ARN of who calls,
aws:PrincipalArn, or of the resource that a service acts for, aws:SourceArn.

In other policies DEPRECATED_GLOBAL_CONDITION_KEY reports the key. Where Access Analyzer draws the line is not documented.

Source: IAM Access Analyzer policy check reference.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: `{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"ArnNotLike": {"aws:ARN": "arn:aws:iam::111122223333:role/reader"}}}`,
		Good: `{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/reader"}}}`,
		run: func(p *Pass) {
			if p.Type == iam.ResourcePolicy || p.Type == iam.TrustPolicy {
				p.reportOldARN("aws:ARN is no longer supported: use aws:PrincipalArn for who calls, or aws:SourceArn for what a service acts for.")
			}
		},
	}
	deprecatedGlobalKey = &Check{
		Code: "DEPRECATED_GLOBAL_CONDITION_KEY", Severity: Warning, Title: "Condition on aws:ARN",
		Detail: "We recommend that you update aws:ARN to use the newer condition key aws:PrincipalArn.",
		Doc: `aws:ARN is an old name of aws:PrincipalArn.

In resource policies and role trust policies UNSUPPORTED_GLOBAL_CONDITION_KEY reports the key. Where Access Analyzer draws the line is
not documented.

Source: IAM Access Analyzer policy check reference.`,
		Bad: `{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"ArnNotLike": {"aws:ARN": "arn:aws:iam::111122223333:role/reader"}}}`,
		Good: `{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/reader"}}}`,
		run: func(p *Pass) {
			if p.Type != iam.ResourcePolicy && p.Type != iam.TrustPolicy {
				p.reportOldARN("aws:ARN is an old name: use aws:PrincipalArn.")
			}
		},
	}
	missingPairedKeys = &Check{
		Code: "MISSING_PAIRED_CONDITION_KEYS", Severity: SecurityWarning, Title: "Private address without its VPC",
		Detail: "Using the condition key {{conditionKeyName}} can be overly permissive without also using the following condition keys: {{recommendedKeys}}. Condition keys like this one are more secure when paired with a related key. We recommend that you add the related condition keys to the same condition block.",
		Doc: `aws:VpcSourceIp is a private address, and every VPC may have the same ones: anybody's VPC endpoint can send it. Say whose VPC is
meant, with aws:SourceVpc.

Silent: a condition on aws:SourceVpc, aws:SourceVpcArn or aws:SourceVpce in the same statement; Null.

Source: IAM User Guide, AWS global condition context keys, aws:VpcSourceIp.`,
		Bad: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.1.0.0/16"}}}`,
		Good: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.1.0.0/16"}, "StringEquals": {"aws:SourceVpc": "vpc-0123456789abcdef0"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if k.Name == "aws:vpcsourceip" && k.Family != NullFamily && !k.s.tests("aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce") {
					p.ReportKey(k.Key, "Every VPC may have this address: add a condition on aws:SourceVpc.", "conditionKeyName", k.Key.Text, "recommendedKeys", "aws:SourceVpc")
				}
			}
		},
	}
	untrustworthyKey = &Check{
		Code: "UNTRUSTWORTHY_CONDITION_KEY", Severity: SecurityWarning, Title: "Condition on what the caller can invent",
		Detail: "The {{key}} condition key is not recommended for access control as it can be spoofed/manipulated by the caller.",
		Doc: `aws:referer and aws:UserAgent are headers that every caller writes as it likes: who knows the value passes.

Access Analyzer does not say which keys it means; these two are those of which the user guide warns.

Silent: Null; aws:referer with an account ID, which services once set to it and of which RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL
speaks.

Source: IAM User Guide, AWS global condition context keys, aws:referer and aws:UserAgent.`,
		Bad: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringLike": {"aws:UserAgent": "partner/*"}}}`,
		Good: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if k.Family == NullFamily || k.Name != "aws:useragent" && (k.Name != "aws:referer" || onlyServices(k.s)) {
					continue
				}
				p.ReportKey(k.Key, fmt.Sprintf("The caller writes %s as it likes: do not decide by it.", k.Key.Text), "key", k.Key.Text)
			}
		},
	}
	unsupportedServicesForKey = &Check{
		Code: "USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES", Severity: Warning, Title: "Key of few services in a statement about all",
		Detail: "The condition key {{key}} works only with specific AWS services and must be scoped to supported services in your policies.",
		Doc: `Only some services send aws:VpceAccount, aws:VpceOrgID and aws:VpceOrgPaths. In a statement about all services a condition on one of them
never matches the calls of the others; negated, it hits all of them. Name in Action the services that the user guide lists for the key.

Silent: statements whose actions are of named services, since the list of supporting services grows; Null.

Source: IAM User Guide, AWS global condition context keys, aws:VpceAccount.`,
		Bad: `{"Effect": "Deny", "Action": "*", "Resource": "*",
 "Condition": {"StringNotEqualsIfExists": {"aws:VpceOrgID": "o-a1b2c3d4e5"}}}`,
		Good: `{"Effect": "Deny", "Action": "s3:*", "Resource": "*",
 "Condition": {"StringNotEqualsIfExists": {"aws:VpceOrgID": "o-a1b2c3d4e5"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if !strings.HasPrefix(k.Name, "aws:vpce") || k.known == nil || k.Family == NullFamily || !k.s.allServices() {
					continue
				}
				p.ReportKey(k.Key, fmt.Sprintf("Only some services send %s: name in Action those that it is about.", k.Key.Text), "key", k.Key.Text)
			}
		},
	}
)

// reportOldARN reports conditions on aws:ARN.
func (p *Pass) reportOldARN(message string) {
	keys := p.testedKeys()
	for i := range keys {
		if k := &keys[i]; k.Name == "aws:arn" {
			p.ReportKey(k.Key, message)
		}
	}
}

// allServices tells whether a statement is about the actions of all services: "*", or NotAction.
func (s *Statement) allServices() bool {
	if s.Action == nil {
		return s.NotAction != nil
	}
	for i := range s.Actions {
		if a := &s.Actions[i]; a.Service == "*" {
			return true
		}
	}
	return false
}
