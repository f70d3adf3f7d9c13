package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// fit splits statements that are too long for a policy of their own.
func fit(statements []Statement, limit int) (fitting []Statement, err error) {
	const sid = 64 // more than any name gets
	for _, s := range statements {
		if length([]Statement{s})+sid <= limit {
			fitting = append(fitting, s)
			continue
		}
		first, second := s, s
		switch {
		case len(s.Resources) > 1:
			half := len(s.Resources) / 2
			first.Resources, second.Resources = s.Resources[:half], s.Resources[half:]
		case len(s.Actions) > 1:
			half := len(s.Actions) / 2
			first.Actions, second.Actions = s.Actions[:half], s.Actions[half:]
		default:
			return nil, fmt.Errorf("%s on %s: the statement alone is longer than %d characters", s.Actions[0], s.Resources[0], limit)
		}
		halves, err := fit([]Statement{first, second}, limit)
		if err != nil {
			return nil, err
		}
		fitting = append(fitting, halves...)
	}
	return fitting, nil
}

// pack puts statements, in their order, into as few policies as their length makes.
func pack(statements []Statement, limit int) (policies [][]byte) {
	for len(statements) > 0 {
		n := 1
		for n < len(statements) && length(statements[:n+1]) <= limit {
			n++
		}
		policies = append(policies, Text(statements[:n]))
		statements = statements[n:]
	}
	return policies
}

// length is that of a policy, without white space as IAM counts.
func length(statements []Statement) int {
	n := 0
	for _, r := range string(Text(statements)) {
		if r != ' ' && r != '\n' {
			n++
		}
	}
	return n
}

// Text is the policy of these statements, indented: members in the order in which people read them, and lists of one value without
// brackets.
func Text(statements []Statement) []byte {
	var b bytes.Buffer
	b.WriteString("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n")
	for i, s := range statements {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString("    {\n")
		if s.Sid != "" {
			fmt.Fprintf(&b, "      \"Sid\": %s,\n", quoted(s.Sid))
		}
		b.WriteString("      \"Effect\": \"Allow\",\n")
		if s.Principal.Kind != "" {
			fmt.Fprintf(&b, "      \"Principal\": {\n        %s: %s\n      },\n", quoted(s.Principal.Kind), quoted(s.Principal.Name))
		}
		fmt.Fprintf(&b, "      \"Action\": %s", list(s.Actions, 6))
		if len(s.Resources) > 0 {
			fmt.Fprintf(&b, ",\n      \"Resource\": %s", list(s.Resources, 6))
		}
		writeConditions(&b, s.Conditions)
		b.WriteString("\n    }")
	}
	b.WriteString("\n  ]\n}\n")
	return b.Bytes()
}

// writeConditions writes the Condition element; conditions are sorted by operator, and no two have operator and key in common.
func writeConditions(b *bytes.Buffer, conditions []Condition) {
	if len(conditions) == 0 {
		return
	}
	b.WriteString(",\n      \"Condition\": {")
	for i, c := range conditions {
		switch {
		case i == 0:
			fmt.Fprintf(b, "\n        %s: {\n", quoted(c.Operator))
		case conditions[i-1].Operator != c.Operator:
			fmt.Fprintf(b, "\n        },\n        %s: {\n", quoted(c.Operator))
		default:
			b.WriteString(",\n")
		}
		fmt.Fprintf(b, "          %s: %s", quoted(c.Key), list(c.Values, 10))
	}
	b.WriteString("\n        }\n      }")
}

// list is a value, or several on a line each.
func list(values []string, indent int) string {
	if len(values) == 1 {
		return quoted(values[0])
	}
	margin := strings.Repeat(" ", indent)
	parts := make([]string, len(values))
	for i, value := range values {
		parts[i] = margin + "  " + quoted(value)
	}
	return "[\n" + strings.Join(parts, ",\n") + "\n" + margin + "]"
}

// quoted is text in JSON, with &, < and > as they are.
func quoted(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(strings.ToValidUTF8(text, string(utf8.RuneError))) // a text can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
