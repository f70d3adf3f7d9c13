package pattern

import (
	"bytes"
	"strings"

	"trunkline/internal/document"
)

// node is a place in the tree of the paths of all patterns, one step a name. The joined path decides: the name "a.b" takes two
// steps, as do the names "a" and "b". The root stands before the first name.
type node struct {
	field    int32 // number of the path that ends here, or none
	children []child
	byName   map[string]*node // the children, when they are many

	// Bit n%64 is set when a name of n bytes may lead on from here, with one step or, for dotted, with several.
	lengths, dotted uint64
}

type child struct {
	name string
	node *node
}

const (
	none         = int32(-1)
	manyChildren = 8
)

// insert returns the node of the joined path, making it where it is new.
func (n *node) insert(path string) *node {
	for {
		name, rest, more := strings.Cut(path, ".")
		n.lengths |= bit(len(name))
		for i := len(name) + 1; i <= len(path); i++ {
			if i == len(path) || path[i] == '.' {
				n.dotted |= bit(i)
			}
		}
		n = n.makeChild(name)
		if !more {
			return n
		}
		path = rest
	}
}

func bit(n int) uint64 { return 1 << (n & 63) }

func (n *node) makeChild(name string) *node {
	if c := n.child([]byte(name)); c != nil {
		return c
	}
	c := &node{field: none}
	n.children = append(n.children, child{name, c})
	if len(n.children) > manyChildren {
		if n.byName == nil {
			n.byName = map[string]*node{}
		}
		for _, c := range n.children {
			n.byName[c.name] = c.node
		}
	}
	return c
}

func (n *node) child(name []byte) *node {
	if n.byName != nil {
		return n.byName[string(name)]
	}
	for i := range n.children {
		if n.children[i].name == string(name) {
			return n.children[i].node
		}
	}
	return nil
}

// step returns where the name of member c leads from n, or nil.
func (m *Matcher) step(d *document.Document, n *node, c document.Node) *node {
	key := d.RawKey(c)
	if d.KeyEscaped(c) {
		m.key = d.AppendKey(m.key[:0], c)
		key = m.key
	}
	b := bit(len(key))
	if n.lengths&b != 0 {
		if next := n.child(key); next != nil {
			return next
		}
	}
	if n.dotted&b == 0 || bytes.IndexByte(key, '.') < 0 {
		return nil
	}
	for {
		name, rest, more := bytes.Cut(key, []byte{'.'})
		if n = n.child(name); n == nil || !more {
			return n
		}
		key = rest
	}
}
