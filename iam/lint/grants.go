package lint

import (
	"iter"
	"strings"

	"trunkline/iam"
	"trunkline/iam/catalog"
)

// Our own checks ask what a policy grants: which actions its patterns cover today, and whether the resources beside them are any
// that those actions take. Both are found out once for a policy.
//
//	Action ─▶ grant: the catalogue's actions ─▶ reach: granted here, needs "*", or takes other types
//	            └ by service, so that a check for iam:PassRole costs nothing in a policy about Kinesis

// A grant is one string of an Action element, of an Allow or a Deny.
type grant struct {
	*Action
	s       *Statement
	actions []*catalog.Action // what it covers today; nil for "*", and for what the catalogue does not know
	reached []reach           // of the actions, see Pass.reaches
	all     bool              // "*" or "*:*"
	repeats bool              // an earlier one of the same effect has the same text; false also where that was not looked for
	next    int               // the next grant of the same service; -1 behind the last
}

type grants struct {
	spent    int // of effort
	list     []grant
	single   []*catalog.Action // those of the grants that cover one
	services []serviceGrants
	byName   map[string]int // of services; nil while they are few
	takesOf  *Statement     // what takes holds verdicts for: the statement asked about last
	takes    []typeTaken
}

// serviceGrants is where the grants of a service begin in the list.
type serviceGrants struct {
	service     string // "*" for those of all
	first, last int
}

// typeTaken says whether a resource of the statement can be of a type.
type typeTaken struct {
	t     *catalog.ResourceType
	takes bool
}

// effort bounds the work on one policy, in comparisons. Some of our checks compare each grant with each; of a policy that AWS would
// take they spend a thousandth of it. When it is spent, they say nothing more: half of a search is no finding.
const effort = 4_000_000

// spend takes from what is left and tells whether anything is.
func (gs *grants) spend(n int) bool {
	gs.spent += n
	return gs.spent < effort
}

// exhausted tells whether the effort is spent.
func (p *Pass) exhausted() bool { return p.grants != nil && p.grants.spent >= effort }

// allGrants lists the strings of all Action elements. Statements with NotAction have none: what they reach is not named.
func (p *Pass) allGrants() []grant {
	if p.grants != nil {
		return p.grants.list
	}
	n := 0
	for s := range p.Each() {
		n += len(s.Actions)
	}
	p.grants = &grants{list: make([]grant, 0, n), single: make([]*catalog.Action, 0, n)}
	var service *catalog.Service // of the last grant: policies write them side by side
	var recent recentGrants
	for s := range p.Each() {
		if s.Action == nil || !s.Allow && !s.Deny {
			continue
		}
		for i := range s.Actions {
			g := grant{Action: &s.Actions[i], s: s, next: -1}
			g.all = g.Service == "*" && strings.Trim(g.Name, "*") == ""
			if service == nil || service.Prefix != g.Service {
				service, _ = p.Catalog.Service(g.Service)
			}
			same := recent.find(g.Text)
			g.repeats = same != nil && same.s.Allow == s.Allow
			if service != nil && !g.Placeholder && !p.exhausted() {
				if same != nil {
					g.actions = same.actions
				} else {
					g.actions = p.grants.covered(service, g.Action)
				}
				p.grants.spend(len(g.actions))
			}
			p.grants.add(g)
			recent.note(&p.grants.list[len(p.grants.list)-1])
		}
	}
	return p.grants.list
}

// recentGrants finds a grant of the same text again: statements repeat each other's actions. It forgets some.
type recentGrants [64]*grant

func (r *recentGrants) find(text string) *grant {
	if g := r[slot(text)]; g != nil && g.Text == text {
		return g
	}
	return nil
}

func (r *recentGrants) note(g *grant) { r[slot(g.Text)] = g }

// slot tells most actions of a policy apart by their length and last letters.
func slot(text string) int {
	h := len(text)
	for i := max(0, len(text)-6); i < len(text); i++ {
		h = h*31 + int(text[i])
	}
	return h & 63
}

func (gs *grants) add(g grant) {
	at := len(gs.list)
	gs.list = append(gs.list, g)
	if s := gs.of(g.Service); s != nil {
		gs.list[s.last].next = at
		s.last = at
		return
	}
	gs.services = append(gs.services, serviceGrants{g.Service, at, at})
	if gs.byName != nil {
		gs.byName[g.Service] = len(gs.services) - 1
	}
}

// of are the grants of a service; nil when there are none.
func (gs *grants) of(service string) *serviceGrants {
	const few = 32 // more than policies are about
	if gs.byName == nil && len(gs.services) > few {
		gs.byName = make(map[string]int, len(gs.services))
		for i := range gs.services {
			gs.byName[gs.services[i].service] = i
		}
	}
	if gs.byName != nil {
		if i, ok := gs.byName[service]; ok {
			return &gs.services[i]
		}
		return nil
	}
	for i := range gs.services {
		if gs.services[i].service == service {
			return &gs.services[i]
		}
	}
	return nil
}

