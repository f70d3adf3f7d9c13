package integration

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/arn"
)

// A Change is one difference between a published policy and ours, or what both have alike.
//
// It is a line of policy show --diff-published --output json.
type Change struct {
	Integration string     `json:"integration"`
	Policy      string     `json:"policy"`
	Kind        ChangeKind `json:"kind"`                // same, changed, left out or added
	Published   string     `json:"published,omitempty"` // statement of the guide, "policy statement"; empty for Added
	Ours        string     `json:"ours,omitempty"`      // Sid; empty for LeftOut
	Actions     []string   `json:"actions"`             // concerned: as published, but for Added
	Was         []string   `json:"was,omitempty"`       // resources of the guide
	Is          []string   `json:"is,omitempty"`        // ours
	Under       []string   `json:"under,omitempty"`     // conditions that ours has: "Operator key"
	Defects     []string   `json:"defects,omitempty"`   // numbers of doc/published-policies.md
	Why         string     `json:"why,omitempty"`
}

// A ChangeKind says how ours differs.
type ChangeKind uint8

const (
	Same    ChangeKind = iota // the same actions, on the same resources, under the same conditions
	Changed                   // on other resources, or under other conditions
	LeftOut                   // published, and not in ours
	Added                     // in ours, and not published
)

func (k ChangeKind) String() string {
	return [...]string{"same", "changed", "left out", "added"}[k]
}

// MarshalText implements encoding.TextMarshaler.
func (k ChangeKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Compare says statement by statement how a rendered policy differs from the published one, and why: the guide's statements in their
// order, then what only ours has. It is nil when nothing is published.
func (r *Rendered) Compare(given map[string]string) ([]Change, error) {
	i, p := r.Integration, r.Policy
	grants, err := i.grants(p)
	if err != nil || grants == nil {
		return nil, err
	}
	v, err := i.newValues(given)
	if err != nil {
		return nil, err
	}
	ours := r.statements()
	var changes []Change
	for n := range grants {
		theirs, err := v.compareGrant(p, &grants[n], ours)
		if err != nil {
			return nil, err
		}
		changes = append(changes, theirs...)
	}
	for _, s := range ours {
		added := Change{Kind: Added, Ours: s.about.Sid, Is: s.resources, Under: s.tests, Why: s.about.reason()}
		for _, action := range s.actions {
			if !slices.ContainsFunc(grants, func(g Grant) bool { return slices.ContainsFunc(g.Actions, covers(action)) }) {
				added.Actions = append(added.Actions, action)
			}
		}
		if added.Actions != nil {
			changes = append(changes, added)
		}
	}
	for n := range changes {
		changes[n].Integration, changes[n].Policy = i.Name, p.Name
	}
	return changes, nil
}

// reason is why a statement differs from the guide: what is said about that, else why it is there at all.
func (s *Statement) reason() string {
	if s.Differs != "" {
		return s.Differs
	}
	return s.Why
}

// A standing is a statement of ours, with its values.
type standing struct {
	about      *Statement
	document   string // in which it stands
	actions    []string
	resources  []string
	tests      []string // "Operator key"
	conditions []string // "Operator key=values", sorted
}

func (r *Rendered) statements() (all []standing) {
	at := 0
	for _, d := range r.Documents {
		for _, s := range iam.Parse(d.Text).Statements {
			one := standing{about: r.Statements[at], document: d.Name, actions: texts(s.Action), resources: texts(s.Resource)}
			for _, c := range s.Conditions {
				one.tests = append(one.tests, c.Operator.Text+" "+c.Key.Text)
				one.conditions = append(one.conditions, c.Operator.Text+" "+c.Key.Text+"="+strings.Join(textsOf(c.Values), ","))
			}
			slices.Sort(one.conditions)
			at++
			if s.Effect != nil && s.Effect.Text == "Deny" {
				one.actions = prefixed("Deny ", one.actions)
			}
			if s.NotResource != nil {
				one.resources = prefixed("all but ", texts(s.NotResource))
			}
			all = append(all, one)
		}
	}
	return all
}

func prefixed(prefix string, list []string) []string {
	out := make([]string, len(list))
	for n, text := range list {
		out[n] = prefix + text
	}
	return out
}

func texts(v *iam.Values) []string {
	if v == nil {
		return nil
	}
	return textsOf(v.List)
}

func textsOf(list []*iam.Node) []string {
	all := make([]string, len(list))
	for n, node := range list {
		all[n] = node.Text
	}
	return all
}

// covers makes a test of published patterns: does it cover the action. What a guide misspelt covers nothing.
func covers(action string) func(pattern string) bool {
	return func(pattern string) bool {
		if !strings.ContainsAny(pattern, "*?") {
			return strings.EqualFold(pattern, action)
		}
		g := arn.Compile(strings.ToLower(pattern))
		return g.Match(strings.ToLower(action))
	}
}

// despite tells whether a statement of ours grants a published action for something else only.
func (p *Policy) despite(g *Grant, action, sid string) bool {
	return slices.ContainsFunc(p.Omissions, func(o Omission) bool {
		return o.From == g.Policy && slices.Contains(o.Actions, action) && slices.Contains(o.Despite, sid)
	})
}

// compareGrant compares one published statement: what of it is alike and what is changed, by statement of ours, then what is left out.
func (v *values) compareGrant(p *Policy, g *Grant, ours []standing) ([]Change, error) {
	name := g.Policy + " " + g.Statement
	was, err := v.all(g.Resources)
	if err != nil {
		return nil, err
	}
	conditions, err := v.all(g.Conditions)
	if err != nil {
		return nil, err
	}
	slices.Sort(conditions)
	var changes []Change
	kept := map[string]bool{}
	for _, s := range ours {
		var actions []string
		exact := true
		for _, pattern := range g.Actions {
			for _, action := range s.actions {
				if covers(action)(pattern) && !p.despite(g, pattern, s.about.Sid) {
					kept[pattern] = true
					exact = exact && strings.EqualFold(pattern, action)
					actions = append(actions, action)
				}
			}
		}
		if actions == nil {
			continue
		}
		c := Change{Published: name, Ours: s.about.Sid, Actions: actions, Was: was, Is: s.resources, Under: s.tests}
		if !exact || !sameSet(was, s.resources) || !slices.Equal(conditions, s.conditions) {
			c.Kind, c.Why = Changed, s.about.Differs
		}
		changes = append(changes, c)
	}
	var open []string
	for _, pattern := range g.Actions {
		if !kept[pattern] {
			open = append(open, pattern)
		}
	}
	for n := range p.Omissions {
		o := &p.Omissions[n]
		if o.From != g.Policy {
			continue
		}
		c := Change{Kind: LeftOut, Published: name, Was: was, Defects: o.Defects, Why: o.Why}
		open = slices.DeleteFunc(open, func(action string) bool {
			if !slices.Contains(o.Actions, action) {
				return false
			}
			c.Actions = append(c.Actions, action)
			return true
		})
		if c.Actions != nil {
			changes = append(changes, c)
		}
	}
	if len(open) > 0 {
		changes = append(changes, Change{Kind: LeftOut, Published: name, Actions: open, Was: was})
	}
	return changes, nil
}

// all expands a list as far as values are known; what is not known stays as it is written.
func (v *values) all(list []string) (out []string, err error) {
	for _, text := range list {
		texts, err := v.expand(text)
		if err != nil {
			return nil, fmt.Errorf("published.tsv of %s: %w", v.of.Name, err)
		}
		if texts == nil {
			texts = []string{text}
		}
		out = append(out, texts...)
	}
	return out, nil
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
