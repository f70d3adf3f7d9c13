package lint

import (
	"fmt"
	"slices"

	"trunkline/iam"
)

var invalidConditionDataType = &Check{
	Code: "INVALID_CONDITION_DATA_TYPE", Severity: Error, Title: "Condition values of different JSON types",
	Detail: "The condition value data types do not match. Use condition values of the same JSON data type.",
	Doc: `The values of a condition key are strings, numbers or Booleans, all of them the same. Write them all as strings, which every operator
takes. The fix does that: the values stay what they are.

Source: IAM Access Analyzer, IAM policy validation check reference.`,
	Bad: `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
 "Condition": {"NumericEquals": {"s3:max-keys": [10, "20"]}}}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
 "Condition": {"NumericEquals": {"s3:max-keys": [10, 20]}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Tests {
				c := &s.Tests[i]
				if !slices.ContainsFunc(c.Values, func(n *iam.Node) bool { return n.Kind != c.Values[0].Kind }) {
					continue
				}
				var edits []iam.Edit
				ok := true
				for _, n := range c.Values {
					if n.Kind != iam.String {
						edits = append(edits, iam.Edit{Span: n.Span, Text: quote(n.Text)})
						ok = ok && !n.Virtual
					}
				}
				p.Report(c.Value, fmt.Sprintf("The values of %s are of different JSON types: write all of them as strings.", c.Key.Text)).
					safeFix("write all values as strings", edits, ok)
			}
		}
	},
}
