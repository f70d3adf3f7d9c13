// Package used compares a policy with what CloudTrail says was used, and proposes the smaller one.
//
//	cloudtrail.Event ─ the catalog's operations ─▶ actions, resources ─▶ marks on the policy's grants ─▶ Report, smaller policy
//
// Its promise: what it proposes allows every event that was put to it and that the policy allowed by the grants which it took apart.
// Where the log cannot tell, the grant stays: actions on data that the log has no events of, actions that no event stands for, statements
// with NotAction or NotResource, conditions, and resources of events that do not name theirs.
//
// Memory is bounded by the policies: of events only the marks stay.
package used

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"trunkline/iam"
	"trunkline/iam/arn"
	"trunkline/iam/catalog"
	"trunkline/internal/cloudtrail"
)

// A Policy is an identity policy to be compared.
type Policy struct {
	Name     string // for reports: where it stands
	Document *iam.Document
}

// A State says what is known of a grant.
type State string

// The states.
const (
	Used   State = "used"
	Unused State = "unused"
	// Unlogged is what the log cannot tell: it has no events of this kind.
	Unlogged State = "unlogged"
)

// A Grant is an action, or one resource, of a statement with Effect Allow.
type Grant struct {
	Policy    string   `json:"policy"`
	Line      int      `json:"line"`
	Statement int      `json:"statement"` // from 1
	Sid       string   `json:"sid,omitempty"`
	Action    string   `json:"action,omitempty"`   // as written; of a resource ""
	Resource  string   `json:"resource,omitempty"` // as written; of an action ""
	State     State    `json:"state"`
	Times     int      `json:"times,omitempty"`
	Actions   []string `json:"actions,omitempty"` // of a pattern: those that were used
}

// A Call is what was called and is none of the policies' grants, or was denied.
type Call struct {
	Action   string `json:"action"`
	Resource string `json:"resource,omitempty"` // "" where the event does not name it
	Denied   bool   `json:"denied"`
	Times    int    `json:"times"`
}

// A Report is what the events say about the policies.
type Report struct {
	Events     int       `json:"events"` // of the principal
	From       time.Time `json:"from,omitzero"`
	To         time.Time `json:"to,omitzero"`
	Principals []string  `json:"principals,omitempty"` // whose events there were, at most 20
	Grants     []Grant   `json:"grants"`
	Beside     []Call    `json:"beside,omitempty"` // at most 1,000
}

const (
	maxCalls      = 1000
	maxPrincipals = 20
)

// Use collects what events use. It is not safe for concurrent use.
type Use struct {
	facts      *catalog.Catalog
	principal  string
	policies   []Policy
	statements []*statement
	logged     map[string]bool       // services with events about data
	data       map[string][]arn.Glob // what dataEvents says, lower case
	none       []arn.Glob            // what noEvents says

	events     int
	from, to   time.Time
	principals map[string]bool
	beside     map[Call]int
}

// statement is an Allow that can be taken apart.
type statement struct {
	policy    int
	of        *iam.Statement
	actions   []pattern // lower case
	resources []pattern
	used      map[string]int // of actions, by their full name
	times     []int          // of resources
	unnamed   bool           // an event did not name its resource
}

type pattern struct {
	text string
	glob arn.Glob
}

// New takes policies apart. Events of others than the principal, an ARN of a user or role, do not count; "" is everybody.
func New(policies []Policy, principal string, facts *catalog.Catalog) (*Use, error) {
	u := &Use{facts: facts, principal: principal, policies: policies, logged: map[string]bool{}, principals: map[string]bool{}, beside: map[Call]int{}, data: map[string][]arn.Glob{}}
	for prefix, names := range dataEvents() {
		for _, text := range names {
			u.data[prefix] = append(u.data[prefix], arn.Compile(strings.ToLower(prefix+":"+text)))
		}
	}
	for _, text := range noEvents() {
		u.none = append(u.none, arn.Compile(strings.ToLower(text)))
	}
	for i, p := range policies {
		if problems := p.Document.Problems; len(problems) > 0 {
			at := p.Document.Position(problems[0].Span.Start)
			return nil, fmt.Errorf("%s:%d:%d: %s", p.Name, at.Line, at.Column, problems[0].Text)
		}
		for _, s := range p.Document.Statements {
			if s.Effect == nil || s.Effect.Text != "Allow" || s.Action == nil || s.Resource == nil {
				continue
			}
			one := &statement{policy: i, of: s, used: map[string]int{}}
			for _, node := range s.Action.List {
				one.actions = append(one.actions, pattern{node.Text, arn.Compile(strings.ToLower(node.Text))})
			}
			for _, node := range s.Resource.List {
				one.resources = append(one.resources, pattern{node.Text, arn.Compile(variables(node.Text))})
			}
			one.times = make([]int, len(one.resources))
			u.statements = append(u.statements, one)
		}
	}
	return u, nil
}

// variables lets each policy variable of a pattern stand for anything.
func variables(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		switch {
		case !found:
			return b.String()
		case !closed:
			return b.String() + "${" + rest
		case name == "*" || name == "?" || name == "$":
			b.WriteByte('?') // that character, or any other
		default:
			b.WriteByte('*')
		}
		text = after
	}
}

