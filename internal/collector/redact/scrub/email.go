package scrub

import (
	"unicode"
	"unicode/utf8"
)

// email looks at the sign @ at text[at:after], written @ or %40. The local part goes back to the first byte that
// cannot belong to it, though never over the @ before, so that every byte is looked at once.
func (s *scanner) email(at, after int) (Find, int) {
	start := s.localStart(at)
	s.local = after
	if start == at {
		return Find{}, after
	}
	end := s.domainEnd(after)
	if end == 0 {
		return Find{}, after
	}
	s.local = end
	return Find{Email, start, end}, end
}

// localStart returns where the local part that ends at the given offset begins; the offset itself when it is empty.
func (s *scanner) localStart(at int) int {
	floor := s.local
	i := at
	for i > floor {
		c := s.text[i-1]
		if c < utf8.RuneSelf {
			if class[c]&(word|local) == 0 {
				break
			}
			i--
			continue
		}
		r, n := utf8.DecodeLastRune(s.text[floor:i])
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
			break
		}
		i -= n
	}
	s.examined += at - i
	if i < at && i > 0 && s.text[i-1] == '\\' { // the n of \n in nested JSON
		switch s.text[i] {
		case 'n', 't', 'r', 'b', 'f':
			i++
		}
	}
	// A percent escape in a URL, or the sign that ends what stands before, is not part of it.
	for j := i; j+2 < at; j++ {
		if s.text[j] == '%' && s.is(j+1, hex) && s.is(j+2, hex) {
			i = j + 3
		}
	}
	for i < at && s.text[i] < utf8.RuneSelf && s.text[i] != '_' && class[s.text[i]]&word == 0 {
		if s.text[i] == '+' && s.is(i+1, digit) {
			break
		}
		i++
	}
	return i
}

// domainEnd returns where the domain that begins at i ends, or 0 when there is none: two labels or more, of which
// the last one is of letters. What stands behind such a label and cannot be part of one ends the domain.
func (s *scanner) domainEnd(i int) int {
	if s.is(i, digit) && s.byteAt(i+1) == 'x' && s.byteAt(i+2) == '.' {
		return 0 // icon@2x.png
	}
	begin, end := i, 0
	for labels := 0; i < len(s.text); labels++ {
		label, letters := i, 0
		onlyLetters := true
		for i < len(s.text) {
			c := s.text[i]
			if c >= utf8.RuneSelf {
				r, n := utf8.DecodeRune(s.text[i:])
				if !unicode.IsLetter(r) && !unicode.IsMark(r) {
					break
				}
				letters++
				i += n
				continue
			}
			if class[c]&letter != 0 {
				letters++
			} else if class[c]&digit != 0 || c == '-' {
				if onlyLetters && labels > 0 && c == '-' && letters >= 2 {
					end = i // jo@example.com-thanks
				}
				onlyLetters = false
			} else {
				break
			}
			i++
		}
		if i == label {
			break
		}
		punycode := i-label > 4 && string(s.text[label:label+4]) == "xn--"
		if labels > 0 && letters >= 2 && (onlyLetters || punycode) {
			end = i
		}
		if s.byteAt(i) != '.' {
			break
		}
		i++
	}
	s.examined += i - begin
	return end
}
