package config

import (
	"slices"
	"strings"
)

// laterKeys are keys of the design that this version does not have yet, with what it has instead.
var laterKeys = map[string]string{
	"record": "it collects records, not call audio",
}

func later(key string) string { return laterKeys[key] }

// unknownKey says what was probably meant.
func (r *reader) unknownKey(at string, m member, known []key) {
	key := join(at, m.name)
	if instead := later(key); instead != "" {
		r.fail(m.at, key, "this version of trunkline does not have it; %s", instead)
		return
	}
	if near, ok := nearest(m.name, names(known)); ok {
		r.fail(m.at, key, "unknown key; did you mean %q?", near)
		return
	}
	if homes := homesOf(m.name); len(homes) > 0 {
		r.fail(m.at, key, "unknown key here; it belongs to %s", strings.Join(homes, " or "))
		return
	}
	if len(known) == 0 {
		r.fail(m.at, key, "unknown key; %s has none", at)
		return
	}
	r.fail(m.at, key, "unknown key; known: %s", strings.Join(names(known), ", "))
}

// homesOf lists the sections that know a key.
func homesOf(name string) []string {
	var homes []string
	walk("", section{keyed: &Config{}}, func(at string, _ value, keys []key) {
		if at != "" && slices.Contains(names(keys), name) {
			homes = append(homes, at)
		}
	})
	if slices.Contains(names((&Config{}).keys()), name) {
		homes = append(homes, "the top level")
	}
	return homes
}

// walk calls visit for a section and all sections inside it, in the table's order. at is the key of the section, with [] behind a
// list's.
func walk(at string, s section, visit func(at string, v value, keys []key)) {
	keys := s.keys()
	visit(at, s, keys)
	for _, k := range keys {
		inside := join(at, k.name)
		switch v := k.value.(type) {
		case section:
			walk(inside, v, visit)
		case interface{ inside() section }:
			walk(inside, v.inside(), visit)
		case list[Rule]:
			walk(inside+"[]", section{keyed: &Rule{}}, visit)
		}
	}
}
