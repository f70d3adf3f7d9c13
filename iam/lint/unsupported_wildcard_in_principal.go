package lint

import (
	"fmt"
	"iter"

	"trunkline/iam"
)

var unsupportedWildcardInPrincipal = &Check{
	Code: "UNSUPPORTED_WILDCARD_IN_PRINCIPAL", Severity: Error, Title: "Wildcard inside a principal",
	Detail: "Wildcards (*, ?) are not supported with the principal key {{principal_key}}. Replace the wildcard with a valid principal value.",
	Doc: `A principal is matched letter by letter: arn:aws:iam::111122223333:role/* does not mean every role of the account, and there is no
way to write all sessions of a role or all services. Only {"AWS": "*"}, everybody, is known.

Name the principals; or name the account, or "*", and narrow it with ArnLike on aws:PrincipalArn.

Silent: {"AWS": "*"}.

Source: IAM User Guide, AWS JSON policy elements: Principal.`,
	Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
	Bad: `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/*"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	Good: `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for kind, n := range principals(s) {
				at := wildcard(n.Text)
				if at < 0 || kind == "AWS" && n.Text == "*" {
					continue
				}
				p.ReportPart(n, at, 1, fmt.Sprintf("A wildcard does not work in a principal (%s): name it in full, or use a condition on aws:PrincipalArn.", kind),
					"principal_key", kind)
			}
		}
	},
}

// principals goes through the principals of Principal and NotPrincipal, each with the key it stands under.
func principals(s *Statement) iter.Seq2[string, *iam.Node] {
	return func(yield func(string, *iam.Node) bool) {
		for _, principal := range [...]*iam.Principal{s.Principal, s.NotPrincipal} {
			if principal == nil {
				continue
			}
			for _, value := range principal.List {
				if !yield(value.Type.Text, value.Node) {
					return
				}
			}
		}
	}
}
