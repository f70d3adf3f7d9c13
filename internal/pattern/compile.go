package pattern

import (
	"slices"
	"unicode/utf16"
)

// condition is a value list at a path. Lists of equal text at the same path are one condition, whichever patterns they are in.
type condition struct {
	field  int32
	tests  []test
	absent bool    // {"exists": false} is in the list
	leads  []int32 // the branches to try when the condition holds
	shared int     // branches that it is part of
}

// branch is one combination of a pattern's $or lists. It matches when all its conditions hold.
type branch struct {
	pattern    int32
	conditions []int32 // in the order of their paths in UTF-16, in which EventBridge tries them
	absent     bool    // one of them has {"exists": false}
}

// direct is the number of branches up to which a Set tries them all: an index would cost more than it saves.
const direct = 4

// builder collects the branches of a Set's patterns.
type builder struct {
	root       *node
	fields     []string
	conditions []condition
	branches   []branch
	known      map[[2]string]int32 // path and text of a value list to its condition
}

func newBuilder() *builder {
	return &builder{root: &node{field: none}, known: map[[2]string]int32{}}
}

// add makes a branch of one combination.
func (b *builder) add(pattern int32, d draft) {
	d = slices.Clone(d)
	slices.SortFunc(d, func(x, y draftField) int { return compareUTF16(x.list.path, y.list.path) })
	br := branch{pattern: pattern}
	for _, f := range d {
		c := b.condition(f.list)
		b.conditions[c].shared++
		br.conditions = append(br.conditions, c)
		br.absent = br.absent || f.list.absent
	}
	b.branches = append(b.branches, br)
}

func (b *builder) condition(l *valueList) int32 {
	key := [2]string{l.path, l.text}
	if c, ok := b.known[key]; ok {
		return c
	}
	n := b.root.insert(l.path)
	if n.field == none {
		n.field = int32(len(b.fields))
		b.fields = append(b.fields, l.path)
	}
	c := int32(len(b.conditions))
	b.conditions = append(b.conditions, condition{field: n.field, tests: l.tests, absent: l.absent})
	b.known[key] = c
	return c
}

func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// build moves everything into s and decides for each branch which of its conditions leads to it.
func (b *builder) build(s *Set) {
	s.root, s.fields, s.conditions, s.branches = b.root, len(b.fields), b.conditions, b.branches
	s.indexes = make([]*index, s.fields)
	for i := range s.branches {
		lead, cost := none, never
		if len(s.branches) > direct {
			for _, c := range s.branches[i].conditions {
				if n := s.conditions[c].cost(); n < cost {
					lead, cost = c, n
				}
			}
		}
		if lead == none {
			s.unindexed = append(s.unindexed, int32(i))
			continue
		}
		s.conditions[lead].leads = append(s.conditions[lead].leads, int32(i))
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.leads == nil {
			continue
		}
		if s.indexes[c.field] == nil {
			s.indexes[c.field] = &index{exact: map[string][]int32{}, ascii: map[string][]int32{}}
		}
		s.indexes[c.field].add(int32(i), c.tests)
	}
	for _, x := range s.indexes {
		if x != nil {
			x.build()
		}
	}
}

// never is the cost of a condition that cannot lead to a branch.
const never = 1 << 40

// cost estimates what it costs to let the condition lead: how often it holds for nothing, and what finding that out takes.
func (c *condition) cost() int {
	if c.absent {
		return never // it can hold where there is no leaf to start from
	}
	cost := c.shared
	for _, t := range c.tests {
		switch t := t.(type) {
		case anythingBut, present:
			return c.shared + 1<<20 // holds for most events
		case literal:
			cost += 16
		case *glob:
			if t.head == "" && t.tail == "" {
				cost += 8
			}
		case *foldEquals:
			if t.ascii == "" {
				cost += 4
			}
		case *foldPrefix, *foldSuffix, *inBlock:
			cost += 4
		}
	}
	return cost
}
