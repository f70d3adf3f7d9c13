package guard

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"trunkline/iam"
	"trunkline/iam/sim"
)

// A Report says what of the identity policies the requests used.
type Report struct {
	Questions int       `json:"questions"` // that were put to the policies: one for each action and resource of a request
	Used      []Grant   `json:"used"`
	Unused    []Grant   `json:"unused"`
	Refused   []Refusal `json:"refused"`
}

// A Grant is one action on one resource that a statement with Effect Allow grants, or one value of its conditions. It is used when a
// request would have been allowed by it alone.
type Grant struct {
	Policy    string `json:"policy"`
	Line      int    `json:"line"`
	Statement int    `json:"statement"` // from 1
	Sid       string `json:"sid,omitempty"`
	Action    string `json:"action,omitempty"`   // as written; of a NotAction "not " and the list
	Resource  string `json:"resource,omitempty"` // likewise
	Condition string `json:"condition,omitempty"`
	Value     string `json:"value,omitempty"` // of the condition
	Times     int    `json:"times,omitempty"`
}

// A Refusal is a question that was answered with no, or could not be.
type Refusal struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	Times    int    `json:"times"`
}

const (
	maxGrants   = 10_000 // of all policies
	maxRefusals = 1_000  // that differ
)

// A recorder notes what decisions used.
type recorder struct {
	resources []string // that identity policies name

	mu        sync.Mutex
	grants    []grant
	questions int
	refused   map[Refusal]int
}

// A grant is a Grant as a policy of its own.
type grant struct {
	Grant
	alone *sim.Policy
}

// add takes an identity policy apart.
func (r *recorder) add(p Policy) error {
	for _, s := range p.Document.Statements {
		for _, values := range []*iam.Values{s.Resource, s.NotResource} {
			if values != nil {
				for _, node := range values.List {
					r.resources = append(r.resources, node.Text)
				}
			}
		}
		if s.Effect == nil || s.Effect.Text != "Allow" {
			continue
		}
		if err := r.split(p, s); err != nil {
			return err
		}
		if len(r.grants) > maxGrants {
			return fmt.Errorf("%s: more than %d grants, an action on a resource each", p.Name, maxGrants)
		}
	}
	return nil
}

