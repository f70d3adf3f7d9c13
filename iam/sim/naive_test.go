package sim_test

import (
	"encoding/base64"
	"math/big"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/iam"
	"trunkline/iam/sim"
)

// The naive evaluator: matching and conditions, written from the words of the documentation and for nothing but to be obvious. It
// knows no unknown facts, and shares no code with the compiled one. naive_layers_test.go has the layers.

// A naiveRequest is a request of which everything is known; the names of keys are in lower case.
type naiveRequest struct {
	caller                    sim.Caller
	action, resource, account string
	management                string
	context                   map[string][]string
}

// A glyph is a character of a pattern; a wildcard or plain.
type glyph struct {
	char rune
	wild bool
}

// naiveText replaces the variables of a text. ok is false when one has no value.
func naiveText(text string, variables, wildcards bool, r *naiveRequest) (glyphs []glyph, ok bool) {
	plain := func(s string, wild bool) {
		for _, c := range s {
			glyphs = append(glyphs, glyph{c, wild && (c == '*' || c == '?')})
		}
	}
	reference := regexp.MustCompile(`^\$\{([^ ,{}$]+)(?:, '(.*?)')?\}`)
	for text != "" {
		m := reference.FindStringSubmatch(text)
		escape := len(text) >= 4 && slices.Contains([]string{"${*}", "${?}", "${$}"}, text[:4])
		switch {
		case variables && escape:
			plain(text[2:3], false)
			text = text[4:]
		case variables && m != nil:
			values := r.context[strings.ToLower(m[1])]
			switch {
			case len(values) > 0:
				plain(values[0], false)
			case strings.Contains(m[0], ", '"):
				plain(m[2], false)
			default:
				return nil, false
			}
			text = text[len(m[0]):]
		default:
			c := []rune(text)[0]
			plain(string(c), wildcards)
			text = text[len(string(c)):]
		}
	}
	return glyphs, true
}

func naiveGlob(pattern []glyph, s []rune) bool {
	if len(pattern) == 0 {
		return len(s) == 0
	}
	p := pattern[0]
	if p.wild && p.char == '*' {
		return naiveGlob(pattern[1:], s) || len(s) > 0 && naiveGlob(pattern, s[1:])
	}
	return len(s) > 0 && (p.wild || p.char == s[0]) && naiveGlob(pattern[1:], s[1:])
}

func naiveAction(patterns []*iam.Node, action string) bool {
	service, name, _ := strings.Cut(strings.ToLower(action), ":")
	return slices.ContainsFunc(patterns, func(n *iam.Node) bool {
		text := strings.ToLower(n.Text)
		if text == "*" {
			return true
		}
		wantService, wantName, found := strings.Cut(text, ":")
		glyphs, _ := naiveText(wantName, false, true, nil)
		return found && (wantService == "*" || wantService == service) && naiveGlob(glyphs, []rune(name))
	})
}

func naiveResource(patterns []*iam.Node, variables bool, r *naiveRequest) bool {
	return slices.ContainsFunc(patterns, func(n *iam.Node) bool {
		// Variables stand in the resource part of the ARN, after the fifth colon.
		head, tail := n.Text, ""
		if fields := strings.SplitAfterN(n.Text, ":", 6); len(fields) == 6 {
			head, tail = strings.Join(fields[:5], ""), fields[5]
		}
		first, _ := naiveText(head, false, true, r)
		second, ok := naiveText(tail, variables, true, r)
		return ok && naiveGlob(append(first, second...), []rune(r.resource))
	})
}

