// Package redact decides for every field of a record whether it is sent, and in which form.
//
//	Options ─▶ Compile ─▶ Policy (a tree of names per kind of record) ─▶ Redactor: one walk plans the edits of a record
//
// What is not named is not sent. The tiers decide in this order, for each field by its path: deny, rule, allow, keep set. A rule
// keeps its field in transformed form. Within one tier the longer path wins, and of equally long ones the one with fewer stars.
// A listed parent without listed children keeps all that it contains; with listed children it keeps the object and those children.
// Arrays are transparent. A name that occurs twice in an object is decided, and edited, each time.
//
// It fails closed: an error from [Redactor.Redact] means that the record must not be sent at all.
package redact

import (
	"fmt"

	"trunkline/contact"
	"trunkline/internal/collector/redact/scrub"
	"trunkline/internal/document"
)

// Redactor applies a Policy. It is not safe for concurrent use: make one for each goroutine with [Policy.Redactor].
type Redactor struct {
	policy  *Policy
	doc     *document.Document
	explain func(document.Node, Decision)

	tokens   tokens
	tokenFor func(dst []byte, k scrub.Kind, found []byte) []byte
	name     []byte // a member's name with escapes resolved
	text     []byte // a value's content with escapes resolved
	out      []byte // its new form
}

// Redactor returns a new Redactor for one goroutine.
func (p *Policy) Redactor() *Redactor {
	r := &Redactor{policy: p, tokens: newTokens(p)}
	r.tokenFor = func(dst []byte, _ scrub.Kind, found []byte) []byte { return r.tokens.appendToken(dst, found) }
	return r
}

// Decision is what became of a field, and why.
type Decision struct {
	Action Action // Remove, Keep, or a rule's action
	By     string // what decided: "deny SystemEndpoint.Address", "keep minimum", "not named" …
}

// keepText is the memory for a value that a Redactor keeps from a record to the next, twice: one huge record must not hold memory for
// ever.
const keepText = 256 << 10

// Redact plans the edits on the record's document that make it fit to be sent. Render the document afterwards. After an error
// some edits may be planned: the record must not be rendered.
func (r *Redactor) Redact(rec *contact.Record) error {
	tree := r.policy.trees[rec.Kind()]
	if tree == nil {
		return fmt.Errorf("no redaction is defined for a record of kind %q", rec.Kind())
	}
	r.doc = rec.Document()
	if cap(r.text) > keepText || cap(r.out) > keepText {
		r.text, r.out = nil, nil
	}
	_, err := r.value(r.doc.Root(), tree)
	return err
}

// Explain is Redact with a report of each decision: once for a value that is kept, removed or transformed as a whole, for every
// value at which the policy goes into detail otherwise.
func (r *Redactor) Explain(rec *contact.Record, report func(document.Node, Decision)) error {
	r.explain = report
	defer func() { r.explain = nil }()
	return r.Redact(rec)
}

// value decides about n, a value whose path leads to t, and what it contains. It reports whether n, or something in it, stays.
func (r *Redactor) value(n document.Node, t *node) (stays bool, err error) {
	doc := r.doc
	kind := doc.Kind(n)
	if !t.detail() || kind != document.Object && kind != document.Array {
		return r.settle(n, t, kind)
	}
	mark := doc.Edits()
	for c, end := doc.Children(n); c < end; c = doc.After(c) {
		child := t // an array's elements have its path
		if kind == document.Object {
			name, plain := doc.Name(c)
			if !plain {
				r.name = doc.AppendKey(r.name[:0], c)
				name = r.name
			}
			if child = t.other; t.names.mayHave(name) {
				child = t.child(name)
			}
		}
		if child.keepsAll && r.explain == nil {
			stays = true
			continue
		}
		kept, err := r.value(c, child)
		if err != nil {
			return false, err
		}
		stays = stays || kept
	}
	if stays || t.keepEmpty || n == doc.Root() {
		return true, nil
	}
	doc.Undo(mark)
	doc.Remove(n)
	return false, nil
}

// settle carries out a verdict that holds for all of n.
func (r *Redactor) settle(n document.Node, t *node, kind document.Kind) (stays bool, err error) {
	verdict := t.verdict
	if verdict.Action == Remove && t.keepEmpty && kind == document.Null {
		verdict = Decision{Keep, t.emptyBy} // an object that may stay without its members may as well be null
	}
	if r.explain != nil {
		r.explain(n, verdict)
	}
	switch verdict.Action {
	case Keep:
		return true, nil
	case Remove:
		r.doc.Remove(n)
		return false, nil
	}
	return true, r.transform(n, t, kind)
}

// transform applies a rule to n: as a whole, or to each scalar in it.
func (r *Redactor) transform(n document.Node, t *node, kind document.Kind) error {
	if !t.rule.action.whole() && (kind == document.Object || kind == document.Array) {
		for c, end := r.doc.Children(n); c < end; c = r.doc.After(c) {
			if err := r.transform(c, t, r.doc.Kind(c)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.apply(n, t.rule, kind); err != nil {
		return fmt.Errorf("%s: %w", t.verdict.By, err)
	}
	return nil
}
