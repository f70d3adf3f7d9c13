package iam

import "strings"

// currentVersion is the Version that a policy without head is given.
const currentVersion = "2012-10-17"

// policyHead is what stands in front of the first statement of a policy.
const policyHead = `{"Version": "` + currentVersion + `", "Statement": [`

// document reads the whole text: the policy, with what is missing around it supplied.
func (p *parser) document() *Node {
	p.space()
	p.textInFront()
	p.space()
	if p.atEnd() {
		p.report(NoPolicy, Span{0, len(p.src)}, "nothing in it")
		return nil
	}
	p.end = p.pos
	start := p.here()
	headless := p.nameNext()
	p.rewind(start)
	var root *Node
	switch {
	case headless:
		root = p.behindHead()
	case strings.IndexByte("]},:", p.src[p.pos]) >= 0:
		p.report(NoPolicy, Span{p.pos, len(p.src)}, "nothing that looks like a policy")
		return nil
	default:
		root = p.wrap(p.value())
	}
	p.space()
	p.textBehind()
	return root
}

// textInFront takes out what stands in front of the policy: closers of what is not there, or a few words.
func (p *parser) textInFront() {
	const far = 256
	rest := p.src[p.pos:]
	n := len(rest) - len(strings.TrimLeft(rest, "]},: \t\r\n"))
	n = len(strings.TrimRight(rest[:n], " \t\r\n"))
	if _, family := quoteAt(rest); n == 0 && family != doubleQuote {
		front := rest[:min(len(rest), far)]
		if i := strings.IndexAny(front, "{[\""); i > 0 {
			inside := strings.TrimLeft(rest[i+1:], " \t\r\n")
			if front[i] == '{' && strings.HasPrefix(inside, `"`) || front[i] == '[' && strings.HasPrefix(inside, "{") {
				n = i
			}
		}
	}
	if n > 0 && n < len(rest) {
		span := Span{p.pos, p.pos + n}
		p.pos = span.End
		p.report(ExtraText, span, "text in front of the policy", Edit{Span: span})
	}
}

// textBehind takes out what stands behind the policy, unless it may be something that somebody misses.
func (p *parser) textBehind() {
	rest := strings.TrimRight(p.src[p.pos:], " \t\r\n")
	if rest == "" {
		return
	}
	span := Span{p.pos, p.pos + len(rest)}
	p.pos = len(p.src)
	if strings.ContainsAny(rest, `{"`) {
		p.report(ExtraText, span, "text behind the policy")
		return
	}
	p.report(ExtraText, span, "text behind the policy", Edit{Span: span})
}

// nameNext says whether a name in quotes and its colon follow. It reads them.
func (p *parser) nameNext() bool {
	if _, family := quoteAt(p.src[p.pos:]); family == noQuote {
		return false
	}
	p.quoted(p.pos, len(p.src))
	return p.colonNext()
}

// behindHead reads a text that begins inside a policy, or inside a statement of one.
func (p *parser) behindHead() *Node {
	at := Span{p.pos, p.pos}
	before := p.here()
	name := p.name().Text
	p.rewind(before)
	p.head = len(p.problems)
	root := p.virtual(Object, "")
	if isPolicyElement(name) {
		p.report(HeadlessText, at, "begins inside a policy", Edit{at, "{"})
		p.objectBody(root, 0)
		if !hasStatements(root) && isStatement(root.Members) {
			return p.wrapMembers(root)
		}
		return root
	}
	p.report(HeadlessText, at, "begins inside a statement", Edit{at, policyHead + "{"})
	statement, list := p.virtual(Object, ""), p.virtual(Array, "")
	p.objects++
	p.arrays++
	p.objectBody(statement, 0)
	p.objects--
	p.arrays--
	p.policyAround(root, list, statement)
	return root
}

// policyAround reads on in a list of statements that has no opening bracket, and in the policy around it.
func (p *parser) policyAround(root, list, first *Node) {
	p.items = append(p.items, first)
	p.members = append(p.members, p.version(), Member{p.virtual(String, "Statement"), list})
	p.objects++
	p.arrayBody(list, 0)
	p.objects--
	p.objectBody(root, 0)
}

