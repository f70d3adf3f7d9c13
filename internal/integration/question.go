package integration

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/arn"
	"trunkline/iam/catalog"
	"trunkline/iam/sim"
)

// A Question is something that has to work, or must not. It is allowed when all of its requests are.
//
// questions.txt has, for each policy, its name in brackets and then its questions: a line with what is wanted (allow or deny), what the
// published policy answers (allow, deny, or - when nothing is published), and the question, at its end in brackets what must hold for
// it to be asked; below it, indented, its requests: action, resource, and context as key=value,value.
type Question struct {
	Policy    string
	Ask       string
	When      []string // as in Statement
	Want      bool     // it has to be allowed
	Published string   // what the published policy answers: allow, deny or empty
	Requests  []Request
}

// A Request is an action on a resource, with parameters not yet filled in.
type Request struct {
	Action, Resource string
	Context          []string // key=value,value
}

// Questions reads questions.txt.
func (i *Integration) Questions() ([]Question, error) {
	text, err := i.file("questions.txt")
	if err != nil {
		return nil, err
	}
	var all []Question
	policy := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || line[0] == '#':
		case line[0] == '[':
			policy = strings.Trim(line, "[]")
		case line[0] == ' ' && len(fields) >= 2 && len(all) > 0:
			q := &all[len(all)-1]
			q.Requests = append(q.Requests, Request{fields[0], fields[1], fields[2:]})
		case len(fields) > 2 && slices.Contains([]string{"allow", "deny"}, fields[0]) && slices.Contains([]string{"allow", "deny", "-"}, fields[1]):
			q := Question{Policy: policy, Want: fields[0] == "allow", Published: strings.Trim(fields[1], "-"), Ask: strings.Join(fields[2:], " ")}
			if ask, when, found := strings.Cut(strings.TrimSuffix(q.Ask, "]"), " ["); found {
				q.Ask, q.When = ask, strings.Split(when, ", ")
			}
			all = append(all, q)
		default:
			return nil, fmt.Errorf("questions.txt of %s: what is %q", i.Name, line)
		}
	}
	return all, nil
}

// A Subject is who is asked about, and by which policies.
type Subject struct {
	Caller  sim.Caller // who holds the policies, or for a trust policy wants to assume the role
	Own     []byte     // the policy in question
	Type    iam.Type
	Besides [][]byte // other identity policies of the caller; what bounds others is asked about one who may do everything, unless they say
}

// Ask decides a question about a policy: allowed when every request is. Reason says of a denied one which request is denied. An error
// is a question that cannot be asked: a resource that the action does not take, a decision that is open.
func (i *Integration) Ask(q *Question, s *Subject, given map[string]string, facts *catalog.Catalog) (allowed bool, reason string, err error) {
	v, err := i.newValues(given)
	if err != nil {
		return false, "", err
	}
	policies, err := s.policies()
	if err != nil {
		return false, "", fmt.Errorf("question %q: %w", q.Ask, err)
	}
	for _, r := range q.Requests {
		request, err := v.request(&r, s)
		if err != nil {
			return false, "", fmt.Errorf("question %q: %w", q.Ask, err)
		}
		query, err := sim.NewQuery(request, facts)
		if err != nil {
			return false, "", fmt.Errorf("question %q: %w", q.Ask, err)
		}
		if policies.Resource, err = s.atResource(&request); err != nil {
			return false, "", err
		}
		d := policies.Decide(query)
		switch d.Outcome {
		case sim.Allowed:
		case sim.Undecided:
			return false, "", fmt.Errorf("question %q: %s on %s is undecided: %s", q.Ask, request.Action, request.Resource, policies.Explain(query).Reason)
		case sim.ImplicitDeny, sim.ExplicitDeny:
			return false, fmt.Sprintf("%s on %s: %s", request.Action, request.Resource, d.Outcome), nil
		}
	}
	return true, "", nil
}

// Asked tells whether a question arises with these values.
func (i *Integration) Asked(q *Question, given map[string]string) (bool, error) {
	v, err := i.newValues(given)
	if err != nil {
		return false, err
	}
	return v.hold(q.When)
}

func (v *values) request(r *Request, s *Subject) (sim.Request, error) {
	resource, err := v.one(r.Resource)
	if err != nil {
		return sim.Request{}, err
	}
	request := sim.Request{Caller: s.Caller, Action: r.Action, Resource: resource}
	for _, pair := range r.Context {
		key, text, found := strings.Cut(pair, "=")
		if !found {
			return request, fmt.Errorf("context %q: want key=value", pair)
		}
		if key, err = v.one(key); err != nil {
			return request, err
		}
		if text, err = v.one(text); err != nil {
			return request, err
		}
		request.Context.Set(key, strings.Split(text, ",")...)
	}
	if len(v.missing) > 0 {
		return request, &Missing{v.of.Name, "", v.missing}
	}
	return request, nil
}

// everything is the policy of who may do all, and the SCP that every level of an organization has.
const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// policies compiles the policies of the subject. What only bounds others is asked about a caller who may do everything else.
func (s *Subject) policies() (*sim.Policies, error) {
	var p sim.Policies
	besides := s.Besides
	switch s.Type {
	case iam.IdentityPolicy, iam.SessionPolicy:
		besides = append([][]byte{s.Own}, besides...)
	case iam.ServiceControlPolicy:
		own, err := compile(s.Own, s.Type)
		if err != nil {
			return nil, err
		}
		all, err := compile([]byte(everything), s.Type)
		if err != nil {
			return nil, err
		}
		p.SCP = [][]*sim.Policy{{all, own}}
	case iam.PermissionsBoundary:
		own, err := compile(s.Own, s.Type)
		if err != nil {
			return nil, err
		}
		p.Boundary = []*sim.Policy{own}
	case iam.TrustPolicy, iam.ResourcePolicy, iam.ResourceControlPolicy, iam.EndpointPolicy:
	}
	if len(besides) == 0 && s.Type != iam.TrustPolicy {
		besides = [][]byte{[]byte(everything)}
	}
	for _, text := range besides {
		own, err := compile(text, iam.IdentityPolicy)
		if err != nil {
			return nil, err
		}
		p.Identity = append(p.Identity, own)
	}
	return &p, nil
}

// atResource is the policy that hangs on what a request is about: the trust policy in question, or for a KMS key its default key
// policy, which leaves the matter to the policies of its account.
func (s *Subject) atResource(r *sim.Request) (*sim.Policy, error) {
	fields, _ := arn.Split(r.Resource)
	switch {
	case s.Type == iam.TrustPolicy:
		return compile(s.Own, iam.TrustPolicy)
	case fields[2] == "kms" && strings.HasPrefix(fields[5], "key/"):
		return compile([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"`+fields[4]+`"},"Action":"kms:*","Resource":"*"}]}`), iam.ResourcePolicy)
	}
	return nil, nil
}

func compile(text []byte, kind iam.Type) (*sim.Policy, error) {
	return sim.Compile(iam.Parse(text), kind)
}
