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

	names  byteSet // nameBit of each child
	dotted byteSet // the first byte of each path on from here that has several names
}

// byteSet is a set of bytes. Two of them say of most names of an event, at little cost, that they lead nowhere.
type byteSet [4]uint64

func (s *byteSet) add(b uint8)      { s[b>>6] |= 1 << (b & 63) }
func (s *byteSet) has(b uint8) bool { return s[b>>6]&(1<<(b&63)) != 0 }

// nameBit is a byte made of a name's length and first byte.
func nameBit(name []byte) uint8 {
	if len(name) == 0 {
		return 0
	}
	return uint8(len(name)) + name[0]*29
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
		n.names.add(nameBit([]byte(name)))
		if more {
			n.dotted.add(path[0])
		}
		n = n.makeChild(name)
		if !more {
			return n
		}
		path = rest
	}
}

func (n *node) makeChild(name string) *node {
	if c := n.child([]byte(name)); c != nil {
		return c
	}
	c := &node{field: none}
	n.children = append(n.children, child{name, c})
	switch {
	case n.byName != nil:
		n.byName[name] = c
	case len(n.children) > manyChildren:
		n.byName = map[string]*node{}
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

// mayLead is false for most names that lead nowhere from n, and quick.
func (n *node) mayLead(name []byte) bool {
	return len(name) == 0 || n.names.has(nameBit(name)) || n.dotted.has(name[0])
}

// step returns where the name of member c leads from n, or nil.
func (m *Matcher) step(d *document.Document, n *node, c document.Node) *node {
	key, plain := d.Name(c)
	if !plain {
		m.key = d.AppendKey(m.key[:0], c)
		key = m.key
	}
	if n.names.has(nameBit(key)) {
		if next := n.child(key); next != nil {
			return next
		}
	}
	if len(key) == 0 || !n.dotted.has(key[0]) || bytes.IndexByte(key, '.') < 0 {
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
