package lint

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"trunkline/iam"
)

// The quotas are characters. Identity policies, boundaries, session policies and trust policies are measured without white space.
// White space counts in service and resource control policies that are saved by API, and in the policies of other services.
const (
	managedPolicyQuota = 6144
	sessionPolicyQuota = 2048
	trustPolicyQuota   = 2048
	controlPolicyQuota = 5120
	endpointQuota      = 20480
)

// resourcePolicyQuota is the quota of a resource policy by resource type, the largest known one where the type is not known.
func resourcePolicyQuota(resourceType string) int {
	switch resourceType {
	case "AWS::S3::Bucket", "AWS::S3::AccessPoint", "AWS::S3::MultiRegionAccessPoint", "AWS::S3ObjectLambda::AccessPoint",
		"AWS::Lambda::Function", "AWS::SecretsManager::Secret", "AWS::DynamoDB::Table":
		return 20480
	}
	return 32768 // KMS keys
}

var (
	sizeSCP = &Check{
		Code: "POLICY_SIZE_EXCEEDS_SCP_QUOTA", Severity: Error, Title: "Service control policy is too long",
		Detail: "The {{policySize}} characters in the service control policy (SCP) exceed the {{policySizeQuota}} character maximum for SCPs. We recommend that you use multiple granular policies.",
		Doc: `A service control policy has at most 5,120 characters. White space counts when it is saved by API or command line; the console takes
it out. Remove white space, use wildcards, or make several policies.

Source: AWS Organizations User Guide, Quotas.`,
		Type: iam.ServiceControlPolicy,
		Bad:  longPolicy(controlPolicyQuota, `"Effect": "Deny", "Action": "s3:*"`), Good: `{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}`,
		run: func(p *Pass) {
			if p.Type == iam.ServiceControlPolicy {
				p.reportSize("service control policy", characters, controlPolicyQuota)
			}
		},
	}
	sizeRCP = &Check{
		Code: "POLICY_SIZE_EXCEEDS_RCP_QUOTA", Severity: Error, Title: "Resource control policy is too long",
		Detail: "The {{policySize}} characters in the resource control policy (RCP) exceed the {{policySizeQuota}} character maximum for RCPs. We recommend that you use multiple granular policies.",
		Doc: `A resource control policy has at most 5,120 characters. White space counts when it is saved by API or command line; the console takes
it out. Remove white space, use wildcards, or make several policies.

Source: AWS Organizations User Guide, Quotas.`,
		Type: iam.ResourceControlPolicy,
		Bad:  longPolicy(controlPolicyQuota, `"Effect": "Deny", "Principal": "*", "Action": "s3:*"`),
		Good: `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}`,
		run: func(p *Pass) {
			if p.Type == iam.ResourceControlPolicy {
				p.reportSize("resource control policy", characters, controlPolicyQuota)
			}
		},
	}
	sizeIdentity = &Check{
		Code: "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", Severity: Warning, Title: "Identity policy is too long",
		Detail: "The {{policySize}} characters in the identity policy, excluding whitespace, exceed the {{policySizeQuota}} character maximum for inline and managed policies. We recommend that you use multiple granular policies.",
		Doc: `A managed policy, also one used as a permissions boundary, has at most 6,144 characters without white space, a session policy 2,048.
Inline policies have quotas of their own, for all of a user (2,048), group (5,120) or role (10,240) together. Make several policies.

Source: IAM User Guide, IAM and AWS STS quotas.`,
		Bad:  longPolicy(managedPolicyQuota, `"Effect": "Allow", "Action": "s3:GetObject"`),
		Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
		run: func(p *Pass) {
			switch p.Type {
			case iam.IdentityPolicy, iam.PermissionsBoundary:
				p.reportSize("managed policy", visible, managedPolicyQuota)
			case iam.SessionPolicy:
				p.reportSize("session policy", visible, sessionPolicyQuota)
			}
		},
	}
	sizeResource = &Check{
		Code: "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", Severity: Warning, Title: "Resource policy is too long",
		Detail: "The {{policySize}} characters in the resource policy exceed the {{policySizeQuota}} character maximum for resource policies. We recommend that you use multiple granular policies.",
		Doc: `Each service has its own quota: 20 KB for bucket, function, secret and table policies and VPC endpoint policies, 32 KB for key policies.
Where the kind of resource is not known the largest is taken. Use wildcards and conditions on the organization instead of long lists.

Source: the quota page of each service.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: longPolicy(20480, `"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject"`),
		Good: `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		run: func(p *Pass) {
			switch p.Type {
			case iam.ResourcePolicy:
				p.reportSize("resource policy", characters, resourcePolicyQuota(p.ResourceType))
			case iam.EndpointPolicy:
				p.reportSize("VPC endpoint policy", characters, endpointQuota)
			}
		},
	}
	sizeTrust = &Check{
		Code: "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", Severity: Warning, Title: "Role trust policy is too long",
		Detail: "The characters in the role trust policy, excluding whitespace, exceed the character maximum. We recommend that you request a role trust policy length quota increase using Service Quotas and AWS Support Center. If the quotas have already been increased, then you can ignore this warning.",
		Doc: `A role trust policy has at most 2,048 characters without white space. AWS raises that to 4,096 on request; then the warning can be
ignored.

Source: IAM User Guide, IAM and AWS STS quotas.`,
		Type: iam.TrustPolicy,
		Bad: `{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [` +
			strings.Repeat(`"arn:aws:iam::111122223333:role/reader", `, trustPolicyQuota/38) + `"111122223333"]}}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}`,
		run: func(p *Pass) {
			if p.Type == iam.TrustPolicy {
				p.reportSize("role trust policy", visible, trustPolicyQuota)
			}
		},
	}
)

// reportSize reports a policy that is longer than its quota, as count counts characters.
func (p *Pass) reportSize(what string, count func([]byte) int, quota int) {
	if len(p.Source) <= quota || p.Root == nil { // no character is shorter than a byte
		return
	}
	size := count(p.Source)
	if size <= quota {
		return
	}
	p.Report(p.Root, fmt.Sprintf("The policy has %d characters, and a %s has at most %d: shorten it, or make several.", size, what, quota),
		"policySize", strconv.Itoa(size), "policySizeQuota", strconv.Itoa(quota))
}

// characters counts the characters of a text, visible those that are no white space. White space inside strings is left out too:
// where the documentation does not say how it counts, the smaller number makes no false report.
func characters(text []byte) int { return utf8.RuneCount(text) }

func visible(text []byte) int {
	n := 0
	for _, c := range text {
		if c > ' ' && c&0xC0 != 0x80 { // not the later bytes of a character
			n++
		}
	}
	return n
}

// longPolicy is a statement of more than so many characters.
func longPolicy(quota int, head string) string {
	const arn = `"arn:aws:s3:::amzn-s3-demo-bucket/*", `
	return "{" + head + `, "Resource": [` + strings.Repeat(arn, quota/(len(arn)-1)+1) + `"arn:aws:s3:::amzn-s3-demo-bucket/*"]}`
}
