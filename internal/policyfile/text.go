package policyfile

import (
	"bytes"
	"slices"
	"sort"
	"unicode/utf8"

	"trunkline/iam"
)

// A text is what a policy or a block was read from: the file itself, or a text made from a part of another one, which knows where
// each of its bytes comes from.
type text struct {
	data []byte
	base *text // nil for a file
	runs []run // in order of at, the first at 0; unused in a file
}

// A run says where the bytes from at up to the next run come from: one by one from the bytes at from, or all of them from that
// one place.
type run struct {
	at, from int
	exact    bool
}

// origin returns the offset in the file of what stands at an offset of t.
func (t *text) origin(offset int) int {
	for ; t.base != nil; t = t.base {
		offset = t.source(offset)
	}
	return min(max(offset, 0), len(t.data))
}

// originEnd returns the offset in the file behind what stands before an offset of t.
func (t *text) originEnd(offset int) int {
	if offset == 0 || t.base == nil {
		return t.origin(offset)
	}
	before := t.runAt(offset - 1)
	if !before.exact {
		return t.base.origin(before.from)
	}
	return t.base.originEnd(before.from + offset - before.at)
}

// runAt is the run that holds an offset of a text that has runs.
func (t *text) runAt(offset int) run {
	i := sort.Search(len(t.runs), func(i int) bool { return t.runs[i].at > offset }) - 1
	if i < 0 {
		return run{}
	}
	return t.runs[i]
}

// source is the offset in the base of what stands at an offset of a text that has runs.
func (t *text) source(offset int) int {
	r := t.runAt(offset)
	if r.exact {
		return r.from + offset - r.at
	}
	return r.from
}

// part is a text that consists of the bytes start to end of t.
func (t *text) part(start, end int) *text {
	return &text{data: t.data[start:end:end], base: t, runs: []run{{0, start, true}}}
}

// builder writes a text made from parts of another.
type builder struct{ text }

// last is the offset in the base behind what was added last.
func (b *builder) last() int {
	if len(b.runs) == 0 {
		return 0
	}
	r := b.runs[len(b.runs)-1]
	if r.exact {
		return r.from + len(b.data) - r.at
	}
	return r.from
}

// add appends s, which comes from an offset of the base.
func (b *builder) add(s string, from int, exact bool) {
	if s == "" {
		return
	}
	next := run{len(b.data), from, exact}
	if n := len(b.runs); n > 0 {
		last := b.runs[n-1]
		if last.exact && exact && last.from+next.at-last.at == from || !last.exact && !exact && last.from == from {
			b.data = append(b.data, s...)
			return
		}
	}
	b.runs = append(b.runs, next)
	b.data = append(b.data, s...)
}

// copy appends the bytes start to end of c, which has the same base; quoted for the inside of a JSON string.
func (b *builder) copy(c *text, start, end int, quoted bool) {
	add := b.add
	if quoted {
		add = b.addQuoted
	}
	first := max(0, sort.Search(len(c.runs), func(i int) bool { return c.runs[i].at > start })-1)
	for i := first; i < len(c.runs) && c.runs[i].at < end; i++ {
		r, next := c.runs[i], len(c.data)
		if i+1 < len(c.runs) {
			next = c.runs[i+1].at
		}
		if from, to := max(r.at, start), min(next, end); from < to {
			add(string(c.data[from:to]), c.source(from), r.exact)
		}
	}
}

// addQuoted appends the inside of a JSON string whose content is s.
func (b *builder) addQuoted(s string, from int, exact bool) {
	const hex = "0123456789abcdef"
	origin := func(i int) int {
		if exact {
			return from + i
		}
		return from
	}
	plain := 0
	for i := 0; i < len(s); i++ {
		var escaped string
		switch c := s[i]; {
		case c == '"' || c == '\\':
			escaped = `\` + string(c)
		case c == '\n':
			escaped = `\n`
		case c == '\t':
			escaped = `\t`
		case c == '\r':
			escaped = `\r`
		case c < ' ':
			escaped = `\u00` + string(hex[c>>4]) + string(hex[c&15])
		default:
			continue
		}
		b.add(s[plain:i], origin(plain), exact)
		b.add(escaped, origin(i), false)
		plain = i + 1
	}
	b.add(s[plain:], origin(plain), exact)
}

// A file is one input.
type file struct {
	text
	name  string // as it was found below the paths given; "-" for standard input
	lines []int  // where each line begins
	marks []mark // for counting characters in files of few and long lines; made when first needed
}

// A mark is an offset, and how many characters stand before it.
type mark struct{ offset, characters int }

const markEvery = 1 << 10 // bytes

func newFile(name string, data []byte) *file {
	f := &file{text: text{data: data}, name: name, lines: []int{0}}
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return f
		}
		i += n + 1
		f.lines = append(f.lines, i)
	}
}

// position tells an offset of the file as people count it.
func (f *file) position(offset int) iam.Position {
	offset = min(max(offset, 0), len(f.data))
	line, found := slices.BinarySearch(f.lines, offset)
	if !found {
		line--
	}
	return iam.Position{Offset: offset, Line: line + 1, Column: f.characters(offset) - f.characters(f.lines[line]) + 1}
}

// characters is how many characters stand before an offset.
func (f *file) characters(offset int) int {
	if f.marks == nil {
		f.marks = []mark{{}}
		for last := f.marks[0]; last.offset+markEvery < len(f.data); {
			next := last.offset + markEvery
			for next > last.offset+1 && !utf8.RuneStart(f.data[next]) {
				next--
			}
			last = mark{next, last.characters + utf8.RuneCount(f.data[last.offset:next])}
			f.marks = append(f.marks, last)
		}
	}
	last := f.marks[sort.Search(len(f.marks), func(i int) bool { return f.marks[i].offset > offset })-1]
	return last.characters + utf8.RuneCount(f.data[last.offset:offset])
}

// offset is where a column of a line stands; both count from 1, the column in characters.
func (f *file) offset(line, column int) int {
	if line < 1 || line > len(f.lines) {
		return len(f.data)
	}
	at := f.lines[line-1]
	for ; column > 1 && at < len(f.data); column-- {
		_, size := utf8.DecodeRune(f.data[at:])
		at += size
	}
	return at
}

// line returns a line, counted from 1, without its end; nothing for a line that is not there.
func (f *file) line(n int) []byte {
	if n < 1 || n > len(f.lines) {
		return nil
	}
	end := len(f.data)
	if n < len(f.lines) {
		end = f.lines[n] - 1
	}
	return bytes.TrimSuffix(f.data[f.lines[n-1]:end], []byte("\r"))
}
