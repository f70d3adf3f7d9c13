package iam

import (
	"strings"
	"unicode/utf8"
)

// What Parse reads of a text at most. A larger text, deeper nesting or more problems are themselves a Problem.
const (
	MaxSize     = 1 << 20 // bytes
	MaxDepth    = 64      // arrays and objects within each other
	MaxProblems = 1000
)

// Parse reads a policy, whatever state it is in, in one pass over src. It never fails: what it recovered from, it lists in Problems,
// and what it could make of the text stands in the tree and in the typed view.
//
// A text that is JSON without duplicate keys and holds a policy has no Problem. When each Problem has edits, the text with all of
// them applied has no Problem, and its tree is the same but for spans and members that were written twice with the same value.
//
// Parse keeps src, which must not change afterwards. It is safe for concurrent use.
func Parse(src []byte) *Document {
	doc := &Document{Source: src}
	if len(src) > MaxSize {
		doc.Problems = []Problem{{Code: TooLarge, Span: Span{0, len(src)}, Text: "longer than 1 MiB"}}
		return doc
	}
	text := string(src) // so that no string of the tree changes when src does
	p := parser{src: text, valid: utf8.ValidString(text), head: -1, arena: newArena(text)}
	doc.Root = p.document()
	doc.Problems = p.sorted()
	doc.view(&p.arena)
	return doc
}

// A parser reads one text. What it recovers from it treats as if the edits of the Problem had been made: it skips what they delete,
// and goes on as if what they insert had stood there. So what it returns is what the mended text would give.
type parser struct {
	src   string
	pos   int  // of the next byte
	end   int  // of the last token that counts: where something missing is put
	valid bool // src is valid UTF-8

	objects, arrays int // open ones

	items   []*Node  // of the open arrays, innermost last
	members []Member // of the open objects, innermost last
	member0 int      // the first of the innermost object

	problems []Problem
	edits    int  // of all problems, rewound ones included
	head     int  // the Problem that put virtual openers in front: -1 when there is none
	stopped  bool // the rest is not read
	arena
}

// peek is the next byte, 0 at the end of the text. (A NUL in the text is a word like any other: see atEnd.)
func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *parser) atEnd() bool { return p.pos >= len(p.src) }

// skipToken goes past a token of one byte.
func (p *parser) skipToken() {
	p.pos++
	p.end = p.pos
}

// value reads the value at p.pos, which is no closer, comma, colon or end of text.
func (p *parser) value() *Node {
	switch c := p.src[p.pos]; c {
	case '"':
		return p.str()
	case '{':
		if bracePlaceholder(p.src[p.pos:]) > 0 {
			return p.word(false)
		}
		n, ok := p.open(Object)
		if ok {
			p.objectBody(n, len(p.members))
		}
		return n
	case '[':
		n, ok := p.open(Array)
		if ok {
			p.arrayBody(n, len(p.items))
		}
		return n
	default:
		return p.scalar(c)
	}
}

// open reads an opening brace or bracket.
func (p *parser) open(kind Kind) (n *Node, ok bool) {
	n = p.node(kind, p.pos, p.pos+1)
	if p.objects+p.arrays == MaxDepth {
		p.giveUp(TooDeep, n.Span, "nested deeper than 64: the rest is not read")
		return n, false
	}
	p.skipToken()
	return n, true
}

// arrayBody reads an array behind its opening bracket, to its closer and with it. Items that are already read stand in
// p.items[first:].
func (p *parser) arrayBody(n *Node, first int) {
	p.arrays++
	comma := -1 // the one behind the last item
	behind := p.here()
	for {
		p.space()
		c := p.peek()
		switch {
		case p.atEnd(), c == '}' && p.objects > 0:
			p.strayComma(comma)
			if c == '}' && p.statementGoesOn() && isStatement(p.members[p.member0:]) {
				p.mendCloser(n)
			} else {
				p.missingCloser(n)
			}
			p.closeArray(n, first)
			return
		case c == ']':
			p.strayComma(comma)
			p.skipToken()
			p.closeArray(n, first)
			return
		case c == ',' && (comma >= 0 || len(p.items) == first):
			p.strayCommas()
			continue
		case c == ',':
			comma = p.pos
			p.pos++
			continue
		case c == ':', c == '}':
			p.drop()
			continue
		}
		if len(p.items) > first && comma < 0 {
			p.missingComma()
		}
		v := p.value()
		next := p.here()
		if v.Kind == String && len(p.items) > first && p.objects > 0 && p.colonNext() {
			// Not an item but the next member of the object around the array, which was never closed.
			p.rewind(behind)
			p.missingCloser(n)
			p.closeArray(n, first)
			return
		}
		p.items = append(p.items, v)
		comma, behind = -1, next
	}
}

