package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
	"trunkline/iam/catalog"
)

var missingRequiredResource = &Check{
	Code: "TL_MISSING_REQUIRED_RESOURCE", Severity: Warning, Title: "One of several resources of a call is missing",
	Doc: `Some calls are authorized on several resources at once, and all must be allowed: events:CreateApiDestination on the API
destination and on its connection, connect:AssociatePhoneNumberContactFlow on the phone number and on the flow. When the policy
grants the action on one of them only, every call is denied.

To mend it, add a resource of the missing type, in this statement or in another.

Only calls that are known to need all of their resources are looked at; the reference marks many as required that are alternatives.
For a pattern such as "connect:*" it is a suggestion.

Source: Service Authorization Reference, required resource types (marked *), checked against the calls' required parameters.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Action": "events:CreateApiDestination", "Resource": "arn:aws:events:eu-west-1:111122223333:api-destination/upload"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Action": "events:CreateApiDestination", "Resource": ["arn:aws:events:eu-west-1:111122223333:api-destination/upload",
    "arn:aws:events:eu-west-1:111122223333:connection/upload/*"]}]}`,
	run: func(p *Pass) {
		if p.Type == iam.TrustPolicy {
			return
		}
		list := p.allGrants()
		for i := range list {
			g := &list[i]
			if !g.s.Allow || g.s.Resource == nil || g.s.any() {
				continue
			}
			var short []*catalog.Action
			var missing []string
			reached := p.reaches(g)
			for i, a := range g.actions {
				if len(a.Resources) < 2 || reached[i] != granted || !a.RequiresAll() {
					continue
				}
				if types := p.missingTypes(a); len(types) > 0 {
					short = append(short, a)
					missing = types
				}
			}
			switch {
			case len(short) == 1 && !g.Wild:
				p.Report(g.Node, fmt.Sprintf("%s is authorized on several resources at once, and this policy lacks one of them, so every call is denied: add a resource of type %s",
					short[0], strings.Join(missing, " and one of type ")))
			case len(short) > 0:
				p.Report(g.Node, fmt.Sprintf("%d actions that %s covers are authorized on several resources at once, and this policy lacks some of these, so every call of them is denied: %s; name what is needed of them in a statement with all their resources",
					len(short), g.Text, listed(shortNames(short), 20))).Severity = Suggestion
			}
		}
	},
}

// missingTypes are the required types of an action that no Allow statement of the policy has a resource of for it.
func (p *Pass) missingTypes(a *catalog.Action) []string {
	var missing []string
rows:
	for i := range a.Resources {
		row := &a.Resources[i]
		if !row.Required {
			continue
		}
		for g := range p.covering(a.Service.Prefix, a.Name) {
			if g.s.Allow && (g.s.Resource == nil || p.takes(g.s, row.Type)) {
				continue rows
			}
		}
		missing = append(missing, typeName(row.Type))
	}
	return missing
}
