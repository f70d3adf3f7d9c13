package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
	"trunkline/iam/catalog"
)

var actionWithoutResourceType = &Check{
	Code: "TL_ACTION_WITHOUT_RESOURCE_TYPE", Severity: Warning, Title: "Action that the resources cannot grant",
	Doc: `An action is authorized on resources of the types that the Service Authorization Reference lists for it; an action with no
type is authorized on "*" alone. A statement that gives such an action other resources is accepted by IAM and grants (or denies)
nothing of it.

An action that is written out is a warning. Of a pattern such as "s3:Get*" the part that grants nothing is listed, as a
suggestion, unless other statements grant all of it; a pattern of which nothing is granted is a warning. Of patterns in a Deny, in
resource policies and in policies that only bound, parts are left to do nothing, as they mostly are meant to.

To mend it, move actions that need "*" to a statement of their own, and add a resource of the right type for the others.

Silent where the resource is a placeholder or variable that could be anything, and for actions that the catalogue does not know.
Actions of the catalogue may have got types since its date: see trunkline version.

Source: Service Authorization Reference, tables "Actions" and "Resource types"; IAM User Guide, "Resource" element.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Action": ["kinesis:GetRecords", "kinesis:ListStreams"], "Resource": "arn:aws:kinesis:eu-west-1:111122223333:stream/records"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "kinesis:GetRecords", "Resource": "arn:aws:kinesis:eu-west-1:111122223333:stream/records"},
  {"Effect": "Allow", "Action": "kinesis:ListStreams", "Resource": "*"}]}`,
	run: func(p *Pass) {
		if p.Type == iam.TrustPolicy {
			return
		}
		list := p.allGrants()
		for i := range list {
			g := &list[i]
			if g.s.Resource == nil || g.s.any() || len(g.actions) == 0 {
				continue
			}
			if g.Wild {
				p.reportDeadPart(g)
			} else if p.reaches(g)[0] != granted {
				p.reportDead(g, g.actions[0])
			}
		}
	},
}

// verbs are what a statement does, and what it should do: "grants", "granted".
func (s *Statement) verbs() (does, done string) {
	if s.Deny {
		return "denies", "denied"
	}
	return "grants", "granted"
}

func (p *Pass) reportDead(g *grant, a *catalog.Action) {
	does, done := g.s.verbs()
	message := fmt.Sprintf(`%s is authorized on "*" alone, so this statement %s nothing of it: put it in a statement with "Resource": "*"`, a, does)
	if p.reaches(g)[0] == otherTypes {
		message = fmt.Sprintf("%s is never %s here, because no resource of this statement is one that it takes: add a resource of %s",
			a, done, typesToAdd(a))
	}
	other := p.elsewhere(g, a)
	if other != nil {
		message = fmt.Sprintf("%s %s nothing here, because no resource of this statement is one that it takes, and line %d %s it already: remove it here",
			a, does, p.line(other.Node), does)
	}
	f := p.Report(g.Node, message)
	if other != nil {
		edits, ok := remove(p.Source, g.Node)
		f.safeFix("remove the action that "+does+" nothing", edits, ok)
	}
}

// typesToAdd names the types of an action, with their ARNs when they are few.
func typesToAdd(a *catalog.Action) string {
	if len(a.Resources) <= 2 {
		return "type " + strings.Join(typeNames(a), " or ")
	}
	return "one of the types " + listed(plainTypes([]*catalog.Action{a}), 10)
}

// elsewhere is another grant of the same effect that reaches the action, without a condition; nil when there is none.
func (p *Pass) elsewhere(g *grant, a *catalog.Action) *grant {
	for other := range p.covering(a.Service.Prefix, a.Name) {
		if other.s != g.s && other.s.Allow == g.s.Allow && len(other.s.Tests) == 0 && other.s.Resource != nil && p.reach(other.s, a) == granted {
			return other
		}
	}
	return nil
}

func (p *Pass) reportDeadPart(g *grant) {
	var star, other []*catalog.Action
	var twice []string // granted by another statement
	reached := p.reaches(g)
	for i, a := range g.actions {
		switch reached[i] {
		case granted:
			continue
		case needsStar:
			star = append(star, a)
		case otherTypes:
			other = append(other, a)
		}
		if p.elsewhere(g, a) != nil {
			twice = append(twice, a.Name)
		}
	}
	dead := len(star) + len(other)
	if dead == len(twice) || dead < len(g.actions) && !(g.s.Allow && p.Grants()) {
		return
	}
	_, done := g.s.verbs()
	var b strings.Builder
	fmt.Fprintf(&b, "%d of the %d actions that %s covers today %s not %s on these resources:", dead, len(g.actions), g.Text, be(dead), done)
	if len(star) > 0 {
		fmt.Fprintf(&b, ` %d %s authorized on "*" alone (%s)`, len(star), be(len(star)), listed(shortNames(star), 20))
	}
	if len(other) > 0 {
		if len(star) > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %d on other types (%s, which take %s)", len(other), listed(shortNames(other), 20), listed(plainTypes(other), 6))
	}
	b.WriteString("; name what is needed of them in a statement with the right resources")
	if len(twice) > 0 {
		fmt.Fprintf(&b, ". Another statement has %s already", listed(twice, 20))
	}
	f := p.Report(g.Node, b.String())
	if dead < len(g.actions) {
		f.Severity = Suggestion
	}
}
