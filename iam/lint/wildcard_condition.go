package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

// A condition whose value is * asks nothing but whether the key is there, and some forms of it do not even ask that.
//
//	                    key there  key absent
//	StringLike              ✓          –        Null false
//	StringNotLike           –          ✓        Null true
//	StringLikeIfExists      ✓          ✓        always
//	ForAllValues:…Like      ✓          ✓        always
//	ForAnyValue:…NotLike    –          –        never
//
// From the IAM User Guide, Condition operators, and Single-valued vs. multivalued context keys.
type starForm uint8

const (
	noStar starForm = iota
	keyThere
	keyAbsent
	always
	never
)

var (
	equivalentToNullFalse = &Check{
		Code: "EQUIVALENT_TO_NULL_FALSE", Severity: Suggestion, Title: "Condition asks only that the key is there",
		Detail: "We recommend replacing the key {{key}} in the condition block of {{operator}} with {{{recommendedKey}}: false} to ensure better enforcement of the condition.",
		Doc:    starDoc + "\n\n" + `Any value matches *, so the condition asks only that the key is there. "Null": {"key": "false"} says so.` + starSource,
		Bad: `{"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*",
 "Condition": {"StringLike": {"aws:ResourceTag/team": "*"}}}`,
		Good: `{"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*",
 "Condition": {"Null": {"aws:ResourceTag/team": "false"}}}`,
		run: func(p *Pass) {
			p.reportStars(keyThere, func(k *testedKey) {
				finding := p.ReportKey(k.Key, fmt.Sprintf(`Any value matches *: write "Null": {%q: "false"}.`, k.Key.Text), "key", k.Key.Text, "operator", k.Condition.Condition.Operator.Text, "recommendedKey", k.Key.Text)
				p.fixNull(finding, k, "false")
			})
		},
	}
	equivalentToNullTrue = &Check{
		Code: "EQUIVALENT_TO_NULL_TRUE", Severity: Suggestion, Title: "Condition asks only that the key is absent",
		Detail: "We recommend replacing the key {{key}} in the condition block of {{operator}} with {{{recommendedKey}}: true} to ensure better enforcement of the condition.",
		Doc:    starDoc + "\n\n" + `No value differs from *, so the condition asks only that the key is absent. "Null": {"key": "true"} says so.` + starSource,
		Bad: `{"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*",
 "Condition": {"StringNotLike": {"aws:RequestTag/team": "*"}}}`,
		Good: `{"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*",
 "Condition": {"Null": {"aws:RequestTag/team": "true"}}}`,
		run: func(p *Pass) {
			p.reportStars(keyAbsent, func(k *testedKey) {
				finding := p.ReportKey(k.Key, fmt.Sprintf(`No value differs from *: write "Null": {%q: "true"}.`, k.Key.Text), "key", k.Key.Text, "operator", k.Condition.Condition.Operator.Text, "recommendedKey", k.Key.Text)
				p.fixNull(finding, k, "true")
			})
		},
	}
	redundantKeyByWildcard = &Check{
		Code: "REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION", Severity: Suggestion, Title: "Condition always matches",
		Detail: "The key {{key}} in the condition block of {{operator}} is redundant because it is always matched. Remove this key to simplify the condition.",
		Doc:    starDoc + "\n\n" + "Any value matches *, and IfExists and ForAllValues let an absent key pass as well: the condition always matches. Remove it, or write what was meant." + starSource,
		Bad: `{"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*",
 "Condition": {"StringLikeIfExists": {"aws:ResourceTag/team": "*"}}}`,
		Good: `{"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*",
 "Condition": {"StringLikeIfExists": {"aws:ResourceTag/team": "blue-*"}}}`,
		run: func(p *Pass) {
			p.reportStars(always, func(k *testedKey) {
				p.ReportKey(k.Key, "This always matches, with the key and without: remove it, or write what was meant.", "key", k.Key.Text, "operator", k.Condition.Condition.Operator.Text)
			})
		},
	}
	redundantStatementByWildcard = &Check{
		Code: "REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION", Severity: Suggestion, Title: "Condition never matches",
		Detail: "The key {{key}} in the condition block of {{operator}} does not match any values. Remove this key to simplify the condition.",
		Doc:    starDoc + "\n\n" + "No value differs from *, and ForAnyValue needs one that does: the condition never matches, and the statement does nothing. Remove the condition, or write what was meant." + starSource,
		Bad: `{"Effect": "Deny", "Action": "ec2:CreateTags", "Resource": "*",
 "Condition": {"ForAnyValue:StringNotLike": {"aws:TagKeys": "*"}}}`,
		Good: `{"Effect": "Deny", "Action": "ec2:CreateTags", "Resource": "*",
 "Condition": {"ForAnyValue:StringNotLike": {"aws:TagKeys": ["team", "cost-*"]}}}`,
		run: func(p *Pass) {
			p.reportStars(never, func(k *testedKey) {
				p.ReportKey(k.Key, "This never matches, so the statement does nothing: remove it, or write what was meant.", "key", k.Key.Text, "operator", k.Condition.Condition.Operator.Text)
			})
		},
	}
)

const (
	starDoc    = "The condition compares with *, which every text matches."
	starSource = "\n\nSilent: other operators than StringLike and StringNotLike, with their prefixes and suffixes.\n\nSource: IAM User Guide, Condition operators, and Single-valued vs. multivalued context keys."
)

// star says what a condition with * among its values asks.
func (k *testedKey) star() starForm {
	if k.Family != StringFamily || !k.Like {
		return noStar
	}
	found := false
	for _, value := range k.Values {
		found = found || value.Kind == iam.String && value.Text != "" && strings.Trim(value.Text, "*") == ""
	}
	passes := k.IfExists || k.Set == ForAllValues // without the key
	switch {
	case !found:
		return noStar
	case !k.Negated && passes:
		return always
	case !k.Negated:
		return keyThere
	case k.Set == ForAnyValue && !k.IfExists:
		return never
	}
	return keyAbsent
}

func (p *Pass) reportStars(form starForm, report func(k *testedKey)) {
	keys := p.testedKeys()
	for i := range keys {
		if k := &keys[i]; k.star() == form {
			report(k)
		}
	}
}

// fixNull offers Null where the key is the only one under its operator, and no Null is there yet. It asks the same.
func (p *Pass) fixNull(finding *Finding, k *testedKey, value string) {
	operator := k.Condition.Condition.Operator
	block := operator.Parent
	if block == nil || len(block.Members[operator.Index].Value.Members) != 1 || hasMember(block, "Null") || k.Value.Virtual {
		return
	}
	edits, ok := replace(operator, "Null")
	finding.safeFix("use Null", append(edits, iam.Edit{Span: k.Value.Span, Text: quote(value)}), ok)
}
