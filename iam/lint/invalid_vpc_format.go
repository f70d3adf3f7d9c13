package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

var (
	invalidVPCFormat = &Check{
		Code: "INVALID_VPC_FORMAT", Severity: Error, Title: "No ID of a VPC",
		Detail: "The VPC identifier in the condition key value is not valid. Use the prefix 'vpc-' followed by 8 or 17 alphanumeric characters.",
		Doc: `The value of aws:SourceVpc is the ID of a VPC: vpc- and 8 or 17 letters and digits. Another value matches no request.

Silent: wildcards, policy variables and placeholders; Null.

Source: IAM User Guide, AWS global condition context keys.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: vpcExample("aws:SourceVpc", "vpce-0123456789abcdef0"), Good: vpcExample("aws:SourceVpc", "vpc-0123456789abcdef0"),
		run: func(p *Pass) {
			p.reportIdentifiers("aws:sourcevpc", "vpc-", "the ID of a VPC, vpc- and 8 or 17 letters and digits")
		},
	}
	invalidVPCEFormat = &Check{
		Code: "INVALID_VPCE_FORMAT", Severity: Error, Title: "No ID of a VPC endpoint",
		Detail: "The VPCE identifier in the condition key value is not valid.  Use the prefix 'vpce-' followed by 8 or 17 alphanumeric characters.",
		Doc: `The value of aws:SourceVpce is the ID of a VPC endpoint: vpce- and 8 or 17 letters and digits. Another value matches no request.

Silent: wildcards, policy variables and placeholders; Null.

Source: IAM User Guide, AWS global condition context keys.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: vpcExample("aws:SourceVpce", "vpc-0123456789abcdef0"), Good: vpcExample("aws:SourceVpce", "vpce-0123456789abcdef0"),
		run: func(p *Pass) {
			p.reportIdentifiers("aws:sourcevpce", "vpce-", "the ID of a VPC endpoint, vpce- and 8 or 17 letters and digits")
		},
	}
)

func vpcExample(key, value string) string {
	return `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringNotEquals": {"` + key + `": "` + value + `"}}}`
}

func (p *Pass) reportIdentifiers(key, prefix, want string) {
	for s := range p.Each() {
		for i := range s.Tests {
			c := &s.Tests[i]
			if c.Name != key || c.Family != StringFamily {
				continue
			}
			for _, n := range c.Values {
				rest, found := strings.CutPrefix(n.Text, prefix)
				if found && (len(rest) == 8 || len(rest) == 17) && strings.Map(sidCharacter, rest) == rest || strings.ContainsAny(n.Text, "*?$") || hasPlaceholder(n.Text) {
					continue
				}
				p.Report(n, fmt.Sprintf("%q matches no request: %s is %s.", n.Text, c.Key.Text, want))
			}
		}
	}
}
