package policymatrix

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode/utf8"

	"trunkline/iam/sim"
)

// WriteJSON writes each row as one object a line.
func (t *Table) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for i := range t.Rows {
		if err := encoder.Encode(&t.Rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// WriteText writes the table for a terminal: a line for each question, below its area, and below the table what is not as wanted.
//
//	                       admins    viewers
//	Account
//	  list the instances   allowed   denied
//	  create an instance   denied    denied (service control policy)
func (t *Table) WriteText(w io.Writer) error {
	asks, cells := 0, make([]int, len(t.Principals))
	for i := range t.Rows {
		asks = max(asks, utf8.RuneCountInString(t.Rows[i].Ask))
		for j := range t.Rows[i].Cells {
			cells[j] = max(cells[j], utf8.RuneCountInString(t.Rows[i].Cells[j].text()), utf8.RuneCountInString(t.Principals[j]))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%*s", t.Title, asks+2, "")
	line := func(texts []string) {
		for j, text := range texts {
			if j == len(texts)-1 {
				fmt.Fprintf(&b, "   %s\n", text)
			} else {
				fmt.Fprintf(&b, "   %-*s", cells[j], text)
			}
		}
	}
	line(t.Principals)
	area := ""
	for i := range t.Rows {
		r := &t.Rows[i]
		if r.Area != area {
			area = r.Area
			fmt.Fprintln(&b, area)
		}
		fmt.Fprintf(&b, "  %-*s", asks, r.Ask)
		texts := make([]string, len(r.Cells))
		for j := range r.Cells {
			texts[j] = r.Cells[j].text()
		}
		line(texts)
	}
	t.writeSurprises(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *Cell) text() string {
	text := c.Answer
	if c.Answer != "allowed" && c.By != "" && c.By != sim.IdentityLayer.String() { // where nothing allows it, nothing has to be said
		text += " (" + c.By + ")"
	}
	if c.Surprise {
		text += " !"
	}
	return text
}

func (t *Table) writeSurprises(b *strings.Builder) {
	n := t.Surprises()
	if n == 0 {
		return
	}
	fmt.Fprintf(b, "\n%d not as wanted:\n", n)
	for i := range t.Rows {
		r := &t.Rows[i]
		for j := range r.Cells {
			c := &r.Cells[j]
			if !c.Surprise {
				continue
			}
			fmt.Fprintf(b, "! %s: %s: %s, want %s\n", c.Principal, r.Ask, c.Answer, r.Want)
			for k := range c.Requests {
				d := &c.Requests[k]
				if (d.Decision == "allowed") == (r.Want == "allowed") {
					continue
				}
				fmt.Fprintf(b, "    %s%s\n", d.Reason, d.place())
			}
		}
	}
}

func (d *Detail) place() string {
	if d.Policy == "" {
		return ""
	}
	place := fmt.Sprintf("; %s:%d", d.Policy, d.Line)
	if d.Sid != "" {
		place += " (" + d.Sid + ")"
	}
	return place
}

//go:embed matrix.html
var page string

// WriteHTML writes a page that needs nothing but itself: no script, no font, no request to anywhere.
func (t *Table) WriteHTML(w io.Writer) error {
	parsed, err := template.New("matrix").Funcs(template.FuncMap{"place": func(d Detail) string { return strings.TrimPrefix(d.place(), "; ") }}).Parse(page)
	if err != nil {
		return err
	}
	type group struct {
		Area string
		Rows []Row
	}
	var groups []group
	for _, r := range t.Rows {
		if n := len(groups); n == 0 || groups[n-1].Area != r.Area {
			groups = append(groups, group{Area: r.Area})
		}
		last := &groups[len(groups)-1]
		last.Rows = append(last.Rows, r)
	}
	return parsed.Execute(w, struct {
		*Table
		Groups []group
	}{t, groups})
}
