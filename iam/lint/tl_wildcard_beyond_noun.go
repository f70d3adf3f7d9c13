package lint

import (
	"fmt"
	"strings"

	"trunkline/iam/catalog"
)

var wildcardBeyondNoun = &Check{
	Code: "TL_WILDCARD_BEYOND_NOUN", Severity: Suggestion, Title: "Wildcard covers actions on something else",
	Doc: `The pattern is a verb and a kind of resource, such as connect:UpdateUser*, and also covers actions whose names only begin
alike and that are on other kinds of resources: connect:UpdateUserHierarchyStructure changes the instance's hierarchy and no user.

To mend it, write the actions out that are meant.

Found where the word in front of the wildcard is a resource type of the service, and only for actions that change something.

Source: Service Authorization Reference, resource types of the actions.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "connect:UpdateUser*",
  "Resource": "arn:aws:connect:eu-west-1:111122223333:instance/8f/*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Action": ["connect:UpdateUserPhoneConfig", "connect:UpdateUserIdentityInfo"],
  "Resource": "arn:aws:connect:eu-west-1:111122223333:instance/8f/agent/*"}]}`,
	run: func(p *Pass) {
		list := p.allGrants()
		for i := range list {
			g := &list[i]
			noun := afterVerb(strings.TrimSuffix(g.Name, "*"))
			if !g.s.Allow || len(g.actions) < 2 || noun == "" || strings.Count(g.Name, "*") != 1 || strings.Contains(g.Name, "?") || !strings.HasSuffix(g.Name, "*") {
				continue
			}
			var t *catalog.ResourceType
			service := g.actions[0].Service
			for j := range service.Types {
				if sameWord(service.Types[j].Name, noun) {
					t = &service.Types[j]
				}
			}
			if t == nil {
				continue
			}
			var other []*catalog.Action
			for _, a := range g.actions {
				if a.Level != catalog.Read && a.Level != catalog.List && !a.ResourceLess() && !ofType(a, t) {
					other = append(other, a)
				}
			}
			if len(other) > 0 {
				p.Report(g.Node, fmt.Sprintf("%d of the %d actions that %s covers %s not about a %s: %s; write the actions out that are meant",
					len(other), len(g.actions), g.Text, be(len(other)), t.Name, listed(shortNames(other), 10)))
			}
		}
	},
}

// afterVerb is what follows the first word of a name: User of UpdateUser.
func afterVerb(name string) string {
	for i := 1; i < len(name); i++ {
		if name[i] >= 'A' && name[i] <= 'Z' {
			return name[i:]
		}
	}
	return ""
}

// sameWord compares a type's name with a word of an action's name: "contact-flow" and "ContactFlow".
func sameWord(typeName, word string) bool {
	at := 0
	for i := range len(typeName) {
		c := typeName[i]
		if c == '-' || c == ' ' || c == '_' {
			continue
		}
		if at == len(word) || lower(c) != lower(word[at]) {
			return false
		}
		at++
	}
	return at == len(word)
}

// ofType tells whether an action is authorized on a type.
func ofType(a *catalog.Action, t *catalog.ResourceType) bool {
	for i := range a.Resources {
		if a.Resources[i].Type == t {
			return true
		}
	}
	return false
}
