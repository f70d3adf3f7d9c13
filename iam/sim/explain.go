package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
)

// An Explanation is a Decision with its reasons.
type Explanation struct {
	Decision

	// Reason says it in a sentence.
	Reason string

	// Statements are those that made the decision, in the order of the layers: for an explicit denial each Deny that applies, for an
	// Allow and an implicit denial each Allow that applies, for an undecided query those of which it is not known whether they do.
	Statements []Applied

	// Missing are the facts that would decide an undecided query.
	Missing []Fact

	// Absent are the condition keys, as spelled in the policies, that the request does not carry although a statement about this
	// action, resource and principal asks for them.
	Absent []string

	// Add is the smallest set of statements that would turn an implicit denial around, together. It is empty for other outcomes and
	// where no statement helps.
	Add []Addition

	// Warnings are those of the Query.
	Warnings []string
}

// Applied is a statement that applies, or of which it is not known whether it does.
type Applied struct {
	Layer    Layer
	Level    int // of SCPs and RCPs, 0 for the root
	Policy   string
	Index    int // of the statement, from 0
	Sid      string
	Deny     bool
	Position iam.Position
	Missing  []Fact // what leaves it open; nil when the statement applies
}

// A Fact is something that a decision hangs on and that nothing tells.
type Fact struct {
	Key  string // the condition key, as spelled in the policy; empty when it is something else
	Text string // what is not known
}

// Explain decides like Decide and gives the reasons. It takes its time.
func (p *Policies) Explain(q *Query) Explanation {
	t := &trace{}
	v := p.consult(q, t)
	x := Explanation{Decision: q.decide(&v), Warnings: q.Warnings, Absent: p.absentKeys(q)}
	for i := range t.hits {
		h := &t.hits[i]
		missing := h.missing(q)
		if !h.made(x.Outcome, missing) || x.Outcome == Undecided && !q.matters(&v, h) {
			continue
		}
		if x.Outcome == Undecided {
			x.Missing = append(x.Missing, missing...)
		}
		x.Statements = append(x.Statements, Applied{
			Layer: q.name(h.layer), Level: h.level, Policy: h.policy.Name, Index: h.statement.index, Sid: h.statement.sid,
			Deny: h.statement.deny, Position: h.policy.doc.Position(h.statement.offset), Missing: missing,
		})
	}
	slices.SortStableFunc(x.Statements, func(a, b Applied) int { return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Level, b.Level)) })
	if x.Outcome == Undecided && v.deny[ResourceLayer] == unknown && p.Resource == nil {
		x.Missing = append(x.Missing, Fact{Text: "the " + q.name(ResourceLayer).String() + " of " + q.Resource})
	}
	x.Missing = dedupe(x.Missing)
	if x.Outcome == ImplicitDeny {
		x.Add = p.additions(q, v)
	}
	x.Reason = q.reason(&x)
	return x
}

// made tells whether the statement belongs to the reasons of an outcome.
func (h *hit) made(o Outcome, missing []Fact) bool {
	switch o {
	case ExplicitDeny:
		return h.statement.deny && len(missing) == 0
	case Undecided:
		return len(missing) > 0
	default:
		return !h.statement.deny && len(missing) == 0
	}
}

// missing lists what leaves open whether the statement applies.
func (h *hit) missing(q *Query) (facts []Fact) {
	s := h.statement
	if s.covers(q) == unknown {
		for i := range s.resources {
			if s.resources[i].match(q.Resource, q.facts) == unknown {
				facts = append(facts, openVariables(s.resources[i].parts, q.facts)...)
			}
		}
	}
	if s.principal != nil {
		if sure, perhaps := s.principal.match(&q.Caller, s.deny); perhaps > sure && (!s.deny || sure == unnamed) {
			facts = append(facts, s.principal.open(&q.Caller)...)
		}
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.holds(q.facts) != unknown {
			continue
		}
		switch f := q.facts.find(&c.key); f.known() {
		case somehow:
			facts = append(facts, Fact{c.spelling, "the value of " + c.spelling})
		case perhaps:
			facts = append(facts, Fact{c.spelling, "whether the request carries " + c.spelling + ", and its value"})
		case present:
			if len(f.values) > 1 && c.set == iam.SingleValue {
				facts = append(facts, Fact{c.spelling, "what " + c.spelling + " with several values means without ForAllValues or ForAnyValue"})
				continue
			}
			for j := range c.patterns {
				facts = append(facts, openVariables(c.patterns[j].parts, q.facts)...)
			}
			for j := range c.arns {
				facts = append(facts, openVariables(c.arns[j].parts, q.facts)...)
			}
		case absent:
		}
	}
	return facts
}

// open lists what is not known of the caller.
func (s *principalSet) open(c *Caller) (facts []Fact) {
	for i := range s.refs {
		if _, known := s.refs[i].match(c); known != unknown {
			continue
		}
		if s.refs[i].kind == refCanonical {
			facts = append(facts, Fact{Text: "the canonical user id of account " + c.Account})
		} else {
			facts = append(facts, Fact{Text: "the name of the session of " + c.Role})
		}
	}
	return facts
}

