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
	next    int               // the next grant of the same service; -1 behind the last
}

type grants struct {
	spent    int // of effort
	list     []grant
	single   []*catalog.Action // those of the grants that cover one
	services []serviceGrants
	reached  map[typeOfStatement]bool

	fits   [8]fit // the last ones
	oldest int
}

// serviceGrants is where the grants of a service begin in the list.
type serviceGrants struct {
	service     string // "*" for those of all
	first, last int
}

type typeOfStatement struct {
	s *Statement
	t *catalog.ResourceType
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
			if service != nil && !g.Placeholder && !p.exhausted() {
				g.actions = p.grants.covered(service, g.Action)
				p.grants.spend(len(g.actions))
			}
			p.grants.add(g)
		}
	}
	return p.grants.list
}

func (gs *grants) add(g grant) {
	at := len(gs.list)
	gs.list = append(gs.list, g)
	for i := range gs.services {
		if s := &gs.services[i]; s.service == g.Service {
			gs.list[s.last].next = at
			s.last = at
			return
		}
	}
	gs.services = append(gs.services, serviceGrants{g.Service, at, at})
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
	return len(g.Name) == len(name) && strings.EqualFold(g.Name, name)
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
		if strings.Trim(s.Resources[i].Text, "*") == "" {
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
