package arn

// Wildcards in the tokens of a Glob; everything else is a character.
const (
	anyOne  rune = -1
	anyMany rune = -2
)

// tokens writes g as a list of characters and wildcards, with the star of a run of wildcards last: "*?" and "?*" are the same pattern,
// and so no star is followed by another wildcard.
func (g Glob) tokens() []rune {
	var list []rune
	star := false
	for i, p := range g.pieces {
		star = star || i > 0
		for _, l := range p {
			for range l.skip {
				list = append(list, anyOne)
			}
			if star && l.text != "" {
				list, star = append(list, anyMany), false
			}
			list = append(list, []rune(l.text)...)
		}
	}
	if star {
		list = append(list, anyMany)
	}
	return list
}

// Intersects says whether some string matches both globs. It takes time and no more than the product of their lengths.
func Intersects(a, b Glob) bool {
	x, y := a.tokens(), b.tokens()
	// meet[j] says whether x[i:] and y[j:] have a string in common, filled from the ends.
	meet, next := make([]bool, len(y)+1), make([]bool, len(y)+1)
	for i := len(x); i >= 0; i-- {
		meet, next = next, meet
		for j := len(y); j >= 0; j-- {
			switch {
			case i == len(x) && j == len(y):
				meet[j] = true
			case i < len(x) && x[i] == anyMany:
				meet[j] = next[j] || j < len(y) && meet[j+1]
			case j < len(y) && y[j] == anyMany:
				meet[j] = meet[j+1] || i < len(x) && next[j]
			case i < len(x) && j < len(y):
				meet[j] = next[j+1] && (x[i] == anyOne || y[j] == anyOne || x[i] == y[j])
			default:
				meet[j] = false
			}
		}
	}
	return meet[0]
}

// Covers says whether every string that matches b matches a. It takes time and no more than the product of their lengths.
//
// Where b has a wildcard, the hardest string for a has a character there that occurs in neither pattern, because only the wildcards
// of a match that, and they match everything else too. So b stands for its literals with runs of that character in between: one
// character where it has a question mark, any number where it has a star. That string is run through a, as the set of places in a
// to which it can lead.
//
// A place is open when only question marks lead from it to a star, or when it is that of a star. A run of any length ends well only
// if the set has an open place, since at all others it gets stuck. The last open place of the set matches whatever an earlier place
// does, and no run at all is hardest for it, because "??*" matches less than "?*". So behind a star of b that place is the whole set.
func Covers(a, b Glob) bool {
	pattern := a.tokens()
	open := make([]bool, len(pattern)+1)
	for i := len(pattern) - 1; i >= 0; i-- {
		open[i] = pattern[i] == anyMany || pattern[i] == anyOne && open[i+1]
	}
	now, next := make([]bool, len(pattern)+1), make([]bool, len(pattern)+1)
	now[0] = true
	for _, token := range b.tokens() {
		clear(next)
		some := false
		reach := func(i int) { next[i], some = true, true }
		if token == anyMany {
			for i := len(pattern) - 1; i >= 0 && !some; i-- {
				if now[i] && open[i] {
					reach(i)
				}
			}
		} else {
			for i, t := range pattern {
				switch {
				case !now[i]:
				case t == anyMany:
					reach(i)
					if i+1 < len(pattern) && pattern[i+1] == token {
						reach(i + 2) // the star stands for nothing
					}
				case t == anyOne, t == token:
					reach(i + 1)
				}
			}
		}
		if !some {
			return false
		}
		now, next = next, now
	}
	end := len(pattern)
	return now[end] || end > 0 && now[end-1] && pattern[end-1] == anyMany
}
