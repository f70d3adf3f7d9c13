package phone

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// plan is how the numbers of a region are made up: a line of facts.tsv.
type plan struct {
	region string // ISO 3166-1, or noRegion
	main   bool   // numbers with a plus and the calling code are read by it
	code   int    // calling code
	line   string
	rules  func() *rules
}

// rules are the part of a plan that takes time to make.
type rules struct {
	callingCode string
	abroad      prefix // what is dialled before a number of another country
	trunk       prefix // what is dialled before a national number
	transform   []byte // what takes trunk's place where all its groups matched; nil: nothing ever
	lengths     uint32 // bit n: a national number may have n digits
	local       uint32 // bit n: n digits are a number without its area code
	longest     int    // of lengths
	pattern     *regexp.Regexp
}

// prefix is a beginning of digits: one of a few, the first that fits, or by a pattern.
type prefix struct {
	plain   []string
	pattern *regexp.Regexp
}

// newPlan reads a line of facts.tsv as far as it is cheap.
func newPlan(line string) *plan {
	line = strings.TrimSuffix(line, "\n")
	region, rest, _ := strings.Cut(line, "\t")
	code, _, _ := strings.Cut(rest, "\t")
	p := &plan{line: line}
	p.region, p.main = strings.CutSuffix(region, "*")
	p.code, _ = strconv.Atoi(code) // TestFacts checks every line
	p.rules = sync.OnceValue(func() *rules { return newRules(line) })
	return p
}

func newRules(line string) *rules {
	f := strings.Split(line, "\t")
	r := &rules{
		callingCode: f[1],
		abroad:      newPrefix(f[2]),
		trunk:       newPrefix(f[3]),
		lengths:     newLengths(f[5]),
		local:       newLengths(f[6]),
		pattern:     regexp.MustCompile("^(?:" + f[7] + ")$"),
	}
	if f[4] != "" {
		r.transform = []byte(f[4])
	}
	for n := range 32 {
		if r.lengths>>n&1 == 1 {
			r.longest = n
		}
	}
	return r
}

func newPrefix(text string) prefix {
	if strings.Trim(text, "0123456789|") == "" {
		return prefix{plain: strings.Split(text, "|")}
	}
	return prefix{pattern: regexp.MustCompile("^(?:" + text + ")")}
}

func newLengths(text string) (bits uint32) {
	for n := range strings.SplitSeq(text, ",") {
		if i, err := strconv.Atoi(n); err == nil {
			bits |= 1 << i
		}
	}
	return bits
}

// find returns where the prefix at the beginning of digits ends, and its groups as index pairs where it has a pattern; 0 where
// digits begin otherwise.
func (p prefix) find(digits []byte) (end int, groups []int) {
	if p.pattern == nil {
		for _, plain := range p.plain {
			if bytes.HasPrefix(digits, []byte(plain)) {
				return len(plain), nil
			}
		}
		return 0, nil
	}
	if groups = p.pattern.FindSubmatchIndex(digits); groups == nil {
		return 0, nil
	}
	return groups[1], groups
}

// fits reports whether the plan has room for a national number, given without its national prefix.
func (p *plan) fits(number []byte) bool {
	r := p.rules()
	return len(number) < 32 && r.lengths>>len(number)&1 == 1 && r.pattern.Match(number)
}

// hasLength reports whether digits are as many as a national number has, or more.
func (p *plan) hasLength(digits []byte) bool {
	r := p.rules()
	return len(digits) > r.longest || r.lengths>>len(digits)&1 == 1 && r.local>>len(digits)&1 == 0
}

// cutInternational takes the international prefix off. No calling code begins with 0.
func (p *plan) cutInternational(digits []byte) (rest []byte, ok bool) {
	end, _ := p.rules().abroad.find(digits)
	if end == 0 || end == len(digits) || digits[end] == '0' {
		return digits, false
	}
	return digits[end:], true
}

// cutCode takes off the plan's calling code where it stands without a plus: where the digits are no national number but without
// the code they are, or where they are too many.
func (p *plan) cutCode(scratch, digits []byte) (rest, buf []byte) {
	r := p.rules()
	after, found := bytes.CutPrefix(digits, []byte(r.callingCode))
	if !found {
		return digits, scratch
	}
	rest, buf = p.cutNational(scratch, after)
	if len(digits) > r.longest || !r.pattern.Match(digits) && r.pattern.Match(rest) {
		return rest, buf
	}
	return digits, scratch
}

// cutNational takes the national prefix off, or puts in its place what the plan says: in some regions an area code. Digits that fit
// the plan stay as they are when without the prefix they would not. The rest may lie in scratch, which it appends to.
func (p *plan) cutNational(scratch, digits []byte) (rest, buf []byte) {
	r := p.rules()
	end, groups := r.trunk.find(digits)
	if end == 0 {
		return digits, scratch
	}
	rest, buf = digits[end:], scratch
	if r.transform != nil && groups[len(groups)-1] >= 0 {
		at := len(scratch)
		buf = r.trunk.pattern.Expand(scratch, r.transform, digits, groups)
		buf = append(buf, rest...)
		rest = buf[at:]
	}
	if r.pattern.Match(digits) && !r.pattern.Match(rest) {
		return digits, scratch
	}
	return rest, buf
}

// appendNumber appends the E.164 form.
func appendNumber(dst []byte, code int, number []byte) []byte {
	return append(strconv.AppendInt(append(dst, '+'), int64(code), 10), number...)
}
