package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

var invalidEffect = &Check{
	Code: "INVALID_EFFECT", Severity: Error, Title: "Effect is neither Allow nor Deny",
	Detail: "The effect {{effect}} is not valid. Use Allow or Deny.",
	Doc: `Effect is Allow or Deny, with exactly this spelling. IAM refuses anything else.

Where only the case is wrong the fix is safe: the policy is refused as it stands, and nobody can have meant the other one.

Source: IAM User Guide, IAM JSON policy elements: Effect.`,
	Bad:  `{"Effect": "allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			e := s.Effect
			if e == nil || e.Kind != iam.String || e.Text == "Allow" || e.Text == "Deny" || hasBrackets(e.Text) {
				continue
			}
			finding := p.Report(e, fmt.Sprintf("%q is no effect: write Allow or Deny.", e.Text), "effect", e.Text)
			near := closest(e.Text, []string{"Allow", "Deny"})
			if near == "" {
				continue
			}
			edits, ok := replace(e, near)
			if strings.EqualFold(near, e.Text) {
				finding.safeFix("write "+near, edits, ok)
			} else {
				finding.riskyFix("write "+near, edits, ok)
			}
		}
	},
}
