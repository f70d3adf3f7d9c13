package catalog

// simulate decides whether a pattern and a format have a text in common. It keeps all positions in the format that the part of the
// pattern read so far can have led to; time is at most the length of the pattern times that of the format.
func simulate(format string, r rule, pattern string, wild bool) bool {
	if wild && pattern != "" && onlyStars(pattern) {
		return true // every position of a format can be reached from those before it
	}
	var f compiled
	f.compile(format, r)
	var a, b [maxFormat + 2]uint8
	at, next := append(a[:0], 0), b[:0]
	star := false // everything from at[0] on is reached as well
	for pattern != "" {
		u := unit(pattern[0])
		if wild {
			u, pattern = cutUnit(pattern)
		} else {
			pattern = pattern[1:]
		}
		if u == unitMany {
			star = true
			continue
		}
		if next = f.step(at, star, u, next[:0]); len(next) == 0 {
			return false
		}
		at, next, star = next, at, false
	}
	if star {
		return true
	}
	for _, i := range at {
		for int(i) < f.n && f.items[i].kind == run {
			i++
		}
		if int(i) == f.n {
			return true
		}
	}
	return false
}

// compiled is a format as items, one for each byte that a text of it must have, and one for each run that it may have.
type compiled struct {
	items [maxFormat + 2]item
	n     int
}

type item struct {
	kind itemKind
	text byte // of a literal
	not  rule // noColon, noSlash: what a gap does not take
}

type itemKind uint8

const (
	literal itemKind = iota
	one              // one byte of a gap
	run              // any number of bytes of a gap
)

func (f *compiled) compile(format string, r rule) {
	for format != "" {
		gap, rest := cutGap(format, r)
		if gap == noGap {
			f.add(item{kind: literal, text: format[0]})
			format = format[1:]
			continue
		}
		not, _ := limits(gap, rest, r)
		if gap == placeholderGap {
			f.add(item{kind: one, not: not})
		}
		f.add(item{kind: run, not: not})
		format = rest
	}
}

func (f *compiled) add(i item) {
	f.items[f.n] = i
	f.n++
}

// step appends to next, in rising order, where one unit leads from the positions at, or from all behind the first of them.
func (f *compiled) step(at []uint8, star bool, u unit, next []uint8) []uint8 {
	reach := func(i int) {
		if n := len(next); n == 0 || int(next[n-1]) != i {
			next = append(next, uint8(i))
		}
	}
	done := -1 // the last item that was tried
	for _, from := range at {
		for i := int(from); i < f.n; i++ {
			it := &f.items[i]
			if i > done {
				done = i
				if it.takes(u) && it.kind == run {
					reach(i)
				}
				if it.takes(u) && (it.kind != run || u == unitName) {
					reach(i + 1)
				}
			}
			if u == unitName && it.takes(u) { // it may go on
				continue
			}
			if it.kind != run && !star { // a run may be empty: what follows it is tried as well
				break
			}
		}
	}
	return next
}

func (it *item) takes(u unit) bool {
	switch {
	case it.kind == literal:
		return u == unitAny || u == unit(it.text) || u == unitName && it.text != ':' && it.text != '/'
	case u == ':':
		return it.not&noColon == 0
	case u == '/':
		return it.not&noSlash == 0
	}
	return true
}