// grantsByStatement goes through the statements that have grants, each with all of its own.
func (p *Pass) grantsByStatement() iter.Seq[[]grant] {
	return func(yield func([]grant) bool) {
		for list := p.allGrants(); len(list) > 0; {
			n := 1
			for n < len(list) && list[n].s == list[0].s {
				n++
			}
			if !yield(list[:n:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// covering goes through the grants whose pattern covers an action, Allow and Deny, by service and position.
func (p *Pass) covering(service, name string) iter.Seq[*grant] {
	return func(yield func(*grant) bool) {
		list := p.allGrants()
		for _, s := range p.grants.services {
			if s.service != service && s.service != "*" {
				continue
			}
			for i := s.first; i >= 0 && p.grants.spend(1); i = list[i].next {
				if g := &list[i]; g.covers(name) && !yield(g) {
					return
				}
			}
		}
	}
}

// covers is Covers within the same service.
func (g *grant) covers(name string) bool {
	if g.Wild {
		return matchFold(g.Name, name)
	}
	return len(g.Name) == len(name) && (g.Name == name || len(name) > 0 && lower(g.Name[0]) == lower(name[0]) && strings.EqualFold(g.Name, name))
}

// covered are the actions of a service that a pattern covers.
func (gs *grants) covered(service *catalog.Service, a *Action) []*catalog.Action {
	if !a.Wild {
		action, ok := service.Action(a.Name)
		if !ok {
			return nil
		}
		at := len(gs.single)
		gs.single = append(gs.single, action)
		return gs.single[at : at+1 : at+1]
	}
	if a.Name == "*" {
		actions := make([]*catalog.Action, len(service.Actions))
		for i := range service.Actions {
			actions[i] = &service.Actions[i]
		}
		return actions
	}
	if !gs.spend(len(service.Actions)) {
		return nil
	}
	var actions []*catalog.Action
	for action := range service.Expand(a.Name) {
		actions = append(actions, action)
	}
	return actions
}

// allowing goes through the grants of Allow statements that cover an action, such as "iam", "PassRole", and reach a resource
// that it takes. Those that an unconditional Deny takes back are left out.
func (p *Pass) allowing(service, name string) iter.Seq[*grant] {
	return func(yield func(*grant) bool) {
		var action *catalog.Action
		for g := range p.covering(service, name) {
			if !g.s.Allow {
				continue
			}
			if action == nil {
				if p.denied(service, name) {
					return
				}
				if s, ok := p.Catalog.Service(service); ok {
					action, _ = s.Action(name)
				}
			}
			if (action == nil || p.reach(g.s, action) == granted) && !yield(g) {
				return
			}
		}
	}
}

// naming is allowing without the grants of a whole service: who writes kms:* means everything, and says so.
func (p *Pass) naming(service, name string) iter.Seq[*grant] {
	return func(yield func(*grant) bool) {
		for g := range p.allowing(service, name) {
			if g.Service != "*" && g.Name != "*" && !yield(g) {
				return
			}
		}
	}
}

// firstAllowing is the first grant that allows an action; nil when there is none.
func (p *Pass) firstAllowing(service, name string) *grant {
	var first *grant
	p.allowing(service, name)(func(g *grant) bool {
		first = g
		return false
	})
	return first
}

// denied tells whether the policy denies an action on every resource, without a condition or with one about what IAM is asked to do.
func (p *Pass) denied(service, name string) bool {
	for g := range p.covering(service, name) {
		if !g.s.Deny || !g.s.any() {
			continue
		}
		about := len(g.s.Tests) == 0
		for j := range g.s.Tests {
			about = about || strings.HasPrefix(g.s.Tests[j].Name, "iam:")
		}
		if about {
			return true
		}
	}
	return false
}

// any tells whether one of the statement's resources is "*".
func (s *Statement) any() bool {
	if s.Resource == nil {
		return false
	}
	for i := range s.Resources {
		if s.Resources[i].stars {
			return true
		}
	}
	return false
}

// tests tells whether a condition of the statement asks for a key, in lower case, or for one that begins so when it ends in "/".
func (s *Statement) tests(keys ...string) bool {
	for i := range s.Tests {
		for _, key := range keys {
			if s.Tests[i].Name == key || strings.HasSuffix(key, "/") && strings.HasPrefix(s.Tests[i].Name, key) {
				return true
			}
		}
	}
	return false
}

// line is the line that a node begins in.
func (p *Pass) line(n *iam.Node) int { return p.Position(n.Span.Start).Line }
