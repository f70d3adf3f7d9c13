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
			s.readRun(i+2, s.skip(i+2, digit))
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
	s.readRun(i, end)
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
	if digits < 7 && r.dots < 3 {
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

// opens reports whether a number can begin at group i: not inside of digits tied together by dashes or dots.
func (s *scanner) opens(i int) bool {
	return i == 0 || s.run.groups[i].before < hyphen || s.run.groups[i].before == slash
}

// closes reports whether a number can end with group j.
func (s *scanner) closes(j int) bool {
	return j+1 == s.run.n && !s.run.more || j+1 < s.run.n && s.opens(j+1)
}
