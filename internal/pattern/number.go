package pattern

import (
	"math"
	"strconv"
)

// exactDigits is the number of significant digits that every decimal may have and still come back from its double unchanged.
const exactDigits = 15

// powers are the powers of ten that a double holds exactly.
var powers = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// number reads the text of a JSON number. It is comparable when the shortest decimal of its double has the same value: 0.1 and
// 1e300 are, 1e400 and most integers of 17 and more digits are not. Minus zero becomes zero.
func number(text []byte) (value float64, comparable bool) {
	d := scanDecimal(text)
	switch {
	case d.count == 0:
		return 0, true
	case d.count > 17:
		return 0, false
	case d.count <= exactDigits && -22 <= d.exponent && d.exponent <= 22:
		value = float64(d.mantissa)
		if d.exponent < 0 {
			value /= powers[-d.exponent]
		} else {
			value *= powers[d.exponent]
		}
		if d.negative {
			value = -value
		}
		return value, true
	}
	var buf [32]byte
	digits := strconv.AppendUint(buf[:0], d.mantissa, 10)
	whole := append(digits, 'e')
	whole = strconv.AppendInt(whole, int64(d.exponent), 10)
	value, err := strconv.ParseFloat(string(whole), 64)
	if err != nil || value == 0 || math.IsInf(value, 0) {
		return 0, false
	}
	var back [32]byte
	if s := scanDecimal(strconv.AppendFloat(back[:0], value, 'e', -1, 64)); s.mantissa != d.mantissa || s.exponent != d.exponent {
		return 0, false
	}
	if d.negative {
		value = -value
	}
	return value, true
}

// decimal is mantissa × 10^exponent, with no zeros at the mantissa's ends.
type decimal struct {
	mantissa uint64 // meaningless with a count over 17
	count    int    // significant digits; 0 for zero
	exponent int
	negative bool
}

// scanDecimal reads a checked JSON number.
func scanDecimal(text []byte) (d decimal) {
	i := 0
	if text[0] == '-' {
		d.negative = true
		i++
	}
	zeros, places := 0, 0 // zeros read since the last significant digit; digits read behind the point
	fraction := false
	for ; i < len(text) && text[i]|0x20 != 'e'; i++ {
		c := text[i]
		if c == '.' {
			fraction = true
			continue
		}
		if fraction {
			places++
		}
		switch {
		case c != '0':
			for ; zeros > 0; zeros-- {
				d.mantissa *= 10
				d.count++
			}
			d.mantissa = d.mantissa*10 + uint64(c-'0')
			d.count++
			d.exponent = -places
		case d.count > 0:
			zeros++
			if !fraction {
				d.exponent++
			}
		}
	}
	if i < len(text) {
		d.exponent += scanExponent(text[i+1:])
	}
	return d
}

// scanExponent reads the digits behind an e. What is beyond every double stays beyond it.
func scanExponent(text []byte) int {
	e, sign := 0, 1
	for _, c := range text {
		switch {
		case c == '-':
			sign = -1
		case c != '+' && e < 1<<30:
			e = e*10 + int(c-'0')
		}
	}
	return sign * e
}
