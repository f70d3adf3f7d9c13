// Package phone turns phone numbers, as people and systems write them, into E.164 form.
//
//	text ─▶ scan ─▶ digits, with or without a plus ─▶ plan of the region or of the calling code ─▶ +447700900123
//
// It reads national numbers of one region ("07700 900123", "(020) 7946 0018", "0207 946 0018 ext. 12"), the same with the calling
// code but no plus ("447700900123"), and international numbers of every country, with a plus or behind the region's international
// prefix ("+44 (0)7700 900123", "tel:+44-20-7946-0018", "0044 20 7946 0018").
//
// A number is taken when its length and its digits fit the numbering plan. The plan is wider than what is in use: it tells a phone
// number from an order number, not one that rings from one that does not. The text must hold the number alone. An extension is
// dropped, because E.164 has none. Letters on keys (1-800-FLOWERS) and two numbers in one text are refused: what is refused, the
// caller takes as it stands, and a wrong number would be worse.
//
// The plans are those of Google's libphonenumber, made into facts.tsv by go generate and checked against its Go port on thousands
// of texts. Nothing is read at process start: [For] reads the facts, and a plan's patterns are compiled when a number first needs
// them. No number is remembered.
package phone

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:generate go -C gen run . ..

//go:embed facts.tsv
var facts string

// Region reads numbers as they are written in one region. It is safe for concurrent use.
type Region struct {
	home  *plan
	codes map[int]*plan // the main plan of each calling code
}

// For returns the reader of a region, given by its ISO 3166-1 code in capitals, such as "GB".
func For(region string) (*Region, error) {
	r := &Region{codes: make(map[int]*plan, 256)}
	var names []string
	for line := range strings.Lines(facts) {
		if line[0] == '#' {
			continue
		}
		p := newPlan(line)
		if p.main {
			r.codes[p.code] = p
		}
		if p.region == region && p.region != noRegion {
			r.home = p
		}
		names = append(names, p.region)
	}
	if r.home == nil {
		return nil, unknown(region, names)
	}
	return r, nil
}

// noRegion stands in the facts for calling codes of no country, such as +800.
const noRegion = "001"

// unknown says which regions there are, those with the same first letter where the name may be mistyped.
func unknown(region string, names []string) error {
	upper := strings.ToUpper(strings.TrimSpace(region))
	switch upper { // in wide use, but not in ISO 3166-1
	case "UK":
		upper = "GB"
	case "EL":
		upper = "GR"
	}
	if slices.Contains(names, upper) && upper != noRegion {
		return fmt.Errorf("unknown region %q; did you mean %s?", region, upper)
	}
	var near []string
	for _, name := range names {
		if len(upper) == 2 && name[0] == upper[0] {
			near = append(near, name)
		}
	}
	if len(near) == 0 {
		return fmt.Errorf("unknown region %q; want a country code of ISO 3166-1 such as GB", region)
	}
	return fmt.Errorf("unknown region %q; those with %c are %s", region, upper[0], strings.Join(near, " "))
}

// E164 appends the number that text holds in E.164 form, a plus and 7 to 15 digits, and reports true. It returns dst and false when
// text is no number of the region and no international number. What is in E.164 form and fits its plan stays as it is.
//
// It takes about a microsecond, and allocates nothing when dst has room for 64 more bytes and the region's prefixes are plain
// digits, as most are. A caller that sees the same texts again and again may keep the answers.
func (r *Region) E164(dst, text []byte) ([]byte, bool) {
	start := len(dst)
	buf, form := scan(dst, text)
	if form == noNumber {
		return dst, false
	}
	// All that is worked on stands in buf, behind dst: buffers of its own would move to the heap.
	code, number := 0, buf[start:]
	if form == national {
		if rest, ok := r.home.cutInternational(number); ok {
			form, number = international, rest
		}
	}
	if form == international {
		code, number, buf = r.international(buf, number)
	} else {
		code, number, buf = r.national(buf, number)
	}
	if code == 0 {
		return dst, false
	}
	at := len(buf)
	buf = appendNumber(buf, code, number)
	if digits := len(buf) - at - 1; digits < 7 || digits > 15 {
		return dst, false
	}
	return append(buf[:start], buf[at:]...), true
}

// international reads digits that begin with a calling code; code is 0 where they are no number. The number may lie in scratch, which
// it appends to.
func (r *Region) international(scratch, digits []byte) (code int, number, buf []byte) {
	var p *plan
	for n := 1; n <= 3 && n < len(digits) && p == nil; n++ {
		code = code*10 + int(digits[n-1]-'0')
		p, number = r.codes[code], digits[n:]
	}
	if p == nil {
		return 0, nil, scratch
	}
	// As written first: E.164 has no national prefix, so what fits the plan is the number, even if it begins like one.
	if r.fits(p, number) {
		return code, number, scratch
	}
	number, scratch = p.cutNational(scratch, number)
	if !r.fits(p, number) {
		return 0, nil, scratch
	}
	return code, number, scratch
}

// national reads digits as they are dialled in the region; code is 0 where they are no number. The number may lie in scratch, which it
// appends to.
func (r *Region) national(scratch, digits []byte) (code int, number, buf []byte) {
	p := r.home
	number, scratch = p.cutCode(scratch, digits)
	if rest, grown := p.cutNational(scratch, number); p.hasLength(rest) {
		number, scratch = rest, grown
	}
	if !r.fits(r.codes[p.code], number) {
		return 0, nil, scratch
	}
	return p.code, number, scratch
}

// fits reports whether the plan of a calling code has room for the number. Regions that share a code may number beyond the main
// plan: the region's own counts as well.
func (r *Region) fits(main *plan, number []byte) bool {
	return main.fits(number) || r.home.code == main.code && r.home != main && r.home.fits(number)
}
