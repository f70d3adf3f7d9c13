package lint

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"trunkline/iam"
)

var invalidConditionOperator = &Check{
	Code: "INVALID_CONDITION_OPERATOR", Severity: Error, Title: "Condition operator does not exist",
	Detail: "The condition operator {{operator}} is not valid. Use a valid condition operator.",
	Doc: `Condition operators are case-sensitive. IAM refuses a policy with one that it does not know. A prefix is ForAllValues: or
ForAnyValue:, the suffix is IfExists.

Where only the case is wrong the fix is safe. Where a name is near a known one it is proposed.

Silent: Null with IfExists, which NULL_WITH_IF_EXISTS reports.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
	Bad: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
 "Condition": {"StringEqual": {"aws:RequestedRegion": "eu-west-2"}}}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
 "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-2"}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for name, block := range operatorBlocks(s) {
				if p.full() {
					return
				}
				if hasBrackets(name.Text) || parseOperator(name.Text).Family != UnknownFamily {
					continue
				}
				near := nearOperator(name.Text)
				message := fmt.Sprintf("There is no condition operator %q.", name.Text)
				if near != "" {
					message = fmt.Sprintf("There is no condition operator %q: %s is meant.", name.Text, near)
				}
				finding := p.ReportKey(name, message, "operator", name.Text)
				if near == "" || hasMember(block.Parent, near) {
					continue
				}
				edits, ok := replace(name, near)
				if strings.EqualFold(near, name.Text) {
					finding.safeFix("write "+near, edits, ok)
				} else {
					finding.riskyFix("write "+near, edits, ok)
				}
			}
		}
	},
}

// operatorBlocks goes through the operators of a statement's Condition: the name and what stands under it.
func operatorBlocks(s *Statement) iter.Seq2[*iam.Node, *iam.Node] {
	return func(yield func(*iam.Node, *iam.Node) bool) {
		if s.Condition == nil {
			return
		}
		for _, member := range s.Condition.Members {
			if !yield(member.Key, member.Value) {
				return
			}
		}
	}
}

// hasMember tells whether an object has a member of a name. One with more members than any policy needs has them all, so that
// asking for each of its members takes no time that grows with the square of their number.
func hasMember(object *iam.Node, name string) bool {
	const many = 256
	return len(object.Members) > many || slices.ContainsFunc(object.Members, func(m iam.Member) bool { return m.Key.Text == name })
}

// nearOperator is the operator that a name is a misspelling of, with its prefix and suffix; empty when there is none.
func nearOperator(name string) string {
	prefix, base, suffix := "", name, ""
	if before, after, found := strings.Cut(name, ":"); found {
		prefix, base = closest(before, []string{"ForAllValues", "ForAnyValue"}), after
		if prefix == "" {
			return ""
		}
		prefix += ":"
	}
	const ifExists = "IfExists"
	if n := len(base) - len(ifExists); n > 0 && strings.EqualFold(base[n:], ifExists) {
		base, suffix = base[:n], ifExists
	}
	if near := closest(base, operatorNames[:]); near != "" {
		return prefix + near + suffix
	}
	return ""
}
