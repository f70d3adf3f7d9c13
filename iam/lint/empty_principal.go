package lint

import (
	"iter"

	"trunkline/iam"
)

var (
	emptyArrayPrincipal = &Check{
		Code: "EMPTY_ARRAY_PRINCIPAL", Severity: Suggestion, Title: "List of principals is empty",
		Detail: "This statement includes no principals and does not affect the policy. Specify principals.",
		Doc: `The statement names no principal, so it has no effect. Name them, or remove the statement.

Silent: a statement that names principals under another key.

Source: IAM User Guide, AWS JSON policy elements: Principal.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: `{"Effect": "Allow", "Principal": {"AWS": []}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": ["111122223333"]}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		run: func(p *Pass) {
			for principal := range p.emptyPrincipals() {
				for _, member := range principal.Node.Members {
					if member.Value.Kind == iam.Array && len(member.Value.Items) == 0 {
						p.Report(member.Value, "The list is empty, so the statement is about nobody: name the principals, or remove the statement.")
					}
				}
			}
		},
	}
	emptyObjectPrincipal = &Check{
		Code: "EMPTY_OBJECT_PRINCIPAL", Severity: Suggestion, Title: "Principal is empty",
		Detail: "This statement includes no principals and does not affect the policy. Specify principals.",
		Doc: `The statement names no principal, so it has no effect. Name them, or remove the statement.

Source: IAM User Guide, AWS JSON policy elements: Principal.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: `{"Effect": "Allow", "Principal": {}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": ["111122223333"]}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		run: func(p *Pass) {
			for principal := range p.emptyPrincipals() {
				if len(principal.Node.Members) == 0 {
					p.Report(principal.Node, "The object is empty, so the statement is about nobody: name the principals, or remove the statement.")
				}
			}
		},
	}
)

// emptyPrincipals goes through the Principal and NotPrincipal elements that are objects and name nobody.
func (p *Pass) emptyPrincipals() iter.Seq[*iam.Principal] {
	return func(yield func(*iam.Principal) bool) {
		for s := range p.Each() {
			for _, principal := range [...]*iam.Principal{s.Principal, s.NotPrincipal} {
				if principal != nil && principal.Node.Kind == iam.Object && len(principal.List) == 0 && !yield(principal) {
					return
				}
			}
		}
	}
}
