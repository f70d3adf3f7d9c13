package lint

import (
	"strings"

	"trunkline/iam"
)

var invalidARNPrefix = &Check{
	Code: "INVALID_ARN_PREFIX", Severity: Error, Title: "Resource is no ARN",
	Detail: "Add the required prefix (arn) to the resource ARN.",
	Doc: `A resource is "*" or an ARN, which begins with arn: and has six fields. IAM refuses a resource without a colon, and stores one
with another first field although it matches nothing.

Silent: placeholders; execute-api:/stage/method/path in a resource policy, which API Gateway completes.

Source: IAM User Guide, IAM JSON policy elements: Resource.`,
	Bad:  `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "amzn-s3-demo-bucket/*"}`,
	Good: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Resources {
				r := &s.Resources[i]
				if r.Any || r.Prefix == "arn" || r.Placeholder() || r.Fields > 1 && strings.ContainsAny(r.Prefix, "*?$") || strings.Trim(r.Text, "*") == "" || strings.HasPrefix(r.Text, "${") {
					continue
				}
				if p.Type == iam.ResourcePolicy && strings.HasPrefix(r.Text, "execute-api:/") {
					continue
				}
				finding := p.Report(r.Node, `This is no ARN: a resource is "*" or begins with arn: and has six fields.`)
				if strings.HasPrefix(r.Prefix, "aws") && r.Fields >= 5 { // the field that is missing is the first
					edits, ok := replace(r.Node, "arn:"+r.Text)
					finding.riskyFix("put arn: in front", edits, ok)
				} else if strings.EqualFold(r.Prefix, "arn") && r.Fields == 6 {
					edits, ok := replace(r.Node, "arn"+r.Text[3:])
					finding.riskyFix("write arn in small letters", edits, ok)
				}
			}
		}
	},
}
