package diagnose

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Write prints a report for people: what was read, then each finding.
//
//	denied: no identity-based policy allows kinesis:GetRecords on arn:…
//	  at         log.txt, line 12, 3 times to line 98
//	  principal  arn:… (role session)
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	for _, in := range r.Inputs {
		fmt.Fprintf(&b, "read %s: %s\n", legible(in.Name), in.summary())
	}
	for i := range r.Findings {
		b.WriteByte('\n')
		r.Findings[i].write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (in *Input) summary() string {
	if in.Form == "" {
		return "it is empty"
	}
	parts := []string{in.Form, count(in.Lines, "line")}
	if in.Records > 0 {
		parts = append(parts, count(in.Records, "record"))
	}
	switch {
	case in.Messages > 0:
		parts = append(parts, count(in.Messages, "message")+" understood")
	case in.Records > 0:
		parts = append(parts, "nothing wrong that is known")
	default:
		parts = append(parts, "no message understood")
	}
	if in.Cut > 0 {
		parts = append(parts, count(in.Cut, "line")+" longer than 1 MiB, read to there")
	}
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// where says where a finding stands.
func (f *Finding) where() string {
	text := f.Source
	if f.Kind == Unknown.String() && f.Of == "" {
		return text + ", " + count(f.Times, "line") + " with text"
	}
	if f.Line > 0 && f.Source != "argument" {
		text += fmt.Sprintf(", line %d", f.Line)
	}
	if f.Of != "" {
		text += ", " + f.Of
	}
	if f.Times > 1 {
		text += fmt.Sprintf(", %d times", f.Times)
		if f.LastLine > 0 {
			text += fmt.Sprintf(" to line %d", f.LastLine)
		}
	}
	return text
}

func (f *Finding) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s: %s\n", f.Kind, legible(f.Cause))
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "  %-10s %s\n", name, legible(value))
		}
	}
	row("at", f.where())
	row("principal", withNote(f.Principal, f.PrincipalKind))
	row("action", strings.Join(f.Actions, ", "))
	row("resource", f.Resource)
	row("call", f.Call)
	if f.Kind == Denied.String() {
		row("denied by", deniedBy(f))
	}
	row("code", f.Code)
	row("request", f.Request)
	row("deny", strings.Join(f.Sids, ", "))
	for _, a := range f.Add {
		row("add to", a.To+":")
		b.WriteString(laidOut(a.Statement))
	}
	for _, n := range f.MayNeed {
		row("may need", n.text())
	}
	f.Check.write(row, b)
	for _, text := range f.Do {
		row("do", text)
	}
}

func deniedBy(f *Finding) string {
	switch {
	case f.Policy == "":
		return f.Verdict
	case f.Through != "":
		return fmt.Sprintf("%s, through a %s: %s", f.Policy, f.Through, f.Verdict)
	}
	return withNote(f.Policy+": "+f.Verdict, f.PolicyARN)
}

func withNote(text, note string) string {
	if text == "" || note == "" {
		return text
	}
	return text + " (" + note + ")"
}

func (n Need) text() string {
	text := n.Action
	if n.On != "" {
		text += " on " + n.On
	}
	if n.When != "" {
		text += ", " + n.When
	}
	return text
}

// write prints what the engine says.
func (c *Check) write(row func(name, value string), b *strings.Builder) {
	switch {
	case c.NotChecked != "":
		row("checked", "not: "+c.NotChecked)
		return
	case c.Decision == "":
		return
	}
	row("checked", c.Decision+": "+c.Reason)
	for _, s := range c.Denies {
		text := fmt.Sprintf("%s, statement %d", s.Layer, s.Index+1)
		if s.Sid != "" {
			text += " (" + s.Sid + ")"
		}
		row("deny", fmt.Sprintf("%s, %s:%d:%d", text, s.Policy, s.Line, s.Column))
	}
	for _, text := range c.Missing {
		row("hangs on", text)
	}
	switch c.After {
	case "":
	case "allowed":
		row("with it", "allowed: what is to be added is enough")
	default:
		row("with it", c.After+": what is to be added is not enough")
	}
	for _, a := range c.Needs {
		row("and", "add to "+a.To+":")
		b.WriteString(laidOut(a.Statement))
	}
}

// laidOut is a statement below the line that names its place.
func laidOut(statement json.RawMessage) string {
	const margin = "             "
	text, err := json.MarshalIndent(statement, margin, "  ")
	if err != nil {
		text = statement
	}
	return margin + string(text) + "\n"
}

// legible is text that others wrote as a person may see it: what could steer a terminal becomes U+FFFD.
func legible(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, text)
}
