package catalog

import (
	"slices"
	"strings"
)

// NearestService returns the prefix that was probably meant by one that does not exist: that of an SDK name (qconnect is wisdom in
// policies), or one that differs by a typing error.
func (c *Catalog) NearestService(prefix string) (string, bool) {
	if p, ok := c.Prefix(prefix); ok {
		return p, true
	}
	return nearest(prefix, c.prefixes, func(s string) string { return s }, typing)
}

// NearestAction returns the action that was probably meant by one that does not exist in a service that does: a typing error, or a
// word too many or too few. UpdateDialerConfig of connect-campaigns is UpdateCampaignDialerConfig.
func (c *Catalog) NearestAction(name string) (string, bool) {
	prefix, short, _ := strings.Cut(name, ":")
	s, ok := c.Service(prefix)
	if !ok {
		return "", false
	}
	return nearest(short, s.Actions, func(a Action) string { return a.full }, func(a, b string, bound int) int {
		b = b[len(s.Prefix)+1:]
		return min(typing(a, b, bound), wording(a, b, bound))
	})
}

const maxName = 128 // longer names are no typing errors

// nearest returns the candidate at the smallest distance; of several the first. The bound grows with the length of the name.
func nearest[T any](name string, all []T, text func(T) string, distance func(a, b string, bound int) int) (string, bool) {
	if name == "" || len(name) > maxName {
		return "", false
	}
	bound := min(3, (len(name)+2)/4)
	best := ""
	for _, candidate := range all {
		if d := distance(name, text(candidate), bound); d <= bound && (best == "" || d < bound) {
			best, bound = text(candidate), d
		}
	}
	return best, best != ""
}

// typing counts the letters that were added, left out, changed, or swapped with the next, without regard to case. What is over the
// bound is bound+1.
func typing(a, b string, bound int) int {
	if len(a)-len(b) > bound || len(b)-len(a) > bound || len(b) > maxName {
		return bound + 1
	}
	var rows [3][maxName + 1]int // of the letter before the last, of the last, and of this one
	before, last, this := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := range len(a) {
		this[0] = i + 1
		for j := range len(b) {
			change := 1
			if lower(a[i]) == lower(b[j]) {
				change = 0
			}
			this[j+1] = min(last[j]+change, last[j+1]+1, this[j]+1)
			if i > 0 && j > 0 && lower(a[i]) == lower(b[j-1]) && lower(a[i-1]) == lower(b[j]) {
				this[j+1] = min(this[j+1], before[j-1]+1)
			}
		}
		before, last, this = last, this, before
	}
	return min(last[len(b)], bound+1)
}

// wording counts two for one word more or less, where all others are the same.
func wording(a, b string, bound int) int {
	const word = 2
	x, y := words(a), words(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(y) != len(x)+1 || len(x) < 2 {
		return bound + 1
	}
	for i := range y {
		if slices.EqualFunc(x[:i], y[:i], same) && slices.EqualFunc(x[i:], y[i+1:], same) {
			return word
		}
	}
	return bound + 1
}

func same(a, b string) bool { return compareFold(a, b) == 0 }

// words splits a name in front of its capitals.
func words(name string) (all []string) {
	from := 0
	for i := 1; i < len(name); i++ {
		if 'A' <= name[i] && name[i] <= 'Z' {
			all = append(all, name[from:i])
			from = i
		}
	}
	return append(all, name[from:])
}
