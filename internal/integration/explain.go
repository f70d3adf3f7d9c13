package integration

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// An Explanation says of one statement why it is there. It is a line of policy show --explain --output json.
type Explanation struct {
	Integration string   `json:"integration"`
	Policy      string   `json:"policy"` // with its number where it was split
	Statement   string   `json:"statement"`
	Actions     []string `json:"actions"` // of a Deny with "Deny " in front
	Resources   []string `json:"resources,omitempty"`
	Conditions  []string `json:"conditions,omitempty"` // "Operator key=value,value"
	When        []string `json:"when,omitempty"`       // the parameters that make it stand
	Why         string   `json:"why"`
	Without     string   `json:"without"`           // what fails
	Differs     string   `json:"differs,omitempty"` // from the published policy
	Notes       []string `json:"notes,omitempty"`   // suggestions of policy lint that do not apply, and why
}

// Explain says of each statement why it is there and what breaks without it.
func (r *Rendered) Explain() []Explanation {
	var all []Explanation
	for _, s := range r.statements() {
		e := Explanation{
			Integration: r.Integration.Name, Policy: s.document, Statement: s.about.Sid, Actions: s.actions, Resources: s.resources,
			Conditions: s.conditions, When: s.about.When, Why: s.about.Why, Without: s.about.Without, Differs: s.about.Differs,
		}
		for _, a := range r.accepted {
			if a.Sid == s.about.Sid {
				e.Notes = append(e.Notes, a.Code+": "+a.Why)
			}
		}
		all = append(all, e)
	}
	return all
}

// WriteExplanations writes explanations for people.
func (r *Rendered) WriteExplanations(w io.Writer) error {
	p := printer{w: w}
	p.line("", "%s %s: %s", r.Integration.Name, r.Policy.Name, r.Policy.Title)
	p.line("", "attached to: %s", r.Policy.Attached)
	document := r.Policy.Name
	for _, e := range r.Explain() {
		if e.Policy != document {
			document = e.Policy
			p.line("", "\n-- %s --", document)
		}
		p.line("", "\n%s", e.Statement)
		p.list("", "actions  ", e.Actions)
		p.list("", "on       ", e.Resources)
		p.list("", "if       ", e.Conditions)
		p.text("why      ", e.Why)
		p.text("without  ", e.Without)
		p.text("differs  ", e.Differs)
		for _, note := range e.Notes {
			p.text("note     ", note)
		}
	}
	return p.err
}

// WriteComparison writes changes for people.
func (r *Rendered) WriteComparison(w io.Writer, changes []Change) error {
	p := printer{w: w}
	i := r.Integration
	p.line("", "%s %s: %s", i.Name, r.Policy.Name, r.Policy.Title)
	if changes == nil {
		p.line("", "No policy is published for this.")
		return p.err
	}
	p.line("", "published: %s (%s)", strings.Join(r.Policy.Published, ", "), i.Guide)
	at := "\x00"
	for _, c := range changes {
		if c.Published != at {
			at = c.Published
			title := c.Published
			if title == "" {
				title = "only here"
			}
			p.line("", "\n%s", title)
		}
		mark := map[ChangeKind]string{Same: "=", Changed: "~", LeftOut: "-", Added: "+"}[c.Kind]
		where := c.Ours
		if where == "" {
			where = "left out"
		}
		if len(c.Defects) > 0 {
			where += " (" + strings.Join(c.Defects, ", ") + ")"
		}
		p.line("  "+mark+" ", "%s", where)
		p.list("  ", "actions  ", c.Actions)
		switch {
		case c.Kind == Same:
			continue
		case c.Kind == Changed && !slices.Equal(c.Was, c.Is):
			p.list("  ", "was on   ", c.Was)
			p.list("  ", "is on    ", c.Is)
		case c.Kind == LeftOut:
			p.list("  ", "was on   ", c.Was)
		default:
			p.list("  ", "on       ", c.Is)
		}
		p.list("  ", "if       ", c.Under)
		p.indented("  ", "why      ", c.Why)
	}
	return p.err
}

// A printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(indent, format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, indent+format+"\n", args...)
	}
}

// list writes values, as many on a line as fit.
func (p *printer) list(indent, label string, values []string) {
	if len(values) > 0 {
		p.indented(indent, label, strings.Join(values, ", "))
	}
}

func (p *printer) text(label, text string) { p.indented("", label, text) }

// width is how long lines of text are at most, words permitting.
const width = 120

func (p *printer) indented(indent, label, text string) {
	if text == "" {
		return
	}
	line := indent + "  " + label
	empty := strings.Repeat(" ", len(line))
	written := false
	for word := range strings.FieldsSeq(text) {
		if written && len(line)+1+len(word) > width {
			p.line("", "%s", line)
			line, written = empty, false
		}
		if written {
			line += " "
		}
		line += word
		written = true
	}
	p.line("", "%s", line)
}