func openVariables(parts []part, facts *table) (open []Fact) {
	for i := range parts {
		if p := &parts[i]; p.kind == reference {
			if _, known := p.resolve(facts); !known {
				open = append(open, Fact{p.key.name, "what ${" + p.key.name + "} stands for"})
			}
		}
	}
	return open
}

// matters tells whether the outcome can hang on the statement: whether what it leaves open changes the decision, all else that is open
// being for or against the caller.
func (q *Query) matters(v *verdicts, h *hit) bool {
	if h.statement.deny { // nothing else denies, and what is allowed it would overrule
		return true
	}
	at := func(v *verdicts) *truth {
		if h.layer == ResourceLayer {
			return &v.named[h.form]
		}
		return &v.allow[h.layer]
	}
	if *at(v) != unknown {
		return false
	}
	for _, rest := range [...]truth{no, yes} {
		with := v.settled(rest)
		without := with
		*at(&with), *at(&without) = yes, no
		if q.allowed(&with) != q.allowed(&without) {
			return true
		}
	}
	return false
}

// settled gives the verdicts with everything open replaced.
func (v *verdicts) settled(t truth) verdicts {
	w := *v
	for i := range w.allow {
		if w.allow[i] == unknown {
			w.allow[i] = t
		}
	}
	for i := range w.named {
		if w.named[i] == unknown {
			w.named[i] = t
		}
	}
	return w
}

// absentKeys lists the keys that statements about the query ask for in vain.
func (p *Policies) absentKeys(q *Query) (keys []string) {
	seen := map[string]bool{}
	for policy := range p.all(q) {
		for i := range policy.statements {
			s := &policy.statements[i]
			if !s.concerns(&q.action) || s.covers(q) == no {
				continue
			}
			if s.principal != nil {
				if sure, perhaps := s.principal.match(&q.Caller, s.deny); max(sure, perhaps) == unnamed {
					continue
				}
			}
			for j := range s.conditions {
				c := &s.conditions[j]
				if q.facts.find(&c.key).known() == absent && !seen[c.name] {
					seen[c.name] = true
					keys = append(keys, c.spelling)
				}
			}
		}
	}
	return keys
}

// all yields the policies that have a say.
func (p *Policies) all(q *Query) func(yield func(*Policy) bool) {
	lists := [][]*Policy{}
	if q.rcp {
		lists = append(lists, p.RCP...)
	}
	if q.scp {
		lists = append(lists, p.SCP...)
	}
	for _, one := range []*Policy{p.Endpoint, p.Resource} {
		if one != nil {
			lists = append(lists, []*Policy{one})
		}
	}
	if q.Caller.member() && q.Caller.Kind != RootUser {
		lists = append(lists, p.Identity, p.Boundary, p.Session)
	}
	return slices.Values(slices.Concat(lists...))
}

func dedupe(facts []Fact) []Fact {
	var kept []Fact
	for _, f := range facts {
		if !slices.ContainsFunc(kept, func(k Fact) bool { return strings.EqualFold(k.Key, f.Key) && k.Text == f.Text }) {
			kept = append(kept, f)
		}
	}
	return kept
}

// reason words the decision.
func (q *Query) reason(x *Explanation) string {
	what := q.Action + " on " + q.Resource
	switch x.Outcome {
	case Allowed:
		if x.By == RootLayer {
			return what + " is allowed: the root user is allowed what nothing denies"
		}
		return fmt.Sprintf("%s is allowed by the %s", what, x.By)
	case ExplicitDeny:
		return fmt.Sprintf("%s is denied: a Deny of the %s applies", what, x.By)
	case ImplicitDeny:
		switch {
		case q.trust && q.Caller.Kind == RootUser:
			return what + " is denied: the root user cannot assume a role"
		case x.By == IdentityLayer && slices.ContainsFunc(x.Statements, func(s Applied) bool { return s.Layer == q.name(ResourceLayer) }):
			return fmt.Sprintf("%s is denied: the %s leaves it to the principal's account, and no identity policy allows it", what, q.name(ResourceLayer))
		case x.By == IdentityLayer && !q.cross:
			return what + " is denied: neither an identity policy nor the resource's policy allows it"
		case x.By == RCPLayer: // [rcp] "RCPFullAWSAccess … is automatically attached", and cannot be detached
			return what + " is denied: no statement of a level of resource control policies allows it; AWS has RCPFullAWSAccess at each level"
		default:
			return fmt.Sprintf("%s is denied: no statement of the %s allows it", what, x.By)
		}
	default:
		texts := make([]string, len(x.Missing))
		for i, f := range x.Missing {
			texts[i] = f.Text
		}
		return fmt.Sprintf("%s is undecided: it hangs on %s", what, strings.Join(texts, "; "))
	}
}
