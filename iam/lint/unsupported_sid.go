package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

var unsupportedSid = &Check{
	Code: "UNSUPPORTED_SID", Severity: Error, Title: "Sid has characters that IAM does not take",
	Detail: "Update the characters in the Sid element to use one of the following character types: [a-z, A-Z, 0-9]",
	Doc: `In IAM's policy types a Sid is made of letters and digits of ASCII, without spaces, hyphens or underscores.

The fix takes the others out; a Sid is a name for people only, so it is safe where the new one is not taken.

Silent: resource policies and endpoint policies, whose services take more; placeholders.

Source: IAM User Guide, IAM JSON policy elements: Sid.`,
	Bad:  `{"Sid": "Read buckets", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	Good: `{"Sid": "ReadBuckets", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	run: func(p *Pass) {
		if p.Type == iam.ResourcePolicy || p.Type == iam.EndpointPolicy {
			return
		}
		var sids map[string]int
		for s := range p.Each() {
			if s.Sid == nil || s.Sid.Kind != iam.String || hasBrackets(s.Sid.Text) {
				continue
			}
			plain := strings.Map(sidCharacter, s.Sid.Text)
			if plain == s.Sid.Text {
				continue
			}
			finding := p.Report(s.Sid, fmt.Sprintf("The Sid %q has other characters than letters and digits: remove them.", s.Sid.Text))
			if sids == nil {
				sids = p.sids()
			}
			if _, taken := sids[plain]; plain != "" && !taken {
				sids[plain] = s.Index
				edits, ok := replace(s.Sid, plain)
				finding.safeFix("write "+plain, edits, ok)
			}
		}
	},
}

func sidCharacter(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return -1
}
