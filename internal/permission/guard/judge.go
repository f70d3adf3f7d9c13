package guard

import (
	"fmt"
	"strings"

	"trunkline/iam/arn"
	"trunkline/iam/catalog"
	"trunkline/iam/sim"
)

// A denial is a question that the policies answer with no.
type denial struct {
	service  string // that was called
	action   string // that is denied; of another service where the call reaches that
	resource string // as the service names it
	message  string
}

// judge asks the policies about a request. It returns the first denial, nil when there is none; the error is an *Error.
func (g *Guard) judge(s *subject) (*denial, error) {
	s.account, s.home = g.o.Caller.Account, partitionOf(g.o.Caller.ARN)
	questions, err := s.questions()
	if err != nil {
		return nil, err
	}
	for _, q := range questions {
		if d, err := g.answer(s, q); d != nil || err != nil {
			return d, err
		}
	}
	return nil, nil
}

// answer asks about one action on one resource, and about the key that encrypts it.
func (g *Guard) answer(s *subject, q question) (*denial, error) {
	q.resource = g.choose(q.resource)
	context := g.o.Context
	s.fill(&context, q)
	d, err := g.ask(s, q, context)
	if d != nil || err != nil {
		return d, err
	}
	key := g.keyOf(q.resource)
	action, known := g.o.Catalog.Action(q.action)
	if key == "" || !known {
		return nil, nil
	}
	for needed := range action.Dependents() {
		if !strings.HasPrefix(needed.Action, "kms:") || strings.Contains(needed.When, "uploaded in parts") {
			continue
		}
		if d, err := g.ask(s, question{action: needed.Action, resource: key}, g.viaService(s, needed)); d != nil || err != nil {
			return d, err
		}
	}
	return nil, nil
}

// viaService is the context of a call that a service makes for the caller.
func (g *Guard) viaService(s *subject, needed catalog.Dependent) sim.Context {
	context := g.o.Context
	s.fill(&context, question{})
	context.Set("aws:ViaAWSService", "true")
	for _, key := range []string{"aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:SourceIp", "aws:UserAgent"} {
		context.SetUnknown(key)
	}
	context.Set("kms:CallerAccount", g.o.Caller.Account)
	if name, value, ok := strings.Cut(needed.Condition, "="); ok {
		context.Set(name, strings.ReplaceAll(value, "${Region}", s.region))
	}
	return context
}

// ask asks the policies one question, and notes the answer.
func (g *Guard) ask(s *subject, q question, context sim.Context) (*denial, error) {
	query, err := sim.NewQuery(sim.Request{Caller: g.o.Caller, Action: q.action, Resource: q.resource, Context: context, Time: g.o.Now()}, g.o.Catalog)
	if err != nil {
		return nil, &Error{s.call.Operation, err.Error()}
	}
	policies := &g.policies
	if sim.Assumes(q.action) || strings.HasPrefix(q.action, "kms:") {
		policies = g.trusting // a role or a key always has a policy, and it is not given
	}
	x := policies.Explain(query)
	g.report.note(query, &x, policies.Resource)
	switch x.Outcome {
	case sim.Allowed:
		return nil, nil
	case sim.Undecided:
		return nil, &Error{s.call.Operation, x.Reason + ": the guard refuses what it cannot decide; tell it the values of the condition keys"}
	case sim.ImplicitDeny, sim.ExplicitDeny:
	}
	service, _, _ := strings.Cut(s.call.Operation, ":")
	d := &denial{service: service, action: q.action, resource: q.resource}
	d.message = d.word(g.o.Caller.ARN, s, &x)
	return d, nil
}

// choose gives a resource whose end the service chose, written as ? for each character, an end: the one that a policy names, or any.
func (g *Guard) choose(resource string) string {
	base := strings.TrimRight(resource, "?")
	if base == resource {
		return resource
	}
	shape := arn.Compile(resource)
	for _, named := range g.report.resources {
		if !strings.ContainsAny(named, "*?$") && shape.Match(named) {
			return named
		}
	}
	return base + strings.Repeat("x", len(resource)-len(base))
}

// keyOf is the key that encrypts a resource, "" when none is known.
func (g *Guard) keyOf(resource string) string {
	for _, e := range g.o.Encrypted {
		if pattern := arn.Compile(e.Resource); pattern.Match(resource) {
			return e.Key
		}
	}
	return ""
}

// word writes the message of AWS: see "Troubleshoot access denied error messages" in the IAM User Guide.
func (d *denial) word(principal string, s *subject, x *sim.Explanation) string {
	action, resource := d.action, d.resource
	switch d.service {
	case "sqs":
		action = strings.ToLower(action)
	case "s3":
		resource = `"` + resource + `"`
	case "secretsmanager": // it names the secret as the request does
		if names := s.value("SecretId"); len(names) == 1 && !strings.HasPrefix(names[0], "arn:") {
			resource = names[0]
		}
	}
	text := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", principal, action, resource)
	kind := layerName(x.By)
	switch {
	case x.Outcome == sim.ImplicitDeny:
		return fmt.Sprintf("%s because no %s allows the %s action", text, kind, action)
	case strings.ContainsRune("aeiou", rune(kind[0])):
		return text + " with an explicit deny in an " + kind
	default:
		return text + " with an explicit deny in a " + kind
	}
}

// layerName is AWS's word for a kind of policies in a denial.
func layerName(l sim.Layer) string {
	switch l {
	case sim.IdentityLayer:
		return "identity-based policy"
	case sim.ResourceLayer, sim.KeyLayer:
		return "resource-based policy"
	case sim.TrustLayer:
		return "role trust policy"
	default:
		return l.String() // the others have AWS's words
	}
}
