package scrub

// iban tries an IBAN whose two check digits begin at i, its country before them, joined or parted by one blank. It
// returns where the IBAN begins and ends, or zeros. Groups may be parted by single blanks, dashes or dots anywhere.
func (s *scanner) iban(i int) (start, end int) {
	start = i - 2
	if n := i - 1; n > 0 && s.text[n] == ' ' {
		start = i - 3
	}
	if !s.is(i+1, digit) || start < s.floor || !s.is(start+1, letter) || !s.is(start, letter) || s.inWord(start) {
		return 0, 0
	}
	want := ibanLength(s.text[start]|0x20, s.text[start+1]|0x20)
	if want == 0 {
		return 0, 0
	}
	s.examined += 2 * want
	rest, length := 0, 4 // the remainder modulo 97 of what is read, with the first four signs still to come
	for i += 2; length < want; {
		if n := s.space(i) + s.dash(i); n > 0 && s.is(i+n, digit|letter) {
			i += n
		} else if s.byteAt(i) == '.' {
			i++
		}
		switch c := s.byteAt(i); {
		case class[c]&digit != 0:
			rest = (rest*10 + int(c-'0')) % 97
		case class[c]&letter != 0:
			rest = (rest*100 + int(c|0x20-'a') + 10) % 97
		default:
			return 0, 0
		}
		length++
		i++
	}
	check := start + 2
	if s.text[check] == ' ' {
		check++
	}
	for _, c := range [2]byte{s.text[start], s.text[start+1]} {
		rest = (rest*100 + int(c|0x20-'a') + 10) % 97
	}
	rest = (rest*100 + int(s.text[check]-'0')*10 + int(s.text[check+1]-'0')) % 97
	if rest != 1 || s.is(i, word) {
		return 0, 0
	}
	return start, i
}

// ibanLength returns how many signs an IBAN of the country has, given as two lower-case letters, and 0 for countries
// without IBANs (SWIFT IBAN registry).
func ibanLength(a, b byte) int {
	switch string([]byte{a, b}) {
	case "no":
		return 15
	case "be":
		return 16
	case "dk", "fi", "fk", "fo", "gl", "nl", "sd":
		return 18
	case "mk", "si":
		return 19
	case "at", "ba", "ee", "kz", "lt", "lu", "mn", "xk":
		return 20
	case "ch", "hr", "li", "lv":
		return 21
	case "bg", "bh", "cr", "de", "gb", "ge", "ie", "me", "rs", "va":
		return 22
	case "ae", "gi", "il", "iq", "om", "so", "tl":
		return 23
	case "ad", "cz", "es", "md", "pk", "ro", "sa", "se", "sk", "tn", "vg":
		return 24
	case "ly", "pt", "st":
		return 25
	case "is", "tr":
		return 26
	case "bi", "dj", "fr", "gr", "it", "mc", "mr", "sm":
		return 27
	case "al", "az", "by", "cy", "do", "gt", "hn", "hu", "lb", "ni", "pl", "sv":
		return 28
	case "br", "eg", "ps", "qa", "ua":
		return 29
	case "jo", "kw", "mu", "ye":
		return 30
	case "mt", "sc":
		return 31
	case "lc":
		return 32
	case "ru":
		return 33
	}
	return 0
}
