package scrub

// certain returns the kind and the last group of a number that begins with group i and is known by its form and
// its checksum, or 0.
func (s *scanner) certain(i int, c *context) (Kind, int) {
	r := &s.run
	g := &r.groups[i]
	if !s.opens(i) || i == 0 && c.lead == plus {
		return 0, i
	}
	if j := i + 3; j < r.n && r.groups[i+1].before == dot && s.isIPv4(i, c) {
		return IP, j
	}
	if j := s.card(i); j >= 0 {
		return Card, j
	}
	if i == 0 && c.lead == compound && c.topic(s) == topicNone {
		return 0, i
	}
	if j := i + 2; j < r.n && g.size() == 3 && r.groups[i+1].size() == 2 && r.groups[j].size() == 4 &&
		r.groups[i+1].before == r.groups[j].before && r.groups[j].before != slash && r.groups[j].before != bracket &&
		(r.groups[j].before != blank || i == 0 && j == r.n-1) && s.closes(j) && validSSN(r.slice(i, j)) {
		return SSN, j
	}
	// The rest has no form of its own: its name must stand before it.
	j := i
	for j+1 < r.n && r.count(i, j) < 8 {
		j++
	}
	if n := r.count(i, j); n < 8 || n > 11 || !c.national(s) {
		return 0, i
	}
	kind := Kind(0)
	switch c.value {
	case topicSSN:
		kind = SSN
	case topicNHS:
		kind = NHS
	case topicTFN:
		kind = TFN
	case topicABN:
		kind = ABN
	case topicSIN:
		kind = SIN
	default:
		return 0, i
	}
	for j := i; j < r.n && j < i+4 && !r.groups[j].bad; j++ {
		if !s.closes(j) {
			continue
		}
		d := r.slice(i, j)
		if kind == SSN && j == i && validSSN(d) || kind == NHS && validNHS(d) || kind == TFN && validTFN(d) ||
			kind == ABN && validABN(d) || kind == SIN && validSIN(d) {
			return kind, j
		}
	}
	return 0, i
}

// card returns the last group of the longest payment card number that begins with group i, or -1. Its groups have
// two digits or more, but the last, or all have one.
func (s *scanner) card(i int) int {
	r := &s.run
	found := -1
	switch r.digits[r.groups[i].at] {
	case '0', '1', '7': // of no issuer
		return -1
	}
	single := r.groups[i].size() == 1
	for j := i; j < r.n; j++ {
		g := &r.groups[j]
		if g.bad || j > i && (g.before == slash || g.before == bracket) {
			break
		}
		n := r.count(i, j)
		if n > maxDigits || single && g.size() != 1 {
			break
		}
		if n >= 12 && s.closes(j) {
			s.examined += n
			if validCard(r.slice(i, j)) {
				found = j
			}
		}
		if !single && g.size() == 1 {
			break
		}
	}
	return found
}

// isIPv4 reports whether the groups from i to i+3 are an address and not a version or the number of a section.
func (s *scanner) isIPv4(i int, c *context) bool {
	r := &s.run
	end, ok := s.ipv4(r.groups[i].start)
	if !ok || end != r.groups[i+3].end || r.groups[i+3].bad {
		return false
	}
	if i+4 < r.n && r.groups[i+4].before == dot || s.byteAt(end) == '-' && s.is(end+1, letter) {
		return false
	}
	if i == 0 && (c.lead == compound || c.lead == path) {
		return false
	}
	return c.topic(s) != topicVersion
}
