package sim

import (
	"maps"
	"slices"
	"strings"
)

// An actionPattern is one value of an Action or NotAction element in lower case, "prefix:name": the name may have wildcards, the
// prefix is one word or a lone * ("AWS JSON policy elements: Action": names and prefixes are not case-sensitive).
type actionPattern struct {
	service string // "*" for any
	name    pattern
}

func newActionPattern(text string) actionPattern {
	text = strings.ToLower(text)
	if text == "*" {
		return actionPattern{"*", newPattern([]part{{kind: many}})}
	}
	service, name, found := strings.Cut(text, ":")
	if !found {
		service = "" // no action has an empty prefix, so nothing matches
	}
	return actionPattern{service, newPattern(wildcards(nil, name))}
}

func (p *actionPattern) match(a *action) bool {
	return (p.service == a.service.name || p.service == "*") && p.name.match(a.name, nil) == yes
}

// An action is what a request wants to do, in lower case.
type action struct {
	key            // prefix:name
	service key    // prefix
	name    string // what stands behind the colon
}

func newAction(text string) action {
	k := newKey(text)
	service, name, _ := strings.Cut(k.name, ":")
	return action{key: k, service: newKey(service), name: name}
}

// A dispatch finds the statements of a policy that an action can concern, without asking each:
//
//	written out somewhere in the policy ─▶ the statements that match it, known beforehand
//	any other                           ─▶ those with a wildcard in its service, or in any: they have to be asked
type dispatch struct {
	exact    []entry  // by hash of the action
	services []entry  // by hash of the prefix
	others   []uint16 // statements that can match in every service
}

// An entry of an open-addressed table; empty when its name is.
type entry struct {
	key
	statements []uint16 // in order
}

// maxDispatch bounds the work of newDispatch, in comparisons. Real policies stay far below.
const maxDispatch = 1 << 22

func newDispatch(statements []statement) dispatch {
	patterns := 0
	for i := range statements {
		patterns += len(statements[i].actions)
	}
	if patterns > maxDispatch/max(patterns, 1) {
		d := dispatch{exact: newEntries(nil), services: newEntries(nil)}
		for i := range statements {
			d.others = append(d.others, uint16(i))
		}
		return d
	}
	written, wild := map[string][]uint16{}, map[string][]uint16{}
	var others []uint16
	for i := range statements {
		s := &statements[i]
		if s.notAction {
			others = append(others, uint16(i))
		}
		for j := range s.actions {
			p := &s.actions[j]
			name, single := p.name.glob.Literal()
			switch {
			case p.service == "*":
				if !s.notAction {
					others = append(others, uint16(i))
				}
			case single:
				written[p.service+":"+name] = nil
			case !s.notAction:
				wild[p.service] = append(wild[p.service], uint16(i))
			}
		}
	}
	others = slices.Compact(others)
	for service, list := range wild {
		list = append(list, others...)
		slices.Sort(list)
		wild[service] = slices.Compact(list)
	}
	for name := range written {
		a := newAction(name)
		for i := range statements {
			if statements[i].concerns(&a) {
				written[name] = append(written[name], uint16(i))
			}
		}
	}
	return dispatch{exact: newEntries(written), services: newEntries(wild), others: others}
}

func newEntries(lists map[string][]uint16) []entry {
	size := 4
	for size < 2*len(lists) {
		size *= 2
	}
	entries := make([]entry, size)
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		k := newKey(name)
		slot := k.hash
		for entries[slot&uint32(size-1)].name != "" {
			slot++
		}
		entries[slot&uint32(size-1)] = entry{k, lists[name]}
	}
	return entries
}

func findEntry(entries []entry, k *key) *entry {
	mask := uint32(len(entries) - 1)
	for slot := k.hash; ; slot++ {
		e := &entries[slot&mask]
		if e.name == "" {
			return nil
		}
		if e.hash == k.hash && e.name == k.name {
			return e
		}
	}
}

// candidates gives the statements to look at, and whether they are known to match the action.
func (d *dispatch) candidates(a *action) (statements []uint16, sure bool) {
	if e := findEntry(d.exact, &a.key); e != nil {
		return e.statements, true
	}
	if e := findEntry(d.services, &a.service); e != nil {
		return e.statements, false
	}
	return d.others, false
}
