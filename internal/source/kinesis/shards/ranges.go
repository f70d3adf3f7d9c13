package shards

import (
	"math/big"
	"slices"

	"trunkline/internal/lease"
)

// span is a part of the hash range, inclusive.
type span struct{ start, end *big.Int }

// everything is the whole hash range: 0 to 2^128 − 1.
func everything() span {
	end := new(big.Int).Lsh(big.NewInt(1), 128)
	return span{new(big.Int), end.Sub(end, big.NewInt(1))}
}

func (s span) text() lease.Range { return lease.Range{Start: s.start.String(), End: s.end.String()} }

// parse reads a range; one that is not known, not decimal or empty is not.
func parse(r lease.Range) (span, bool) {
	const longest = 39 // digits of 2^128
	if !digits(r.Start) || !digits(r.End) || len(r.Start) > longest || len(r.End) > longest {
		return span{}, false
	}
	start, _ := new(big.Int).SetString(r.Start, 10)
	end, _ := new(big.Int).SetString(r.End, 10)
	return span{start, end}, start.Cmp(end) <= 0
}

// Holes are the parts of the hash range that no lease reads or waits to read: leases at [End], and those whose range is not known, do
// not count. Ranges may overlap, since an ended parent's children may cover more than it did.
func Holes(leases []lease.Lease) []lease.Range {
	var ranges []lease.Range
	for _, l := range leases {
		if l.Checkpoint.Position != End {
			ranges = append(ranges, l.Range)
		}
	}
	return uncovered(everything(), ranges)
}

// uncovered are the parts of whole that are in none of the ranges, in order.
func uncovered(whole span, ranges []lease.Range) []lease.Range {
	var known []span
	for _, r := range ranges {
		if s, ok := parse(r); ok {
			known = append(known, s)
		}
	}
	slices.SortFunc(known, func(a, b span) int { return a.start.Cmp(b.start) })
	var holes []lease.Range
	one := big.NewInt(1)
	next := whole.start // the first key that is not known to be covered
	for _, s := range known {
		if s.start.Cmp(whole.end) > 0 {
			break
		}
		if s.start.Cmp(next) > 0 {
			holes = append(holes, span{next, new(big.Int).Sub(s.start, one)}.text())
		}
		if s.end.Cmp(next) >= 0 {
			next = new(big.Int).Add(s.end, one)
		}
	}
	if next.Cmp(whole.end) <= 0 {
		holes = append(holes, span{next, whole.end}.text())
	}
	return holes
}

// overlap tells whether two ranges have a key in common.
func overlap(a, b lease.Range) bool {
	x, known := parse(a)
	y, alsoKnown := parse(b)
	return known && alsoKnown && x.start.Cmp(y.end) <= 0 && y.start.Cmp(x.end) <= 0
}
