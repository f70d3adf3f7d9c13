package lint

import (
	"fmt"
	"strings"
)

var (
	missingQualifier = &Check{
		Code: "MISSING_QUALIFIER", Severity: Error, Title: "Key with many values lacks ForAllValues or ForAnyValue",
		Detail: "The request context key {{key}} has multiple values. Use the ForAllValues or ForAnyValue condition key qualifiers in your policy.",
		Doc: `A request carries a set of values of this key, and the operator alone says nothing about sets. ForAnyValue: asks that one
of the values matches, ForAllValues: that each does, which is also true when there is none: in an Allow add a condition that the key is there,
"Null": {"key": "false"}.

Silent: Null, which needs no qualifier; events:source and events:detail-type, of which a call of events:PutEvents carries one.

Source: IAM User Guide, Single-valued vs. multivalued context keys; Service Authorization Reference, types ArrayOf….`,
		Bad: `{"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*",
 "Condition": {"StringEquals": {"aws:TagKeys": ["team", "environment"]}}}`,
		Good: `{"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*",
 "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "environment"]}, "Null": {"aws:TagKeys": "false"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if k.Name == "events:source" || k.Name == "events:detail-type" {
					continue
				}
				if k.known != nil && k.known.Multi && k.Set == NoSet && k.Family != NullFamily && k.Family != UnknownFamily {
					p.ReportKey(k.Key, fmt.Sprintf("A request can carry several values of %s: put ForAllValues: or ForAnyValue: in front of %s.", k.Key.Text, k.Base), "key", k.Key.Text)
				}
			}
		},
	}
	forAllValuesWithSingleValued = &Check{
		Code: "FORALLVALUES_WITH_SINGLE_VALUED_KEY", Severity: SecurityWarning, Title: "ForAllValues on a key with one value",
		Detail: "Using ForAllValues qualifier with the single-valued condition key {{key}} can be overly permissive. We recommend that you remove ForAllValues:.",
		Doc: `ForAllValues is for sets and matches when the key is absent. On a key with one value it does nothing else, so the condition lets
requests without the key pass. Remove it; if that is what is meant write …IfExists.

The fix removes it. Requests without the key are then no longer matched, so it is not made unasked.

Silent: Null; claims of identity providers, of which CONFIRM_AUDIENCE_CLAIM_TYPE speaks.

Source: IAM User Guide, Single-valued vs. multivalued context keys.`,
		Bad: `{"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*",
 "Condition": {"ForAllValues:StringEquals": {"aws:ResourceTag/team": "blue"}}}`,
		Good: `{"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if k.known == nil || k.known.Multi || k.Set != ForAllValues || k.Family == NullFamily || k.claim() {
					continue
				}
				finding := p.ReportKey(k.Key, fmt.Sprintf("%s has one value: ForAllValues only lets requests without it pass, so remove it.", k.Key.Text), "key", k.Key.Text)
				p.fixOperator(finding, k, strings.TrimPrefix(k.Condition.Condition.Operator.Text, "ForAllValues:"))
			}
		},
	}
)

// fixOperator offers another operator for a key that is the only one under its own.
func (p *Pass) fixOperator(finding *Finding, k *testedKey, name string) {
	operator := k.Condition.Condition.Operator
	block := operator.Parent
	if block == nil || len(block.Members[operator.Index].Value.Members) != 1 || hasMember(block, name) {
		return
	}
	edits, ok := replace(operator, name)
	finding.riskyFix("write "+name, edits, ok)
}
