package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"trunkline/iam/sim"
)

// simulated is the answer of policy simulate --output json.
type simulated struct {
	Principal  string               `json:"principal,omitempty"`
	Action     string               `json:"action"`
	Resource   string               `json:"resource"`
	Decision   string               `json:"decision"` // allowed, implicitDeny, explicitDeny or undecided
	By         string               `json:"by,omitempty"`
	Reason     string               `json:"reason"`
	Statements []simulatedStatement `json:"statements,omitempty"` // that made the decision
	Missing    []string             `json:"missing,omitempty"`    // facts that would decide it
	Absent     []string             `json:"absent,omitempty"`     // condition keys asked for and not carried
	Add        []simulatedAddition  `json:"add,omitempty"`        // what would have to be added, together
	Warnings   []string             `json:"warnings,omitempty"`
}

type simulatedStatement struct {
	Layer  string `json:"layer"`
	Level  int    `json:"level,omitempty"` // of SCPs and RCPs, 1 for the root
	Policy string `json:"policy,omitempty"`
	Index  int    `json:"index"` // from 0
	Sid    string `json:"sid,omitempty"`
	Effect string `json:"effect"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

type simulatedAddition struct {
	Layer     string          `json:"layer"`
	Level     int             `json:"level,omitempty"`
	Statement json.RawMessage `json:"statement"`
}

func newSimulated(r *sim.Request, x *sim.Explanation) *simulated {
	out := &simulated{
		Principal: callerName(&r.Caller), Action: r.Action, Resource: r.Resource,
		Decision: x.Outcome.String(), By: x.By.String(), Reason: x.Reason, Absent: x.Absent, Warnings: x.Warnings,
	}
	for i := range x.Statements {
		s := &x.Statements[i]
		effect := "Allow"
		if s.Deny {
			effect = "Deny"
		}
		out.Statements = append(out.Statements, simulatedStatement{
			Layer: s.Layer.String(), Level: levelOf(s.Layer, s.Level), Policy: s.Policy, Index: s.Index, Sid: s.Sid,
			Effect: effect, Line: s.Position.Line, Column: s.Position.Column,
		})
	}
	for _, f := range x.Missing {
		out.Missing = append(out.Missing, f.Text)
	}
	for _, add := range x.Add {
		out.Add = append(out.Add, simulatedAddition{add.Layer.String(), levelOf(add.Layer, add.Level), json.RawMessage(add.Statement)})
	}
	return out
}

// levelOf counts levels from 1, and not at all where there are none.
func levelOf(l sim.Layer, level int) int {
	if l != sim.SCPLayer && l != sim.RCPLayer {
		return 0
	}
	return level + 1
}

// callerName is how the request named the caller, as far as it is known.
func callerName(c *sim.Caller) string {
	switch {
	case c.ARN != "":
		return c.ARN
	case c.Role != "":
		return c.Role
	default:
		return c.Kind.String()
	}
}

// writeExplanation prints the answer for people:
//
//	denied   kinesis:PutRecord on arn:…
//	         no statement of the identity policy allows it
func writeExplanation(w io.Writer, r *sim.Request, x *sim.Explanation) error {
	s := newSimulated(r, x)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", s.Decision, s.Reason)
	fmt.Fprintf(&b, "  principal  %s (%s)\n", s.Principal, r.Caller.Kind)
	for _, st := range s.Statements {
		fmt.Fprintf(&b, "  %-9s  %s%s, statement %d%s, %s:%d:%d\n", strings.ToLower(st.Effect), st.Layer, levelText(st.Level), st.Index+1, sidText(st.Sid), orText(st.Policy), st.Line, st.Column)
	}
	for _, text := range s.Missing {
		fmt.Fprintf(&b, "  not known  %s\n", text)
	}
	if len(s.Absent) > 0 {
		fmt.Fprintf(&b, "  absent     %s: a condition asks for it; give it with --context KEY=VALUE\n", strings.Join(s.Absent, ", "))
	}
	for i, add := range s.Add {
		word := "to allow"
		if i > 0 {
			word = "and"
		}
		fmt.Fprintf(&b, "  %-9s  add to the %s%s:\n%s\n", word, add.Layer, levelText(add.Level), indented(add.Statement))
	}
	for _, text := range s.Warnings {
		fmt.Fprintf(&b, "  warning    %s\n", text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func levelText(level int) string {
	if level == 0 {
		return ""
	}
	return fmt.Sprintf(" of level %d", level)
}

func sidText(sid string) string {
	if sid == "" {
		return ""
	}
	return " (" + sid + ")"
}

func orText(name string) string {
	if name == "" {
		return "policy"
	}
	return name
}

// indented lays a statement out below the line that names its place.
func indented(statement json.RawMessage) string {
	const margin = "             "
	text, err := json.MarshalIndent(statement, margin, "  ")
	if err != nil {
		return margin + string(statement)
	}
	return margin + string(text)
}
