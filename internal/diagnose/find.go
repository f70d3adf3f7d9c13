package diagnose

import (
	"slices"
	"strings"

	"trunkline/iam/catalog"
)

// parser finds messages in texts. It is safe for concurrent use.
type parser struct {
	forms    []form
	wrappers []wrapper
	catalog  *catalog.Catalog
}

func newParser(c *catalog.Catalog) *parser {
	return &parser{forms(), wrappers(), c}
}

// A quality says what is known of a text that may hold messages.
type quality struct {
	whole bool // it is one message, with nothing behind it
	cut   bool // who stored it cut its end off
}

// find returns the messages of a text, in order. Forms and wrappers are looked for from left to right; a wrapper that stands in front
// of a message or behind it says more about it, and one that stands alone is a message if its error code is one of ours.
func (p *parser) find(text string, q quality) (found []Message) {
	if trimmed := strings.TrimSuffix(strings.TrimSuffix(text, "…"), "..."); trimmed != text {
		text, q.cut = trimmed, true
	}
	next := newAnchors(p, text)
	var before *envelope   // that waits for its message
	last, lastEnd := -1, 0 // the message that a wrapper may follow
	flush := func() {
		if before != nil {
			if m, ok := before.bare(); ok {
				found = append(found, m)
			}
			before = nil
		}
	}
	for at := 0; ; {
		i, row := next.after(at)
		if i < 0 {
			break
		}
		if row >= len(p.forms) {
			w := &p.wrappers[row-len(p.forms)]
			c, end, ok := w.read(text, i)
			switch {
			case !ok:
				at = i + len(w.phrase)
				continue
			case !w.behind:
				flush()
				before, last = &c, -1
			case last >= 0 && i-lastEnd <= maxGap:
				c.addTo(&found[last])
				lastEnd = end
			default:
				c.addFront(before)
				before = &c
				flush()
			}
			at = max(end, i+len(w.phrase))
			continue
		}
		r, ok := p.read(text, i, at, q)
		if !ok {
			at = i + 1
			continue
		}
		m := r.m
		if before != nil {
			before.addTo(&m)
			before = nil
		}
		if m.Code == "" {
			m.Code = codeBefore(text[:r.start])
		}
		if len(found) == 0 || found[len(found)-1] != m {
			found = append(found, m)
		}
		last, lastEnd, at = len(found)-1, r.at, max(r.at, i+1)
	}
	flush()
	return found
}

// maxGap is how far behind a message the wrapper's end may stand, in bytes.
const maxGap = 128

// read tries the forms that have the phrase at i, in the order of the table.
func (p *parser) read(text string, i, floor int, q quality) (reader, bool) {
	for _, f := range p.forms {
		if !strings.HasPrefix(text[i:], f.phrase) {
			continue
		}
		r := reader{text: text, floor: floor, start: i, at: i, quality: q, catalog: p.catalog, m: Message{Kind: f.kind, Form: f.name}}
		if f.read(&r) {
			return r, true
		}
	}
	return reader{}, false
}

// anchors knows where the phrases of forms and wrappers stand next. Each is looked for again only when it has been passed, so that
// a text is gone through once for each phrase.
type anchors struct {
	text    string
	phrases []string
	rows    []int // of a phrase: its first row among forms, then wrappers
	at      []int // where it stands next, len(text) for nowhere
}

func newAnchors(p *parser, text string) *anchors {
	a := &anchors{text: text}
	add := func(phrase string, row int) {
		if i := strings.Index(text, phrase); i >= 0 && !slices.Contains(a.phrases, phrase) {
			a.phrases, a.rows, a.at = append(a.phrases, phrase), append(a.rows, row), append(a.at, i)
		}
	}
	for row, f := range p.forms {
		add(f.phrase, row)
	}
	for row, w := range p.wrappers {
		add(w.phrase, len(p.forms)+row)
	}
	return a
}

// after returns the first phrase at or behind an index, and its row; -1 where there is none.
func (a *anchors) after(from int) (i, row int) {
	best := -1
	for k := range a.phrases {
		if a.at[k] < from {
			a.at[k] = len(a.text)
			if j := strings.Index(a.text[from:], a.phrases[k]); j >= 0 {
				a.at[k] = from + j
			}
		}
		if a.at[k] < len(a.text) && (best < 0 || a.at[k] < a.at[best]) {
			best = k
		}
	}
	if best < 0 {
		return -1, 0
	}
	return a.at[best], a.rows[best]
}
