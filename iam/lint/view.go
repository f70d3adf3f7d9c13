package lint

import (
	"strings"

	"trunkline/iam"
)

// An Action is one string of Action or NotAction.
type Action struct {
	Node        *iam.Node
	Text        string // as written
	Service     string // the prefix in lower case; "*" for "*" alone; empty when there is no colon
	Name        string // what follows the first colon, as written; "*" for "*" alone
	Wild        bool   // Name holds * or ?
	Placeholder bool   // holds one, or a policy variable: nothing can be said about it
}

func newAction(n *iam.Node) Action {
	a := Action{Node: n, Text: n.Text}
	switch service, name, found := strings.Cut(n.Text, ":"); {
	case found:
		a.Service, a.Name = strings.ToLower(service), name
	case n.Text == "*":
		a.Service, a.Name = "*", "*"
	default:
		a.Name = n.Text
	}
	a.Wild = strings.ContainsAny(a.Name, "*?")
	a.Placeholder = strings.Contains(n.Text, "${") || hasBrackets(n.Text)
	return a
}

// Covers tells whether the action pattern matches an action, without regard to case: "iam:Pass*" covers "iam", "PassRole". The
// service is in lower case.
func (a *Action) Covers(service, name string) bool {
	return (a.Service == "*" || a.Service == service) && matchFold(a.Name, name)
}

// Named tells whether one of the actions names an action in full, and Reached whether a pattern covers it otherwise.
func (s *Statement) Named(service, name string) *Action {
	for i := range s.Actions {
		if a := &s.Actions[i]; !a.Wild && a.Service == service && strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return nil
}

// Reached is the first action pattern with a wildcard that covers an action; nil when there is none.
func (s *Statement) Reached(service, name string) *Action {
	for i := range s.Actions {
		if a := &s.Actions[i]; a.Wild && a.Covers(service, name) {
			return a
		}
	}
	return nil
}

// Tested is the first condition on a key, in lower case, under any operator; nil when there is none.
func (s *Statement) Tested(key string) *Condition {
	for i := range s.Tests {
		if s.Tests[i].Name == key {
			return &s.Tests[i]
		}
	}
	return nil
}

// A Resource is one string of Resource or NotResource, split as an ARN.
type Resource struct {
	Node      *iam.Node
	Text      string // as written
	Any       bool   // "*" alone
	Fields    int    // how many of the six it has; 1 when there is no colon
	Prefix    string // the first field, which should be "arn"
	Partition string
	Service   string
	Region    string
	Account   string
	Name      string // the sixth field with its colons: the resource
}

func newResource(n *iam.Node) Resource {
	r := Resource{Node: n, Text: n.Text, Any: n.Text == "*"}
	rest := n.Text
	for i, field := range [...]*string{&r.Prefix, &r.Partition, &r.Service, &r.Region, &r.Account} {
		r.Fields = i + 1
		at := colon(rest)
		if at < 0 {
			*field = rest
			return r
		}
		*field, rest = rest[:at], rest[at+1:]
	}
	r.Fields, r.Name = 6, rest
	return r
}

// Placeholder tells whether the resource holds one somewhere.
func (r *Resource) Placeholder() bool { return hasPlaceholder(r.Text) }

// colon is the offset of the first colon that does not stand inside a variable or placeholder: ${aws:PrincipalAccount}.
func colon(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			depth = max(depth-1, 0)
		case ':':
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

// Wild tells whether a text holds a wildcard; the literal ${*} and ${?} are none.
func Wild(text string) bool { return wildcard(text) >= 0 }

// wildcard is the offset of the first * or ? that is none of ${*} and ${?}; -1 when there is none.
func wildcard(text string) int {
	for i := 0; i < len(text); i++ {
		if text[i] != '*' && text[i] != '?' {
			continue
		}
		if i >= 2 && text[i-2] == '$' && text[i-1] == '{' && i+1 < len(text) && text[i+1] == '}' {
			continue
		}
		return i
	}
	return -1
}
