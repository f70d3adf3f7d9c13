package lint

import "strings"

// meet tells whether two patterns of resources have a text in common. Variables, placeholders and the ${…} of ARN formats stand for
// any text, so a wrong answer is always yes.
func meet(a, b string) bool {
	if a == "*" || b == "*" || a == b {
		return true
	}
	if !special(a) && !special(b) {
		return false // and not the same
	}
	if len(a) > maxPattern || len(b) > maxPattern {
		return true // longer than any ARN: not worth the time
	}
	var xs, ys [usualLength]piece
	x, y := pieces(xs[:0], a), pieces(ys[:0], b)
	// row[j]: x[:i] and y[:j] have a text in common.
	var usual [usualLength + 1]bool
	row := usual[:min(len(y), usualLength)+1]
	if len(y) > usualLength {
		row = make([]bool, len(y)+1)
	}
	row[0] = true
	for j := 0; j < len(y) && y[j] == anyText; j++ {
		row[j+1] = true
	}
	for i := range x {
		before := row[0] // row[j] of x[:i]
		row[0] = row[0] && x[i] == anyText
		for j := range y {
			above := row[j+1]
			if x[i] == anyText || y[j] == anyText {
				row[j+1] = above || row[j] // it is empty, or goes on over what the other has
			} else {
				row[j+1] = before && (x[i] == y[j] || x[i] == anyByte || y[j] == anyByte)
			}
			before = above
		}
	}
	return row[len(y)]
}

// meetARN is meet for each field of two ARNs. A "*" in one field is not read as running on into the next: see Pass.follows.
func meetARN(a, b string) bool {
	x, y := splitARN(a), splitARN(b)
	if x[5] == "" || y[5] == "" {
		return meet(a, b) // one is no ARN
	}
	for i := range x {
		if !meet(x[i], y[i]) {
			return false
		}
	}
	return true
}

// meet is meetARN within the effort that is left; without, everything meets.
func (p *Pass) meet(a, b string) bool {
	return !p.grants.spend(1+min(len(a), maxPattern)*min(len(b), maxPattern)/128) || meetARN(a, b)
}

// A piece is a byte of a pattern, or one of these.
type piece int16

const (
	anyByte piece = -1 - iota
	anyText
)

// usualLength is up to what length patterns are compared without allocating.
const usualLength = 96

// maxPattern is the longest that an ARN can be.
const maxPattern = 2048

// special tells whether a pattern holds anything but literal bytes.
func special(pattern string) bool {
	for i := range len(pattern) {
		switch pattern[i] {
		case '*', '?', '$', '{', '<':
			return true
		}
	}
	return false
}

func pieces(out []piece, pattern string) []piece {
	for pattern != "" {
		switch c := pattern[0]; c {
		case '*':
			out = append(out, anyText)
		case '?':
			out = append(out, anyByte)
		case '$', '{', '<':
			end := strings.IndexAny(pattern, "}>")
			if end < 0 || c == '$' && !strings.HasPrefix(pattern, "${") {
				out = append(out, piece(c))
				break
			}
			if name := pattern[:end]; name == "${*" || name == "${?" || name == "${$" {
				out = append(out, piece(name[2]))
			} else {
				out = append(out, anyText)
			}
			pattern = pattern[end:]
		default:
			out = append(out, piece(c))
		}
		pattern = pattern[1:]
	}
	return out
}
