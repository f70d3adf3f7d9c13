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

	names  nameSet // the names that lead to a child
	dotted nameSet // the names with dots that lead on by several steps
}

// nameSet says of most names that they are not in it: it knows lengths and first bytes only.
type nameSet [4]uint64

func (s *nameSet) add(name string)      { b := nameBit([]byte(name)); s[b>>6] |= 1 << (b & 63) }
func (s *nameSet) mayHave(b uint8) bool { return s[b>>6]&(1<<(b&63)) != 0 }

// nameBit is the bit of a nameSet that stands for name.
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
		n.names.add(name)
		for i := len(name) + 1; i <= len(path); i++ {
			if i == len(path) || path[i] == '.' {
				n.dotted.add(path[:i])
			}
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

// step returns where the name of member c leads from n, or nil.
func (m *Matcher) step(d *document.Document, n *node, c document.Node) *node {
	key := d.RawKey(c)
	if d.KeyEscaped(c) {
		m.key = d.AppendKey(m.key[:0], c)
		key = m.key
	}
	b := nameBit(key)
	if n.names.mayHave(b) {
		if next := n.child(key); next != nil {
			return next
		}
	}
	if !n.dotted.mayHave(b) || bytes.IndexByte(key, '.') < 0 {
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
