package sim

import (
	"cmp"
	"math"
	"strings"
)

// A decimal is a number as condition operators compare it: exactly, however many digits it has. Neither part has needless zeros.
type decimal struct {
	negative          bool
	integer, fraction string // digits
}

// parseDecimal reads an integer or a decimal fraction: [+-]digits[.digits]. It allocates nothing.
func parseDecimal(s string) (d decimal, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	integer, fraction, point := strings.Cut(s, ".")
	if integer == "" && fraction == "" || point && fraction == "" || !digits(integer) || !digits(fraction) {
		return decimal{}, false
	}
	d.integer = strings.TrimLeft(integer, "0")
	d.fraction = strings.TrimRight(fraction, "0")
	if d.integer == "" && d.fraction == "" {
		d.negative = false
	}
	return d, true
}

// maxExponent bounds how long a number written as 1e400 can become.
const maxExponent = 400

// parseNumber reads a number of a policy: a decimal, or with an exponent as JSON allows.
func parseNumber(s string) (decimal, bool) {
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(s), "e")
	if !scientific {
		return parseDecimal(s)
	}
	d, ok := parseDecimal(mantissa)
	e, okExponent := parseDecimal(exponent)
	if !ok || !okExponent || e.fraction != "" || len(e.integer) > 3 {
		return decimal{}, false
	}
	shift := 0
	for _, digit := range e.integer {
		shift = shift*10 + int(digit-'0')
	}
	if shift > maxExponent {
		return decimal{}, false
	}
	all := d.integer + d.fraction
	point := len(d.integer) + shift
	if e.negative {
		point = len(d.integer) - shift
	}
	if point < 0 {
		all, point = strings.Repeat("0", -point)+all, 0
	}
	if point > len(all) {
		all += strings.Repeat("0", point-len(all))
	}
	sign := "+"
	if d.negative {
		sign = "-"
	}
	return parseDecimal(sign + all[:point] + "." + all[point:] + "0")
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (d decimal) compare(e decimal) int {
	if d.negative != e.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	c := cmp.Or(cmp.Compare(len(d.integer), len(e.integer)), strings.Compare(d.integer, e.integer), strings.Compare(d.fraction, e.fraction))
	if d.negative {
		return -c
	}
	return c
}

// An instant is a moment as Date operators compare it.
type instant struct {
	seconds int64 // since 1970-01-01T00:00:00Z
	nanos   int32
}

func (t instant) compare(u instant) int {
	return cmp.Or(cmp.Compare(t.seconds, u.seconds), cmp.Compare(t.nanos, u.nanos))
}

// parseInstant reads "one of the W3C implementations of the ISO 8601 date formats or … epoch (UNIX) time" ("Date condition
// operators"): YYYY, YYYY-MM, YYYY-MM-DD, YYYY-MM-DDThh:mm[:ss[.fraction]] with Z or ±hh[:mm], or whole seconds. Four digits are
// a year. As IAM does, it takes any month for 31 days long. It allocates nothing.
func parseInstant(s string) (instant, bool) {
	if digits(s) && s != "" && len(s) != 4 {
		return parseEpoch(s)
	}
	r := reader{s: s}
	year, month, day := r.number(4, 0, 9999), 1, 1
	var hour, minute, second, offset int
	var nanos int32
	if r.skip('-') {
		month = r.number(2, 1, 12)
		if r.skip('-') {
			day = r.number(2, 1, 31)
			if r.skip('T') {
				hour = r.number(2, 0, 23)
				r.want(':')
				minute = r.number(2, 0, 59)
				if r.skip(':') {
					second = r.number(2, 0, 59)
					if r.skip('.') {
						nanos = r.fraction()
					}
				}
				offset = r.zone()
			}
		}
	}
	if r.bad || r.s != "" {
		return instant{}, false
	}
	seconds := daysSinceEpoch(year, month, day)*86400 + int64(hour*3600+minute*60+second-offset)
	return instant{seconds, nanos}, true
}

func parseEpoch(s string) (instant, bool) {
	var n int64
	for i := range len(s) {
		digit := int64(s[i] - '0')
		if n > (math.MaxInt64-digit)/10 {
			return instant{}, false
		}
		n = n*10 + digit
	}
	return instant{seconds: n}, true
}

// daysSinceEpoch counts in the proleptic Gregorian calendar. A day past the end of its month is one of the next month.
func daysSinceEpoch(year, month, day int) int64 {
	if month <= 2 { // a year begins in March, so that leap days come last
		year, month = year-1, month+12
	}
	leapDays := floorDiv(year, 4) - floorDiv(year, 100) + floorDiv(year, 400)
	return int64(year*365 + leapDays + (153*(month-3)+2)/5 + day - 1 - 719468)
}

func floorDiv(a, b int) int {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

// A reader takes a date apart. Once something is bad it stays so.
type reader struct {
	s   string
	bad bool
}

func (r *reader) skip(c byte) bool {
	if r.s == "" || r.s[0] != c {
		return false
	}
	r.s = r.s[1:]
	return true
}

func (r *reader) want(c byte) { r.bad = !r.skip(c) || r.bad }

func (r *reader) number(width, low, high int) int {
	if len(r.s) < width || !digits(r.s[:width]) {
		r.bad = true
		return 0
	}
	n := 0
	for i := range width {
		n = n*10 + int(r.s[i]-'0')
	}
	r.s = r.s[width:]
	r.bad = r.bad || n < low || n > high
	return n
}

// fraction reads one to nine digits as nanoseconds.
func (r *reader) fraction() int32 {
	n, scale := int32(0), int32(100_000_000)
	for scale > 0 && r.s != "" && digits(r.s[:1]) {
		n += int32(r.s[0]-'0') * scale
		scale /= 10
		r.s = r.s[1:]
	}
	r.bad = r.bad || scale == 100_000_000
	return n
}

// zone reads Z or ±hh[:mm] as seconds east of Greenwich.
func (r *reader) zone() int {
	if r.skip('Z') {
		return 0
	}
	sign := 1
	if r.skip('-') {
		sign = -1
	} else {
		r.want('+')
	}
	seconds := r.number(2, 0, 23) * 3600
	if r.skip(':') {
		seconds += r.number(2, 0, 59) * 60
	}
	return sign * seconds
}
