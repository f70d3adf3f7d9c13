package config

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/contact"
)

// Privacy is the published privacy object. WHITELIST adds its fields to the minimum set; BLACKLIST sends all but its fields. After
// Parse, one that is kept in a file has File only; Load reads it.
type Privacy struct {
	File   string // "" where it stands in the config
	Type   PrivacyType
	Fields []contact.Path
}

// PrivacyType says what the fields of a privacy object are for.
type PrivacyType string

// The types.
const (
	Whitelist PrivacyType = "WHITELIST"
	Blacklist PrivacyType = "BLACKLIST"
)

func (p *Privacy) keys() []key {
	return []key{
		{"type", choice(&p.Type, "type", "", Whitelist, Blacklist), true, "WHITELIST adds the fields to the minimum set. BLACKLIST sends everything but the fields; without fields, everything."},
		{"fields", list[contact.Path]{&p.Fields, privacyField, 0}, true, "Paths. The steps # and .#. for the elements of an array are understood; other gjson syntax is refused."},
	}
}

// privacyField is a path in the syntax of the published object, which is gjson's. What would mean something else to us is refused:
// a field of a BLACKLIST that is misread would be sent.
func privacyField(into *contact.Path) value {
	v := path(into, false, "").(*scalar[contact.Path])
	v.parse = parsePrivacyField
	return v
}

func parsePrivacyField(t string) (contact.Path, error) {
	if i := strings.IndexAny(t, `|@?!{}[]()"`); i >= 0 {
		return nil, fmt.Errorf("field %s: the gjson syntax %q is not read here; write names joined by dots", quote(t), t[i])
	}
	steps, err := contact.ParsePath(t)
	if err != nil {
		return nil, err
	}
	p := make(contact.Path, 0, len(steps))
	for _, s := range steps {
		if s.Name == "#" { // arrays are transparent
			continue
		}
		p = append(p, s)
		index := s.Name != "" && strings.Trim(s.Name, "0123456789") == ""
		if index && !contact.Documented(contact.Contact, p) && !contact.Documented(contact.AgentEvent, p) {
			return nil, fmt.Errorf("field %s: one element of an array cannot be named; leave the index out to mean all", quote(t))
		}
	}
	if len(p) == 0 {
		return nil, fmt.Errorf("field %s: names no field", quote(t))
	}
	return p, nil
}

// privacyValue is the object itself or the path of a file that holds it.
type privacyValue struct{ into **Privacy }

func (v privacyValue) read(r *reader, key string, n node) {
	p := &Privacy{}
	*v.into = p
	if n.kind == aText {
		localFile(&p.File, "").read(r, key, n)
		return
	}
	section{keyed: p}.read(r, key, n)
}

func (v privacyValue) absent(*reader, string, Position) {}

func (v privacyValue) dump() (any, bool) {
	p := *v.into
	switch {
	case p == nil:
		return nil, false
	case p.File != "":
		return p.File, true
	}
	fields := []any{} // written even when empty: the key must be there
	for _, f := range p.Fields {
		fields = append(fields, f.String())
	}
	return object{{"type", p.Type}, {"fields", fields}}, true
}

func (v privacyValue) schema() object {
	return object{{"anyOf", []any{object{{"type", "string"}, {"minLength", 1}}, section{keyed: &Privacy{}}.schema()}}}
}

func (v privacyValue) inside() section { return section{keyed: &Privacy{}} }
func (v privacyValue) form() string    { return "section, or path of a JSON file" }

// loadPrivacy reads the privacy file, where there is one.
func (c *Config) loadPrivacy() error {
	p := c.Redact.Privacy
	if p == nil || p.File == "" {
		return nil
	}
	text, err := readFile(p.File)
	if err != nil {
		return c.Errorf("redact.privacy", "%w", err)
	}
	if err := p.parse(text); err != nil {
		return err
	}
	r := &reader{name: c.name, where: c.where}
	c.checkPaths(r)
	return r.err()
}

// parse reads the text of a privacy file: the object, bare or as it is published, {"key": "REDACTION_CONFIG", "value": {…}}. JSON is
// YAML too, so that its mistakes are found and told as the config's are.
func (p *Privacy) parse(text []byte) error {
	r := &reader{name: p.File, where: map[string]Position{}}
	if root, ok := r.parse(text); ok {
		object := section{keyed: p}
		if slices.ContainsFunc(root.members, func(m member) bool { return m.name == "value" }) {
			object = section{keyed: published{p}}
		}
		object.read(r, "", root)
	}
	return r.err()
}

// published is the object as the service that defined it hands it out.
type published struct{ privacy *Privacy }

func (p published) keys() []key {
	var name string
	return []key{
		{"key", choice(&name, "key", "", "REDACTION_CONFIG"), false, "What the object is."},
		{"value", section{keyed: p.privacy}, true, "The object."},
	}
}
