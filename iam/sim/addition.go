package sim

import (
	"encoding/json"
	"math/bits"
	"strings"
)

// An Addition is a statement that would have to be added to a policy.
type Addition struct {
	Layer     Layer
	Level     int    // of SCPs and RCPs, 0 for the root
	Statement string // JSON
}

// additions finds the smallest set of layers that, allowing, would turn the denial around, and words their statements. Statements on
// what a principal owns are preferred to those on what others do.
func (p *Policies) additions(q *Query, v verdicts) []Addition {
	type place struct {
		layer Layer
		form  form // of ResourceLayer
	}
	places := []place{
		{IdentityLayer, 0},
		{SessionLayer, 0},
		{BoundaryLayer, 0},
		{ResourceLayer, q.Caller.ownForm()},
		{ResourceLayer, delegated},
		{SCPLayer, 0},
		{RCPLayer, 0},
		{EndpointLayer, 0},
	}
	for size := 1; size <= len(places); size++ {
		for set := range uint(1) << len(places) {
			if bits.OnesCount(set) != size {
				continue
			}
			w := v
			for i, at := range places {
				switch {
				case set>>i&1 == 0:
				case at.layer == ResourceLayer:
					w.named[at.form] = yes
				default:
					w.allow[at.layer] = yes
				}
			}
			if q.allowed(&w) == no {
				continue
			}
			var added []Addition
			for i, at := range places {
				if set>>i&1 == 1 {
					added = append(added, p.statements(q, at.layer, at.form)...)
				}
			}
			return added
		}
	}
	return nil
}

// ownForm is how a resource's policy names the caller most narrowly without naming a single session.
func (c *Caller) ownForm() form {
	switch c.Kind {
	case RoleSession:
		return limited
	case RootUser:
		return delegated
	default:
		return direct
	}
}

// statements words what is to be added to a layer: one statement, or one for each level that lacks an Allow.
func (p *Policies) statements(q *Query, layer Layer, f form) []Addition {
	var levels [][]*Policy
	switch layer {
	case SCPLayer:
		levels = p.SCP
	case RCPLayer:
		levels = p.RCP
	default:
		return []Addition{{Layer: q.name(layer), Statement: q.statement(layer, f)}}
	}
	var added []Addition
	for level, policies := range levels {
		var v verdicts
		v.allow[layer] = yes
		v.and(layer, level, policies, q, nil)
		if v.allow[layer] == no {
			added = append(added, Addition{layer, level, q.statement(layer, f)})
		}
	}
	return added
}

// statement words an Allow of exactly the query.
func (q *Query) statement(layer Layer, f form) string {
	var b strings.Builder
	write := func(name, value string) {
		quoted, _ := json.Marshal(value) // a string always can
		b.WriteString(`, "` + name + `": `)
		b.Write(quoted)
	}
	b.WriteString(`{"Effect": "Allow"`)
	switch layer {
	case RCPLayer: // An Allow of an RCP takes nothing but * in Principal, Action and Resource.
		return `{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}`
	case EndpointLayer:
		write("Principal", "*")
	case ResourceLayer:
		kind, name := q.Caller.principal(f)
		if kind == "" {
			write("Principal", name)
		} else {
			quoted, _ := json.Marshal(name)
			b.WriteString(`, "Principal": {"` + kind + `": `)
			b.Write(quoted)
			b.WriteString("}")
		}
	default:
	}
	write("Action", q.Action)
	if layer != ResourceLayer || !q.trust {
		write("Resource", q.Resource)
	}
	b.WriteString("}")
	return b.String()
}

// principal is the caller as a Principal element names it in a form; the kind is empty for everybody.
func (c *Caller) principal(f form) (kind, name string) {
	switch {
	case c.Kind == Service:
		return "Service", c.ARN
	case c.Kind == Identity:
		return "Federated", c.ARN
	case c.Kind == Anonymous:
		return "", "*"
	case f == delegated:
		return "AWS", c.Account
	case f == limited:
		return "AWS", c.Role
	default:
		return "AWS", c.ARN
	}
}
