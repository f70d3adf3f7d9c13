package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
)

// Rendered is a policy with its values.
type Rendered struct {
	Integration *Integration
	Policy      *Policy
	Statements  []*Statement // that stand, in order
	Documents   []Document   // one, or several where it was split; together they have every statement once

	called   string // what the policy or role is to be called
	boundary string // of the role
	accepted []acceptance
}

// An acceptance is an Accepted with what its message must not say with these values.
type acceptance struct {
	*Accepted
	not []string
}

// Name is what to call a document where it is made: the name that other policies expect of a role or boundary, else that of the
// integration and the document.
func (r *Rendered) Name(document string) string {
	if r.called != "" && document == r.Policy.Name {
		return r.called
	}
	return "trunkline-" + r.Integration.Name + "-" + document
}

// A Document is a policy as it is handed to IAM.
type Document struct {
	Name string // of the policy; with a number behind it where there are several
	Text []byte // JSON, indented, with a newline at the end
}

// ErrNothing is the error of a policy of which no statement stands with the values given.
var ErrNothing = errors.New("nothing to grant")

// Render fills values in. The error is a *Missing when values have to be given that are not; otherwise it names the value that is not
// as it should be.
func (i *Integration) Render(p *Policy, given map[string]string) (*Rendered, error) {
	v, err := i.newValues(given)
	if err != nil {
		return nil, err
	}
	doc, err := i.template(p)
	if err != nil {
		return nil, err
	}
	r := &Rendered{Integration: i, Policy: p}
	var texts [][]byte
	for _, s := range doc.Statements {
		about, known := p.Statement(sid(s))
		if !known {
			return nil, fmt.Errorf("template of %s %s: nothing is said about statement %s", i.Name, p.Name, sid(s))
		}
		stands, err := v.hold(about.When)
		if err != nil {
			return nil, err
		}
		if !stands {
			continue
		}
		var b bytes.Buffer
		if err := v.write(&b, s.Node); err != nil {
			return nil, err
		}
		r.Statements, texts = append(r.Statements, about), append(texts, b.Bytes())
	}
	if r.called, err = v.one(p.Called); err != nil {
		return nil, err
	}
	if r.boundary, err = v.one(p.Boundary); err != nil {
		return nil, err
	}
	if len(v.missing) > 0 {
		return nil, &Missing{i.Name, p.Name, v.missing}
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("policy %s %s: %w: none of its cases holds: %s", i.Name, p.Name, ErrNothing, strings.Join(p.conditions(), ", "))
	}
	if r.accepted, err = v.accept(p, r.Statements); err != nil {
		return nil, err
	}
	parts := [][][]byte{texts}
	if p.MaySplit {
		if parts, err = split(texts, p.limit()); err != nil {
			return nil, fmt.Errorf("policy %s %s: %w", i.Name, p.Name, err)
		}
	}
	for n, part := range parts {
		d := Document{Name: p.Name}
		if len(parts) > 1 {
			d.Name = fmt.Sprintf("%s-%d", p.Name, n+1)
		}
		if d.Text, err = indent(part); err != nil {
			return nil, fmt.Errorf("policy %s %s: %w", i.Name, p.Name, err)
		}
		if size := iam.Parse(d.Text).Size(p.countsSpace()); size > p.limit() {
			return nil, fmt.Errorf("policy %s %s has %d characters, more than the %d that it may have: give fewer values", i.Name, d.Name, size, p.limit())
		}
		r.Documents = append(r.Documents, d)
	}
	return r, nil
}

// accept lists the suggestions that do not apply with these values.
func (v *values) accept(p *Policy, standing []*Statement) (all []acceptance, err error) {
	for n := range p.Accepted {
		a := acceptance{Accepted: &p.Accepted[n]}
		applies, err := v.hold(a.When)
		if err != nil {
			return nil, err
		}
		for text, condition := range a.Cases {
			holds := false
			if condition != "" {
				if holds, err = v.hold([]string{condition}); err != nil {
					return nil, err
				}
			}
			if !holds {
				a.not = append(a.not, text)
			}
		}
		if applies && slices.ContainsFunc(standing, func(s *Statement) bool { return s.Sid == a.Sid }) {
			all = append(all, a)
		}
	}
	return all, nil
}

// conditions lists on what the statements depend, each once.
func (p *Policy) conditions() (all []string) {
	seen := map[string]bool{}
	for n := range p.Statements {
		for _, condition := range p.Statements[n].When {
			if !seen[condition] {
				seen[condition] = true
				all = append(all, condition)
			}
		}
	}
	return all
}

// quota is the first one of the type: that of a managed policy for identities.
func (p *Policy) quota() iam.Quota {
	for _, q := range iam.Quotas() {
		if q.Type == p.Type {
			return q
		}
	}
	return iam.Quota{}
}

func (p *Policy) limit() int        { return p.quota().Default }
func (p *Policy) countsSpace() bool { return p.quota().Whitespace }

func sid(s *iam.Statement) string {
	if s.Sid == nil {
		return ""
	}
	return s.Sid.Text
}

// indent makes the text of a policy.
func indent(statements [][]byte) ([]byte, error) {
	var b bytes.Buffer
	compact := append(append([]byte(`{"Version":"2012-10-17","Statement":[`), bytes.Join(statements, []byte(","))...), "]}"...)
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// write writes a value of the template without white space.
func (v *values) write(b *bytes.Buffer, n *iam.Node) error {
	switch n.Kind {
	case iam.Object:
		b.WriteByte('{')
		for k, m := range n.Members {
			if k > 0 {
				b.WriteByte(',')
			}
			key, err := v.one(m.Key.Text)
			if err != nil {
				return err
			}
			quote(b, key)
			b.WriteByte(':')
			if err := v.write(b, m.Value); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case iam.Array:
		return v.writeList(b, n.Items)
	case iam.String:
		return v.writeList(b, []*iam.Node{n})
	case iam.Null, iam.Bool, iam.Number:
		b.WriteString(n.Text)
	}
	return nil
}

// writeList writes strings, and only one of them without brackets, as IAM takes it.
func (v *values) writeList(b *bytes.Buffer, items []*iam.Node) error {
	var list []string
	for _, item := range items {
		if item.Kind != iam.String {
			return fmt.Errorf("template of %s: a list of something else than strings", v.of.Name)
		}
		texts, err := v.expand(item.Text)
		if err != nil {
			return err
		}
		list = append(list, texts...)
	}
	if len(list) == 1 {
		quote(b, list[0])
		return nil
	}
	b.WriteByte('[')
	for n, text := range list {
		if n > 0 {
			b.WriteByte(',')
		}
		quote(b, text)
	}
	b.WriteByte(']')
	return nil
}

// quote writes a JSON string and leaves <, > and & as they are.
func quote(b *bytes.Buffer, text string) {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string into memory
	b.Truncate(b.Len() - 1)  // the newline
}

// split spreads statements over as few policies as go in, in their order, so that what belongs together stays together.
func split(statements [][]byte, limit int) ([][][]byte, error) {
	const around = len(`{"Version":"2012-10-17","Statement":[]}`)
	var parts [][][]byte
	size := limit
	for _, s := range statements {
		length := characters(s)
		if around+length > limit {
			return nil, fmt.Errorf("a statement has %d characters, and a policy at most %d", length, limit)
		}
		if size += length + len(","); size > limit {
			parts, size = append(parts, nil), around+length
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], s)
	}
	return parts, nil
}

// characters counts as IAM does, without white space, also within strings.
func characters(text []byte) int {
	return (&iam.Document{Source: text}).Size(false)
}
