package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"trunkline/iam"
	"trunkline/iam/sim"
)

// maxStored bounds the text of the policies that are kept compiled, in bytes. When it is reached, all are let go.
const maxStored = 64 << 20

// A store keeps the policies that cases repeat.
type store struct {
	compiled map[storeKey]compiled
	bytes    int
}

type storeKey struct {
	kind iam.Type
	text string
}

type compiled struct {
	policy *sim.Policy
	err    error
}

func newStore() *store { return &store{compiled: make(map[storeKey]compiled)} }

// compile makes the policies of a case ready. The action tells a trust policy from other policies of resources.
func (s *store) compile(p *Policies, action string) (*sim.Policies, error) {
	out := &sim.Policies{}
	var err error
	list := func(name string, kind iam.Type, raws []json.RawMessage) (policies []*sim.Policy) {
		if raws != nil {
			policies = []*sim.Policy{}
		}
		for i, raw := range raws {
			if err != nil {
				return nil
			}
			var policy *sim.Policy
			policy, err = s.one(kind, raw)
			if err != nil {
				err = fmt.Errorf("%s %d: %w", name, i+1, err)
			}
			policies = append(policies, policy)
		}
		return policies
	}
	levels := func(name string, kind iam.Type, raws [][]json.RawMessage) (policies [][]*sim.Policy) {
		for i, level := range raws {
			policies = append(policies, list(fmt.Sprintf("%s level %d, policy", name, i+1), kind, level))
		}
		return policies
	}
	single := func(name string, kind iam.Type, raw json.RawMessage) (policy *sim.Policy) {
		if err != nil || len(raw) == 0 || string(raw) == "null" {
			return nil
		}
		policy, err = s.one(kind, raw)
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return policy
	}
	out.Identity = list("identity policy", iam.IdentityPolicy, p.Identity)
	out.Boundary = list("boundary", iam.PermissionsBoundary, p.Boundary)
	out.Session = list("session policy", iam.SessionPolicy, p.Session)
	out.SCP = levels("SCP", iam.ServiceControlPolicy, p.SCP)
	out.RCP = levels("RCP", iam.ResourceControlPolicy, p.RCP)
	out.Endpoint = single("endpoint policy", iam.EndpointPolicy, p.Endpoint)
	if sim.Assumes(action) {
		out.Resource = single("trust policy", iam.TrustPolicy, p.Resource)
	} else {
		out.Resource = single("resource policy", iam.ResourcePolicy, p.Resource)
	}
	return out, err
}

func (s *store) one(kind iam.Type, raw json.RawMessage) (*sim.Policy, error) {
	text := string(raw)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
	}
	key := storeKey{kind, text}
	if c, ok := s.compiled[key]; ok {
		return c.policy, c.err
	}
	if s.bytes += len(text); s.bytes > maxStored {
		s.compiled, s.bytes = make(map[storeKey]compiled), len(text)
	}
	var c compiled
	c.policy, c.err = Compile(bytes.Clone([]byte(text)), kind)
	s.compiled[key] = c
	return c.policy, c.err
}

// Compile parses a policy and makes it ready, and takes nothing that had to be recovered from: what IAM would not store decides
// nothing.
func Compile(text []byte, kind iam.Type) (*sim.Policy, error) {
	doc := iam.Parse(text)
	if len(doc.Problems) > 0 {
		p := doc.Problems[0]
		at := doc.Position(p.Span.Start)
		return nil, fmt.Errorf("%d:%d: %s: %s", at.Line, at.Column, p.Code, p.Text)
	}
	return sim.Compile(doc, kind)
}
