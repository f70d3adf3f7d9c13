package scrub

// maxParts is how many groups of digits a phone number is written in at most.
const maxParts = 8

// phone returns the last group of the longest phone number that begins with group i, or -1. It never reaches into a
// number that is known by its form and checksum.
func (s *scanner) phone(i int, c *context) int {
	r := &s.run
	if !s.opens(i) {
		return -1
	}
	if i+1 < r.n && r.groups[i].size() == 1 && r.groups[i+1].size() == 1 {
		return s.spelled(i, c)
	}
	end := min(r.n, i+maxParts)
	for {
		found := -1
		for j := i; j < end && !r.groups[j].bad && r.count(i, j) <= 17; j++ {
			if j > i && r.groups[j].size() >= 9 && r.groups[j].before == slash {
				break // another number
			}
			if r.count(i, j) >= 7 && s.closes(j) && s.isPhone(i, j, c) {
				found = j
			}
		}
		end = 0
		for j := i + 1; j <= found && end == 0; j++ {
			if kind, _ := s.certain(j, c); kind != 0 {
				end = j
			}
		}
		if end == 0 {
			return found
		}
	}
}

// spelled returns the last group of a phone number that is written digit by digit from group i on, 0 7 7 0 0 …, or -1.
// Such a number is all of the single digits or none of it.
func (s *scanner) spelled(i int, c *context) int {
	r := &s.run
	if i > 0 && r.groups[i-1].size() == 1 {
		return -1
	}
	j := i
	for j+1 < r.n && r.groups[j+1].size() == 1 && !r.groups[j+1].bad {
		j++
	}
	n := r.count(i, j)
	if n < 7 || n > 15 || !s.closes(j) {
		return -1
	}
	d := r.slice(i, j)
	switch about := c.topic(s); {
	case i == 0 && c.lead == plus:
		return j
	case about == topicPhone, about != topicOther && d[0] == '0' && d[1] != '0' && (n == 10 || n == 11):
		return j
	}
	return -1
}

// isPhone reports whether the groups from i to j, 7 to 17 digits, are a phone number. International numbers are told
// by their country code and length; national ones by a shape of which few other numbers are, or by the topic.
func (s *scanner) isPhone(i, j int, c *context) bool {
	r := &s.run
	d := r.slice(i, j)
	n := len(d)
	s.examined += n
	if i == 0 && c.lead == plus { // written in one, it need not have the right length
		return international(d) || i == j && countryCode(d) > 0 && n <= 15
	}
	about := c.topic(s)
	if about == topicVersion {
		about = topicOther
	}
	first := &r.groups[i]
	loose := i == 0 && c.lead != nothing // tied to something on its left
	if loose && about != topicPhone || s.amount(i, j) {
		return false
	}
	bare := i == j
	switch { // international, with the dialling prefix instead of the +
	case d[0] == '0' && d[1] == '0' && first.size() >= 2 && (!bare || about != topicOther && n >= 11):
		if d[2] == '1' && d[3] == '1' && first.size() == 4 { // from Australia
			d = d[2:]
		}
		return international(d[2:])
	case n >= 11 && string(d[:3]) == "011" && first.size() == 3 && international(d[3:]):
		return true
	}
	if bare {
		switch {
		case about == topicOther:
			return false
		case d[0] == '0' && d[1] != '0' && (n == 10 || n == 11):
			return true
		case n == 10 && northAmerican(d) && !s.jsonNumber(first.start):
			return true
		}
		return about == topicPhone && n <= 13 && n != 12 || about == topicPhone && n == 12 && international(d)
	}
	if n > 13 {
		return false
	}
	if d[0] == '0' && d[1] != '0' && n >= 9 && n <= 12 {
		if n == 9 && j == i+1 && first.size() == 5 && r.groups[j].before == hyphen && about != topicPhone {
			return false // a ZIP code with its four digits more
		}
		return first.size() > 1 && (j-i < 2 || r.groups[i+1].before != dot || n != 12) || about == topicPhone
	}
	if s.shaped(i, j) {
		return true
	}
	dotted := j == i+1 && r.groups[j].before == dot
	if about == topicOther || dotted && (about != topicPhone || first.size() < 3) { // a decimal
		return false
	}
	bracketed := first.open && r.groups[i+1].before == bracket || r.groups[i+1].open && first.size() <= 3
	if bracketed && n >= 8 {
		return true
	}
	if about == topicPhone {
		return s.groupsOf(i, j, 2) || first.size() == 1
	}
	whole := i == 0 && j == r.n-1 && !r.more
	return whole && j-i >= 2 && first.size() <= 2 && !s.thousands(i, j) && s.groupsOf(i+1, j, 3) && international(d)
}

