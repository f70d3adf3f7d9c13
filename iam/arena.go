package iam

import "strings"

// An arena hands out the nodes of one Document from slabs: a policy of 4 KB is some two hundred nodes and a handful of allocations.
type arena struct {
	nodes    []Node
	pointers []*Node
	members  []Member
	next     int // nodes in the next slab
}

const (
	firstMore = 16  // nodes in the second slab
	maxSlab   = 512 // nodes in a slab
)

// newArena is an arena for a text. Most values are strings, arrays and objects, so their quotes and openers tell how many nodes there will be;
// what the estimate lacks goes to a second slab.
func newArena(text string) arena {
	lists := strings.Count(text, "[") + strings.Count(text, "{")
	n := min(strings.Count(text, `"`)/2+lists+1, maxSlab)
	return arena{nodes: make([]Node, 0, n), pointers: make([]*Node, 0, n/2+1), members: make([]Member, 0, n/3+1), next: firstMore}
}

func (a *arena) node(kind Kind, start, end int) *Node {
	if len(a.nodes) == cap(a.nodes) {
		a.nodes = make([]Node, 0, a.next)
		a.next = min(2*a.next, maxSlab)
	}
	a.nodes = a.nodes[:len(a.nodes)+1]
	n := &a.nodes[len(a.nodes)-1]
	n.Kind, n.Span = kind, Span{start, end}
	return n
}

// keep copies list to a slab, where it has no spare capacity: appending to one list never writes into the next.
func (a *arena) keep(list ...*Node) []*Node {
	a.pointers = slab(a.pointers, len(list))
	start := len(a.pointers)
	a.pointers = append(a.pointers, list...)
	return a.pointers[start:len(a.pointers):len(a.pointers)]
}

// keepMembers is keep for members.
func (a *arena) keepMembers(list []Member) []Member {
	a.members = slab(a.members, len(list))
	start := len(a.members)
	a.members = append(a.members, list...)
	return a.members[start:len(a.members):len(a.members)]
}

// slab returns s, or an empty slab in its place when s has no room for n more.
func slab[T any](s []T, n int) []T {
	if cap(s)-len(s) >= n {
		return s
	}
	return make([]T, 0, max(n, min(2*cap(s), maxSlab)))
}
