package scrub

// luhn reports whether the last of the ASCII digits is the check digit of the others by ISO/IEC 7812-1 annex B.
func luhn(digits []byte) bool {
	sum := 0
	for i, c := range digits {
		d := int(c - '0')
		if (len(digits)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// weighted returns the sum of the ASCII digits times their weights.
func weighted(digits []byte, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(digits[i]-'0')
	}
	return sum
}

// validNHS reports whether ten digits are an NHS number (modulus 11).
func validNHS(d []byte) bool {
	return len(d) == 10 && weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// validTFN reports whether nine digits, or eight of the old form, are an Australian tax file number.
func validTFN(d []byte) bool {
	switch len(d) {
	case 8:
		return weighted(d, 10, 7, 8, 4, 6, 3, 5, 1)%11 == 0
	case 9:
		return weighted(d, 1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0
	}
	return false
}

// validABN reports whether eleven digits are an Australian business number: with one taken from the first digit, the
// weighted sum is a multiple of 89.
func validABN(d []byte) bool {
	return len(d) == 11 && d[0] != '0' && (weighted(d, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)-10)%89 == 0
}

// validSIN reports whether nine digits are a Canadian social insurance number. None begins with 8.
func validSIN(d []byte) bool {
	return len(d) == 9 && d[0] != '8' && luhn(d)
}

// validSSN reports whether nine digits can be a US social security number: no area 000, 666 or from 900, no group 00,
// no serial 0000.
func validSSN(d []byte) bool {
	if len(d) != 9 {
		return false
	}
	area := string(d[:3])
	return area != "000" && area != "666" && area < "900" && string(d[3:5]) != "00" && string(d[5:]) != "0000"
}

// validCard reports whether the digits, 12 to 19 of them, begin like a card of an issuer that uses this length, and
// pass the Luhn check.
func validCard(d []byte) bool {
	n := len(d)
	if n < 12 || n > 19 {
		return false
	}
	head := 0 // the first six digits
	for _, c := range d[:6] {
		head = head*10 + int(c-'0')
	}
	return issued(head, n) && luhn(d)
}

// issued reports whether cards of n digits begin with the six given ones.
func issued(head, n int) bool {
	in := func(from, to int) bool { // from and to are prefixes of equal length
		h := head
		for h > 999999 || h >= pow10(to) {
			h /= 10
		}
		return from <= h && h <= to
	}
	switch {
	case in(4, 4): // Visa
		return n == 13 || n == 16 || n == 19
	case in(51, 55), in(2221, 2720): // Mastercard
		return n == 16
	case in(34, 34), in(37, 37): // American Express
		return n == 15
	case in(300, 305), in(3095, 3095), in(36, 36), in(38, 39): // Diners Club
		return n == 14 || n == 16
	case in(3528, 3589): // JCB
		return n >= 16
	case in(6011, 6011), in(644, 649), in(65, 65), in(60, 60): // Discover, RuPay
		return n == 16 || n == 19 && !in(60, 60)
	case in(62, 62), in(81, 82): // UnionPay, RuPay
		return n >= 16
	case in(2200, 2204): // Mir
		return n >= 16
	case in(5018, 5018), in(5020, 5020), in(5038, 5038), in(5893, 5893), in(6304, 6304), in(6759, 6759), in(6761, 6763): // Maestro
		return true
	case in(50, 50), in(56, 58), in(67, 67), in(9792, 9792): // Maestro and Elo, Verve, Dankort; Troy
		return n >= 16
	}
	return false
}

// pow10 returns the least power of ten above n.
func pow10(n int) int {
	p := 10
	for p <= n {
		p *= 10
	}
	return p
}
