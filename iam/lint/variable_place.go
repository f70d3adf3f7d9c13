package lint

import (
	"fmt"

	"trunkline/iam"
)

var (
	invalidVariableForOperator = &Check{
		Code: "INVALID_VARIABLE_FOR_OPERATOR", Severity: Error, Title: "Policy variable under an operator that takes none",
		Detail: "Policy variables can only be used with String and ARN operators.",
		Doc: `Policy variables are replaced in the values of String… and Arn… operators only. Under Numeric…, Date…, Bool, BinaryEquals,
IpAddress and Null they are text that matches nothing.

Source: IAM User Guide, IAM policy elements: Variables and tags.`,
		Bad:  typedExample(`"NumericGreaterThan": {"aws:MultiFactorAuthAge": "${aws:PrincipalTag/age}"}`),
		Good: typedExample(`"StringNotEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}`),
		run: func(p *Pass) {
			for i := range p.variables {
				v := &p.variables[i]
				if v.Place != InValue || v.Test.Family == StringFamily || v.Test.Family == ARNFamily || v.Test.Family == UnknownFamily {
					continue
				}
				p.reportVariable(v, fmt.Sprintf("%s takes no variables, only String… and Arn… operators do: write the value.", v.Test.Base))
			}
		},
	}
	variableUnsupportedInElement = &Check{
		Code: "VARIABLE_UNSUPPORTED_IN_ELEMENT", Severity: Error, Title: "Policy variable where none is replaced",
		Detail: "Policy variables are supported in the Resource and Condition elements. Remove the policy variable {{variable}} from this element.",
		Doc: `Policy variables are replaced in Resource, NotResource and the values of conditions. In an action, a principal, a Sid or the name of a
condition key they stay text.

Source: IAM User Guide, IAM policy elements: Variables and tags.`,
		Bad:  `{"Effect": "Allow", "Action": "s3:${aws:PrincipalTag/verb}", "Resource": "*"}`,
		Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
		run: func(p *Pass) {
			for i := range p.variables {
				v := &p.variables[i]
				if v.Place == InOtherText {
					p.reportVariable(v, fmt.Sprintf("%s is not replaced here, only in Resource and in values of conditions: remove it.", v.Written()),
						"variable", v.Written())
				}
			}
		},
	}
	variableUnsupportedInVersion = &Check{
		Code: "VARIABLE_UNSUPPORTED_IN_VERSION", Severity: Error, Title: "Policy variable under an old version",
		Detail: "To include variables in your policy, use the policy version 2012-10-17 or later.",
		Doc: `In a policy of version 2008-10-17, or without Version, ${…} is plain text: the resource or value matches only what is spelt like that.
Use version 2012-10-17. The fix does so, but a person decides: the policy then grants or denies what it did not before.

Source: IAM User Guide, IAM policy elements: Variables and tags.`,
		Bad: `{"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/home/${aws:username}/*"}]}`,
		Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/home/${aws:username}/*"}]}`,
		run: func(p *Pass) {
			if p.Version != nil && p.Version.Text != "2008-10-17" {
				return
			}
			for i := range p.variables {
				v := &p.variables[i]
				if v.Place == InOtherText || v.Fault == iam.MissingBrace {
					continue
				}
				finding := p.reportVariable(v, fmt.Sprintf(`%s is plain text in this version: write "Version": "2012-10-17".`, v.Written()))
				if p.Version != nil {
					edits, ok := replace(p.Version, "2012-10-17")
					finding.riskyFix("use version 2012-10-17", edits, ok)
				}
			}
		},
	}
)
