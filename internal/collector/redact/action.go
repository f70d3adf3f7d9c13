package redact

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"filippo.io/age"

	"trunkline/contact"
	"trunkline/internal/collector/redact/scrub"
	"trunkline/internal/document"
)

// Action is what happens to a field.
type Action uint8

// The actions. null stays null under all of them, and an empty text stays empty.
const (
	Keep         Action = iota // sent as it is; no rule's action
	Remove                     // name and value are gone
	Null                       // the name stays, the value becomes null
	Mask                       // characters become *, but for the first and last few
	Hash                       // HMAC-SHA-256 of the exact text, in hexadecimal; equal texts give equal hashes
	Pseudonymize               // a stable keyed token: the same person gives the same token in every field and record
	Encrypt                    // readable for the holder of the age identity only
	Truncate                   // a time or a number loses precision
	Scrub                      // what looks like personal data inside the text becomes a placeholder
	actions
)

var actionNames = [actions]string{"keep", "remove", "null", "mask", "hash", "pseudonymize", "encrypt", "truncate", "scrub"}

func (a Action) String() string { return actionNames[a] }

// ParseAction reads the name of a rule's action.
func ParseAction(name string) (Action, error) {
	if i := slices.Index(actionNames[:], name); i > int(Keep) {
		return Action(i), nil
	}
	return 0, fmt.Errorf("unknown action %q", name)
}

// whole reports whether an action takes an object or array as a whole; the others go to each scalar in it.
func (a Action) whole() bool { return a == Null || a == Encrypt || a == Remove }

// Rule transforms the fields at a path.
type Rule struct {
	Path   contact.Path
	Action Action
	// First and Last are the characters that Mask leaves as they are, 0 or more. A text that is not longer than twice their sum is
	// masked whole.
	First, Last int
	// To is Truncate's precision: year, month, day, hour or minute for times, a whole number from 1 on for numbers, which are
	// rounded towards zero to a multiple of it.
	To string
	// Tokens makes Scrub put pseudonyms in the place of what it finds, instead of placeholders.
	Tokens bool
}

// transform is a Rule made ready.
type transform struct {
	action      Action
	first, last int
	tokens      bool
	truncate    func(dst, text []byte) ([]byte, error)
}

func newTransform(r Rule) (*transform, error) {
	t := &transform{action: r.Action, first: r.First, last: r.Last, tokens: r.Tokens}
	if r.First < 0 || r.Last < 0 {
		return nil, errors.New("first and last are 0 or more")
	}
	if r.Action == Truncate {
		var err error
		t.truncate, err = truncation(r.To)
		return t, err
	}
	return t, nil
}

// apply plans the new form of one value. What is not a string is transformed by its JSON text, so that a card number that comes
// as a number is no way round a rule.
func (r *Redactor) apply(n document.Node, t *transform, kind document.Kind) error {
	switch {
	case t.action == Null:
		r.doc.Replace(n, []byte("null"))
		return nil
	case kind == document.Null:
		return nil
	case t.action == Encrypt:
		return r.encrypt(n)
	}
	text := r.doc.Raw(n)
	if kind == document.String {
		var plain bool
		if text, plain = r.doc.Text(n); !plain {
			r.text = r.doc.AppendText(r.text[:0], n)
			text = r.text
		}
	}
	if len(text) == 0 {
		return nil
	}
	r.out = r.out[:0]
	switch t.action {
	case Mask:
		r.out = mask(r.out, text, t.first, t.last)
	case Hash:
		r.out = r.tokens.appendHash(r.out, text)
	case Pseudonymize:
		r.out = r.tokens.appendToken(r.out, text)
	case Scrub:
		var found int
		var replace func([]byte, scrub.Kind, []byte) []byte
		if t.tokens {
			replace = r.tokenFor
		}
		if r.out, found = scrub.Replace(r.out, text, replace); found == 0 && kind == document.Number {
			r.out, found = r.scrubWhole(text, replace)
		}
		if found == 0 {
			return nil
		}
	case Truncate:
		var err error
		if r.out, err = t.truncate(r.out, text); err != nil {
			return err
		}
		if kind == document.Number {
			r.doc.Replace(n, r.out)
			return nil
		}
	}
	r.doc.ReplaceString(n, r.out)
	return nil
}

// scrubWhole looks at a number with a point or an exponent as the whole number that it may be: a program that keeps a card number as
// a float writes 4111111111111111.0 or 4.111111111111111E15.
func (r *Redactor) scrubWhole(text []byte, replace func([]byte, scrub.Kind, []byte) []byte) (out []byte, found int) {
	if !bytes.ContainsAny(text, ".eE") {
		return r.out, 0
	}
	var err error
	if r.text, err = truncateNumber(r.text[:0], text, 1); err != nil {
		return r.out, 0 // beyond 1e300: no number that a person has
	}
	return scrub.Replace(r.out[:0], r.text, replace)
}

// mask replaces characters by stars. One that would show half of the text or more shows nothing.
func mask(dst, text []byte, first, last int) []byte {
	n := utf8.RuneCount(text)
	if n <= 2*(first+last) {
		first, last = 0, 0
	}
	i := 0
	for len(text) > 0 {
		_, size := utf8.DecodeRune(text)
		if i < first || i >= n-last {
			dst = append(dst, text[:size]...)
		} else {
			dst = append(dst, '*')
		}
		text = text[size:]
		i++
	}
	return dst
}

// encrypt replaces any value by "age:" and the base64 form of its JSON text, encrypted.
func (r *Redactor) encrypt(n document.Node) error {
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, r.policy.to)
	if err != nil {
		return err
	}
	if _, err := w.Write(r.doc.Raw(n)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	r.out = append(r.out[:0], "age:"...)
	r.out = base64.StdEncoding.AppendEncode(r.out, sealed.Bytes())
	r.doc.ReplaceString(n, r.out)
	return nil
}
