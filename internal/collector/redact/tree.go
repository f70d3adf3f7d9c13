package redact

import (
	"encoding/binary"
	"fmt"

	"trunkline/contact"
)

// tier is a rank among the reasons for a decision; the lower decides.
type tier uint8

const (
	mandatory tier = iota
	deny
	rule
	allow
	keep
	tiers
)

// entry is one path that the options name.
type entry struct {
	path  contact.Path
	tier  tier
	whole bool       // in a tier that keeps: everything below the path
	rule  *transform // in the rule tier
	by    string
}

// node is the policy at one path: what happens to a value there, and where its members' policies are.
type node struct {
	verdict   Decision   // for a scalar, and for all of the value where there is no detail
	rule      *transform // the verdict's, where it is a rule's
	keepEmpty bool       // an object or array stays even if nothing in it does
	emptyBy   string     // what says so
	keepsAll  bool       // the value stays as it is, with all that it contains
	names     names      // members with a policy of their own
	other     *node      // all other members; nil where there is no detail
}

// detail reports whether the members of a value have other policies than the value.
func (t *node) detail() bool { return t.other != nil }

func (t *node) child(name []byte) *node {
	if c := t.names.find(name); c != nil {
		return c
	}
	return t.other
}

// place is where the walk down the tree stands: what has been passed, and what is still ahead.
type place struct {
	depth   int
	cover   [tiers]int32 // the entry of each tier that ends at or above here and counts there, -1 for none
	ahead   []int32      // entries that go on below
	endHere [tiers]bool
}

type builder struct {
	entries []entry
	nodes   map[string]*node // by place: what stars and names lead to alike is built once
}

func (b *builder) start() place {
	p := place{}
	for t := range p.cover {
		p.cover[t] = -1
	}
	all := make([]int32, len(b.entries))
	for i := range all {
		all[i] = int32(i)
	}
	b.arrive(&p, all)
	return p
}

// arrive takes the entries that lead to a place and parts them into those that end there and those that go on.
func (b *builder) arrive(p *place, entries []int32) {
	for _, i := range entries {
		e := &b.entries[i]
		if len(e.path) > p.depth {
			p.ahead = append(p.ahead, i)
			continue
		}
		p.endHere[e.tier] = true
		if old := p.cover[e.tier]; old < 0 || b.beats(e, &b.entries[old]) {
			p.cover[e.tier] = i
		}
	}
	// What lies below a decision and in a weaker tier can never be heard.
	strongest := b.decider(p)
	if strongest < 0 {
		return
	}
	at := b.entries[strongest].tier
	kept := p.ahead[:0:0]
	for _, i := range p.ahead {
		if t := b.entries[i].tier; t < at || t == at && at == rule {
			kept = append(kept, i)
		}
	}
	p.ahead = kept
}

// beats reports whether e, which ends here, counts more than old of the same tier: by length, then by fewer stars, then because
// it keeps more.
func (b *builder) beats(e, old *entry) bool {
	if len(e.path) != len(old.path) {
		return len(e.path) > len(old.path)
	}
	if s, o := stars(e.path), stars(old.path); s != o {
		return s < o
	}
	return e.whole && !old.whole
}

func stars(p contact.Path) int {
	n := 0
	for _, s := range p {
		if s.Any {
			n++
		}
	}
	return n
}

// decider returns the entry that decides about a scalar at p, -1 for none.
func (b *builder) decider(p *place) int32 {
	for t, i := range p.cover {
		if i >= 0 && (tier(t) == deny || tier(t) == rule || b.entries[i].whole) {
			return i
		}
	}
	return -1
}

// step goes to the members with that name; nil for those that no entry names.
func (b *builder) step(p *place, name *string) place {
	next := place{depth: p.depth + 1, cover: p.cover}
	var entries []int32
	for _, i := range p.ahead {
		s := b.entries[i].path[p.depth]
		if s.Any || name != nil && s.Name == *name {
			entries = append(entries, i)
		}
	}
	b.arrive(&next, entries)
	return next
}

func (b *builder) build(p place) (*node, error) {
	key := p.key()
	if n, ok := b.nodes[key]; ok {
		return n, nil
	}
	if len(b.nodes) >= maxNodes {
		return nil, fmt.Errorf("the paths with stars multiply to more than %d cases; name the fields", maxNodes)
	}
	n := &node{verdict: Decision{Remove, "not named"}}
	b.nodes[key] = n
	if i := b.decider(&p); i >= 0 {
		e := &b.entries[i]
		n.verdict = Decision{Keep, e.by}
		switch e.tier {
		case deny:
			n.verdict.Action = Remove
		case rule:
			n.verdict.Action, n.rule = e.rule.action, e.rule
		}
	}
	n.keepEmpty, n.emptyBy = n.verdict.Action != Remove, n.verdict.By
	for _, t := range []tier{mandatory, allow, keep} {
		if p.endHere[t] && !n.keepEmpty && !(t > deny && p.cover[deny] >= 0) {
			n.keepEmpty, n.emptyBy = true, b.entries[p.cover[t]].by
		}
	}
	if len(p.ahead) == 0 {
		n.keepsAll = n.verdict.Action == Keep
		return n, nil
	}
	var err error
	if n.other, err = b.build(b.step(&p, nil)); err != nil {
		return nil, err
	}
	for _, i := range p.ahead {
		s := b.entries[i].path[p.depth]
		if s.Any || n.names.find([]byte(s.Name)) != nil {
			continue
		}
		child, err := b.build(b.step(&p, &s.Name))
		if err != nil {
			return nil, err
		}
		n.names.add(s.Name, child)
	}
	return n, nil
}

// key is equal for places that lead to the same decisions.
func (p *place) key() string {
	k := []byte{byte(p.depth)}
	for t, i := range p.cover {
		k = binary.AppendVarint(k, int64(i))
		if p.endHere[t] {
			k = append(k, 1)
		} else {
			k = append(k, 0)
		}
	}
	for _, i := range p.ahead {
		k = binary.AppendVarint(k, int64(i))
	}
	return string(k)
}
