package scrub

// before says what stands right before a run of digits.
type before uint8

const (
	nothing  before = iota // a blank, a quote, an equals sign …
	plus                   // the + of an international number
	compound               // a dash or underscore that ties it to a word: ORD-4411982233
	path                   // a slash behind a word, as in a URL
	sign                   // a currency sign or #
)

// number looks at the digit at i, the first of its group, and what follows it. It returns where to go on, always
// behind i.
func (s *scanner) number(i int) int {
	text := s.text
	if i < s.quiet {
		return s.skip(i, digit)
	}
	start := i
	lead := nothing
	if i > 0 {
		switch c := text[i-1]; {
		case class[c]&(word) != 0 && i != s.escaped:
			if start, end := s.iban(i); end > 0 {
				s.found(IBAN, start, end)
				return end
			}
			if s.inWord(i) {
				if end := s.uuid(i); end > 0 {
					return end
				}
				return s.skip(i, word)
			}
		case c == ' ' && i >= 3 && class[text[i-2]]&letter != 0 && class[text[i-3]]&letter != 0:
			if start, end := s.iban(i); end > 0 {
				s.found(IBAN, start, end)
				return end
			}
		case c == '%' && s.is(i+1, hex):
			if text[i] == '4' && text[i+1] == '0' {
				return s.email(i-1, i+2)
			}
			if text[i] != '2' || text[i+1]|0x20 != 'b' || !s.is(i+2, digit) {
				s.escaped = i + 2
				return i + 2
			}
			start, i, lead = i-1, i+2, plus
		case c == '+':
			start, lead = i-1, plus
			if s.inWord(start) && text[start-1] != '_' {
				lead = compound
			}
		case (c == '-' || c == '_') && s.inWord(i-1):
			lead = compound
		case c == '/' && s.inWord(i-1):
			lead = path
		case c == '$' || c == '#' || c == 0xac || c == 0xa3 || c == 0xa5: // the last bytes of €, £ and ¥
			lead = sign
		case c == '(':
			start = i - 1
			if start > 0 && text[start-1] == '+' { // +(44)
				start, lead = start-1, plus
			}
		case c == ' ' && i >= 2:
			switch text[i-2] {
			case '+': // + 44 20 …
				if i >= 3 && s.is(i-3, word) {
					break
				}
				start, lead = i-2, plus
			case '$', 0xac, 0xa3, 0xa5:
				lead = sign
			}
		}
		if lead == plus && start > 0 && text[start-1] == '(' {
			start--
		}
	}
	if end := s.uuid(i); end > 0 {
		return end
	}
	end := s.readRun(i)
	s.decide(start, lead)
	if s.run.more { // the second half has not been decided
		end = s.run.groups[maxGroups/2].start
	}
	return max(end, s.floor)
}

// skip returns the first offset from i on whose byte has none of the classes.
func (s *scanner) skip(i int, classes uint8) int {
	begin := i
	for i < len(s.text) && class[s.text[i]]&classes != 0 {
		i++
	}
	s.examined += i - begin
	return i
}

// decide looks for finds in s.run. Start is where the first group begins with its + and brackets.
func (s *scanner) decide(start int, lead before) {
	r := &s.run
	digits := r.count(0, r.n-1)
	if r.n == 1 && r.groups[0].bad || digits < 7 && (r.n < 4 || r.groups[1].before != dot) {
		return
	}
	c := context{start: start, lead: lead}
	if s.byteAt(start-1) == ':' && s.is(start-2, digit) {
		r.groups[0].bad = true // the seconds of a time, a port
	}
	last := &r.groups[r.n-1]
	if s.byteAt(last.end) == ':' && s.is(last.end+1, digit) && r.n > 1 {
		last.bad = true // the hours of a time
	}
	limit := r.n
	if r.more {
		limit = maxGroups / 2
	}
	for i := 0; i < limit; {
		if r.groups[i].bad {
			i++
			continue
		}
		if n := s.date(i); n > 0 {
			i += n
			continue
		}
		kind, j := s.certain(i, &c)
		end := r.groups[j].end
		if kind == 0 {
			if j = s.phone(i, &c); j >= 0 {
				kind = Phone
				end = s.extension(r.groups[j].end)
			}
		}
		if kind == 0 {
			i++
			continue
		}
		from := r.groups[i].start
		switch {
		case i == 0 && (kind == Phone):
			from = start
		case r.groups[i].open && kind == Phone:
			from--
		}
		s.found(kind, from, end)
		i = j + 1
	}
}

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
		s.closes(j) && validSSN(r.slice(i, j)) {
		return SSN, j
	}
	// The rest has no form of its own: its name must stand before it.
	if n := g.size(); n > 3 && n < 8 || n > 11 {
		return 0, i
	}
	kind := Kind(0)
	switch c.topic(s) {
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

// opens reports whether a number can begin at group i: not inside of digits tied together by dashes or dots.
func (s *scanner) opens(i int) bool {
	return i == 0 || s.run.groups[i].before < hyphen || s.run.groups[i].before == slash
}

// closes reports whether a number can end with group j.
func (s *scanner) closes(j int) bool {
	return j+1 == s.run.n && !s.run.more || j+1 < s.run.n && s.opens(j+1)
}

// card returns the last group of the longest payment card number that begins with group i, or -1. Its groups have
// two digits or more, but the last, or all have one.
func (s *scanner) card(i int) int {
	r := &s.run
	found := -1
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
		if n >= 12 && s.closes(j) && validCard(r.slice(i, j)) {
			found = j
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
	return i > 0 || c.lead != compound && c.lead != path && c.topic(s) != topicVersion
}

// uuid returns the end of the UUID that the group of hexadecimal digits around i belongs to, or 0.
func (s *scanner) uuid(i int) int {
	const length = 36
	group := i
	for group > s.floor && i-group < 12 && class[s.text[group-1]]&hex != 0 {
		group--
	}
	s.examined += i - group
	for _, offset := range [...]int{0, 9, 14, 19, 24} { // of the groups in a UUID
		start := group - offset
		if start < s.floor {
			break
		}
		if s.byteAt(start+8) != '-' || s.byteAt(start+13) != '-' || s.byteAt(start+18) != '-' || s.byteAt(start+23) != '-' {
			continue
		}
		if isUUID := start+length <= len(s.text) && func() bool {
			s.examined += length
			for j := range length {
				if j != 8 && j != 13 && j != 18 && j != 23 && class[s.text[start+j]]&hex == 0 {
					return false
				}
			}
			return true
		}(); isUUID {
			return start + length
		}
	}
	return 0
}
