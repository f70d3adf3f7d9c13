package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// value binds one key of the file to one field of a [Config]: how it is read, what holds where the key is absent, how it is
// written again, and what the JSON Schema and the reference say of it.
type value interface {
	read(r *reader, key string, n node)
	absent(r *reader, key string, at Position) // the key is not there; at is the mapping that lacks it
	dump() (json any, ok bool)                 // ok is false where there is nothing to write
	schema() object
	form() string // a few words for the reference: "duration", "list of paths"
}

// scalar is a value in one text, number or boolean.
type scalar[T any] struct {
	into  *T
	takes []kind                  // the kinds that are taken; the first is how it is written again
	word  string                  // "a duration such as 5s"
	more  object                  // the schema's, beside the type
	parse func(string) (T, error) // of the text as it stands in the file
	print func(T) string          // what parse reads; "" for nothing to write
	deflt string                  // what holds when the key is absent, as parse reads it; "" for the field's zero value
}

func (s *scalar[T]) read(r *reader, key string, n node) {
	r.where[key] = n.at
	if !slices.Contains(s.takes, n.kind) {
		r.fail(n.at, key, "want %s, have %s%s", s.word, n.kind, s.hint(n))
		return
	}
	v, err := s.parse(n.text)
	if err != nil {
		r.fail(n.at, key, "%w", err)
		return
	}
	*s.into = v
}

// hint says what to type where the wrong kind of scalar stands.
func (s *scalar[T]) hint(n node) string {
	if n.kind == aNull {
		return "; write a value, or leave the key out"
	}
	if _, err := s.parse(n.text); err != nil {
		return ""
	}
	switch {
	case s.takes[0] == aText && (n.kind == aNumber || n.kind == aBool):
		return "; put it in quotes"
	case s.takes[0] != aText && n.kind == aText:
		return "; take the quotes off"
	}
	return ""
}

func (s *scalar[T]) absent(r *reader, key string, at Position) {
	if s.deflt == "" {
		return
	}
	v, err := s.parse(s.deflt)
	if err != nil {
		r.fail(at, key, "default: %w", err)
		return
	}
	*s.into = v
}

func (s *scalar[T]) dump() (any, bool) {
	text := s.print(*s.into)
	return s.json(text), text != ""
}

func (s *scalar[T]) json(text string) any {
	if s.takes[0] == aText {
		return text
	}
	return json.RawMessage(text)
}

func (s *scalar[T]) schema() object {
	o := slices.Clone(s.more)
	if o.get("enum") == nil && o.get("anyOf") == nil {
		o = append(object{{"type", map[kind]string{aText: "string", aNumber: "integer", aBool: "boolean"}[s.takes[0]]}}, o...)
	}
	if s.deflt != "" {
		o = append(o, pair{"default", s.json(s.deflt)})
	}
	return o
}

func (s *scalar[T]) form() string {
	form, _, _ := strings.Cut(s.word, " such as ")
	form, _, _ = strings.Cut(form, ": ")
	return strings.TrimPrefix(strings.TrimPrefix(form, "a "), "an ")
}

// keyed is a section: a type that binds the keys of a mapping to its fields.
type keyed interface{ keys() []key }

// key is one key of a section.
type key struct {
	name  string
	value value
	need  bool   // must be there
	doc   string // a sentence or two: the schema's and the reference's text
}

// section reads a mapping. It always holds: without it, the defaults of its keys do.
type section struct {
	keyed
	one bool // exactly one of the keys must be there
}

func (s section) read(r *reader, at string, n node) {
	r.where[at] = n.at
	if n.kind != aMap {
		hint := ""
		if n.kind == aNull {
			hint = "; write its keys below it, or {}"
		}
		r.fail(n.at, at, "want a mapping, have %s%s", n.kind, hint)
		return
	}
	keys := s.keys()
	seen := make([]bool, len(keys))
	chosen := ""
	for _, m := range n.members {
		i := slices.IndexFunc(keys, func(k key) bool { return k.name == m.name })
		if s.one && (i >= 0 || later(join(at, m.name)) != "") {
			if chosen != "" {
				r.fail(m.at, join(at, m.name), "%s has %s already; keep one", at, chosen)
			}
			chosen = m.name
		}
		if i < 0 {
			r.unknownKey(at, m, keys)
			continue
		}
		seen[i] = true
		keys[i].value.read(r, join(at, m.name), m.value)
	}
	for i, k := range keys {
		if seen[i] {
			continue
		}
		if k.need {
			r.fail(n.at, join(at, k.name), "is missing")
		}
		k.value.absent(r, join(at, k.name), n.at)
	}
	if s.one && chosen == "" {
		r.fail(n.at, at, "want one of %s", strings.Join(names(keys), ", "))
	}
}

