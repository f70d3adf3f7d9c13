package lint

import (
	"fmt"
	"strconv"
	"strings"
)

var redundantConditionValue = &Check{
	Code: "REDUNDANT_CONDITION_VALUE_NUM", Severity: Suggestion, Title: "Several limits of which one counts",
	Detail: "Multiple values in {{operator}} are redundant. Replace with the {{greatest/least}} single value for {{key}}.",
	Doc: `The values of a key are alternatives, so of several under an inequality only the weakest counts: the greatest under LessThan, the
least under GreaterThan. The others do nothing, and suggest a limit that is not there.

Silent: values that are no numbers; placeholders.

Source: IAM User Guide, Conditions with multiple context keys or values.`,
	Bad: `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
 "Condition": {"NumericLessThanEquals": {"s3:max-keys": [10, 100]}}}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
 "Condition": {"NumericLessThanEquals": {"s3:max-keys": 100}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Tests {
				c := &s.Tests[i]
				if c.Family != NumericFamily || len(c.Values) < 2 {
					continue
				}
				word := "least"
				switch {
				case strings.HasPrefix(c.Base, "NumericLessThan"):
					word = "greatest"
				case !strings.HasPrefix(c.Base, "NumericGreaterThan"):
					continue
				}
				weakest, ok := 0, true
				var limit float64
				for j, value := range c.Values {
					number, err := strconv.ParseFloat(value.Text, 64)
					if ok = err == nil; !ok {
						break
					}
					if j == 0 || word == "greatest" && number > limit || word == "least" && number < limit {
						weakest, limit = j, number
					}
				}
				if !ok {
					continue
				}
				keep := c.Values[weakest]
				p.ReportKey(c.Key, fmt.Sprintf("Of these values only %s counts, the %s: write it alone.", keep.Text, word),
					"operator", c.Condition.Operator.Text, "greatest/least", word, "key", c.Key.Text)
			}
		}
	},
}
