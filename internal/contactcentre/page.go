package contactcentre

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// page is a JSON text under construction. Every member ends with a comma, which the closing of the object or
// array around it takes back; so members can be written without knowing which is the last.
// Strings are written as they are: the word lists hold JSON text, with escapes where it needs them.
type page struct {
	b []byte
	r *rand.Rand // draws the details of what is being written
}

func (p *page) key(k string) {
	p.b = append(p.b, '"')
	p.b = append(p.b, k...)
	p.b = append(p.b, '"', ':')
}

// open begins an object as a member, close ends it; the same with openList and closeList for arrays.
func (p *page) open(k string) {
	p.key(k)
	p.b = append(p.b, '{')
}

func (p *page) close() { p.end('{', '}') }

func (p *page) openList(k string) {
	p.key(k)
	p.b = append(p.b, '[')
}

func (p *page) closeList() { p.end('[', ']') }

// item begins an object as an element of an array.
func (p *page) item() { p.b = append(p.b, '{') }

func (p *page) end(opening, closing byte) {
	if last := len(p.b) - 1; p.b[last] == opening {
		p.b = append(p.b, closing)
	} else {
		p.b[last] = closing
	}
	p.b = append(p.b, ',')
}

// str writes the concatenation of parts as a string member.
func (p *page) str(k string, parts ...string) {
	p.key(k)
	p.text(parts...)
}

// text writes the concatenation of parts as a string element.
func (p *page) text(parts ...string) {
	p.b = append(p.b, '"')
	for _, s := range parts {
		p.b = append(p.b, s...)
	}
	p.b = append(p.b, '"', ',')
}

func (p *page) null(k string) {
	p.key(k)
	p.b = append(p.b, "null,"...)
}

// strOrNull writes null for the empty string.
func (p *page) strOrNull(k, v string) {
	if v == "" {
		p.null(k)
		return
	}
	p.str(k, v)
}

func (p *page) num(k string, n int64) {
	p.key(k)
	p.b = strconv.AppendInt(p.b, n, 10)
	p.b = append(p.b, ',')
}

func (p *page) flag(k string, v bool) {
	p.key(k)
	p.b = strconv.AppendBool(p.b, v)
	p.b = append(p.b, ',')
}

// when writes Unix seconds as a time with a resolution of one second, and null for zero.
func (p *page) when(k string, unix int64) {
	if unix == 0 {
		p.null(k)
		return
	}
	p.key(k)
	p.b = append(p.b, '"')
	p.b = time.Unix(unix, 0).UTC().AppendFormat(p.b, time.RFC3339)
	p.b = append(p.b, '"', ',')
}

// whenMilli writes Unix milliseconds as a time with three decimals, and null for zero.
func (p *page) whenMilli(k string, milli int64) {
	if milli == 0 {
		p.null(k)
		return
	}
	p.key(k)
	p.b = append(p.b, '"')
	p.b = time.UnixMilli(milli).UTC().AppendFormat(p.b, "2006-01-02T15:04:05.000Z")
	p.b = append(p.b, '"', ',')
}

// id writes an identifier, and null for the zero one.
func (p *page) id(k string, v id) {
	if v == (id{}) {
		p.null(k)
		return
	}
	p.key(k)
	p.b = append(p.b, '"')
	p.b = v.append(p.b)
	p.b = append(p.b, '"', ',')
}

// arn writes the ARN of something below the instance: kind is "queue", "agent" and so on.
func (p *page) arn(k, kind string, v id) {
	p.key(k)
	p.b = append(p.b, `"`+instanceARN+`/`...)
	p.b = append(p.b, kind...)
	p.b = append(p.b, '/')
	p.b = v.append(p.b)
	p.b = append(p.b, '"', ',')
}

// digits appends n decimal digits, the first of them not zero.
func (p *page) digits(n int) {
	p.b = append(p.b, byte('1'+p.r.IntN(9)))
	for n--; n > 0; {
		v := p.r.Uint64()
		for range min(n, 16) {
			p.b = append(p.b, byte('0'+v%10))
			v /= 10
			n--
		}
	}
}

// chance is true in percent of 100 cases.
func (p *page) chance(percent int) bool { return p.r.IntN(100) < percent }

// pick returns one of the words.
func (p *page) pick(words []string) string { return words[p.r.IntN(len(words))] }

// id is a version 4 UUID. The zero value stands for none.
type id [16]byte

func newID(r *rand.Rand) (v id) {
	hi, lo := r.Uint64(), r.Uint64()
	for i := range 8 {
		v[i], v[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	v[6] = v[6]&0x0f | 0x40
	v[8] = v[8]&0x3f | 0x80
	return v
}

func (v id) append(dst []byte) []byte {
	const hex = "0123456789abcdef"
	for i, c := range v {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hex[c>>4], hex[c&15])
	}
	return dst
}
