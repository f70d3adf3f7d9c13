package lint

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
)

var invalidPrincipalKey = &Check{
	Code: "INVALID_PRINCIPAL_KEY", Severity: Error, Title: "Kind of principal does not exist",
	Detail: "The principal key {{principal-key}} is not valid.",
	Doc: `A principal stands under AWS, Service, Federated or CanonicalUser, with exactly this spelling. Any other key is refused.

Where only the case is wrong the fix is safe.

Source: IAM User Guide, AWS JSON policy elements: Principal.`,
	Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
	Bad: `{"Effect": "Allow", "Principal": {"aws": "111122223333"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	Good: `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	run: func(p *Pass) {
		known := []string{"AWS", "Service", "Federated", "CanonicalUser"}
		for s := range p.Each() {
			for _, principal := range [...]*iam.Principal{s.Principal, s.NotPrincipal} {
				if principal == nil {
					continue
				}
				for _, member := range principal.Node.Members {
					if slices.Contains(known, member.Key.Text) || member.Key.Virtual {
						continue
					}
					near := closest(member.Key.Text, known)
					message := fmt.Sprintf("There is no kind of principal %q: use AWS, Service, Federated or CanonicalUser.", member.Key.Text)
					finding := p.ReportKey(member.Key, message, "principal-key", member.Key.Text)
					if strings.EqualFold(near, member.Key.Text) && !hasMember(principal.Node, near) {
						edits, ok := replace(member.Key, near)
						finding.safeFix("write "+near, edits, ok)
					}
				}
			}
		}
	},
}
