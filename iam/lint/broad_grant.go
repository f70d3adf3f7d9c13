package lint

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
)

// A broadGrant is an action that is dangerous on resources that nobody named: iam:PassRole and iam:CreateServiceLinkedRole, each
// with six checks, one for every way to grant it too widely.
type broadGrant struct {
	action string                 // of iam
	key    string                 // a condition on it, in lower case, makes a wildcard in Resource acceptable
	narrow func(name string) bool // tells whether a resource name with a wildcard is narrow enough
	advice string                 // what a resource with a wildcard means, and what to do
}

// A form is a way to grant too widely.
type form struct {
	actions   actionForm
	resources resourceForm
}

type (
	actionForm   uint8
	resourceForm uint8
)

const (
	namedAction actionForm = iota // the action by its name
	wildAction                    // a pattern that covers it
	notAction                     // NotAction without it
)

const (
	wildResource resourceForm = iota // a Resource with a wildcard
	notResource                      // NotResource
)

// check is the run function of one form.
func (g *broadGrant) check(f form) func(*Pass) {
	return func(p *Pass) {
		if !p.Grants() {
			return
		}
		for s := range p.Each() {
			if !s.Allow {
				continue
			}
			at := g.reached(s, f.actions)
			if at == nil {
				continue
			}
			switch f.resources {
			case notResource:
				if s.NotResource != nil && s.Resource == nil && !slices.ContainsFunc(s.Resources, func(r Resource) bool { return r.Any }) {
					message := fmt.Sprintf("This grants iam:%s%s on everything that NotResource does not list: name the roles with Resource.", g.action, by(at, f.actions))
					p.Report(at, message).also(s.NotResource.Key)
				}
			case wildResource:
				if s.Resource == nil || s.NotResource != nil || s.Tested(g.key) != nil {
					continue
				}
				var finding *Finding
				for i := range s.Resources {
					r := &s.Resources[i]
					if !g.tooWide(r) {
						continue
					}
					if finding == nil {
						finding = p.Report(at, fmt.Sprintf("This grants iam:%s%s on %s, %s.", g.action, by(at, f.actions), r.Text, g.advice))
					}
					finding.also(r.Node)
				}
			}
		}
	}
}

// by names the pattern that grants, where it is not the action itself.
func by(at *iam.Node, f actionForm) string {
	switch f {
	case wildAction:
		return " (by " + at.Text + ")"
	case notAction:
		return " (NotAction does not exclude it)"
	}
	return ""
}

// reached is what in the statement grants the action in one form, nil when nothing does. A pattern counts only where the name
// itself does not stand, so that one statement has one finding.
func (g *broadGrant) reached(s *Statement, f actionForm) *iam.Node {
	switch {
	case s.NotAction != nil && s.Action == nil:
		if f == notAction && s.Named("iam", g.action) == nil && s.Reached("iam", g.action) == nil && len(s.Actions) > 0 {
			return s.NotAction.Key
		}
	case s.Action == nil:
	case f == namedAction:
		if a := s.Named("iam", g.action); a != nil {
			return a.Node
		}
	case f == wildAction && s.Named("iam", g.action) == nil:
		if a := s.Reached("iam", g.action); a != nil {
			return a.Node
		}
	}
	return nil
}

// tooWide tells whether a resource covers roles that it does not name. An account with a wildcard does no harm: both actions reach
// roles of the caller's account only.
func (g *broadGrant) tooWide(r *Resource) bool {
	if r.Any || strings.Trim(r.Text, "*") == "" {
		return true
	}
	if r.Fields < 6 || !matchFold(r.Service, "iam") || strings.Contains(r.Name, "${") || !Wild(r.Name) {
		return false
	}
	name, isRole := strings.CutPrefix(r.Name, "role/")
	if !isRole {
		return matchFold(r.Name, "role/x") || strings.HasPrefix("role/", strings.TrimRight(r.Name, "*?"))
	}
	return !g.narrow(name)
}
