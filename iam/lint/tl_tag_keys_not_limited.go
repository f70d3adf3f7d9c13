package lint

import (
	"fmt"
	"strings"

	"trunkline/iam/catalog"
)

var tagKeysNotLimited = &Check{
	Code: "TL_TAG_KEYS_NOT_LIMITED", Severity: SecurityWarning, Title: "Other tags can be set in the same call",
	Doc: `The statement allows tagging when one tag has a certain value (aws:RequestTag), and does not limit which other tags the call sets.
Where other statements, of this policy or another, allow something by a resource's tags (aws:ResourceTag), the caller can set the tag
that they ask for.

To mend it, add a condition on aws:TagKeys with the keys that may be set: {"ForAllValues:StringEquals": {"aws:TagKeys": ["owner"]}}.

Silent with a condition on aws:TagKeys.

Source: IAM User Guide, "Controlling access during AWS requests", aws:TagKeys.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:TagQueue"],
  "Resource": "arn:aws:sqs:eu-west-1:111122223333:*", "Condition": {"StringEquals": {"aws:RequestTag/owner": "crew-one"}}}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:TagQueue"],
  "Resource": "arn:aws:sqs:eu-west-1:111122223333:*", "Condition": {"StringEquals": {"aws:RequestTag/owner": "crew-one"},
  "ForAllValues:StringEquals": {"aws:TagKeys": ["owner"]}}}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		list := p.allGrants()
		for i := range list {
			g := &list[i]
			if !g.s.Allow || !g.s.tests("aws:requesttag/") || g.s.tests("aws:tagkeys") {
				continue
			}
			reached := p.reaches(g)
			for i, a := range g.actions {
				if a.Level == catalog.Tagging && reached[i] == granted {
					message := fmt.Sprintf("%s may set any other tag in the same call: add a condition on aws:TagKeys with the keys that may be set", a)
					if key, line := p.decidingTag(); key != "" {
						message += fmt.Sprintf(", because by the tag %s line %d decides what is allowed", key, line)
					}
					p.Report(g.Node, message)
					break
				}
			}
		}
	},
}

// decidingTag is a tag by which a statement of the policy allows something, and its line; empty when there is none.
func (p *Pass) decidingTag() (key string, line int) {
	for s := range p.Each() {
		for i := range s.Tests {
			if t := &s.Tests[i]; s.Allow && strings.HasPrefix(t.Name, "aws:resourcetag/") {
				_, key, _ = strings.Cut(t.Key.Text, "/")
				return key, p.line(t.Key)
			}
		}
	}
	return "", 0
}
