package lint

import (
	"bytes"

	"trunkline/iam"
)

// A Variable is a ${…} in a string of the policy, well-formed or not. Its Span counts bytes of Node.Text.
type Variable struct {
	iam.TemplatePart // never a literal
	Node             *iam.Node
	Place            Place
	Test             *Condition // the condition whose value or key holds it; nil elsewhere
}

// Written is the variable as it stands, with $ and braces.
func (v *Variable) Written() string { return v.Node.Text[v.Span.Start:v.Span.End] }

// reportVariable notes a finding at a variable.
func (p *Pass) reportVariable(v *Variable, message string, values ...string) *Finding {
	return p.ReportPart(v.Node, v.Span.Start, v.Span.End-v.Span.Start, message, values...)
}

// A Place says in what kind of element a string stands, as far as variables are concerned.
type Place uint8

const (
	InResource  Place = iota // Resource or NotResource
	InValue                  // a value of a condition
	InOtherText              // where a variable is never replaced
)

// Variables lists the variables of the policy, by statement and element.
func (p *Pass) Variables() []Variable { return p.variables }

func findVariables(p *Pass) []Variable {
	// Most policies have none; only an escape could hide one from this look.
	if !bytes.Contains(p.Source, []byte("${")) && !bytes.Contains(p.Source, []byte(`\u`)) {
		return nil
	}
	var found []Variable
	add := func(n *iam.Node, place Place, test *Condition) {
		if n == nil || n.Kind != iam.String {
			return
		}
		for _, part := range iam.Variables(n.Text) {
			found = append(found, Variable{TemplatePart: part, Node: n, Place: place, Test: test})
		}
	}
	add(p.Version, InOtherText, nil)
	for s := range p.Each() {
		add(s.Sid, InOtherText, nil)
		add(s.Effect, InOtherText, nil)
		for _, principal := range [...]*iam.Principal{s.Principal, s.NotPrincipal} {
			if principal == nil {
				continue
			}
			for _, value := range principal.List {
				add(value.Node, InOtherText, nil)
			}
		}
		for _, values := range [...]*iam.Values{s.Action, s.NotAction} {
			if values != nil {
				for _, n := range values.List {
					add(n, InOtherText, nil)
				}
			}
		}
		for _, values := range [...]*iam.Values{s.Resource, s.NotResource} {
			if values != nil {
				for _, n := range values.List {
					add(n, InResource, nil)
				}
			}
		}
		for i := range s.Tests {
			test := &s.Tests[i]
			add(test.Key, InOtherText, test)
			for _, n := range test.Values {
				add(n, InValue, test)
			}
		}
	}
	return found
}