// split makes the grants of a statement.
func (r *recorder) split(p Policy, s *iam.Statement) error {
	about := Grant{Policy: p.Name, Line: p.Document.Position(s.Node.Span.Start).Line, Statement: s.Index + 1}
	if s.Sid != nil {
		about.Sid = s.Sid.Text
	}
	whole := statement{version: "2008-10-17", document: p.Document, action: elements("Action", s.Action, "NotAction", s.NotAction), resource: elements("Resource", s.Resource, "NotResource", s.NotResource)}
	if p.Document.Version != nil {
		whole.version = p.Document.Version.Text
	}
	whole.conditions = s.Conditions
	for _, action := range whole.action.each() {
		for _, resource := range whole.resource.each() {
			one := whole
			one.action, one.resource = action, resource
			grant := about
			grant.Action, grant.Resource = action.String(), resource.String()
			if err := r.append(grant, one); err != nil {
				return err
			}
		}
	}
	for i, c := range s.Conditions {
		if len(c.Values) < 2 || !alternatives(c.Operator.Text) {
			continue
		}
		for _, value := range c.Values {
			one := whole
			one.conditions = slices.Clone(s.Conditions)
			one.conditions[i].Values = []*iam.Node{value}
			grant := about
			grant.Condition, grant.Value = c.Operator.Text+" "+c.Key.Text, value.Text
			if err := r.append(grant, one); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *recorder) append(g Grant, s statement) error {
	compiled, err := sim.Compile(iam.Parse(s.text()), iam.IdentityPolicy)
	if err != nil {
		return fmt.Errorf("%s:%d: statement %d: %w", g.Policy, g.Line, g.Statement, err)
	}
	r.grants = append(r.grants, grant{g, compiled})
	return nil
}

// alternatives tells whether one of several values of an operator is enough, so that each can be judged alone.
func alternatives(operator string) bool {
	o, ok := iam.ParseOperator(operator)
	return ok && o.Set != iam.ForAllValues && !strings.Contains(o.Name, "Not") && o.Name != "Null"
}

// note notes the answer to a question; resource is the policy of the resource that had a say in it.
func (r *recorder) note(q *sim.Query, x *sim.Explanation, resource *sim.Policy) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.questions++
	if x.Outcome != sim.Allowed {
		refusal := Refusal{Action: q.Action, Resource: q.Resource, Decision: x.Outcome.String(), Reason: x.Reason}
		if r.refused == nil {
			r.refused = map[Refusal]int{}
		}
		if _, known := r.refused[refusal]; known || len(r.refused) < maxRefusals {
			r.refused[refusal]++
		}
		return
	}
	for i := range r.grants {
		g := &r.grants[i]
		alone := sim.Policies{Identity: []*sim.Policy{g.alone}, Resource: resource}
		if alone.Decide(q).Outcome == sim.Allowed {
			g.Times++
		}
	}
}

// Report says what was used until now.
func (g *Guard) Report() Report {
	r := &g.report
	r.mu.Lock()
	defer r.mu.Unlock()
	report := Report{Questions: r.questions, Used: []Grant{}, Unused: []Grant{}, Refused: []Refusal{}}
	for _, grant := range r.grants {
		if grant.Times > 0 {
			report.Used = append(report.Used, grant.Grant)
		} else {
			report.Unused = append(report.Unused, grant.Grant)
		}
	}
	for refusal, times := range r.refused {
		refusal.Times = times
		report.Refused = append(report.Refused, refusal)
	}
	slices.SortFunc(report.Refused, func(a, b Refusal) int {
		return cmp.Or(strings.Compare(a.Action, b.Action), strings.Compare(a.Resource, b.Resource), strings.Compare(a.Reason, b.Reason))
	})
	return report
}

// A statement is one Allow, to be written as a policy.
type statement struct {
	version          string
	document         *iam.Document
	action, resource element
	conditions       []iam.Condition
}

// An element is Action, NotAction, Resource or NotResource with its values.
type element struct {
	name   string
	values []string
}

func elements(name string, values *iam.Values, not string, others *iam.Values) element {
	e := element{name: name}
	if others != nil {
		e.name, values = not, others
	}
	if values != nil {
		for _, node := range values.List {
			e.values = append(e.values, node.Text)
		}
	}
	return e
}

// each is the element with one value each; what is excluded stays together.
func (e element) each() (all []element) {
	if strings.HasPrefix(e.name, "Not") {
		return []element{e}
	}
	for _, value := range e.values {
		all = append(all, element{e.name, []string{value}})
	}
	return all
}

func (e element) String() string {
	text := strings.Join(e.values, ", ")
	if strings.HasPrefix(e.name, "Not") {
		return "not " + text
	}
	return text
}

// text is the policy with this statement alone.
func (s statement) text() []byte {
	conditions := map[string]map[string][]json.RawMessage{}
	for _, c := range s.conditions {
		operator := conditions[c.Operator.Text]
		if operator == nil {
			operator = map[string][]json.RawMessage{}
			conditions[c.Operator.Text] = operator
		}
		values := []json.RawMessage{}
		for _, node := range c.Values {
			values = append(values, json.RawMessage(s.document.Source[node.Span.Start:node.Span.End]))
		}
		operator[c.Key.Text] = values
	}
	one := map[string]any{"Effect": "Allow", s.action.name: s.action.values, s.resource.name: s.resource.values}
	if len(conditions) > 0 {
		one["Condition"] = conditions
	}
	text, _ := json.Marshal(map[string]any{"Version": s.version, "Statement": []any{one}}) // of texts, and of values that were read as JSON
	return text
}
