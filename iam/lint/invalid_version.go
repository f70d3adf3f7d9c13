package lint

import (
	"fmt"

	"trunkline/iam"
)

var invalidVersion = &Check{
	Code: "INVALID_VERSION", Severity: Error, Title: "Version does not exist",
	Detail: "The version {{version}} is not valid. Use one of the following versions: {{versions}}",
	Doc: `Version is the version of the policy language, not a date of yours. There are two, 2012-10-17 and 2008-10-17; IAM refuses any
other. Use 2012-10-17.

The fix is safe where the policy holds no policy variable.

Source: IAM User Guide, IAM JSON policy elements: Version.`,
	Bad:  `{"Version": "2012-10-7", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}`,
	run: func(p *Pass) {
		v := p.Version
		if v == nil || v.Kind != iam.String || v.Text == "2012-10-17" || v.Text == "2008-10-17" || hasBrackets(v.Text) {
			return
		}
		finding := p.Report(v, fmt.Sprintf("There is no version %q of the policy language: use 2012-10-17.", v.Text),
			"version", v.Text, "versions", "[2012-10-17, 2008-10-17]")
		edits, ok := replace(v, "2012-10-17")
		const message = "use version 2012-10-17"
		if p.hasLiveVariable() {
			finding.riskyFix(message, edits, ok)
		} else {
			finding.safeFix(message, edits, ok)
		}
	},
}
