package lint

import "strings"

// closest is the known name that another is a misspelling of: the same without regard to case, or the only one at most two
// typing mistakes away and nearer than a third of its length. It is empty when there is none.
func closest(name string, known []string) string {
	found, best := "", 3
	for _, candidate := range known {
		if strings.EqualFold(candidate, name) {
			return candidate
		}
		distance := typos(strings.ToLower(name), strings.ToLower(candidate))
		switch {
		case distance*3 > len(candidate):
		case distance < best:
			found, best = candidate, distance
		case distance == best:
			found = ""
		}
	}
	return found
}

// typos is the number of letters to insert, remove, change or swap with a neighbour to make one text of another; 3 means more
// than two.
func typos(a, b string) int {
	const tooMany = 3
	if len(a) > 64 || len(b) > 64 || len(a)-len(b) >= tooMany || len(b)-len(a) >= tooMany {
		return tooMany
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], tooMany)
}