// wrap puts a policy around n, which was just read, where n is a statement or a list of them.
func (p *parser) wrap(n *Node) *Node {
	switch {
	case p.stopped:
		return n
	case n.Kind == Array && len(n.Items) > 0 && n.Items[0].Kind == Object && isStatement(n.Items[0].Members):
		p.wrapProblem(n, "a list of statements without its policy", strings.TrimSuffix(policyHead, "["), "}")
		return p.policyOf(n)
	case n.Kind != Object:
		p.report(NoPolicy, n.Span, "no object")
		return n
	case len(n.Members) == 0:
		return n
	case hasStatements(n) || !isStatement(n.Members):
		if !isPolicyElement(n.Members[0].Key.Text) && !hasStatements(n) {
			p.report(NoPolicy, n.Span, "an object without any element of a policy")
		}
		return n
	case isPolicyElement(n.Members[0].Key.Text):
		return p.wrapMembers(n)
	}
	whole := p.lastCloser(p.end) == nil
	p.wrapProblem(n, "a statement without its policy", policyHead, "]}")
	if whole {
		before := p.here()
		p.space()
		if c := p.peek(); c == ',' || c == '{' || c == ']' {
			head := &p.problems[p.head]
			head.Text, head.Edits = "statements without their policy", head.Edits[:1]
			p.rewind(before)
			root, list := p.virtual(Object, ""), p.virtual(Array, "")
			p.policyAround(root, list, n)
			return root
		}
		p.rewind(before)
	}
	list := p.virtual(Array, "")
	list.Items = p.keep(n)
	list.adopt()
	return p.policyOf(list)
}

// wrapProblem reports that n lacks the policy around it: head in front and tail behind.
func (p *parser) wrapProblem(n *Node, text, head, tail string) {
	edits := []Edit{{Span{n.Span.Start, n.Span.Start}, head}}
	if p.lastCloser(p.end) != nil {
		p.insertCloser(p.end, tail) // behind the closers that n lacks itself
	} else {
		edits = append(edits, Edit{Span{n.Span.End, n.Span.End}, tail})
	}
	p.head = len(p.problems)
	p.report(BareStatement, n.Span, text, edits...)
}

// policyOf is a virtual policy with the given list of statements.
func (p *parser) policyOf(list *Node) *Node {
	root := p.virtual(Object, "")
	root.Members = p.keepMembers([]Member{p.version(), {p.virtual(String, "Statement"), list}})
	root.Span, root.Members[1].Key.Span = Span{list.Span.Start, list.Span.Start}, Span{list.Span.Start, list.Span.Start}
	root.adopt()
	return root
}

// wrapMembers puts the elements of a statement that stand in n behind the elements of a policy into a statement of their own.
func (p *parser) wrapMembers(n *Node) *Node {
	k := 0
	for k < len(n.Members) && isPolicyElement(n.Members[k].Key.Text) {
		k++
	}
	at := n.Members[k].Key.Span.Start
	var edits []Edit
	if !n.Virtual && p.lastCloser(p.end) == nil {
		closer := Span{n.Span.End - 1, n.Span.End}
		edits = []Edit{{Span{at, at}, `"Statement": [{`}, {closer, "}]}"}}
	}
	p.report(BareStatement, Span{at, at}, "the elements of a statement, not in one", edits...)
	statement, list := p.virtual(Object, ""), p.virtual(Array, "")
	statement.Members = n.Members[k:]
	statement.adopt()
	list.Items = p.keep(statement)
	list.adopt()
	n.Members = p.keepMembers(append(n.Members[:k:k], Member{p.virtual(String, "Statement"), list}))
	n.adopt()
	return n
}

func (p *parser) version() Member {
	return Member{p.virtual(String, "Version"), p.virtual(String, currentVersion)}
}

// virtual is a node that is not in the text, at the last token.
func (p *parser) virtual(kind Kind, text string) *Node {
	n := p.node(kind, p.end, p.end)
	n.Virtual, n.Text = true, text
	return n
}

// adopt tells the nodes in n where they stand.
func (n *Node) adopt() {
	for i, item := range n.Items {
		item.Parent, item.Index = n, i
	}
	for i, m := range n.Members {
		m.Key.Parent, m.Key.Index = n, i
		m.Value.Parent, m.Value.Index, m.Value.Key = n, i, m.Key
	}
}

// isStatement says whether an object of these members is meant as a statement.
func isStatement(members []Member) bool {
	for _, m := range members {
		if isStatementElement(m.Key.Text) {
			return true
		}
	}
	return false
}

func hasStatements(n *Node) bool {
	for _, m := range n.Members {
		if strings.EqualFold(m.Key.Text, "Statement") {
			return true
		}
	}
	return false
}

// isPolicyElement says whether name is an element of a policy, in any case.
func isPolicyElement(name string) bool {
	return strings.EqualFold(name, "Version") || strings.EqualFold(name, "Id") || strings.EqualFold(name, "Statement")
}

// isStatementElement says whether name is an element of a statement, in any case.
func isStatementElement(name string) bool {
	for _, element := range [...]string{
		"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
	} {
		if strings.EqualFold(name, element) {
			return true
		}
	}
	return false
}
