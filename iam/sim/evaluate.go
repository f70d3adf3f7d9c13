package sim

// Verdicts is what the layers say, each by itself.
type verdicts struct {
	allow [layerCount]truth // of layers that must allow
	named [formCount]truth  // what the resource's policy allows, by how it names the caller
	deny  [layerCount]truth // an explicit Deny

	// denied says that a Deny applies. Without a trace no other layer is asked then.
	denied bool
}

// A ruling is what the policies of one place say.
type ruling struct {
	allow [formCount]truth
	deny  truth
}

// A trace collects the statements that apply or may apply.
type trace struct{ hits []hit }

// A hit is a statement that applies or may apply.
type hit struct {
	layer     Layer
	level     int // of SCPs and RCPs
	policy    *Policy
	statement *statement
	applies   truth
	form      form
}

// and asks a layer, or a level of it, which must allow like those asked before.
func (v *verdicts) and(layer Layer, level int, policies []*Policy, q *Query, t *trace) {
	var r ruling
	for _, p := range policies {
		v.ask(p, &r, layer, level, q, t)
	}
	v.allow[layer] = and(v.allow[layer], or(r.allow[direct], or(r.allow[limited], r.allow[delegated])))
}

// resource asks the resource's policy.
func (v *verdicts) resource(p *Policy, q *Query, t *trace) {
	var r ruling
	v.ask(p, &r, ResourceLayer, 0, q, t)
	v.named = r.allow
}

func (v *verdicts) ask(p *Policy, r *ruling, layer Layer, level int, q *Query, t *trace) {
	if v.denied && t == nil {
		return
	}
	p.rule(r, layer, level, q, t)
	v.deny[layer] = or(v.deny[layer], r.deny)
	v.denied = v.denied || r.deny == yes
}

// rule adds what the policy says to r. Statements have no order, and one Allow is as good as two: without a trace, those that can
// change nothing any more are passed over.
func (p *Policy) rule(r *ruling, layer Layer, level int, q *Query, t *trace) {
	candidates, sure := p.dispatch.candidates(&q.action)
	for _, i := range candidates {
		s := &p.statements[i]
		if t == nil && (s.deny && r.deny == yes || !s.deny && r.allow[direct] == yes) {
			continue
		}
		if !sure && !s.concerns(&q.action) {
			continue
		}
		named, perhaps, applies := s.apply(q)
		if applies == no {
			continue
		}
		if s.deny {
			if named == unnamed {
				applies = unknown
			}
			r.deny = or(r.deny, applies)
		} else {
			if named != unnamed {
				r.allow[named] = or(r.allow[named], applies)
			}
			if perhaps > named {
				r.allow[perhaps] = or(r.allow[perhaps], unknown)
			}
		}
		if t != nil {
			t.hits = append(t.hits, hit{layer, level, p, s, applies, max(named, perhaps)})
		}
	}
}

// concerns tells whether the statement is about the action.
func (s *statement) concerns(a *action) bool {
	for i := range s.actions {
		if s.actions[i].match(a) {
			return !s.notAction
		}
	}
	return s.notAction
}

// apply evaluates a statement that concerns the action: resource, principal and conditions must match. It also tells how it names
// the caller, and how it may.
func (s *statement) apply(q *Query) (named, perhaps form, applies truth) {
	if applies = s.covers(q); applies == no {
		return unnamed, unnamed, no
	}
	named = direct
	if s.principal != nil {
		if named, perhaps = s.principal.match(&q.Caller, s.deny); max(named, perhaps) == unnamed {
			return unnamed, unnamed, no
		}
	}
	for i := range s.conditions {
		if applies = and(applies, s.conditions[i].holds(q.facts)); applies == no {
			return unnamed, unnamed, no
		}
	}
	return named, perhaps, applies
}

// covers tells whether the statement is about the resource. An action without resource types is authorized on "*", a string that an
// ARN pattern does not match.
func (s *statement) covers(q *Query) truth {
	if s.anyResource {
		return yes
	}
	result := no
	for i := range s.resources {
		if result = or(result, s.resources[i].match(q.Resource, q.facts)); result == yes {
			break
		}
	}
	if s.notResource {
		return result.not()
	}
	return result
}
