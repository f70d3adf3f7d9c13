package iam

import (
	"cmp"
	"slices"
	"strings"
)

// A place is a point of the parse to go back to.
type place struct{ pos, end, problems int }

func (p *parser) here() place { return place{p.pos, p.end, len(p.problems)} }

// rewind forgets what was read since.
func (p *parser) rewind(to place) {
	if !p.stopped {
		p.pos, p.end, p.problems = to.pos, to.end, p.problems[:to.problems]
	}
}

func (p *parser) report(code ProblemCode, span Span, text string, edits ...Edit) {
	if p.stopped {
		return
	}
	p.edits += len(edits)
	if len(p.problems) == MaxProblems-1 || p.edits > 16*MaxProblems {
		p.giveUp(TooMany, Span{span.Start, span.Start}, "too many problems: the rest is not read")
		return
	}
	p.problems = append(p.problems, Problem{Code: code, Span: span, Text: text, Edits: edits})
}

// giveUp reports why the rest is not read, and goes to the end.
func (p *parser) giveUp(code ProblemCode, span Span, text string) {
	if p.stopped {
		return
	}
	p.problems = append(p.problems, Problem{Code: code, Span: span, Text: text})
	p.stopped = true
	p.pos = len(p.src)
}

// sorted returns the problems in order of position; those at one position stay in the order in which they were found, which is that
// of the text they insert.
func (p *parser) sorted() []Problem {
	slices.SortStableFunc(p.problems, func(a, b Problem) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	return p.problems
}

// drop takes out the one byte at p.pos, which has no place here.
func (p *parser) drop() {
	span := Span{p.pos, p.pos + 1}
	p.pos++
	p.report(ExtraText, span, "a "+p.src[span.Start:span.End]+" too many", Edit{Span: span})
}

// strayComma reports the comma at offset at, with nothing behind it; none when at is negative.
func (p *parser) strayComma(at int) {
	if at >= 0 {
		span := Span{at, at + 1}
		p.report(TrailingComma, span, "a comma with nothing behind it", Edit{Span: span})
	}
}

// strayCommas takes out a run of commas that separate nothing.
func (p *parser) strayCommas() {
	span := Span{p.pos, p.pos + 1}
	for i := span.End; i < len(p.src) && strings.IndexByte(", \t\r\n", p.src[i]) >= 0; i++ {
		if p.src[i] == ',' {
			span.End = i + 1
		}
	}
	p.pos = span.End
	p.report(TrailingComma, span, "a comma with nothing in front of it", Edit{Span: span})
}

func (p *parser) missingComma() {
	span := Span{p.end, p.end}
	p.report(MissingComma, span, "no comma between two values", Edit{span, ","})
}

// missingValue supplies a null, for which nobody but the author knows the value.
func (p *parser) missingValue() *Node {
	n := p.node(Null, p.end, p.end)
	n.Virtual, n.Text = true, "null"
	p.report(MissingValue, n.Span, "a name without a value")
	return n
}

func closer(n *Node) string {
	if n.Kind == Array {
		return "]"
	}
	return "}"
}

// missingCloser closes n behind the last token.
func (p *parser) missingCloser(n *Node) {
	text := closer(n)
	if n.Virtual && p.atEnd() && p.closeVirtual(text) {
		return
	}
	if opener := n.Span.Start; !n.Virtual && strings.IndexByte(p.src[opener:max(opener, p.end)], '\n') >= 0 {
		line := p.src[strings.LastIndexByte(p.src[:opener], '\n')+1 : opener]
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		text = "\n" + line[:min(indent, MaxDepth*4)] + text
	}
	p.insertCloser(p.end, text)
}

// insertCloser reports that text is missing at offset at. Closers missing at one place are one problem, so that no two edits are
// equal.
func (p *parser) insertCloser(at int, text string) {
	if last := p.lastCloser(at); last != nil {
		last.Edits[0].Text += text
		last.Text = missing(last.Edits[0].Text)
		return
	}
	p.report(MissingCloser, Span{at, at}, missing(text), Edit{Span{at, at}, text})
}

// lastCloser is the problem about closers missing at offset at, nil when there is none yet.
func (p *parser) lastCloser(at int) *Problem {
	for i := len(p.problems) - 1; i >= 0 && !p.stopped; i-- {
		switch last := &p.problems[i]; {
		case last.Code == DuplicateKey: // found when an object is closed
		case last.Code == MissingCloser && last.Span == Span{at, at}:
			return last
		case last.Span.Start < at:
			return nil
		}
	}
	return nil
}

func missing(closers string) string { return "missing " + strings.Join(strings.Fields(closers), "") }

// closeVirtual closes at the end of the text what stands in front of it virtually: a matter of the problem about the head, unless
// real closers are missing at the same place, which come first.
func (p *parser) closeVirtual(text string) bool {
	if p.stopped || p.head < 0 || p.lastCloser(p.end) != nil {
		return false
	}
	head := &p.problems[p.head]
	if last := &head.Edits[len(head.Edits)-1]; len(head.Edits) > 1 && last.Span.Start == p.end {
		last.Text += text
	} else {
		head.Edits = append(head.Edits, Edit{Span{p.end, p.end}, text})
	}
	return true
}

// mendCloser closes n with the closer of the other kind that stands here.
func (p *parser) mendCloser(n *Node) {
	span := Span{p.pos, p.pos + 1}
	p.skipToken()
	p.report(MissingCloser, span, missing(closer(n))+", there is "+p.src[span.Start:span.End], Edit{span, closer(n)})
}

// statementGoesOn says whether the closer at p.pos is followed by another element of a statement: then it is not the closer of the
// statement or of the list of statements.
func (p *parser) statementGoesOn() bool {
	rest := p.src[p.pos+1 : min(len(p.src), p.pos+256)]
	rest, found := strings.CutPrefix(strings.TrimLeft(rest, " \t\r\n"), ",")
	if !found {
		return false
	}
	rest, found = strings.CutPrefix(strings.TrimLeft(rest, " \t\r\n"), `"`)
	if !found {
		return false
	}
	name, _, found := strings.Cut(rest, `"`)
	return found && isStatementElement(name)
}

// colonNext says whether a colon follows: what was read is a name.
func (p *parser) colonNext() bool {
	p.space()
	return p.peek() == ':'
}

// duplicates reports the members of n that a later one of the same name overrules. When both have the same value, the earlier one
// can go, provided that the object is clean: no other edit lies in it.
func (p *parser) duplicates(n *Node, clean bool) {
	const few = 12 // up to which comparing each with each is the faster way
	if len(n.Members) <= few {
		for i, m := range n.Members {
			for j := len(n.Members) - 1; j > i; j-- {
				if n.Members[j].Key.Text == m.Key.Text {
					p.duplicate(n, i, j, clean)
					break
				}
			}
		}
		return
	}
	last := make(map[string]int, len(n.Members))
	for i, m := range n.Members {
		last[m.Key.Text] = i
	}
	if len(last) == len(n.Members) {
		return
	}
	for i, m := range n.Members {
		if j := last[m.Key.Text]; j > i {
			p.duplicate(n, i, j, clean)
		}
	}
}

func (p *parser) duplicate(n *Node, i, j int, clean bool) {
	var edits []Edit
	if clean && equal(n.Members[i].Value, n.Members[j].Value) {
		edits = []Edit{{Span: Span{n.Members[i].Key.Span.Start, n.Members[i+1].Key.Span.Start}}}
	}
	p.report(DuplicateKey, n.Members[i].Key.Span, "the same name follows again, and the last one counts", edits...)
}

// equal says whether two trees are the same but for their place.
func equal(a, b *Node) bool {
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Members) != len(b.Members) {
		return false
	}
	for i := range a.Items {
		if !equal(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for i := range a.Members {
		if a.Members[i].Key.Text != b.Members[i].Key.Text || !equal(a.Members[i].Value, b.Members[i].Value) {
			return false
		}
	}
	return true
}
