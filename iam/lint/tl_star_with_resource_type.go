package lint

import (
	"fmt"
	"strings"

	"trunkline/iam/catalog"
)

var starWithResourceType = &Check{
	Code: "TL_STAR_WITH_RESOURCE_TYPE", Severity: Suggestion, Title: `"*" where resources can be named`,
	Doc: `The statement allows actions on "*" although they are authorized on resources of their own. One finding for the statement when
all of its actions are, else one for each service, at its first such action.

To mend it, name the resources, in a statement apart from the actions that need "*".

Silent for patterns of actions, and when a condition narrows the resources: on their tags, account, or Amazon Connect instance.

Source: Service Authorization Reference, tables "Actions" and "Resource types".`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kinesis:DescribeStream", "Resource": "*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kinesis:DescribeStream",
  "Resource": "arn:aws:kinesis:eu-west-1:111122223333:stream/records"}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		for grants := range p.grantsByStatement() {
			p.narrowable(grants)
		}
	},
}

// narrowable looks at one statement, given its grants.
func (p *Pass) narrowable(grants []grant) {
	s := grants[0].s
	if !s.Allow || !s.any() || s.tests("aws:resourcetag/", "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "connect:instanceid") {
		return
	}
	for i := range s.Tests {
		if strings.Contains(s.Tests[i].Name, ":resourcetag/") {
			return
		}
	}
	count := 0
	for i := range grants {
		if grants[i].narrowable() != nil {
			count++
		}
	}
	whole := count == len(grants)
	for i := range grants {
		first := grants[i].narrowable()
		if first == nil || startsBefore(grants[:i], first.Service) {
			continue
		}
		same := []*catalog.Action{first}
		for j := i + 1; j < len(grants); j++ {
			if a := grants[j].narrowable(); a != nil && a.Service == first.Service {
				same = append(same, a)
			}
		}
		names := make([]string, len(same))
		for j, a := range same {
			names[j] = a.String()
		}
		verb := "takes resources of its own"
		if len(same) > 1 {
			verb = "take resources of their own"
		}
		at := grants[i].Node
		if whole {
			at = s.star().Node
		}
		p.Report(at, fmt.Sprintf(`%s %s (%s): name them instead of "*"`, listed(names, 8), verb, listed(plainTypes(same), 5)))
	}
}

// narrowable is the action of a grant that is written out and has resource types; nil when it is none.
func (g *grant) narrowable() *catalog.Action {
	if g.Wild || len(g.actions) != 1 {
		return nil
	}
	a := g.actions[0]
	for i := range a.Resources {
		// CloudWatch's data sets are new, and metrics outside of them still need "*".
		if a.Resources[i].Type.Name != "dataset" {
			return a
		}
	}
	return nil
}

func startsBefore(grants []grant, service *catalog.Service) bool {
	for i := range grants {
		if a := grants[i].narrowable(); a != nil && a.Service == service {
			return true
		}
	}
	return false
}

// star is the resource that covers everything.
func (s *Statement) star() *Resource {
	for i := range s.Resources {
		if strings.Trim(s.Resources[i].Text, "*") == "" {
			return &s.Resources[i]
		}
	}
	return nil
}
