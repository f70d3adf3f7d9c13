package pattern

import (
	"encoding/binary"
	"slices"
)

// scope is an object or array that is an element of an array of the event. Scope 0 is the whole event. Scopes are numbered in
// text order, so those inside a scope follow it, up to end.
type scope struct {
	parent int32 // the scope that the array is in
	array  int32 // number of the array
	end    int32
}

// The rule of arrays: a branch matches when each of its conditions can be given a leaf such that any two leaves that are inside
// the same array are inside the same element of it. Conditions are tried in order, with backtracking. {"exists": false} holds
// where no leaf of its path agrees with the leaves chosen before it.
//
// Only the leaves' scopes matter, and two scopes disagree exactly where their lines of parents part at two elements of one array.

// search is one such trial. All its slices are reused.
type search struct {
	places  []place
	numbers []int32 // the lists of all places
	chosen  []int32 // scopes of the leaves chosen for the places before
	effort  int     // of all trials for this event

	// After failing for a while, remember in which states trying further is in vain.
	lastUse []int32             // by array: the last place that has a leaf inside it
	vain    map[string]struct{} // states: place and the chosen elements of arrays that matter from there on
	state   []int32
	key     []byte
}

// place is one condition to find a leaf for. Both lists are scopes, ascending, each once.
type place struct {
	holding []int32 // with a leaf that the condition holds for
	leaves  []int32 // with any leaf, if absent
	absent  bool
}

const (
	maxEffort = 1 << 20 // steps for one event, a tenth of a second or so
	memoAfter = 256     // steps of a trial without memory
	maxVain   = 1 << 16 // states to remember
)

func (s *search) reset() { s.effort, s.lastUse, s.vain = 0, nil, nil }

// consistent reports whether leaves for all conditions of br can be chosen together. Each condition holds by itself.
func (m *Matcher) consistent(br *branch) (bool, error) {
	s := &m.search
	s.places, s.numbers, s.chosen = s.places[:0], s.numbers[:0], s.chosen[:0]
	s.lastUse, s.vain = nil, nil
	for _, c := range br.conditions {
		// A leaf outside of arrays agrees with all others. Only {"exists": false} can be the worse for it.
		if br.absent || m.verdict(c) == bound {
			m.addPlace(&m.set.conditions[c])
		}
	}
	ok := m.choose(0, s.effort+memoAfter)
	if !ok && s.effort > maxEffort {
		return false, ErrTooComplex
	}
	return ok, nil
}

func (m *Matcher) addPlace(c *condition) {
	s := &m.search
	p := place{absent: c.absent}
	from := len(s.numbers)
	for i := m.heads[c.field]; c.absent && i != none; i = m.leaves[i].before {
		s.numbers = append(s.numbers, m.leaves[i].scope)
	}
	p.leaves = s.finish(from)
	from = len(s.numbers)
	for i := m.heads[c.field]; i != none; i = m.leaves[i].before {
		if c.holds(&m.leaves[i]) {
			s.numbers = append(s.numbers, m.leaves[i].scope)
		}
	}
	p.holding = s.finish(from)
	s.places = append(s.places, p)
}

// finish sorts the numbers from there on and drops doubles.
func (s *search) finish(from int) []int32 {
	l := s.numbers[from:]
	slices.Sort(l)
	l = slices.Compact(l)
	s.numbers = s.numbers[:from+len(l)]
	return l
}

// choose finds leaves for the places from i on. It remembers vain states once the effort is past memo.
func (m *Matcher) choose(i, memo int) bool {
	s := &m.search
	if i == len(s.places) {
		return true
	}
	s.effort++
	if s.effort > maxEffort || s.effort > memo && s.isVain(m, i) {
		return false
	}
	p := &s.places[i]
	if p.absent && m.nextAgreeing(p.leaves, 0) == len(p.leaves) && m.choose(i+1, memo) {
		return true
	}
	for j := m.nextAgreeing(p.holding, 0); j < len(p.holding); j = m.nextAgreeing(p.holding, j+1) {
		s.chosen = append(s.chosen, p.holding[j])
		ok := m.choose(i+1, memo)
		s.chosen = s.chosen[:len(s.chosen)-1]
		if ok {
			return true
		}
	}
	if s.effort > memo {
		s.remember(m, i)
	}
	return false
}

// nextAgreeing returns the index of the first scope in list[j:] that agrees with all chosen ones, or len(list).
func (m *Matcher) nextAgreeing(list []int32, j int) int {
again:
	for j < len(list) {
		m.search.effort++
		for _, c := range m.search.chosen {
			mine, theirs := m.part(list[j], c)
			if mine == theirs {
				continue
			}
			// All scopes of that array but those in the chosen element disagree: go on inside it, or behind the array.
			target := theirs
			if mine > theirs {
				target = m.arrays[m.scopes[mine].array]
			}
			skip, _ := slices.BinarySearch(list[j:], target)
			j += skip
			continue again
		}
		return j
	}
	return j
}

// part returns the two elements of one array at which a and b part, or twice the same scope when they agree.
func (m *Matcher) part(a, b int32) (int32, int32) {
	if m.inside(a, b) || m.inside(b, a) {
		return a, a
	}
	for !m.inside(b, m.scopes[a].parent) {
		a = m.scopes[a].parent
	}
	for !m.inside(a, m.scopes[b].parent) {
		b = m.scopes[b].parent
	}
	if m.scopes[a].array != m.scopes[b].array {
		return a, a // two arrays side by side
	}
	return a, b
}

// inside reports whether n is outer or inside it.
func (m *Matcher) inside(n, outer int32) bool { return outer <= n && n < m.scopes[outer].end }

// isVain reports whether the places from i on have been tried before with the same elements of the arrays that matter to them.
func (s *search) isVain(m *Matcher, i int) bool {
	if s.lastUse == nil {
		s.recordUse(m)
		s.vain = map[string]struct{}{}
	}
	_, vain := s.vain[string(s.stateKey(m, i))]
	return vain
}

func (s *search) remember(m *Matcher, i int) {
	if s.vain != nil && len(s.vain) < maxVain {
		s.vain[string(s.stateKey(m, i))] = struct{}{}
	}
}

// recordUse finds for each array the last place that has leaves inside it.
func (s *search) recordUse(m *Matcher) {
	s.lastUse = filled(len(m.arrays), none)
	for i, p := range s.places {
		for _, l := range [][]int32{p.holding, p.leaves} {
			for _, n := range l {
				for ; n != 0 && s.lastUse[m.scopes[n].array] < int32(i); n = m.scopes[n].parent {
					s.lastUse[m.scopes[n].array] = int32(i)
				}
			}
		}
	}
}

// stateKey writes down place i and the chosen elements of arrays that have leaves for place i or later ones.
func (s *search) stateKey(m *Matcher, i int) []byte {
	s.state = s.state[:0]
	for _, n := range s.chosen {
		for ; n != 0; n = m.scopes[n].parent {
			if s.lastUse[m.scopes[n].array] >= int32(i) {
				s.state = append(s.state, n)
			}
		}
	}
	slices.Sort(s.state)
	s.state = slices.Compact(s.state)
	s.key = binary.LittleEndian.AppendUint32(s.key[:0], uint32(i))
	for _, n := range s.state {
		s.key = binary.LittleEndian.AppendUint32(s.key, uint32(n))
	}
	return s.key
}
