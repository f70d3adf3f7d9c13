package lint

import (
	"fmt"
	"strings"
)

var missingTagKey = &Check{
	Code: "MISSING_TAG_KEY_IN_CONDITION", Severity: Error, Title: "Condition key lacks the tag's name",
	Detail: "The condition key {{conditionKeyName}} must include a tag key to control access based on tags. Use the format {{conditionKeyName}}tag-key and specify a key name for tag-key.",
	Doc: `aws:RequestTag, aws:ResourceTag, aws:PrincipalTag and the tag keys of services are followed by a slash and the name of the tag:
aws:ResourceTag/team. Without a name the key is never in a request.

Source: IAM User Guide, AWS global condition context keys.`,
	Bad: `{"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/": "blue"}}}`,
	Good: `{"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Tests {
				c := &s.Tests[i]
				switch c.Name {
				case "aws:requesttag", "aws:resourcetag", "aws:principaltag":
				default:
					if !strings.HasSuffix(c.Name, "tag/") {
						continue
					}
				}
				name := strings.TrimSuffix(c.Key.Text, "/") + "/"
				p.ReportKey(c.Key, fmt.Sprintf("%s lacks the name of the tag: write %sNAME.", c.Key.Text, name), "conditionKeyName", name)
			}
		}
	},
}
