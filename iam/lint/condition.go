package lint

import (
	"strings"

	"trunkline/iam"
)

// A Family is what a condition operator compares.
type Family uint8

const (
	UnknownFamily Family = iota
	StringFamily
	NumericFamily
	DateFamily
	BoolFamily
	BinaryFamily
	IPFamily
	ARNFamily
	NullFamily
)

// A SetOperator is the prefix of a condition operator.
type SetOperator uint8

const (
	NoSet SetOperator = iota
	ForAllValues
	ForAnyValue
)

// A Condition is one key under one operator, with the operator taken apart.
type Condition struct {
	*iam.Condition
	Operator
	Name        string // the key in lower case
	Placeholder bool   // the key holds one
}

// An Operator is a condition operator taken apart: ForAnyValue:StringNotLikeIfExists.
type Operator struct {
	Set      SetOperator
	Base     string // without prefix and suffix: StringNotLike
	IfExists bool
	Family   Family // UnknownFamily when Base is no operator
	Negated  bool
	Like     bool // takes wildcards in its values
}

func newCondition(c *iam.Condition, name string) Condition {
	return Condition{Condition: c, Operator: parseOperator(c.Operator.Text), Name: name, Placeholder: hasBrackets(name)}
}

// parseOperator takes an operator apart. Names of operators are case-sensitive.
func parseOperator(text string) Operator {
	var o Operator
	o.Base = text
	if rest, found := strings.CutPrefix(text, "ForAllValues:"); found {
		o.Set, o.Base = ForAllValues, rest
	} else if rest, found := strings.CutPrefix(text, "ForAnyValue:"); found {
		o.Set, o.Base = ForAnyValue, rest
	}
	o.Base, o.IfExists = strings.CutSuffix(o.Base, "IfExists")
	switch o.Base {
	case "StringEquals", "StringEqualsIgnoreCase":
		o.Family = StringFamily
	case "StringNotEquals", "StringNotEqualsIgnoreCase":
		o.Family, o.Negated = StringFamily, true
	case "StringLike":
		o.Family, o.Like = StringFamily, true
	case "StringNotLike":
		o.Family, o.Like, o.Negated = StringFamily, true, true
	case "ArnEquals", "ArnLike":
		o.Family, o.Like = ARNFamily, true
	case "ArnNotEquals", "ArnNotLike":
		o.Family, o.Like, o.Negated = ARNFamily, true, true
	case "NumericEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals":
		o.Family = NumericFamily
	case "NumericNotEquals":
		o.Family, o.Negated = NumericFamily, true
	case "DateEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals":
		o.Family = DateFamily
	case "DateNotEquals":
		o.Family, o.Negated = DateFamily, true
	case "Bool":
		o.Family = BoolFamily
	case "BinaryEquals":
		o.Family = BinaryFamily
	case "IpAddress":
		o.Family = IPFamily
	case "NotIpAddress":
		o.Family, o.Negated = IPFamily, true
	case "Null":
		o.Family = NullFamily
	}
	return o
}

// operatorNames are all operators without prefix and suffix.
var operatorNames = [...]string{
	"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
	"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
	"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
	"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "Null",
}
