package redact

import (
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"

	"trunkline/contact"
)

// KeepSet is the set of fields that stay when no other tier names them.
type KeepSet uint8

// The keep sets.
const (
	Minimum KeepSet = iota // the documented mandatory set of the record's kind: see [contact.Minimum]
	Nothing                // what is not named is removed
	All                    // what is not denied stays
)

func (k KeepSet) String() string { return [...]string{"minimum", "none", "all"}[k] }

// Options say what a Policy does. Paths are in the form of [contact.ParsePath].
type Options struct {
	Keep  KeepSet
	Allow []contact.Path
	Deny  []contact.Path
	Rules []Rule
	// Enrichment is the path that an enrichment fills, kept like an allowed one; nil for none.
	Enrichment contact.Path
	// Mandatory makes the minimum set win over everything, as the published privacy object wants it.
	Mandatory bool

	// Key is the secret for hash and pseudonymize, at least 16 bytes.
	Key []byte
	// Recipient is whom encrypt encrypts to.
	Recipient age.Recipient
	// Phone appends a phone number of the configured region in E.164 form, and reports whether text is one. Nil: only numbers
	// that are in E.164 form already are known to be numbers.
	Phone func(dst, text []byte) ([]byte, bool)
}

// Policy is a compiled decision for every path of every kind of record. It is immutable.
type Policy struct {
	trees   [contact.CallNotice]*node
	key     []byte
	hashKey []byte
	phone   func(dst, text []byte) ([]byte, bool)
	to      age.Recipient
}

// MinKey is the least length of Options.Key, in bytes.
const MinKey = 16

// maxNodes bounds what stars in paths can multiply to.
const maxNodes = 100_000

// Compile makes a Policy, or says which option cannot be.
func Compile(o Options) (*Policy, error) {
	p := &Policy{key: slices.Clone(o.Key), phone: o.Phone, to: o.Recipient}
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(o.Key) > 0 {
		p.hashKey = deriveKey(o.Key, "trunkline redact hash")
	}
	for _, kind := range []contact.Kind{contact.Contact, contact.AgentEvent} {
		entries, err := o.entries(kind)
		if err != nil {
			return nil, err
		}
		b := builder{entries: entries, nodes: map[string]*node{}}
		if p.trees[kind], err = b.build(b.start()); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (o *Options) check() error {
	for _, r := range o.Rules {
		switch {
		case (r.Action == Hash || r.Action == Pseudonymize || r.Tokens) && len(o.Key) < MinKey:
			return fmt.Errorf("%s %s needs redact.key, a secret of at least %d bytes", r.Action, r.Path, MinKey)
		case r.Action == Encrypt && o.Recipient == nil:
			return fmt.Errorf("encrypt %s needs redact.recipient", r.Path)
		case r.Action == Keep || r.Action >= actions:
			return fmt.Errorf("%s: no action", r.Path)
		}
		if r.Action != Encrypt {
			continue
		}
		for _, d := range o.Deny {
			if len(d) > len(r.Path) && covers(r.Path, d) {
				return fmt.Errorf("encrypt %s would carry the denied %s along", r.Path, d)
			}
		}
		for _, other := range o.Rules {
			if len(other.Path) > len(r.Path) && covers(r.Path, other.Path) {
				return fmt.Errorf("encrypt %s takes the value as a whole; it leaves nothing for the rule on %s", r.Path, other.Path)
			}
		}
	}
	return nil
}

// entries lists what the options say about a kind of record, the strongest tier first.
func (o *Options) entries(kind contact.Kind) ([]entry, error) {
	var minimum []contact.Path
	for _, text := range contact.Minimum(kind) {
		p, err := contact.ParsePath(text)
		if err != nil {
			return nil, errors.Join(errors.New("minimum keep set"), err)
		}
		minimum = append(minimum, p)
	}
	var list []entry
	if o.Mandatory {
		list = appendListed(list, mandatory, "mandatory", minimum)
	}
	for _, p := range o.Deny {
		list = append(list, entry{path: p, tier: deny, by: "deny " + p.String()})
	}
	for _, r := range o.Rules {
		t, err := newTransform(r)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.Action, r.Path, err)
		}
		list = append(list, entry{path: r.Path, tier: rule, rule: t, by: fmt.Sprintf("rule %s %s", r.Action, r.Path)})
	}
	list = appendListed(list, allow, "allow", o.Allow)
	if o.Enrichment != nil {
		list = append(list, entry{path: o.Enrichment, tier: allow, whole: true, by: "enrich into " + o.Enrichment.String()})
	}
	switch o.Keep {
	case Minimum:
		list = appendListed(list, keep, "keep minimum", minimum)
	case All:
		list = append(list, entry{tier: keep, whole: true, by: "keep all"})
	}
	return list, nil
}

// appendListed adds paths of a tier that keeps what it lists. A path with listed descendants keeps its object only.
func appendListed(list []entry, t tier, by string, paths []contact.Path) []entry {
	for _, p := range paths {
		inside := slices.ContainsFunc(paths, func(q contact.Path) bool { return len(q) > len(p) && slices.Equal(p, q[:len(p)]) })
		list = append(list, entry{path: p, tier: t, whole: !inside, by: by + " " + p.String()})
	}
	return list
}

// covers reports whether some field at or below q is also at or below p.
func covers(p, q contact.Path) bool {
	for i := range min(len(p), len(q)) {
		if !p[i].Any && !q[i].Any && p[i].Name != q[i].Name {
			return false
		}
	}
	return true
}
