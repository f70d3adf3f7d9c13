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

// number looks at the digit at i, the first of its group, and at what follows it.
func (s *scanner) number(i int) (Find, int) {
	if i < s.quiet {
		return Find{}, s.skip(i, digit)
	}
	if i > 0 {
		switch c := s.text[i-1]; {
		case class[c]&word != 0 || c == ' ':
			if start, end := s.iban(i); end > 0 {
				return Find{IBAN, start, end}, end
			}
			if c != '_' && s.inWord(i) {
				if end := s.uuid(i); end > 0 {
					return Find{}, end
				}
				return Find{}, s.skip(i, word)
			}
		case c == '%' && s.is(i+1, hex) && i != s.escaped:
			if s.text[i] == '4' && s.text[i+1] == '0' {
				return s.email(i-1, i+2)
			}
			if s.text[i] != '2' || s.text[i+1]|0x20 != 'b' || !s.is(i+2, digit) { // %2B is the + of a number
				s.escaped = i + 2
				return Find{}, i + 2
			}
			s.readRun(i + 2)
			return s.decide(i-1, plus)
		}
	}
	end := s.skip(i, digit)
	if end-i < 7 && !s.continues(end) {
		return Find{}, end
	}
	if end == i+4 && s.isTimestamp(i) {
		return Find{}, i + len("2026-11-22T21:34")
	}
	start, lead := s.lead(i)
	if s.is(end, hex) || s.byteAt(end) == '-' || lead == compound {
		if end := s.uuid(i); end > 0 {
			return Find{}, end
		}
	}
	s.readRun(i)
	return s.decide(start, lead)
}

// continues reports whether what stands at i, behind a digit, may lead to another group of digits. It is quick and
// may say yes too often.
func (s *scanner) continues(i int) bool {
	switch c := s.byteAt(i); c {
	case ' ':
		c = s.byteAt(i + 1)
		return class[c]&digit != 0 || c == ' ' || c == '(' || c == '-' || c == '/' || c >= 0x80
	case '.', '/':
		c = s.byteAt(i + 1)
		return class[c]&digit != 0 || c == ' ' || c == '('
	case '-', '(', ')':
		return true
	default:
		return c >= 0x80 || class[c]&hex != 0
	}
}

// lead tells what stands before the digit at i, and where a phone number that begins there would begin: at its + or
// bracket.
func (s *scanner) lead(i int) (start int, lead before) {
	switch c := s.byteAt(i - 1); c {
	case '+':
		if s.inWord(i-1) && s.text[i-2] != '_' {
			return i, compound
		}
		start, lead = i-1, plus
	case '(':
		start = i - 1
		if s.byteAt(i-2) == '+' { // +(44)
			start, lead = i-2, plus
		}
	case ' ':
		switch s.byteAt(i - 2) {
		case '+': // + 44 20 …
			if s.is(i-3, word) {
				return i, nothing
			}
			start, lead = i-2, plus
		case '$', 0xac, 0xa3, 0xa5:
			return i, sign
		default:
			return i, nothing
		}
	case '-', '_':
		if s.inWord(i - 1) {
			return i, compound
		}
		return i, nothing
	case '/':
		if s.inWord(i-1) && i-1 != s.floor {
			return i, path
		}
		return i, nothing
	case '$', '#', 0xac, 0xa3, 0xa5: // the last bytes of €, £ and ¥
		return i, sign
	default:
		return i, nothing
	}
	if lead == plus && s.byteAt(start-1) == '(' {
		start--
	}
	return start, lead
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

// decide looks for the first find in s.run. Start is where the first group begins with its + and brackets. Without
// a find the scan goes on behind the run, or in it where the run has more groups than there is room for.
func (s *scanner) decide(start int, lead before) (Find, int) {
	r := &s.run
	last := &r.groups[r.n-1]
	end := last.end
	digits := r.count(0, r.n-1)
	if digits < 7 && (r.n < 4 || r.groups[1].before != dot) {
		return Find{}, end
	}
	c := context{start: start, lead: lead}
	if s.byteAt(start-1) == ':' && s.is(start-2, digit) {
		r.groups[0].bad = true // the seconds of a time, a port
	}
	if s.byteAt(end) == ':' && last.before != dot && last.size() <= 2 && s.skip(end+1, digit) == end+3 {
		last.bad = true // the hours of a time
	}
	limit := r.n
	if r.more {
		limit = maxGroups - maxDigits
		for limit < r.n && !s.opens(limit) {
			limit++
		}
		end = r.groups[limit-1].end
	}
	for i := 0; i < limit; {
		g := &r.groups[i]
		if g.bad {
			i++
			continue
		}
		if n := s.date(i); n > 0 {
			i += n
			continue
		}
		if kind, j := s.certain(i, &c); kind != 0 {
			return Find{kind, g.start, r.groups[j].end}, r.groups[j].end
		}
		if g.size() >= 8 && s.stamp(i) {
			i++
			continue
		}
		if j := s.phone(i, &c); j >= 0 {
			from := g.start
			if i == 0 {
				from = start
			} else if g.open {
				from--
			}
			to := s.extension(r.groups[j].end)
			return Find{Phone, from, to}, to
		}
		i++
	}
	return Find{}, end
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
		s.examined += length
		if start+length <= len(s.text) && !s.is(start+length, digit|letter) && s.allHex(start, 8) && s.allHex(start+9, 4) && s.allHex(start+14, 4) &&
			s.allHex(start+19, 4) && s.allHex(start+24, 12) {
			return start + length
		}
	}
	return 0
}

func (s *scanner) allHex(i, n int) bool {
	for _, c := range s.text[i : i+n] {
		if class[c]&hex == 0 {
			return false
		}
	}
	return true
}
