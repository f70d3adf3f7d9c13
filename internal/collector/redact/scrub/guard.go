package scrub

// date returns how many groups from i on are a date, or 0: year, month and day or day, month and year or month, day
// and year, with equal signs between them; or two years.
func (s *scanner) date(i int) int {
	r := &s.run
	if r.groups[i].size() > 4 {
		return 0
	}
	if i+1 < r.n && s.sized(i, 4, 4) && s.sized(i+1, 4, 4) && r.groups[i+1].before == hyphen &&
		isYear(s.value(i)) && isYear(s.value(i+1)) && s.closes(i+1) {
		return 2 // 2024-2026
	}
	if i+2 >= r.n || r.groups[i+2].bad {
		return 0
	}
	between := r.groups[i+1].before
	if between < hyphen || between != r.groups[i+2].before {
		return 0
	}
	if s.sized(i, 4, 4) && s.sized(i+1, 1, 2) && s.sized(i+2, 1, 2) && isYear(s.value(i)) && isDay(s.value(i+1), s.value(i+2)) {
		return 3
	}
	if s.sized(i, 1, 2) && s.sized(i+1, 1, 2) && (s.sized(i+2, 4, 4) && isYear(s.value(i+2)) || s.sized(i+2, 2, 2)) &&
		(i+3 >= r.n || r.groups[i+3].before < hyphen) && // 01.99.00.12.34 is a number of a phone in France
		(isDay(s.value(i+1), s.value(i)) || isDay(s.value(i), s.value(i+1))) {
		return 3
	}
	return 0
}

// stamp reports whether group i is a date without signs in it, 20261122, with the time or without, or counts the
// seconds or milliseconds since 1970.
func (s *scanner) stamp(i int) bool {
	d := s.run.slice(i, i)
	if len(d) == 10 || len(d) == 13 || len(d) == 16 {
		return d[0] == '1' && d[1] >= '4'
	}
	if len(d) != 8 && len(d) != 12 && len(d) != 14 && len(d) != 17 {
		return false
	}
	two := func(at int) int { return int(d[at]-'0')*10 + int(d[at+1]-'0') }
	return isYear(two(0)*100+two(2)) && isDay(two(4), two(6)) && (len(d) < 12 || two(8) < 24 && two(10) < 60)
}

// isTimestamp reports whether an ISO 8601 time such as 2026-11-22T21:34 begins at i.
func (s *scanner) isTimestamp(i int) bool {
	const form = "dddd-dd-ddTdd:dd"
	if i+len(form) > len(s.text) || s.text[i+10] != 'T' {
		return false
	}
	for k, c := range s.text[i : i+len(form)] {
		if form[k] == 'd' && class[c]&digit == 0 || form[k] != 'd' && form[k] != c {
			return false
		}
	}
	return true
}

func isYear(y int) bool { return y >= 1900 && y < 2100 }

func isDay(month, day int) bool { return month >= 1 && month <= 12 && day >= 1 && day <= 31 }

// sized reports whether group i has from low to high digits.
func (s *scanner) sized(i, low, high int) bool {
	n := s.run.groups[i].size()
	return low <= n && n <= high && !s.run.groups[i].bad
}

// value returns the number that a group of at most four digits is.
func (s *scanner) value(i int) int {
	v := 0
	for _, c := range s.run.slice(i, i)[:min(4, s.run.groups[i].size())] {
		v = v*10 + int(c-'0')
	}
	return v
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