// Add notes an event.
func (u *Use) Add(e *cloudtrail.Event) {
	if u.principal != "" && e.Principal != u.principal {
		return
	}
	u.events++
	if e.Principal != "" && len(u.principals) < maxPrincipals {
		u.principals[e.Principal] = true
	}
	if !e.Time.IsZero() {
		if u.from.IsZero() || e.Time.Before(u.from) {
			u.from = e.Time
		}
		if e.Time.After(u.to) {
			u.to = e.Time
		}
	}
	service, _, _ := strings.Cut(e.Source, ".")
	if prefix, known := u.facts.Prefix(service); known && strings.EqualFold(e.Category, "Data") {
		u.logged[prefix] = true
	}
	for _, action := range u.actions(service, e.Name) {
		u.mark(action, resources(action, e), e.Denied())
	}
}

// actions are what an event asked for. Names of operations of some services end in the date of their version.
func (u *Use) actions(service, name string) (all []*catalog.Action) {
	names, known := u.facts.Operation(service, name)
	if !known {
		names, _ = u.facts.Operation(service, unversioned(name))
	}
	for _, name := range names {
		if a, ok := u.facts.Action(name); ok {
			all = append(all, a)
		}
	}
	return all
}

// unversioned is GetFunction of GetFunction20150331v2.
func unversioned(name string) string {
	if i := strings.LastIndexByte(name, 'v'); i > 0 && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	if i := len(name) - len("20150331"); i > 0 && strings.Trim(name[i:], "0123456789") == "" {
		return name[:i]
	}
	return name
}

// mark notes the use of an action on resources; on none where the event names none.
func (u *Use) mark(action *catalog.Action, named []string, denied bool) {
	granted, name := false, strings.ToLower(action.String())
	for _, s := range u.statements {
		if denied || !slices.ContainsFunc(s.actions, func(p pattern) bool { return p.glob.Match(name) }) {
			continue
		}
		hit := len(named) == 0
		s.unnamed = s.unnamed || hit
		for i := range s.resources {
			p := &s.resources[i]
			if slices.ContainsFunc(named, p.glob.Match) || p.glob.Any() {
				s.times[i]++
				hit = true
			}
		}
		if hit {
			s.used[action.String()]++
			granted = true
		}
	}
	if granted {
		return
	}
	c := Call{Action: action.String(), Denied: denied}
	if len(named) > 0 {
		c.Resource = named[0]
	}
	if _, known := u.beside[c]; known || len(u.beside) < maxCalls {
		u.beside[c]++
	}
}

// Report says what was used until now.
func (u *Use) Report() Report {
	r := Report{Events: u.events, From: u.from, To: u.to, Grants: []Grant{}}
	for name := range u.principals {
		r.Principals = append(r.Principals, name)
	}
	slices.Sort(r.Principals)
	for _, s := range u.statements {
		p := u.policies[s.policy]
		about := Grant{Policy: p.Name, Line: p.Document.Position(s.of.Node.Span.Start).Line, Statement: s.of.Index + 1}
		if s.of.Sid != nil {
			about.Sid = s.of.Sid.Text
		}
		for i := range s.actions {
			g := about
			g.Action = s.actions[i].text
			g.State, g.Times, g.Actions = u.action(s, &s.actions[i])
			r.Grants = append(r.Grants, g)
		}
		for i := range s.resources {
			g := about
			g.Resource, g.Times, g.State = s.resources[i].text, s.times[i], Unused
			switch {
			case g.Times > 0:
				g.State = Used
			case s.unnamed || u.keeps(s):
				g.State = Unlogged
			}
			r.Grants = append(r.Grants, g)
		}
	}
	for c, times := range u.beside {
		c.Times = times
		r.Beside = append(r.Beside, c)
	}
	slices.SortFunc(r.Beside, func(a, b Call) int {
		return cmp.Or(strings.Compare(a.Action, b.Action), strings.Compare(a.Resource, b.Resource), cmp.Compare(a.Times, b.Times))
	})
	return r
}

// action says what is known of an action of a statement, or a pattern of them.
func (u *Use) action(s *statement, p *pattern) (state State, times int, used []string) {
	for name, n := range s.used {
		if p.glob.Match(strings.ToLower(name)) {
			times += n
			used = append(used, name)
		}
	}
	slices.Sort(used)
	switch {
	case len(used) == 0 && u.someSilent(p.text):
		return Unlogged, 0, nil
	case len(used) == 0:
		return Unused, 0, nil
	case !strings.ContainsAny(p.text, "*?"):
		used = nil
	}
	return Used, times, used
}

// keeps tells whether a statement has an action that the log cannot tell about.
func (u *Use) keeps(s *statement) bool {
	for i := range s.actions {
		if p := &s.actions[i]; strings.ContainsAny(p.text, "*?") && u.someSilent(p.text) {
			return true
		} else if state, _, _ := u.action(s, p); state == Unlogged {
			return true
		}
	}
	return false
}

// someSilent tells whether the log says nothing about one of the actions of a pattern.
func (u *Use) someSilent(text string) bool {
	for a := range u.facts.Expand(text) {
		if u.silent(a) {
			return true
		}
	}
	return false
}

// silent tells whether the log says nothing about an action whether it was used or not.
func (u *Use) silent(a *catalog.Action) bool {
	name := strings.ToLower(a.String())
	covers := func(g arn.Glob) bool { return g.Match(name) }
	if slices.ContainsFunc(u.none, covers) {
		return true
	}
	prefix, _, _ := strings.Cut(name, ":")
	return !u.logged[prefix] && slices.ContainsFunc(u.data[prefix], covers)
}
