package sim

import (
	"strings"

	"trunkline/iam"
)

// An operator is a condition operator, taken apart as far as it is evaluated.
type operator struct {
	family   family
	test     test
	negated  bool
	ifExists bool
	set      iam.SetOperator
}

type family uint8

const (
	stringEquals family = iota
	stringFold
	stringLike
	arnLike
	numeric
	date
	boolean
	binary
	address
	null
)

type test uint8

const (
	equal test = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

// parseOperator reads an operator as the "IAM JSON policy elements: Condition operators" page names them; case counts.
func parseOperator(text string) (op operator, ok bool) {
	parsed, ok := iam.ParseOperator(text)
	if !ok {
		return operator{}, false
	}
	op.set, op.ifExists = parsed.Set, parsed.IfExists
	name := parsed.Name
	if start, end, found := strings.Cut(name, "Not"); found {
		op.negated = true
		name = start + end
	}
	switch name {
	case "StringEquals":
		op.family = stringEquals
	case "StringEqualsIgnoreCase":
		op.family = stringFold
	case "StringLike":
		op.family = stringLike
	case "ArnEquals", "ArnLike":
		op.family = arnLike
	case "Bool":
		op.family = boolean
	case "BinaryEquals":
		op.family = binary
	case "IpAddress":
		op.family = address
	case "Null":
		op.family = null
	default:
		name, op.family = strings.TrimPrefix(name, "Numeric"), numeric
		if rest, found := strings.CutPrefix(name, "Date"); found {
			name, op.family = rest, date
		}
		op.test = comparisons[name]
	}
	return op, true
}

// comparisons are what follows Numeric and Date.
var comparisons = map[string]test{
	"Equals": equal, "LessThan": less, "LessThanEquals": lessOrEqual, "GreaterThan": greater, "GreaterThanEquals": greaterOrEqual,
}

func (t test) holds(comparison int) truth {
	switch t {
	case equal:
		return truthOf(comparison == 0)
	case less:
		return truthOf(comparison < 0)
	case lessOrEqual:
		return truthOf(comparison <= 0)
	case greater:
		return truthOf(comparison > 0)
	default:
		return truthOf(comparison >= 0)
	}
}
