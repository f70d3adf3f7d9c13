package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

var (
	invalidRoleReference = &Check{
		Code: "INVALID_ROLE_REFERENCE", Severity: Warning, Title: "Principal is the ID of a deleted role",
		Detail: "The Principal element includes the IAM role ID {{roleid}}. We recommend that you use a role ARN instead.",
		Doc:    referenceDoc,
		Type:   iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: `{"Effect": "Allow", "Principal": {"AWS": "AROA1234567890EXAMPLE"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/reader"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		run: func(p *Pass) { p.reportReferences("AROA", "role", "roleid") },
	}
	invalidUserReference = &Check{
		Code: "INVALID_USER_REFERENCE", Severity: Warning, Title: "Principal is the ID of a deleted user",
		Detail: "The Principal element includes the IAM user ID {{userid}}. We recommend that you use a user ARN instead.",
		Doc:    referenceDoc,
		Type:   iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: `{"Effect": "Allow", "Principal": {"AWS": "AIDA1234567890EXAMPLE"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/reader"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		run: func(p *Pass) { p.reportReferences("AIDA", "user", "userid") },
	}
)

const referenceDoc = `IAM stores a principal by its unique ID and shows its ARN. When the user or role is deleted only the ID is left, which no principal
will ever have again, not even a new one of the same name. The statement grants nothing to it, or denies nothing.

Write the ARN of the user or role that is meant, or remove the entry.

Source: IAM User Guide, AWS JSON policy elements: Principal; IAM identifiers, Unique identifiers.`

func (p *Pass) reportReferences(prefix, what, value string) {
	for s := range p.Each() {
		for kind, n := range principals(s) {
			if kind == "AWS" && isUniqueID(n.Text, prefix) {
				p.Report(n, fmt.Sprintf("%s is the ID of a %s that does not exist any more: write an ARN, or remove it.", n.Text, what), value, n.Text)
			}
		}
	}
}

// isUniqueID tells whether a text is a unique identifier of IAM: a prefix of four letters and at least twelve capitals and digits.
func isUniqueID(text, prefix string) bool {
	if len(text) < 16 || !strings.HasPrefix(text, prefix) {
		return false
	}
	for i := range len(text) {
		if c := text[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
