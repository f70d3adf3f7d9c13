package policyfile

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"

	"trunkline/iam"
	"trunkline/internal/document"
)

// A node is a value of a template or plan, whatever the file is written in. Aliases of YAML share their nodes.
type node struct {
	kind    iam.Kind
	tag     string // YAML's short form of a function: "Sub" for !Sub
	text    string // of a scalar: its content; of a number as written
	at, end int    // where it stands in the text that it was read from; end is 0 in YAML
	inside  int    // where the content of a string begins
	exact   bool   // the string stands there as it is, without escapes or folding
	runs    []run  // where the parts of the string stand, where that is known in advance
	items   []*node
	members []member
}

type member struct {
	name   string
	at     int  // of the name
	inside int  // of its content
	exact  bool // it stands there as it is
	value  *node
}

// member returns the last member of that name, as most readers take it, or nil.
func (n *node) member(name string) *node {
	if n == nil || n.kind != iam.Object {
		return nil
	}
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].name == name {
			return n.members[i].value
		}
	}
	return nil
}

func (n *node) isText() bool { return n != nil && n.kind == iam.String && n.tag == "" }

// fromJSON makes nodes of a value and all inside it.
func fromJSON(doc *document.Document, value document.Node) *node {
	n := &node{at: doc.Offset(value)}
	raw := doc.Raw(value)
	n.end = n.at + len(raw)
	switch doc.Kind(value) {
	case document.Null:
		n.kind, n.text = iam.Null, "null"
	case document.True, document.False:
		n.kind, n.text = iam.Bool, string(raw)
	case document.Number:
		n.kind, n.text = iam.Number, string(raw)
	case document.String:
		n.kind, n.inside = iam.String, n.at+1
		_, n.exact = doc.Text(value)
		n.text = string(doc.AppendText(nil, value))
	case document.Array:
		n.kind = iam.Array
		for c, end := doc.Children(value); c < end; c = doc.After(c) {
			n.items = append(n.items, fromJSON(doc, c))
		}
	case document.Object:
		n.kind = iam.Object
		for c, end := doc.Children(value); c < end; c = doc.After(c) {
			at := keyOffset(doc, c)
			n.members = append(n.members, member{string(doc.AppendKey(nil, c)), at, at + 1, !doc.KeyEscaped(c), fromJSON(doc, c)})
		}
	}
	return n
}

// keyOffset is where a member's name begins, with its quote.
func keyOffset(doc *document.Document, value document.Node) int {
	text := doc.Bytes()
	i := doc.Offset(value) - 1
	for text[i] != '"' { // white space and the colon
		i--
	}
	return i - 1 - len(doc.RawKey(value))
}

// content is the text inside a string of base, with its escapes resolved.
func content(base *text, n *node) *text {
	b := builder{text{base: base, runs: n.runs}}
	switch {
	case n.runs != nil:
		b.data = []byte(n.text)
	case n.exact || n.end == 0:
		b.add(n.text, n.inside, n.exact)
	default:
		b.unescape(base.data[n.inside:n.end-1], n.inside)
	}
	return &b.text
}

// unescape appends the content of a JSON string, which internal/document has accepted.
func (b *builder) unescape(raw []byte, from int) {
	for i := 0; i < len(raw); {
		end := i
		for end < len(raw) && raw[end] != '\\' {
			end++
		}
		b.add(string(raw[i:end]), from+i, true)
		if i = end; i == len(raw) {
			return
		}
		size := 2
		if raw[i+1] == 'u' {
			size = 6
			if next := raw[i+size:]; len(next) >= 6 && bytes.HasPrefix(next, []byte(`\u`)) && utf16.IsSurrogate(hex4(raw[i+2:])) {
				size = 12
			}
		}
		var one document.Document
		if one.Parse([]byte(`"`+string(raw[i:i+size])+`"`)) == nil {
			b.add(string(one.AppendText(nil, one.Root())), from+i, false)
		}
		i += size
	}
}

func hex4(digits []byte) rune {
	n, _ := strconv.ParseUint(string(digits[:4]), 16, 32)
	return rune(n)
}

// A place is where a policy stands below a node: names led by dots, "[]" for each item of a list.
type place struct {
	in       string // type of the resource
	path     string
	kind     iam.Type
	resource string // what a resource policy hangs on
}

// each visits the values at a path below n, with their own paths.
func (s *scan) each(n *node, path, where string, visit func(n *node, where string)) {
	if n == nil || !s.spend() {
		return
	}
	if path == "" {
		visit(n, where)
		return
	}
	if rest, ok := strings.CutPrefix(path, "[]"); ok {
		rest = strings.TrimPrefix(rest, ".")
		if n.kind != iam.Array { // one without its list
			s.each(n, rest, where, visit)
			return
		}
		for i, item := range n.items {
			for _, branch := range s.branches(item) {
				s.each(branch, rest, where+"["+strconv.Itoa(i)+"]", visit)
			}
		}
		return
	}
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	name := path[:end]
	for _, branch := range s.branches(n.member(name)) {
		s.each(branch, strings.TrimPrefix(path[end:], "."), join(where, name), visit)
	}
}

func join(where, name string) string {
	if where == "" {
		return name
	}
	return where + "." + name
}
