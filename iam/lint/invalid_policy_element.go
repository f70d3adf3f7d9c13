package lint

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
)

var invalidPolicyElement = &Check{
	Code: "INVALID_POLICY_ELEMENT", Severity: Error, Title: "Element does not exist",
	Detail: "The policy element {{element}} is not valid.",
	Doc: `A policy holds Version, Id and Statement; a statement holds Sid, Effect, Principal or NotPrincipal, Action or NotAction, Resource
or NotResource, and Condition. Names are case-sensitive. IAM refuses a policy with any other element.

Where only the case is wrong the fix is safe. Where a name is near a known one it is proposed.

Source: IAM User Guide, Grammar of the IAM JSON policy language.`,
	Bad:  `{"Effect": "Allow", "action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	run: func(p *Pass) {
		if p.Root != nil && p.Root.Kind == iam.Object {
			p.reportUnknownElements(p.Root, policyElements[:], "a policy")
		}
		for s := range p.Each() {
			p.reportUnknownElements(s.Node, statementElements[:], "a statement")
		}
	},
}

var (
	policyElements    = [...]string{"Version", "Id", "Statement"}
	statementElements = [...]string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)

func (p *Pass) reportUnknownElements(object *iam.Node, known []string, what string) {
	for _, member := range object.Members {
		name := member.Key.Text
		if slices.Contains(known, name) || member.Key.Virtual || p.full() {
			continue
		}
		message := fmt.Sprintf("%s has no element %q: use one of %s.", what, name, strings.Join(known, ", "))
		near := closest(name, known)
		if near != "" {
			message = fmt.Sprintf("%s has no element %q: %s is meant.", what, name, near)
		}
		finding := p.ReportKey(member.Key, strings.ToUpper(message[:1])+message[1:], "element", name)
		if near == "" || hasMember(object, near) {
			continue
		}
		edits, ok := replace(member.Key, near)
		if strings.EqualFold(near, name) {
			finding.safeFix("write "+near, edits, ok)
		} else {
			finding.riskyFix("write "+near, edits, ok)
		}
	}
}
