package lint

import (
	"fmt"

	"trunkline/iam"
)

var duplicateKeys = &Check{
	Code: "DUPLICATE_KEYS_WITH_DIFFERENT_CASE", Severity: Error, Title: "Condition key stands twice in different case",
	Detail: "The condition key {{key}} appears more than once with different capitalization in the same condition block. Remove the duplicate condition keys.",
	Doc: `Names of condition keys are compared without regard to case, so aws:SourceIp and aws:sourceIp under one operator are the same key
twice. Put all values under one.

Silent: the same key under different operators; the same key twice letter by letter, which JSON_SYNTAX_ERROR reports.

Source: IAM User Guide, IAM JSON policy elements: Condition.`,
	Bad: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
 "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24", "aws:sourceIp": "198.51.100.0/24"}}}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
 "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			var first map[blockKey]*Condition
			for i := range s.Tests {
				c := &s.Tests[i]
				if i == 0 || s.Tests[i-1].Condition.Operator != c.Condition.Operator {
					if i+1 == len(s.Tests) || s.Tests[i+1].Condition.Operator != c.Condition.Operator {
						continue // alone under its operator, as nearly all are
					}
				}
				if first == nil {
					first = make(map[blockKey]*Condition)
				}
				key := blockKey{c.Condition.Operator, c.Name}
				other, found := first[key]
				if !found {
					first[key] = c
				} else if other.Key.Text != c.Key.Text {
					p.ReportKey(c.Key, fmt.Sprintf("%s is the same key as %s above it: put the values under one of them.", c.Key.Text, other.Key.Text), "key", c.Key.Text)
				}
			}
		}
	},
}

// A blockKey is a condition key, in lower case, in the block of one operator.
type blockKey struct {
	operator *iam.Node
	name     string
}
