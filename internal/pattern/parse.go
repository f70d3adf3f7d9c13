package pattern

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"trunkline/internal/document"
)

// Limits of a pattern.
const (
	maxSize     = 256 << 10 // bytes of a pattern's text
	maxDepth    = 100       // objects and arrays inside each other
	maxBranches = 1000      // combinations of a pattern's $or lists; EventBridge's own limit
	maxPaths    = 256       // fields of a combination; EventBridge's own limit
	busSize     = 2048      // characters of a rule's pattern, EventBridge's default
	pipeSize    = 4096      // characters of a pipe's filter
	pipeFilters = 5         // filters of a pipe
)

// draft is one combination of a pattern's $or lists: value lists, all of which must hold. It is kept in text order.
type draft []draftField

type draftField struct {
	list        *valueList
	alternative int // which object of a $or list set it, 0 for none
}

// valueList is the array at one path of a pattern.
type valueList struct {
	path   string
	tests  []test
	absent bool // one element is {"exists": false}
	text   string
}

// parser turns the text of one pattern into drafts.
type parser struct {
	level    Level
	index    int
	text     []byte
	doc      document.Document
	findings []Finding

	alternatives int // objects of $or lists seen so far
	or           int // $or lists that the parser is inside of
}

// parse returns the pattern's combinations.
func (p *parser) parse() ([]draft, error) {
	p.doc.Limits = document.Limits{Size: maxSize, Depth: maxDepth}
	if err := p.doc.Parse(p.text); err != nil {
		var at int
		reason := err.Error()
		if syntax, ok := err.(*document.SyntaxError); ok {
			at, reason = syntax.Offset, "not one JSON text: "+syntax.Reason
		}
		return nil, p.fail(at, "", "", "%s", reason)
	}
	root := p.doc.Root()
	if p.doc.Kind(root) != document.Object {
		return nil, p.fail(p.doc.Offset(root), "", `write {"field": [values]}`, "a pattern is an object, not %s", article(p.doc.Kind(root)))
	}
	if err := p.checkSize(); err != nil {
		return nil, err
	}
	return p.object(root, "", 0, []draft{nil})
}

func (p *parser) checkSize() error {
	size := utf8.RuneCount(p.text)
	if p.level == Bus && size > busSize {
		p.warn(0, "", "", "%d characters; a rule's pattern may have %d unless the account's quota was raised", size, busSize)
	}
	if size > pipeSize {
		return p.pipe(0, "", "", "%d characters; a pipe's filter may have %d", size, pipeSize)
	}
	return nil
}

// object adds the fields of object n, whose joined path is path, to every draft.
func (p *parser) object(n document.Node, path string, alternative int, drafts []draft) ([]draft, error) {
	first, end := p.doc.Children(n)
	if first == end {
		return nil, p.fail(p.doc.Offset(n), path, `for "the field is there" write [{"exists": true}]`, "an empty object")
	}
	seen := map[string]bool{}
	for c := first; c < end; c = p.doc.After(c) {
		key := string(p.doc.AppendKey(nil, c))
		if key == "$or" {
			var err error
			if drafts, err = p.alternate(c, path, drafts); err != nil {
				return nil, err
			}
			continue
		}
		field := join(path, key)
		if err := p.checkName(c, key, field, seen); err != nil {
			return nil, err
		}
		var err error
		switch p.doc.Kind(c) {
		case document.Object:
			drafts, err = p.object(c, field, alternative, drafts)
		case document.Array:
			drafts, err = p.field(c, field, alternative, drafts)
		default:
			err = p.fail(p.doc.Offset(c), field, "put the value in an array: [ … ]",
				"a field's value is an array of values or an object of fields, not %s", article(p.doc.Kind(c)))
		}
		if err != nil {
			return nil, err
		}
	}
	return drafts, nil
}

// checkName looks at the name of member c.
func (p *parser) checkName(c document.Node, key, field string, seen map[string]bool) error {
	at := p.keyOffset(c)
	if p.or > 0 && slices.Contains(reservedInOr, key) {
		return p.fail(at, field, fmt.Sprintf("to use the operator, write \"field\": [{%q: …}]", key),
			"%q is an operator's name and cannot be a field's inside $or", key)
	}
	if key == "" {
		p.warn(at, field, "", "EventBridge does not match fields with an empty name reliably")
	}
	if strings.Contains(key, ".") {
		p.warn(at, field, "write one object inside the other",
			"a name with a dot also means a field inside an object; AWS says that this may change")
	}
	if seen[key] {
		p.warn(at, field, "put the fields into one object", "%q stands twice in this object", key)
	}
	seen[key] = true
	if p.level == Bus {
		return nil
	}
	return p.checkEnvelope(c, field)
}

