package diagnose

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/sim"
)

// AtHand are the policies that findings are checked against.
type AtHand struct {
	sim.Policies

	// Resource and Endpoint are the texts of the policies that Policies has under these names; of a role, Resource is its trust policy.
	ResourceText, EndpointText []byte

	// Principal is whose the policies are: an ARN. Empty: of the only principal among the findings.
	Principal string
}

// A Check is what iam/sim says about a finding under the policies at hand.
type Check struct {
	Decision   string     `json:"decision,omitempty"` // allowed, implicitDeny, explicitDeny or undecided
	Reason     string     `json:"reason,omitempty"`
	Denies     []Applied  `json:"denies,omitempty"`  // the Deny statements that apply
	Missing    []string   `json:"missing,omitempty"` // facts that would decide it
	After      string     `json:"after,omitempty"`   // the decision with the finding's statements added
	Needs      []Addition `json:"needs,omitempty"`   // what else would have to be added then
	NotChecked string     `json:"not_checked,omitempty"`
}

// Applied is a statement of a policy at hand.
type Applied struct {
	Layer  string `json:"layer"`
	Policy string `json:"policy"`
	Index  int    `json:"index"` // from 0
	Sid    string `json:"sid,omitempty"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// check asks the policies at hand about each denial. The error is of policies of which it is not clear which denial they are about.
func (d *Doctor) check(findings []Finding) error {
	at := d.policies
	var principals, resources []string
	for i := range findings {
		f := &findings[i]
		who := principalOf(f.Principal).arn
		if f.Kind != Denied.String() || len(f.Actions) == 0 || at.Principal != "" && who != "" && who != principalOf(at.Principal).arn {
			continue
		}
		if who != "" {
			principals = appendNew(principals, who)
		}
		resources = appendNew(resources, f.target)
	}
	if at.Principal == "" && len(principals) > 1 {
		return fmt.Errorf("the messages name %d principals; say whose the policies are, with --principal ARN: %s", len(principals), strings.Join(principals[:min(3, len(principals))], ", "))
	}
	if at.Resource != nil && len(resources) > 1 {
		return fmt.Errorf("a policy of a resource is given, and the messages are about %d resources; give one message", len(resources))
	}
	for i := range findings {
		if f := &findings[i]; f.Kind == Denied.String() {
			f.Check = d.checked(f)
		}
	}
	return nil
}

// checked asks about one denial.
func (d *Doctor) checked(f *Finding) Check {
	queries, err := d.queries(f)
	if err != nil {
		return Check{NotChecked: err.Error()}
	}
	policies := &d.policies.Policies
	var c Check
	for _, q := range queries {
		x := policies.Explain(q)
		if c.Decision == "" || c.Decision == sim.Allowed.String() {
			c = explained(&x)
		}
	}
	if c.Decision == sim.Allowed.String() {
		c.Reason = "the policies at hand allow it: what denied it is not among them, or they are not what is attached"
		return c
	}
	extended, err := d.policies.extended(f.Add)
	if err != nil || len(f.Add) == 0 {
		return c
	}
	for _, q := range queries {
		x := extended.Explain(q)
		c.After = x.Outcome.String()
		if x.Outcome != sim.Allowed {
			for _, a := range x.Add {
				c.Needs = append(c.Needs, Addition{To: "the " + a.Layer.String(), Statement: json.RawMessage(a.Statement)})
			}
			if x.Outcome == sim.Undecided && c.Missing == nil {
				for _, fact := range x.Missing {
					c.Missing = append(c.Missing, fact.Text)
				}
			}
			break
		}
	}
	return c
}

// explained is what a decision comes to.
func explained(x *sim.Explanation) Check {
	c := Check{Decision: x.Outcome.String(), Reason: x.Reason}
	for _, s := range x.Statements {
		if s.Deny && x.Outcome == sim.ExplicitDeny {
			c.Denies = append(c.Denies, Applied{s.Layer.String(), s.Policy, s.Index, s.Sid, s.Position.Line, s.Position.Column})
		}
	}
	for _, fact := range x.Missing {
		c.Missing = append(c.Missing, fact.Text)
	}
	return c
}

// queries are the requests that were denied. The error says what a message does not tell.
func (d *Doctor) queries(f *Finding) ([]*sim.Query, error) {
	at := d.policies
	if len(f.Actions) == 0 {
		return nil, errors.New("the message does not name the action")
	}
	principal := f.Principal
	switch {
	case principal == "":
		principal = at.Principal
	case at.Principal != "" && principalOf(principal).arn != principalOf(at.Principal).arn:
		return nil, errors.New("the policies at hand are those of another principal")
	}
	if principal == "" {
		return nil, errors.New("the message does not name the principal; say whose the policies are, with --principal ARN")
	}
	who, err := sim.ParseCaller(principal)
	if err != nil {
		return nil, err
	}
	if strings.Contains(at.Principal, ":role/") && who.Kind == sim.RoleSession {
		who.Role = at.Principal // with its path
	}
	resource := strings.ReplaceAll(f.target, "?", "x") // any character
	switch {
	case resource == "":
		return nil, errors.New("the message does not name the resource")
	case resource != "*" && strings.Contains(resource, "*") && resource != f.Resource:
		return nil, fmt.Errorf("the message does not say which resource it is; %s is a pattern (--region names the Region)", f.target)
	}
	var queries []*sim.Query
	for _, action := range f.Actions {
		r := sim.Request{Caller: who, Action: action, Resource: resource}
		r.Context.Partial = true // of the keys that the request carried nothing is known
		if services := passes(f.call); action == passRole && len(services) == 1 {
			r.Context.Set(passedToService, services[0])
		}
		q, err := sim.NewQuery(r, d.catalog)
		if err != nil {
			return nil, err
		}
		queries = append(queries, q)
	}
	return queries, nil
}

// extended are the policies with statements added.
func (a *AtHand) extended(add []Addition) (*sim.Policies, error) {
	p := a.Policies
	for _, one := range add {
		lone := []byte(`{"Version": "2012-10-17", "Statement": [` + string(one.Statement) + `]}`)
		var err error
		switch one.policy {
		case IdentityBased, "":
			err = appendTo(&p.Identity, lone, iam.IdentityPolicy)
		case Boundary:
			err = appendTo(&p.Boundary, lone, iam.PermissionsBoundary)
		case Session:
			err = appendTo(&p.Session, lone, iam.SessionPolicy)
		case ServiceControl:
			p.SCP = slices.Clone(p.SCP)
			for level := range p.SCP {
				err = errors.Join(err, appendTo(&p.SCP[level], lone, iam.ServiceControlPolicy))
			}
		case ResourceBased, Trust:
			kind := iam.ResourcePolicy
			if one.policy == Trust {
				kind = iam.TrustPolicy
			}
			p.Resource, err = joined(a.ResourceText, one.Statement, kind)
		case Endpoint:
			p.Endpoint, err = joined(a.EndpointText, one.Statement, iam.EndpointPolicy)
		case ResourceControl:
		}
		if err != nil {
			return nil, err
		}
	}
	return &p, nil
}

// appendTo adds a policy to a layer. A list of policies is as good as one with all their statements.
func appendTo(layer *[]*sim.Policy, text []byte, kind iam.Type) error {
	compiled, err := sim.Compile(iam.Parse(text), kind)
	if err != nil {
		return err
	}
	compiled.Name = "what is to be added"
	*layer = append(slices.Clone(*layer), compiled)
	return nil
}

// joined is a policy with a statement more; of no policy, one with that statement alone.
func joined(text []byte, add json.RawMessage, kind iam.Type) (*sim.Policy, error) {
	policy := map[string]json.RawMessage{"Version": json.RawMessage(`"2012-10-17"`)}
	var statements []json.RawMessage
	if len(text) > 0 {
		if err := json.Unmarshal(text, &policy); err != nil {
			return nil, err
		}
		statement := policy["Statement"]
		if bytes.HasPrefix(bytes.TrimSpace(statement), []byte("[")) {
			if err := json.Unmarshal(statement, &statements); err != nil {
				return nil, err
			}
		} else if len(statement) > 0 {
			statements = []json.RawMessage{statement}
		}
	}
	merged, err := json.Marshal(append(statements, add))
	if err != nil {
		return nil, err
	}
	policy["Statement"] = merged
	if text, err = json.Marshal(policy); err != nil {
		return nil, err
	}
	return sim.Compile(iam.Parse(text), kind)
}
