// Package need says what a config needs to be allowed: which of the declared calls it turns on, and on what.
//
//	trunkline.yaml ─ Features ─▶ []Feature ─┬─ Of ─▶ []generate.Need ─▶ policies
//	declared calls ─────────────────────────┘
//
// Its promise: what a run of the config asks of AWS, the needs allow, and they name resources as closely as the config does.
package need

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam/generate"
	"trunkline/internal/permission/call"
)

// A Feature is a part of a config that is there, with the values that declared calls name in their Scope. A part that is there
// several times, such as a secret, makes several.
type Feature struct {
	Name   string // as in call.Call
	Values map[string]string
}

// Place is where the config's resources are, as far as it names them without. Empty fields become * in the policy.
type Place struct{ Partition, Region, Account string }

// Of returns what the features need. The error is of a declaration whose Scope lacks what a feature has no value for.
func Of(calls []call.Call, features []Feature, at Place) (needs []generate.Need, err error) {
	for _, f := range features {
		for _, c := range calls {
			if !slices.Contains(c.Features, f.Name) {
				continue
			}
			scope := scope{c, f, at}
			for _, ask := range c.Asks {
				need, ok := scope.need(ask)
				switch {
				case ok:
					needs = append(needs, need)
				case c.When == "" && len(c.Asks) == 1:
					return nil, fmt.Errorf("%s for %s: no template of its resources can be filled", c.Operation, f.Name)
				}
			}
		}
	}
	return needs, nil
}

// scope is a call for one feature.
type scope struct {
	call    call.Call
	feature Feature
	at      Place
}

// need is what an ask needs; false where the feature's values name no resource, so that the call is not made.
func (s scope) need(ask call.Ask) (generate.Need, bool) {
	n := generate.Need{Action: ask.Action, For: s.feature.Name, Why: s.call.Why}
	for _, template := range ask.Resources {
		if n.Resources = call.Template(template).Expand(s.member); len(n.Resources) > 0 {
			break
		}
	}
	for _, key := range ask.Keys {
		if !key.Scope {
			continue
		}
		c := generate.Condition{Operator: "StringEquals", Key: key.Name}
		for _, template := range key.From {
			c.Values = append(c.Values, call.Template(template).Expand(s.member)...)
		}
		if slices.ContainsFunc(c.Values, func(v string) bool { return strings.ContainsAny(v, "*?") }) {
			c.Operator = "StringLike"
		}
		if len(c.Values) > 0 {
			n.Conditions = append(n.Conditions, c)
		}
	}
	return n, len(n.Resources) > 0
}

// member is what a member of the input can be.
func (s scope) member(name string) []string {
	or := func(text string) []string {
		if text == "" {
			return []string{"*"}
		}
		return []string{text}
	}
	switch name {
	case "Partition":
		return or(s.at.Partition)
	case "Region":
		return or(s.at.Region)
	case "Account":
		return or(s.at.Account)
	}
	var all []string
	for _, template := range s.call.Scope[name] {
		if text, ok := s.filled(template); ok {
			all = append(all, text)
		}
	}
	return all
}

// filled puts the feature's values into a template, where all of them are known. One that is known and empty, as a prefix can be, is
// put in too, unlike by Expand.
func (s scope) filled(template string) (string, bool) {
	for _, name := range call.Template(template).Names() {
		value, known := s.feature.Values[name]
		if !known {
			return "", false
		}
		template = strings.ReplaceAll(template, "${"+name+"}", value)
	}
	return template, true
}

// literal is a value as a pattern that matches it alone: see "IAM policy elements: Variables and tags", special characters.
func literal(text string) string {
	return strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(text)
}
