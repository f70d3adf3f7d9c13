package scrub

// colon looks at the colon at i, which may belong to an IPv6 address or to the arn: of an ARN.
func (s *scanner) colon(i int) (Find, int) {
	if i < s.quiet {
		return Find{}, i + 1
	}
	if i >= 3 && string(s.text[i-3:i]) == "arn" && !s.inWord(i-3) && s.is(i+1, letter) {
		end, sign := s.arnEnd(i)
		if !sign {
			return Find{}, end
		}
		s.quiet = end
		return Find{}, i + 1
	}
	if s.byteAt(i+1) != ':' && (!s.is(i+1, hex) || !s.is(i-1, hex)) {
		return Find{}, i + 1
	}
	start := i
	for start > s.floor && i-start < 5 && s.is(start-1, hex) {
		start--
	}
	if s.inWord(start) {
		s.key = i + 1 // a word and a colon: an address may follow
		return Find{}, i + 1
	}
	if s.byteAt(start-1) == ':' && s.is(start-2, hex|colon) && start != s.key {
		return Find{}, i + 1 // inside of a token that was refused at its start
	}
	end, ok := s.ipv6(start)
	if !ok {
		return Find{}, i + 1
	}
	return Find{IP, start, end}, end
}

// arnEnd returns where the ARN around i ends: at a blank, quote, bracket, comma or semicolon. Its account and resource
// ids are not looked at; an e-mail address in it (a session name) is, and sign says that there may be one.
func (s *scanner) arnEnd(i int) (end int, sign bool) {
	begin := i
	for ; i < len(s.text); i++ {
		switch s.text[i] {
		case ' ', '\t', '\n', '\r', '"', '\'', '\\', ',', ';', '<', '>', '(', ')', '[', ']', '{', '}':
			s.examined += i - begin
			return i, sign
		case '@', '%':
			sign = true
		}
	}
	s.examined += i - begin
	return i, sign
}

// ipv6 reads the run of hexadecimal groups and colons that begins at i. It returns the end of the address.
//
// Refused, though RFC 4291 would have them: the unspecified address, what may be a name in a program (add::fee, no
// digit), and eight groups of two digits each (an EUI-64 or the start of a fingerprint).
func (s *scanner) ipv6(begin int) (end int, ok bool) {
	i := begin
	s.examined += 48 // at the most
	groups, gap, pairs, digits := 0, false, 0, 0
	if s.byteAt(i) == ':' {
		if s.byteAt(i+1) != ':' {
			return 0, false
		}
		gap = true
		i += 2
	}
	for groups < 8 {
		n := i
		for i < len(s.text) && i-n < 5 && class[s.text[i]]&hex != 0 {
			if class[s.text[i]]&digit != 0 {
				digits++
			}
			i++
		}
		if i == n {
			break
		}
		if i-n > 4 {
			if i = n - 1; groups > 0 && s.byteAt(n-2) != ':' && s.skip(n, digit) == n+5 && !s.is(n+5, word) {
				break // a port behind the address
			}
			return 0, false
		}
		if s.byteAt(i) == '.' && (groups == 6 || gap && groups < 6) {
			if after, ok := s.ipv4(n); ok {
				i = after
				groups += 2
				digits++
			}
			break
		}
		groups++
		if i-n == 2 {
			pairs++
		}
		if s.byteAt(i) != ':' || groups == 8 {
			break
		}
		if s.byteAt(i+1) == ':' {
			if gap {
				return 0, false
			}
			gap = true
			i += 2
			continue
		}
		if !s.is(i+1, hex) {
			break // a colon that ends a clause
		}
		i++
	}
	if s.byteAt(i) == '%' && s.is(i+1, letter) { // zone
		for i++; s.is(i, word); i++ {
			s.examined++
		}
	}
	whole := groups == 8 && !gap || gap && groups > 0 && groups < 8
	switch {
	case !whole, pairs == 8, digits == 0, s.is(i, word), s.byteAt(i) == ':' && s.is(i+1, hex|colon) && s.skip(i+1, digit) != i+6:
		return 0, false
	}
	return i, true
}

// ipv4 reads four numbers up to 255 with dots between them that begin at i, leading zeros allowed, and returns the
// end. What stands before and behind is the caller's to judge.
func (s *scanner) ipv4(i int) (end int, ok bool) {
	for part := range 4 {
		n, value := i, 0
		for ; s.is(i, digit) && i-n < 4; i++ {
			value = value*10 + int(s.text[i]-'0')
		}
		if i == n || i-n > 3 || value > 255 {
			return 0, false
		}
		if part == 3 {
			return i, true
		}
		if s.byteAt(i) != '.' {
			return 0, false
		}
		i++
	}
	return 0, false
}
