package lint

import (
	"strings"

	"trunkline/iam/catalog"
)

// What the catalogue says about the names in a policy is found out once for all checks. Most names are known and right, so what the
// checks go through is short: the actions that nobody knows, the resources whose ARN is like none.
//
//	Action ──▶ grants ──▶ unknown actions ──▶ INVALID_ACTION, INVALID_SERVICE …
//	Condition ──▶ tested keys ──▶ TYPE_MISMATCH, MISSING_QUALIFIER …
//	Resource ──▶ ARN faults ──▶ MISSING_ARN_REGION, INVALID_ARN_RESOURCE …   (see arn_fault.go)
type known struct {
	unknown []unknownAction
	keys    []testedKey
	faults  []arnFault

	hasUnknown, hasKeys, hasFaults bool // found out
}

// An unknownAction covers no action of the catalogue.
type unknownAction struct {
	*Action
	service *catalog.Service // nil when the prefix is unknown too
}

// unknownActions are the actions of Action and NotAction, patterns included, that cover nothing the catalogue knows: at most
// MaxFindings. What is no action at all (TL_MALFORMED_ACTION) and what holds a placeholder is left out.
func (p *Pass) unknownActions() []unknownAction {
	k := &p.known
	if k.hasUnknown {
		return k.unknown
	}
	k.hasUnknown = true
	grants, next := p.allGrants(), 0
	for s := range p.Each() {
		for i := range s.Actions {
			a := &s.Actions[i]
			if next < len(grants) && grants[next].Action == a { // grants come in the same order
				next++
				if len(grants[next-1].actions) > 0 {
					continue
				}
			}
			if a.Placeholder || a.Service == "*" || a.Name == "" || !validPrefix(a.Service) || strings.IndexByte(a.Name, ':') >= 0 {
				continue
			}
			service, ok := p.Catalog.Service(a.Service)
			if len(k.unknown) < MaxFindings && (!ok || !covers(service, a)) {
				k.unknown = append(k.unknown, unknownAction{a, service})
			}
		}
	}
	return k.unknown
}

// covers tells whether an action is, or covers, one of a service.
func covers(service *catalog.Service, a *Action) bool {
	if !a.Wild {
		_, ok := service.Action(a.Name)
		return ok
	}
	for range service.Expand(a.Name) {
		return true
	}
	return false
}

// A testedKey is a condition and what its key is.
type testedKey struct {
	*Condition
	s     *Statement
	known *catalog.Key // nil when the catalogue has none of the name, and for placeholders
}

// testedKeys lists all conditions.
func (p *Pass) testedKeys() []testedKey {
	k := &p.known
	if k.hasKeys {
		return k.keys
	}
	k.hasKeys = true
	n := 0
	for s := range p.Each() {
		n += len(s.Tests)
	}
	if n == 0 {
		return nil
	}
	k.keys = make([]testedKey, 0, n)
	seen := make(map[string]*catalog.Key, min(n, 16))
	for s := range p.Each() {
		for i := range s.Tests {
			c := &s.Tests[i]
			key, ok := seen[c.Name]
			if !ok && !c.Placeholder {
				key, _ = p.Catalog.Key(c.Name)
				seen[c.Name] = key
			}
			k.keys = append(k.keys, testedKey{c, s, key})
		}
	}
	return k.keys
}

// prefix is what stands in front of the first colon of the key: aws, s3, accounts.google.com.
func (k *testedKey) prefix() string {
	prefix, _, _ := strings.Cut(k.Name, ":")
	return prefix
}

// claim tells whether the key is a claim of an identity provider, of which each has its own.
func (k *testedKey) claim() bool {
	prefix := k.prefix()
	return prefix == "saml" || strings.IndexByte(prefix, '.') >= 0
}

// asOf says how old the catalogue is: what it does not know may be newer.
func (p *Pass) asOf() string { return p.Catalog.Date().Format("2006-01-02") }
