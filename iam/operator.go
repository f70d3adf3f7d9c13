package iam

import "strings"

// A SetOperator says how a condition operator compares a key that has several values.
type SetOperator uint8

const (
	SingleValue SetOperator = iota // no prefix
	ForAllValues
	ForAnyValue
)

// An Operator is a condition operator in its parts: ForAnyValue:StringLikeIfExists is {"StringLike", ForAnyValue, true}.
type Operator struct {
	Name     string
	Set      SetOperator
	IfExists bool
}

// ParseOperator reads a condition operator. It is false when IAM knows no such operator; case counts. Name is then what is left
// without prefix and suffix, to find the one that was meant.
func ParseOperator(s string) (Operator, bool) {
	var o Operator
	if rest, found := strings.CutPrefix(s, "ForAllValues:"); found {
		s, o.Set = rest, ForAllValues
	} else if rest, found := strings.CutPrefix(s, "ForAnyValue:"); found {
		s, o.Set = rest, ForAnyValue
	}
	s, o.IfExists = strings.CutSuffix(s, "IfExists")
	o.Name = s
	switch s {
	case "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike",
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
		"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
		"Bool", "BinaryEquals", "IpAddress", "NotIpAddress":
		return o, true
	case "Null":
		return o, !o.IfExists
	}
	return o, false
}
