package generate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"trunkline/iam/arn"
	"trunkline/iam/catalog"
)

func compareGrants(a, b grant) int {
	return cmp.Or(strings.Compare(a.action, b.action), slices.CompareFunc(a.conditions, b.conditions, compareConditions), strings.Compare(a.resource, b.resource))
}

// reduce sorts grants and leaves out those that another one covers: of the same action, on a wider pattern, under the same
// conditions or none.
func reduce(grants []grant) []grant {
	slices.SortStableFunc(grants, compareGrants)
	var distinct []grant
	for _, g := range grants {
		if last := len(distinct) - 1; last >= 0 && compareGrants(distinct[last], g) == 0 {
			distinct[last].take(g)
			continue
		}
		distinct = append(distinct, g)
	}
	covered := make([]bool, len(distinct))
	for i := range distinct {
		by := slices.IndexFunc(distinct, func(other grant) bool { return covers(other, distinct[i]) })
		if by < 0 || by > i && covers(distinct[i], distinct[by]) { // of two patterns that say the same, the first
			continue
		}
		covered[i] = true
		distinct[by].take(distinct[i])
	}
	var kept []grant
	for i, g := range distinct {
		if !covered[i] {
			kept = append(kept, g)
		}
	}
	return kept
}

// take lets a grant serve what another one serves.
func (g *grant) take(other grant) {
	g.uses, g.why = slices.Concat(g.uses, other.uses), slices.Concat(g.why, other.why)
}

// covers tells whether a grant allows all that another one does, and more.
func covers(a, b grant) bool {
	if a.action != b.action || compareGrants(a, b) == 0 || len(a.conditions) > 0 && slices.CompareFunc(a.conditions, b.conditions, compareConditions) != 0 {
		return false
	}
	return arn.Covers(arn.Compile(a.resource), arn.Compile(b.resource))
}

// group puts grants into statements: first the resources of an action under the same conditions, then the actions of a service
// that have these in common. Neither grants more than the grants do.
func group(grants []grant) []Statement {
	var statements []Statement
	for _, g := range grants {
		last := len(statements) - 1
		if last >= 0 && statements[last].Actions[0] == g.action && slices.CompareFunc(statements[last].Conditions, g.conditions, compareConditions) == 0 {
			statements[last].Resources = append(statements[last].Resources, g.resource)
			statements[last].For = append(statements[last].For, g.uses...)
			statements[last].Why = append(statements[last].Why, g.why...)
			continue
		}
		statements = append(statements, Statement{Actions: []string{g.action}, Resources: []string{g.resource}, Conditions: g.conditions, For: slices.Clone(g.uses), Why: slices.Clone(g.why)})
	}
	var grouped []Statement
	for _, s := range statements {
		same := slices.IndexFunc(grouped, func(t Statement) bool {
			return service(s.Actions[0]) == service(t.Actions[0]) && slices.Equal(s.Resources, t.Resources) &&
				slices.CompareFunc(s.Conditions, t.Conditions, compareConditions) == 0
		})
		if same < 0 {
			grouped = append(grouped, s)
			continue
		}
		grouped[same].Actions = append(grouped[same].Actions, s.Actions...)
		grouped[same].For = append(grouped[same].For, s.For...)
		grouped[same].Why = append(grouped[same].Why, s.Why...)
	}
	for i := range grouped {
		grouped[i].For, grouped[i].Why = sorted(grouped[i].For), sorted(grouped[i].Why)
	}
	return grouped
}

// sorted are texts in order, each once.
func sorted(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}

func service(action string) string {
	prefix, _, _ := strings.Cut(action, ":")
	return prefix
}

// name gives each statement a Sid that says what it is about: the service, and the type of its first resource.
func name(statements []Statement, c *catalog.Catalog) {
	used := map[string]int{}
	for i := range statements {
		s := &statements[i]
		sid := word(service(s.Actions[0])) + word(kind(s, c))
		used[sid]++
		if used[sid] > 1 {
			sid += strconv.Itoa(used[sid])
		}
		s.Sid = sid
	}
}

// kind is the name of the resource type that the statement is about, "Any" for "*".
func kind(s *Statement, c *catalog.Catalog) string {
	if a, ok := c.Action(s.Actions[0]); ok && s.Resources[0] != "*" {
		for _, r := range a.Resources {
			if r.Type.Intersects(s.Resources[0]) {
				return r.Type.Name
			}
		}
	}
	return "Any"
}

// word is a name as a part of a Sid: letters and digits, and each word with a capital.
func word(name string) string {
	var b strings.Builder
	up := true
	for _, r := range name {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		switch {
		case letter && up:
			b.WriteString(strings.ToUpper(string(r)))
		case letter || '0' <= r && r <= '9':
			b.WriteRune(r)
		}
		up = !letter
	}
	return b.String()
}