// alternate handles the $or list n: each draft is continued once with each of the list's objects.
func (p *parser) alternate(n document.Node, path string, drafts []draft) ([]draft, error) {
	at := p.keyOffset(n)
	if p.doc.Kind(n) != document.Array {
		return nil, p.fail(p.doc.Offset(n), path, `write "$or": [{…}, {…}]; a field of that name cannot be matched`,
			"$or takes an array of objects, not %s. Old rules could have a field named $or; this reading is not supported", article(p.doc.Kind(n)))
	}
	var all []draft
	count := 0
	p.or++
	for c, end := p.doc.Children(n); c < end; c = p.doc.After(c) {
		if p.doc.Kind(c) != document.Object {
			return nil, p.fail(p.doc.Offset(c), path, "", "$or takes objects only, not %s", article(p.doc.Kind(c)))
		}
		count++
		p.alternatives++
		copies := make([]draft, len(drafts))
		for i, d := range drafts {
			copies[i] = slices.Clone(d)
		}
		more, err := p.object(c, path, p.alternatives, copies)
		if err != nil {
			return nil, err
		}
		if all = append(all, more...); len(all) > maxBranches {
			return nil, p.fail(at, path, "split the pattern into several", "the $or lists make more than %d combinations", maxBranches)
		}
	}
	p.or--
	if count < 2 {
		return nil, p.fail(at, path, "", "$or needs at least two objects")
	}
	return all, nil
}

// field gives every draft the value list n at the joined path. A list that an object around this one, or an earlier $or, set for
// the same path is overridden; within one object a second list for a path is an error, because it would silently replace the first.
func (p *parser) field(n document.Node, path string, alternative int, drafts []draft) ([]draft, error) {
	list, err := p.valueList(n, path)
	if err != nil {
		return nil, err
	}
	overrides := false
	for i, d := range drafts {
		if old := slices.IndexFunc(d, func(f draftField) bool { return f.list.path == path }); old >= 0 {
			if d[old].alternative == alternative {
				return nil, p.fail(p.keyOffset(n), path, "put all values into one list",
					"the path is set twice; EventBridge would use the later list only")
			}
			overrides = true
			drafts[i] = slices.Delete(d, old, old+1)
		}
		if len(drafts[i]) == maxPaths {
			return nil, p.fail(p.keyOffset(n), path, "split the pattern into several", "more than %d fields in one combination", maxPaths)
		}
		drafts[i] = append(drafts[i], draftField{list, alternative})
	}
	if overrides {
		p.warn(p.keyOffset(n), path, "set the path in one place only",
			"the path is set inside and outside of $or, or in two $or lists: this list replaces the earlier one, both are not required")
	}
	return drafts, nil
}

// keyOffset returns where the name of member n begins, with its quote.
func (p *parser) keyOffset(n document.Node) int {
	i := p.doc.Offset(n) - 1
	for p.text[i] != '"' {
		i--
	}
	return i - len(p.doc.RawKey(n)) - 1
}

// join makes a path of the path of an object and the name of a member. As in EventBridge's compiler, an empty name at the
// beginning leaves no trace, while one at the beginning of an event's path does.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (p *parser) finding(offset int, path, hint, format string, args ...any) Finding {
	f := Finding{Pattern: p.index, Path: path, Reason: fmt.Sprintf(format, args...), Hint: hint}
	f.place(p.text, offset)
	return f
}

func (p *parser) fail(offset int, path, hint, format string, args ...any) error {
	return &Error{p.finding(offset, path, hint, format, args...)}
}

func (p *parser) warn(offset int, path, hint, format string, args ...any) {
	p.findings = append(p.findings, p.finding(offset, path, hint, format, args...))
}

// pipe reports what a pipe would refuse: an error for a pipe, a warning for a filter of our own, nothing for a bus.
func (p *parser) pipe(offset int, path, hint, format string, args ...any) error {
	switch p.level {
	case Pipe:
		return p.fail(offset, path, hint, format, args...)
	case Filter:
		p.warn(offset, path, hint, format, args...)
	}
	return nil
}

// article names a kind of value in a sentence.
func article(k document.Kind) string {
	switch k {
	case document.Null:
		return "null"
	case document.Array, document.Object:
		return "an " + k.String()
	}
	return "a " + k.String()
}

// reservedInOr are the names that cannot be fields inside $or.
var reservedInOr = []string{
	"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr",
	"=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after", "date-on-or-after", "date-before",
	"date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range",
}
