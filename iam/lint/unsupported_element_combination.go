package lint

import (
	"fmt"

	"trunkline/iam"
)

var unsupportedElementCombination = &Check{
	Code: "UNSUPPORTED_ELEMENT_COMBINATION", Severity: Error, Title: "Elements exclude each other",
	Detail: "The policy elements {{element1}} and {{element2}} can not be used in the same statement. Remove one of these elements.",
	Doc: `A statement has Action or NotAction, Resource or NotResource, Principal or NotPrincipal: one of each pair. IAM refuses a policy
with both. Split the statement in two, or remove one.

Source: IAM User Guide, Grammar of the IAM JSON policy language.`,
	Bad:  `{"Effect": "Deny", "Action": "s3:*", "NotAction": "s3:Get*", "Resource": "*"}`,
	Good: `{"Effect": "Deny", "NotAction": "s3:Get*", "Resource": "*"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			if s.Action != nil && s.NotAction != nil {
				p.reportPair(s.NotAction.Key, "Action", "NotAction")
			}
			if s.Resource != nil && s.NotResource != nil {
				p.reportPair(s.NotResource.Key, "Resource", "NotResource")
			}
			if s.Principal != nil && s.NotPrincipal != nil {
				p.reportPair(s.NotPrincipal.Key, "Principal", "NotPrincipal")
			}
		}
	},
}

func (p *Pass) reportPair(at *iam.Node, one, other string) {
	p.ReportKey(at, fmt.Sprintf("The statement has both %s and %s: keep one of them, or make two statements.", one, other),
		"element1", one, "element2", other)
}
