package used

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"trunkline/iam"
)

// Smaller is a policy without the grants that were not used, indented; nil when nothing of it stays. i counts the policies of New.
// What a pattern of actions granted and was used stands by name. Other statements stay as they are.
func (u *Use) Smaller(i int) ([]byte, error) {
	p := u.policies[i]
	var texts [][]byte
	for _, s := range p.Document.Statements {
		at := slices.IndexFunc(u.statements, func(one *statement) bool { return one.of == s })
		raw := p.Document.Source[s.Node.Span.Start:s.Node.Span.End]
		if at < 0 {
			texts = append(texts, raw)
			continue
		}
		text, err := u.statements[at].smaller(u, p.Document)
		if err != nil {
			return nil, err
		}
		if text != nil {
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		return nil, nil
	}
	version := "2008-10-17"
	if p.Document.Version != nil {
		version = p.Document.Version.Text
	}
	var b bytes.Buffer
	compact := slices.Concat([]byte(`{"Version":"`+version+`","Statement":[`), bytes.Join(texts, []byte(",")), []byte("]}"))
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// smaller is the text of a statement with what was used of it, nil when nothing was.
func (s *statement) smaller(u *Use, d *iam.Document) ([]byte, error) {
	var actions, resources []string
	for i := range s.actions {
		text := s.actions[i].text
		switch state, _, used := u.action(s, &s.actions[i]); {
		case state == Used && used != nil:
			actions = append(actions, used...)
			for a := range u.facts.Expand(text) { // of the pattern, those that the log cannot tell about
				if u.silent(a) {
					actions = append(actions, a.String())
				}
			}
		case state != Unused:
			actions = append(actions, text)
		}
	}
	slices.Sort(actions)
	actions = slices.Compact(actions)
	keep := s.unnamed || u.keeps(s)
	for i := range s.resources {
		if s.times[i] > 0 || keep {
			resources = append(resources, s.resources[i].text)
		}
	}
	if len(actions) == 0 || len(resources) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	b.WriteByte('{')
	if s.of.Sid != nil {
		b.WriteString(`"Sid":` + quoted(s.of.Sid.Text) + `,`)
	}
	b.WriteString(`"Effect":"Allow","Action":` + list(actions) + `,"Resource":` + list(resources))
	if s.of.Condition != nil {
		b.WriteString(`,"Condition":`)
		b.Write(d.Source[s.of.Condition.Span.Start:s.of.Condition.Span.End])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// list is a value, or several.
func list(values []string) string {
	if len(values) == 1 {
		return quoted(values[0])
	}
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = quoted(value)
	}
	return "[" + strings.Join(all, ",") + "]"
}

// quoted is text in JSON, with &, < and > as they are.
func quoted(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a text can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