// jsonNumber reports whether the digits at i are a number in JSON, without quotes: few phone numbers are.
func (s *scanner) jsonNumber(i int) bool {
	if s.byteAt(i-1) == ' ' {
		i--
	}
	return s.byteAt(i-1) == ':' && s.byteAt(i-2) == '"'
}

// shaped reports whether the groups are those of a way to write numbers that little else is written in: 3-3-4 in
// North America and elsewhere, 3-7 there, both with or without the 1, 1300 and 1800 numbers in Australia, 3-4-4 in China, 3-2-2-2 in Spain.
func (s *scanner) shaped(i, j int) bool {
	r := &s.run
	d := r.slice(i, j)
	if d[0] == '1' && len(d) == 11 && r.groups[i].size() == 1 && j > i+1 {
		i++
		d = d[1:]
	}
	size := func(k int) int { return r.groups[k].size() }
	switch j - i {
	case 1:
		return len(d) == 10 && size(i) == 3 && northAmerican(d)
	case 2:
		switch {
		case len(d) == 10 && size(i) == 3 && size(i+1) == 3:
			return d[0] >= '2'
		case len(d) == 10 && size(i) == 4 && size(i+1) == 3:
			return string(d[:4]) == "1300" || string(d[:4]) == "1800"
		case len(d) == 11 && size(i) == 3 && size(i+1) == 4:
			return d[0] == '1' && d[1] >= '3'
		}
	case 3:
		return len(d) == 9 && size(i) == 3 && size(i+1) == 2 && size(i+2) == 2 && d[0] >= '6'
	}
	return false
}

// groupsOf reports whether each group has at least n digits.
func (s *scanner) groupsOf(i, j, n int) bool {
	for ; i <= j; i++ {
		if s.run.groups[i].size() < n {
			return false
		}
	}
	return true
}

// thousands reports whether the groups are those of a number with its thousands apart: 12 345 678.
func (s *scanner) thousands(i, j int) bool {
	for k := i + 1; k <= j; k++ {
		if s.run.groups[k].size() != 3 {
			return false
		}
	}
	return s.run.groups[i].size() <= 3
}

// amount reports whether what stands around the groups says that they are money: a decimal or thousands comma, a
// currency, a percent sign.
func (s *scanner) amount(i, j int) bool {
	start, end := s.run.groups[i].start, s.run.groups[j].end
	if s.byteAt(start-1) == ',' && s.is(start-2, digit) && s.run.groups[i].size() == 3 {
		return true
	}
	if c := s.byteAt(end); c == ',' || c == '\'' {
		n := s.skip(end+1, digit) - end - 1
		if n >= 1 && n <= 3 {
			return true
		}
	}
	if s.byteAt(end) == '%' && !s.is(end+1, hex) {
		return true
	}
	return s.currency(start-3) && !s.inWord(start-3) || s.byteAt(start-1) == ' ' && s.currency(start-4) && !s.inWord(start-4) ||
		s.currency(end+s.space(end))
}

// currency reports whether a currency sign or code stands at i.
func (s *scanner) currency(i int) bool {
	if i < 0 || i >= len(s.text) {
		return false
	}
	if s.text[i] == '$' {
		return true
	}
	if i+2 < len(s.text) {
		switch string(s.text[i : i+3]) {
		case "€", "EUR", "GBP", "USD", "CHF", "AUD", "CAD", "JPY", "SEK", "NOK", "DKK", "PLN", "INR":
			return true
		}
	}
	if i+1 < len(s.text) {
		switch string(s.text[i : i+2]) {
		case "£", "¥":
			return true
		case "kr", "Kr", "zł":
			return !s.is(i+2, letter)
		}
	}
	return false
}

// extension returns the end of the extension behind a number that ends at i, as in "ext. 12" or "x4412", or i.
func (s *scanner) extension(i int) int {
	j := i
	if s.byteAt(j) == ',' || s.byteAt(j) == ';' {
		j++
	}
	j += s.space(j)
	from := j
	for s.is(j, letter) && j-from < 12 {
		j++
	}
	var small [12]byte
	for k, c := range s.text[from:j] {
		small[k] = c | 0x20
	}
	switch string(small[:j-from]) {
	case "x", "ext", "extn", "extension", "poste", "durchwahl", "dw", "anexo", "toestel":
	default:
		return i
	}
	if c := s.byteAt(j); c == '.' || c == ':' || c == '=' || c == '#' {
		j++
	}
	j += s.space(j)
	digits := s.skip(j, digit) - j
	if digits < 1 || digits > 6 || s.is(j+digits, word) {
		return i
	}
	return j + digits
}
