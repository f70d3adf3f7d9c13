package lint

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
)

var invalidConditionMultipleBoolean = &Check{
	Code: "INVALID_CONDITION_MULTIPLE_BOOLEAN", Severity: Error, Title: "More than one Boolean value",
	Detail: "The condition key does not support multiple Boolean values. Use a single Boolean value.",
	Doc: `A condition with Bool or Null wants one value. With true and false both it would hold whenever the key is there, or always.
Decide for one; where the same value stands twice the fix keeps one.

Silent: ForAllValues and ForAnyValue.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
	Bad: `{"Effect": "Deny", "Action": "s3:*", "Resource": "*",
 "Condition": {"Bool": {"aws:SecureTransport": ["true", "false"]}}}`,
	Good: `{"Effect": "Deny", "Action": "s3:*", "Resource": "*",
 "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Tests {
				c := &s.Tests[i]
				if len(c.Values) < 2 || c.Set != NoSet || c.Family != BoolFamily && c.Family != NullFamily {
					continue
				}
				finding := p.Report(c.Value, fmt.Sprintf("%s takes one value under %s: true or false.", c.Key.Text, c.Base))
				first := c.Values[0]
				same := !slices.ContainsFunc(c.Values, func(n *iam.Node) bool { return !strings.EqualFold(n.Text, first.Text) })
				finding.safeFix("keep one value", []iam.Edit{{Span: c.Value.Span, Text: string(p.Source[first.Span.Start:first.Span.End])}}, same && !first.Virtual && !c.Value.Virtual)
			}
		}
	},
}