// naiveCondition evaluates one key of an operator's block.
func naiveCondition(c *iam.Condition, variables bool, r *naiveRequest) bool {
	operator := c.Operator.Text
	operator, forAll := strings.CutPrefix(operator, "ForAllValues:")
	operator, forAny := strings.CutPrefix(operator, "ForAnyValue:")
	values := r.context[strings.ToLower(c.Key.Text)]
	if operator == "Null" {
		if forAll || forAny {
			return forAll
		}
		return slices.ContainsFunc(c.Values, func(n *iam.Node) bool { return strings.EqualFold(n.Text, "true") == (len(values) == 0) })
	}
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	negated := strings.Contains(operator, "Not")
	operator = strings.Replace(operator, "Not", "", 1)
	if len(values) == 0 {
		return ifExists || forAll || negated && !forAny
	}
	if forAll && len(values) == 1 && values[0] == "" {
		return true
	}
	holds := func(value string) bool {
		matches := slices.ContainsFunc(c.Values, func(n *iam.Node) bool { return naiveOperator(operator, value, n.Text, variables, r) })
		return len(c.Values) > 0 && matches != negated
	}
	if forAny {
		return slices.ContainsFunc(values, holds)
	}
	return !slices.ContainsFunc(values, func(v string) bool { return !holds(v) })
}

// naiveOperator compares a value of the request with one of the policy.
func naiveOperator(operator, value, operand string, variables bool, r *naiveRequest) bool {
	comparison := func(c int) bool {
		switch {
		case strings.HasSuffix(operator, "GreaterThanEquals"):
			return c >= 0
		case strings.HasSuffix(operator, "GreaterThan"):
			return c > 0
		case strings.HasSuffix(operator, "LessThanEquals"):
			return c <= 0
		case strings.HasSuffix(operator, "LessThan"):
			return c < 0
		}
		return c == 0
	}
	switch {
	case operator == "StringEquals" || operator == "StringLike":
		glyphs, ok := naiveText(operand, variables, operator == "StringLike", r)
		return ok && naiveGlob(glyphs, []rune(value))
	case operator == "StringEqualsIgnoreCase":
		glyphs, ok := naiveText(operand, variables, false, r)
		var text strings.Builder
		for _, g := range glyphs {
			text.WriteString(string(g.char))
		}
		return ok && strings.EqualFold(text.String(), value)
	case strings.HasPrefix(operator, "Arn"):
		glyphs, ok := naiveText(operand, variables, true, r)
		return ok && naiveARN(glyphs, value)
	case strings.HasPrefix(operator, "Numeric"):
		a, okA := new(big.Rat).SetString(value)
		b, okB := new(big.Rat).SetString(operand)
		return okA && okB && comparison(a.Cmp(b))
	case strings.HasPrefix(operator, "Date"):
		a, okA := naiveDate(value)
		b, okB := naiveDate(operand)
		return okA && okB && comparison(a.Compare(b))
	case operator == "Bool":
		return strings.EqualFold(value, operand)
	case operator == "BinaryEquals":
		a, errA := base64.StdEncoding.DecodeString(value)
		b, errB := base64.StdEncoding.DecodeString(operand)
		return errA == nil && errB == nil && string(a) == string(b)
	case strings.HasSuffix(operator, "IpAddress"):
		ip := net.ParseIP(value)
		_, network, err := net.ParseCIDR(operand)
		if err != nil {
			return ip != nil && ip.Equal(net.ParseIP(operand))
		}
		return ip != nil && network.Contains(ip)
	}
	panic(operator)
}

func naiveARN(pattern []glyph, value string) bool {
	fields := strings.SplitN(value, ":", 6)
	if len(fields) < 6 || fields[0] != "arn" {
		return false
	}
	if len(pattern) == 1 && pattern[0] == (glyph{'*', true}) {
		return true
	}
	for i, field := range fields {
		end := slices.Index(pattern, glyph{char: ':'})
		switch {
		case i == 5:
			return naiveGlob(pattern, []rune(field))
		case end < 0 || !naiveGlob(pattern[:end], []rune(field)):
			return false
		}
		pattern = pattern[end+1:]
	}
	return false
}

func naiveDate(s string) (time.Time, bool) {
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 {
		return time.Unix(n, 0), true
	}
	return time.Time{}, false
}
