package sim

import (
	"encoding/base64"
	"net/netip"
	"strings"

	"trunkline/iam"
)

// A condition is one key of one operator's block, compiled. All conditions of a statement must hold ("Conditions with multiple
// context keys or values": operators and keys are joined by AND, values by OR, the values of a negated operator by NOR).
type condition struct {
	operator
	key
	spelling string
	offset   int

	patterns []pattern      // String…
	arns     []arnPattern   // Arn…
	numbers  []decimal      // Numeric…
	instants []instant      // Date…
	networks []netip.Prefix // IpAddress
	texts    []string       // Bool, BinaryEquals, Null
	count    int            // of operands as written
	anyText  bool           // one of the patterns matches every value
}

// condition makes the operands ready. One of the wrong type, such as text under a Numeric operator, is no error in IAM and
// matches nothing; a date that cannot be read is refused, as IAM does.
func (c *compiler) condition(ic *iam.Condition) (condition, error) {
	op, ok := parseOperator(ic.Operator.Text)
	if !ok {
		return condition{}, c.errorf(ic.Operator, "unknown condition operator %q", ic.Operator.Text)
	}
	cond := condition{
		operator: op, key: newKey(ic.Key.Text), spelling: ic.Key.Text, offset: ic.Key.Span.Start, count: len(ic.Values),
	}
	for _, value := range ic.Values {
		text := value.Text
		switch op.family {
		case stringEquals, stringFold:
			cond.patterns = append(cond.patterns, newPattern(c.parts(text, false, 0)))
		case stringLike:
			p := newPattern(c.parts(text, true, 0))
			cond.patterns = append(cond.patterns, p)
			cond.anyText = cond.anyText || p.parts == nil && p.glob.Any()
		case arnLike:
			cond.arns = append(cond.arns, newARNPattern(c.parts(text, true, 0)))
		case numeric:
			if d, ok := parseNumber(text); ok {
				cond.numbers = append(cond.numbers, d)
			}
		case date:
			t, ok := parseInstant(text)
			if !ok {
				return condition{}, c.errorf(value, "date under %s cannot be read; write it like 2026-01-31T00:00:00Z", ic.Operator.Text)
			}
			cond.instants = append(cond.instants, t)
		case address:
			if n, ok := parseNetwork(text); ok {
				cond.networks = append(cond.networks, n)
			}
		case boolean, null:
			cond.texts = append(cond.texts, strings.ToLower(text))
		case binary:
			if b, err := base64.StdEncoding.DecodeString(text); err == nil {
				cond.texts = append(cond.texts, base64.StdEncoding.EncodeToString(b))
			}
		}
	}
	return cond, nil
}

// parseNetwork reads an address or a CIDR range; host bits do not count.
func parseNetwork(s string) (netip.Prefix, bool) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	n, err := netip.ParsePrefix(s)
	return n.Masked(), err == nil
}

// holds evaluates the condition for a request.
func (c *condition) holds(facts *table) truth {
	f := facts.find(&c.key)
	s := f.known()
	if c.family == null {
		return c.isNull(s)
	}
	switch s {
	case absent:
		return truthOf(c.withoutKey())
	case somehow, perhaps:
		result := unknown
		switch {
		case c.count == 0:
			result = no
		case c.anyText && c.set == iam.SingleValue:
			result = truthOf(!c.negated)
		}
		if s == perhaps && truthOf(c.withoutKey()) != result {
			return unknown
		}
		return result
	case present:
	}
	switch {
	case c.set == iam.ForAllValues:
		// An empty string is an empty set here ("Set operators for multivalued context keys").
		if len(f.values) == 1 && f.values[0] == "" {
			return yes
		}
		result := yes
		for _, value := range f.values {
			result = and(result, c.admits(value, facts))
		}
		return result
	case c.set == iam.ForAnyValue:
		result := no
		for _, value := range f.values {
			result = or(result, c.admits(value, facts))
		}
		return result
	case len(f.values) > 1:
		// "Single-valued vs. multivalued context keys" demands a set operator, and does not say what happens without.
		return unknown
	default:
		return c.admits(f.values[0], facts)
	}
}

// withoutKey is the result for an absent key ("Condition operators", "…IfExists condition operators", "Set operators").
func (c *condition) withoutKey() bool {
	switch {
	case c.ifExists || c.set == iam.ForAllValues:
		return true
	case c.set == iam.ForAnyValue:
		return false
	default:
		return c.negated
	}
}

// isNull: "true (the key doesn't exist — it is null) or false (the key exists and its value is not null)". With a set operator the
// check catalog of IAM Access Analyzer says what comes out (NULL_WITH_QUALIFIER).
func (c *condition) isNull(s state) truth {
	switch {
	case c.set == iam.ForAllValues:
		return yes
	case c.set == iam.ForAnyValue:
		return no
	}
	wantAbsent, wantPresent := no, no
	for _, text := range c.texts {
		switch text {
		case "true":
			wantAbsent = yes
		case "false":
			wantPresent = yes
		}
	}
	switch {
	case s == absent:
		return wantAbsent
	case s == perhaps && wantAbsent != wantPresent:
		return unknown
	default:
		return wantPresent
	}
}

// admits tells whether one value of the request satisfies the operator. An empty list of operands admits no value, negated or not
// (EMPTY_ARRAY_CONDITION_… of the check catalog).
func (c *condition) admits(value string, facts *table) truth {
	if c.count == 0 {
		return no
	}
	result := c.anyOperand(value, facts)
	if c.negated {
		return result.not()
	}
	return result
}

// anyOperand tells whether one of the operands matches the value, before negation.
func (c *condition) anyOperand(value string, facts *table) truth {
	result := no
	switch c.family {
	case stringEquals, stringLike:
		for i := range c.patterns {
			result = or(result, c.patterns[i].match(value, facts))
		}
	case stringFold:
		for i := range c.patterns {
			result = or(result, c.patterns[i].matchFold(value, facts))
		}
	case arnLike:
		for i := range c.arns {
			result = or(result, c.arns[i].match(value, facts))
		}
	case numeric:
		if d, ok := parseDecimal(value); ok {
			for i := range c.numbers {
				result = or(result, c.test.holds(d.compare(c.numbers[i])))
			}
		}
	case date:
		if t, ok := parseInstant(value); ok {
			for i := range c.instants {
				result = or(result, c.test.holds(t.compare(c.instants[i])))
			}
		}
	case address:
		if a, err := netip.ParseAddr(value); err == nil {
			for i := range c.networks {
				result = or(result, truthOf(c.networks[i].Contains(a)))
			}
		}
	case boolean:
		for _, text := range c.texts {
			result = or(result, truthOf(strings.EqualFold(text, value)))
		}
	case binary:
		for _, text := range c.texts {
			result = or(result, truthOf(text == value))
		}
	case null: // isNull
	}
	return result
}
