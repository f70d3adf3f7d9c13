package scrub

const (
	maxGroups = 24 // of a run; one with more is read in pieces that overlap
	maxDigits = 19 // of a group; what is longer is an id of a machine
)

// gap is what stands between two groups of digits.
type gap uint8

const (
	none gap = iota
	blank
	bracket // "(" or ")", with or without blanks
	hyphen
	dot
	slash
)

// group is a string of digits with no other sign in it.
type group struct {
	start, end int
	at         int16 // offset of its digits in run.digits
	before     gap   // between the group before and this one
	open       bool  // an opening bracket stands right before it
	bad        bool  // too long, or part of a word or a time: belongs to no find
}

// size returns the number of digits.
func (g *group) size() int { return g.end - g.start }

// run is a string of digit groups with gaps between them that people write inside of numbers:
//
//	(020) 7946 0123 - 12
//
// A comma, a letter or a line end ends a run.
type run struct {
	groups [maxGroups]group
	n      int
	dots   int                         // gaps that are dots
	digits [maxGroups * maxDigits]byte // of all groups that are not bad
	more   bool                        // there are more groups than the room
}

// count returns the number of digits of the groups from i to j.
func (r *run) count(i, j int) int {
	return int(r.groups[j].at-r.groups[i].at) + r.groups[j].size()
}

// slice returns the digits of the groups from i to j.
func (r *run) slice(i, j int) []byte {
	return r.digits[r.groups[i].at:][:r.count(i, j)]
}

// readRun fills s.run with the run that begins at i. Its first group ends at the given offset.
func (s *scanner) readRun(i, end int) {
	r := &s.run
	r.n, r.dots, r.more = 0, 0, false
	begin, start, at := i, i, 0
	between, open := none, i > 0 && s.text[i-1] == '('
	for i = end; ; {
		g := &r.groups[r.n]
		*g = group{start: start, end: i, at: int16(at), before: between, open: open}
		r.n++
		g.bad = i-start > maxDigits || s.is(i, letter|under) && (s.text[i]|0x20 != 'x' && s.text[i]|0x20 != 'e' || s.extension(i) == i)
		if !g.bad {
			for _, c := range s.text[start:i] {
				r.digits[at] = c
				at++
			}
		}
		next := 0
		if !s.is(i, letter|under) {
			between, open, next = s.gap(i)
		}
		if next == 0 || r.n == maxGroups {
			r.more = next != 0
			break
		}
		if between == dot {
			r.dots++
		}
		start = next
		for i = next; i < len(s.text) && class[s.text[i]]&digit != 0; {
			i++
		}
	}
	s.examined += i - begin
}

// gap reads what stands between a digit before i and the next digit. It returns the offset of that digit, or 0 when
// what stands there does not belong inside of a number.
func (s *scanner) gap(i int) (kind gap, open bool, next int) {
	c := s.byteAt(i)
	if c == '.' || c == '-' || c == ' ' { // most gaps are one sign
		if s.is(i+1, digit) {
			switch c {
			case '.':
				return dot, false, i + 1
			case '-':
				return hyphen, false, i + 1
			}
			return blank, false, i + 1
		}
	}
	if c == ')' {
		kind = bracket
		i++
	}
	before := s.space(i)
	if before > 0 {
		i += before
		i += s.space(i)
		kind = max(kind, blank)
	}
	switch n := s.dash(i); {
	case n > 0:
		kind = hyphen
		i += n
		i += s.space(i)
	case s.byteAt(i) == '.' && before == 0:
		kind = dot
		i++
	case s.byteAt(i) == '/':
		kind = slash
		i++
		i += s.space(i)
	}
	if s.byteAt(i) == '(' {
		open = true
		kind = max(kind, bracket)
		i++
	}
	if kind == none || !s.is(i, digit) {
		return none, false, 0
	}
	return kind, open, i
}
