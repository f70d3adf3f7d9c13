package lint

import (
	"fmt"
	"strings"
)

var invalidConditionKeyFormat = &Check{
	Code: "INVALID_CONDITION_KEY_FORMAT", Severity: Error, Title: "Condition key without a service",
	Detail: "The condition key format is not valid. Use the format service:keyname.",
	Doc: `A condition key is the prefix of its service, a colon and a name: aws:SourceIp, s3:prefix, accounts.google.com:aud. A key in another
form is never in a request: a positive condition never matches, a negated one always.

Silent: placeholders.

Source: IAM User Guide, IAM JSON policy elements: Condition.`,
	Bad: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
 "Condition": {"IpAddress": {"SourceIp": "203.0.113.0/24"}}}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
 "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Tests {
				if c := &s.Tests[i]; !c.Placeholder && !isKeyFormat(c.Name) {
					p.ReportKey(c.Key, fmt.Sprintf("%q is no condition key: write service:name, as in aws:SourceIp.", c.Key.Text))
				}
			}
		}
	},
}

// isKeyFormat tells whether a text has the form of a condition key: a service or a provider's host and path, a colon, a name.
func isKeyFormat(text string) bool {
	service, name, found := strings.Cut(text, ":")
	return found && service != "" && name != "" && strings.IndexFunc(service, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_/", r)
	}) < 0
}