func (s section) absent(r *reader, at string, where Position) {
	for _, k := range s.keys() {
		k.value.absent(r, join(at, k.name), where)
	}
}

func (s section) dump() (any, bool) {
	o := object{}
	for _, k := range s.keys() {
		if v, ok := k.value.dump(); ok {
			o = append(o, pair{k.name, v})
		}
	}
	return o, len(o) > 0
}

func (s section) schema() object {
	properties, required := object{}, []any{}
	for _, k := range s.keys() {
		properties = append(properties, pair{k.name, append(object{{"description", k.doc}}, k.value.schema()...)})
		if k.need {
			required = append(required, k.name)
		}
	}
	o := object{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}
	if len(required) > 0 {
		o = append(o, pair{"required", required})
	}
	if s.one {
		o = append(o, pair{"minProperties", 1}, pair{"maxProperties", 1})
	}
	return o
}

func (s section) form() string {
	if s.one {
		return "one section"
	}
	return "section"
}

func names(keys []key) []string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = k.name
	}
	return all
}

// optional is a section that may be absent altogether.
type optional[T any, P interface {
	*T
	keyed
}] struct{ into **T }

func (o optional[T, P]) read(r *reader, key string, n node) {
	v := new(T)
	*o.into = v
	section{keyed: P(v)}.read(r, key, n)
}

func (o optional[T, P]) absent(*reader, string, Position) {}

func (o optional[T, P]) dump() (any, bool) {
	if *o.into == nil {
		return nil, false
	}
	v, _ := section{keyed: P(*o.into)}.dump() // {} too says that it is there
	return v, true
}

func (o optional[T, P]) inside() section { return section{keyed: P(new(T))} }
func (o optional[T, P]) schema() object  { return o.inside().schema() }
func (o optional[T, P]) form() string    { return "section" }

// list reads a list of values of one kind.
type list[T any] struct {
	into *[]T
	elem func(*T) value
	min  int
}

func (l list[T]) read(r *reader, key string, n node) {
	r.where[key] = n.at
	if n.kind != aList {
		r.fail(n.at, key, "want a list of %s, have %s", plural(l.elem(new(T)).form()), n.kind)
		return
	}
	if len(n.items) < l.min {
		r.fail(n.at, key, "is empty; name at least %d, or leave the key out", l.min)
	}
	all := make([]T, len(n.items))
	for i := range n.items {
		l.elem(&all[i]).read(r, element(key, i), n.items[i])
	}
	*l.into = all
}

func (l list[T]) absent(*reader, string, Position) {}

func (l list[T]) dump() (any, bool) {
	all := []any{}
	for i := range *l.into {
		v, _ := l.elem(&(*l.into)[i]).dump()
		all = append(all, v)
	}
	return all, len(all) > 0
}

func (l list[T]) schema() object {
	o := object{{"type", "array"}, {"items", l.elem(new(T)).schema()}}
	if l.min > 0 {
		o = append(o, pair{"minItems", l.min})
	}
	return o
}

func (l list[T]) form() string { return "list of " + plural(l.elem(new(T)).form()) }

func plural(form string) string {
	if strings.HasSuffix(form, "s") {
		return form
	}
	return form + "s"
}

// object is a JSON object whose members keep their order.
type object []pair

type pair struct {
	name  string
	value any
}

func (o object) get(name string) any {
	for _, p := range o {
		if p.name == name {
			return p.value
		}
	}
	return nil
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	text := []byte{'{'}
	for i, p := range o {
		if i > 0 {
			text = append(text, ',')
		}
		v, err := marshal(p.value)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", p.name, err)
		}
		name, err := marshal(p.name)
		if err != nil {
			return nil, err
		}
		text = append(append(append(text, name...), ':'), v...)
	}
	return append(text, '}'), nil
}
