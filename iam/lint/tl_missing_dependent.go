package lint

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam/catalog"
)

var missingDependent = &Check{
	Code: "TL_MISSING_DEPENDENT", Severity: Warning, Title: "Permission that another one needs is missing",
	Doc: `Many calls make others with the caller's permissions: events:CreateConnection keeps its key in a secret of its own and writes
that secret as the caller. This policy allows the call and not what it needs, on the resource where it is needed.

What is always needed is a warning. What is needed in some cases only ("if the function is in a VPC"), and what the Service
Authorization Reference lists without saying when, is a suggestion: of Connect it lists whatever any parameter could need. For a
pattern such as "connect:*" only those are listed, as a suggestion, of which it is known where or when they are needed.

A job that several actions serve, such as a function in a VPC or an enhanced fan-out consumer, is recognized by half of the
permissions that it takes.

To mend it, allow the missing action on the resource that the message names, or suppress the finding when the case does not arise or
another policy of the principal allows it.

Silent about keys of encrypted data (kms:Decrypt for reading), which most policies leave to the key's own policy, about tagging when the
policy allows no tagging in the service, and about s3:ListBucket.

Source: Service Authorization Reference, "Dependent actions", and a curated table in which every row names its source.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Action": "events:DeleteConnection", "Resource": "arn:aws:events:eu-west-1:111122223333:connection/upload/*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "events:DeleteConnection", "Resource": "arn:aws:events:eu-west-1:111122223333:connection/upload/*"},
  {"Effect": "Allow", "Action": "secretsmanager:DeleteSecret",
   "Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:events!connection/upload/*"}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		list := p.allGrants()
		for i := range list {
			g := &list[i]
			switch {
			case p.full():
				return
			case !g.s.Allow || len(g.actions) == 0:
			case g.Wild:
				p.dependentsOfMany(g)
			case p.reaches(g)[0] == granted:
				p.dependentsOfOne(g, g.actions[0])
			}
		}
		p.jobs()
	},
}

// missing yields what an action needs and the policy does not allow.
func (p *Pass) missing(a *catalog.Action) []catalog.Dependent {
	var missing []catalog.Dependent
	for d := range a.Dependents() {
		if !p.quiet(a, d) && !p.allowsOn(d) {
			missing = append(missing, d)
		}
	}
	return missing
}

// quiet tells whether nothing is said of a dependent: see Doc.
func (p *Pass) quiet(a *catalog.Action, d catalog.Dependent) bool {
	return strings.HasPrefix(d.Condition, "kms:ViaService=") || d.Action == "s3:ListBucket" ||
		d.When == "if it is created with tags" && !p.tags(a.Service)
}

// allowsOn tells whether the policy allows a dependent action where it is needed.
func (p *Pass) allowsOn(d catalog.Dependent) bool {
	service, name, _ := strings.Cut(d.Action, ":")
	for g := range p.allowing(service, name) {
		if d.On == "" || d.On == "*" || g.s.Resource == nil {
			return true
		}
		for i := range g.s.Resources {
			if p.meet(g.s.Resources[i].Text, d.On) {
				return true
			}
		}
	}
	return false
}

// tags tells whether the policy allows to tag something of a service, by an action that it writes out.
func (p *Pass) tags(service *catalog.Service) bool {
	list := p.allGrants()
	for i := range list {
		if g := &list[i]; g.s.Allow && !g.Wild && len(g.actions) == 1 && g.actions[0].Service == service && g.actions[0].Level == catalog.Tagging {
			return true
		}
	}
	return false
}

func (p *Pass) dependentsOfOne(g *grant, a *catalog.Action) {
	missing := p.missing(a)
	if len(missing) == 0 {
		return
	}
	var needs []need
	var unexplained []string
	severity := Suggestion
	for _, d := range missing {
		if !explained(d) {
			unexplained = append(unexplained, d.Action)
			continue
		}
		needs = appendNeed(needs, d, "")
		if d.When == "" {
			severity = Warning
		}
	}
	var b strings.Builder
	if len(needs) > 0 {
		fmt.Fprintf(&b, "%s also needs what this policy does not allow: %s. ", a, joined(needs))
	}
	if len(unexplained) > 0 {
		fmt.Fprintf(&b, "The reference lists as dependents of %s, without saying when they are needed, and this policy does not allow: %s. ", a, listed(unexplained, 15))
	}
	b.WriteString("Allow what applies")
	p.Report(g.Node, b.String()).Severity = severity
}

// explained tells whether a dependent comes with a resource or a case; without, it may be about any parameter of the call.
func explained(d catalog.Dependent) bool { return d.On != "" || d.When != "" }

// A need is what several dependents have in common.
type need struct {
	on, condition, when string
	actions             []string // that are needed
	of                  []string // that need them; empty when that is clear
}

func appendNeed(needs []need, d catalog.Dependent, of string) []need {
	i := slices.IndexFunc(needs, func(n need) bool { return n.on == d.On && n.condition == d.Condition && n.when == d.When })
	if i < 0 {
		i, needs = len(needs), append(needs, need{on: d.On, condition: d.Condition, when: d.When})
	}
	n := &needs[i]
	if !slices.Contains(n.actions, d.Action) {
		n.actions = append(n.actions, d.Action)
	}
	if of != "" && !slices.Contains(n.of, of) {
		n.of = append(n.of, of)
	}
	return needs
}

// joined says needs with resource, condition, case and who needs them.
func joined(needs []need) string {
	var b strings.Builder
	for i, n := range needs {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(listed(n.actions, 15))
		switch n.on {
		case "":
		case "*":
			b.WriteString(` on "*"`)
		default:
			b.WriteString(" on " + n.on)
		}
		if n.condition != "" {
			b.WriteString(" (with " + n.condition + ")")
		}
		if len(n.of) > 0 {
			b.WriteString(" for " + listed(n.of, 3))
		}
		if n.when != "" {
			b.WriteString(", " + n.when)
		}
	}
	return b.String()
}

// dependentsOfMany looks at a pattern. Of the reference's unexplained dependents a whole service has dozens: they are left out.
func (p *Pass) dependentsOfMany(g *grant) {
	var needs []need
	reached := p.reaches(g)
	for i, a := range g.actions {
		if reached[i] != granted {
			continue
		}
		for d := range a.Dependents() {
			if explained(d) && !p.quiet(a, d) && !strings.HasSuffix(d.When, "with tags") && !p.allowsOn(d) {
				needs = appendNeed(needs, d, a.Name)
			}
		}
	}
	if len(needs) > 0 {
		p.Report(g.Node, fmt.Sprintf("actions that %s covers also need what this policy does not allow: %s. Allow what applies",
			g.Text, joined(needs))).Severity = Suggestion
	}
}

// jobs looks for roles that have half of what a job takes.
func (p *Pass) jobs() {
	for job := range p.Catalog.Jobs() {
		if !p.speaksOf(job.Needs[0].Action) {
			continue
		}
		var at *grant
		var missing, encrypted []need
		always, lacking := 0, 0
		for _, d := range job.Needs {
			service, name, _ := strings.Cut(d.Action, ":")
			g := p.written(service, name) // a dead grant, too, says what the policy is for
			if d.When != "" {
				// Whether data is encrypted is often decided by others; the other cases are the author's own.
				if g == nil && service == "kms" {
					encrypted = appendNeed(encrypted, d, "")
				}
				continue
			}
			always++
			if g == nil {
				lacking++
				missing = appendNeed(missing, d, "")
			} else if at == nil {
				at = g
			}
		}
		if lacking == 0 {
			missing = encrypted
		}
		if at != nil && 2*lacking <= always && len(missing) > 0 {
			p.Report(at.Node, fmt.Sprintf("if this is for the job %q, its %s also needs %s", job.Name, job.Principal, joined(missing))).Severity = Suggestion
		}
	}
}

// speaksOf tells whether the policy writes an action of the same service.
func (p *Pass) speaksOf(action string) bool {
	service, _, _ := strings.Cut(action, ":")
	p.allGrants()
	return slices.ContainsFunc(p.grants.services, func(s serviceGrants) bool { return s.service == service })
}

// written is the first grant that names an action, whatever its resources; nil when there is none.
func (p *Pass) written(service, name string) *grant {
	var first *grant
	p.covering(service, name)(func(g *grant) bool {
		if g.s.Allow {
			first = g
		}
		return first == nil
	})
	return first
}
