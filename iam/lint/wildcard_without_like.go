package lint

import (
	"fmt"
	"strings"
)

var wildcardWithoutLike = &Check{
	Code: "WILDCARD_WITHOUT_LIKE_OPERATOR", Severity: Warning, Title: "Wildcard under an operator that takes none",
	Detail: "Your condition value includes a * or ? character. If you meant to use a wildcard (*, ?), update the condition operator to include Like.",
	Doc: `StringEquals and its kin compare letter by letter: a * or ? in the value is that character. If a wildcard is meant use StringLike or
StringNotLike.

Silent: the literal ${*} and ${?}; Arn… operators, which take wildcards with and without Like.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
	Bad: `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
 "Condition": {"StringEquals": {"s3:prefix": "home/*"}}}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
 "Condition": {"StringLike": {"s3:prefix": "home/*"}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Tests {
				c := &s.Tests[i]
				if c.Family != StringFamily || c.Like {
					continue
				}
				for _, value := range c.Values {
					at := wildcard(value.Text)
					if at < 0 {
						continue
					}
					finding := p.ReportPart(value, at, 1, fmt.Sprintf("%s takes this as the character itself: if a wildcard is meant use StringLike or StringNotLike.", c.Base))
					like, found := likeOperators[c.Base]
					operator := c.Condition.Operator
					block := operator.Parent
					if found && block != nil && len(block.Members[operator.Index].Value.Members) == 1 {
						name := strings.Replace(operator.Text, c.Base, like, 1)
						edits, ok := replace(operator, name)
						finding.riskyFix("use "+like, edits, ok && !hasMember(block, name))
					}
				}
			}
		}
	},
}

var likeOperators = map[string]string{"StringEquals": "StringLike", "StringNotEquals": "StringNotLike"}
