package lint

import (
	"fmt"

	"trunkline/iam"
)

var (
	emptyArrayCondition = &Check{
		Code: "EMPTY_ARRAY_CONDITION", Severity: Suggestion, Title: "Condition key without a value",
		Detail: "There are no values for the condition key {{key}} and it does not affect the policy. Specify conditions.",
		Doc:    emptyArrayDoc,
		Bad:    emptyArrayExample("StringEquals"),
		Good:   emptyArrayGood,
		run:    reportEmptyValues(plainEmpty, "There is no value for %s, so no request matches: add values, or remove the key."),
	}
	emptyArrayForAllValues = &Check{
		Code: "EMPTY_ARRAY_CONDITION_FORALLVALUES", Severity: Suggestion, Title: "ForAllValues without a value",
		Detail: "The ForAllValues prefix with an empty condition key matches only if the key {{key}} is missing from the request context. To determine if the request context is empty, we recommend that you use the Null condition operator with the value of true instead.",
		Doc:    emptyArrayDoc,
		Bad:    emptyArrayExample("ForAllValues:StringEquals"),
		Good:   emptyArrayGood,
		run:    reportEmptyValues(forAllEmpty, "Without a value this matches only where %s is absent: use Null with true."),
	}
	emptyArrayForAnyValue = &Check{
		Code: "EMPTY_ARRAY_CONDITION_FORANYVALUE", Severity: Suggestion, Title: "ForAnyValue without a value",
		Detail: "The ForAnyValue prefix with an empty condition key {{key}} never matches the request context and it does not affect the policy. Specify conditions.",
		Doc:    emptyArrayDoc,
		Bad:    emptyArrayExample("ForAnyValue:StringEquals"),
		Good:   emptyArrayGood,
		run:    reportEmptyValues(forAnyEmpty, "There is no value for %s, so no request matches: add values, or remove the key."),
	}
	emptyArrayIfExists = &Check{
		Code: "EMPTY_ARRAY_CONDITION_IFEXISTS", Severity: Suggestion, Title: "IfExists without a value",
		Detail: "The IfExists suffix with an empty condition key matches only if the key {{key}} is missing from the request context. To determine if the request context is empty, we recommend that you use the Null condition operator with the value of true instead.",
		Doc:    emptyArrayDoc,
		Bad:    emptyArrayExample("StringEqualsIfExists"),
		Good:   emptyArrayGood,
		run:    reportEmptyValues(ifExistsEmpty, "Without a value this matches only where %s is absent: use Null with true."),
	}
)

const emptyArrayDoc = `A condition key has an empty list of values. No value of a request is in it, so a plain operator and ForAnyValue never match, and
ForAllValues and IfExists match only where the request lacks the key. The four EMPTY_ARRAY_CONDITION… checks say which of them it is.

Add the values; or remove the key; or, to ask for the key's absence, use "Null": {"key": "true"}.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`

const emptyArrayGood = `{"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*", "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}}}`

func emptyArrayExample(operator string) string {
	return `{"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*", "Condition": {"` + operator + `": {"aws:TagKeys": []}}}`
}

// An emptyKind says what an empty list of values means under an operator.
type emptyKind uint8

const (
	plainEmpty emptyKind = iota
	forAllEmpty
	forAnyEmpty
	ifExistsEmpty
)

func kindOfEmpty(o *Operator) emptyKind {
	switch {
	case o.Set == ForAllValues:
		return forAllEmpty
	case o.IfExists: // also with ForAnyValue: a missing key matches
		return ifExistsEmpty
	case o.Set == ForAnyValue:
		return forAnyEmpty
	}
	return plainEmpty
}

func reportEmptyValues(kind emptyKind, format string) func(*Pass) {
	return func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Tests {
				c := &s.Tests[i]
				if len(c.Values) == 0 && c.Value.Kind == iam.Array && len(c.Value.Items) == 0 && kindOfEmpty(&c.Operator) == kind {
					p.Report(c.Value, fmt.Sprintf(format, c.Key.Text), "key", c.Key.Text)
				}
			}
		}
	}
}
