package integration

import (
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/sim"
)

// Optional lists the parameters and switches on which statements of the policy depend, but for choices.
func (p *Policy) Optional() (names []string) {
	for _, when := range p.conditions() {
		name, _, compared := strings.Cut(strings.TrimPrefix(when, "!"), "=")
		if !compared && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Examples are values for everything that a policy needs, and for the optional ones that are named; other switches are off.
func (i *Integration) Examples(p *Policy, on ...string) map[string]string {
	given := map[string]string{}
	optional := p.Optional()
	for n := range i.Parameters {
		q := &i.Parameters[n]
		switch depends := slices.Contains(optional, q.Name); {
		case slices.Contains(on, q.Name):
			given[q.Name] = q.Form.Example
		case depends && q.Form.Switch && q.Default == "on":
			given[q.Name] = "off"
		case !depends && q.Default == "" && !q.Form.Switch:
			given[q.Name] = q.Form.Example
		}
	}
	return given
}

// exampleCaller is who is asked about in questions: the service that a trust policy names, else a role of the account of the examples.
func exampleCaller(text []byte, kind iam.Type) (sim.Caller, error) {
	if kind == iam.TrustPolicy {
		for _, s := range iam.Parse(text).Statements {
			if s.Principal != nil && len(s.Principal.List) > 0 {
				return sim.ParseCaller(s.Principal.List[0].Node.Text)
			}
		}
	}
	return sim.ParseCaller("arn:aws:sts::111122223333:assumed-role/example/session")
}

// NewSubject is who is asked about when values are examples: a principal with this policy, and the others.
func NewSubject(text []byte, kind iam.Type, besides ...[]byte) (*Subject, error) {
	caller, err := exampleCaller(text, kind)
	return &Subject{Caller: caller, Own: text, Type: kind, Besides: besides}, err
}