func (p *parser) closeArray(n *Node, first int) {
	p.arrays--
	if !n.Virtual {
		n.Span.End = p.end
	}
	n.Items = p.keep(p.items[first:]...)
	n.adopt()
	p.items = p.items[:first]
}

// objectBody reads an object behind its opening brace, to its closer and with it. Members that are already read stand in
// p.members[first:].
func (p *parser) objectBody(n *Node, first int) {
	p.objects++
	defer func(outer int) { p.member0 = outer }(p.member0)
	p.member0 = first
	comma := -1 // the one behind the last member
	start := len(p.problems)
	behind := p.here()
	for {
		p.space()
		c := p.peek()
		switch {
		case p.atEnd():
			p.strayComma(comma)
			p.missingCloser(n)
			p.closeObject(n, first, start)
			return
		case c == '}':
			p.strayComma(comma)
			p.skipToken()
			p.closeObject(n, first, start)
			return
		case c == ']' && p.arrays > 0:
			goesOn := p.statementGoesOn()
			if goesOn && isStatement(p.members[first:]) {
				p.drop() // one bracket too many within the statement
				continue
			}
			p.strayComma(comma)
			if goesOn {
				p.mendCloser(n)
			} else {
				p.missingCloser(n)
			}
			p.closeObject(n, first, start)
			return
		case c == '{' && bracePlaceholder(p.src[p.pos:]) == 0 && p.arrays > 0 && len(p.members) > first:
			// The next object of the list around this one, which was never closed.
			if comma >= 0 {
				p.rewind(behind)
			}
			p.missingCloser(n)
			p.closeObject(n, first, start)
			return
		case c == ',' && (comma >= 0 || len(p.members) == first):
			p.strayCommas()
			continue
		case c == ',':
			comma = p.pos
			p.pos++
			continue
		case c == ':', c == '[', c == ']', c == '{' && bracePlaceholder(p.src[p.pos:]) == 0:
			p.drop()
			continue
		}
		if len(p.members) > first && comma < 0 {
			p.missingComma()
		}
		p.members = append(p.members, p.member())
		comma, behind = -1, p.here()
	}
}

func (p *parser) closeObject(n *Node, first, problems int) {
	p.objects--
	if !n.Virtual {
		n.Span.End = p.end
	}
	n.Members = p.keepMembers(p.members[first:])
	n.adopt()
	p.members = p.members[:first]
	p.duplicates(n, len(p.problems) == problems)
}

// member reads a name and its value.
func (p *parser) member() Member {
	before := p.here()
	key := p.name()
	for {
		p.space()
		switch c := p.peek(); {
		case c == ':':
			p.skipToken()
			return Member{key, p.memberValue()}
		case c == '=':
			span := Span{p.pos, p.pos + 1}
			if strings.HasPrefix(p.src[span.End:], ">") {
				span.End++
			}
			p.pos, p.end = span.End, span.End
			p.report(MissingColon, span, "= where a colon belongs", Edit{span, ":"})
			return Member{key, p.memberValue()}
		case p.atEnd(), c == ',', c == '}', c == ']':
			return Member{key, p.missingValue()}
		}
		if limit := colonInQuotes(p.src, key); limit > 0 {
			p.rewind(before)
			key = p.quoted(key.Span.Start, limit)
			continue
		}
		p.report(MissingColon, Span{p.end, p.end}, "no colon behind the name", Edit{Span{p.end, p.end}, ":"})
		return Member{key, p.memberValue()}
	}
}

// memberValue reads the value behind a colon.
func (p *parser) memberValue() *Node {
	for {
		p.space()
		switch c := p.peek(); {
		case p.atEnd(), c == ',', c == '}', c == ']':
			return p.missingValue()
		case c == ':':
			p.drop()
		default:
			return p.value()
		}
	}
}

// name reads the name of a member.
func (p *parser) name() *Node {
	if p.src[p.pos] == '"' {
		return p.str()
	}
	if _, family := quoteAt(p.src[p.pos:]); family != noQuote {
		return p.quoted(p.pos, len(p.src))
	}
	return p.word(true)
}
