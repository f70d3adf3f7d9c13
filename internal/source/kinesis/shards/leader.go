package shards

import (
	"slices"
	"unicode/utf16"

	"trunkline/internal/lease"
)

// Leads tells whether a worker is the one that looks after the leases of a table, by the rule of the Java library 2.x: the first of the
// owners of all leases, sorted and then shuffled in a way that is the same everywhere. As long as there are no owners, everybody is.
// The table changes while workers look, so at times there are two, or none.
func Leads(worker string, leases []lease.Lease) bool {
	var owners []string
	for _, l := range leases {
		if l.Owner != "" {
			owners = append(owners, l.Owner)
		}
	}
	slices.SortFunc(owners, compareUTF16)
	owners = slices.Compact(owners)
	if len(owners) == 0 {
		return true
	}
	javaShuffle(owners, 1947)
	return owners[0] == worker
}

// javaShuffle does what java.util.Collections.shuffle does with new java.util.Random(seed): a linear congruential generator of 48 bits,
// of which the upper 31 are used.
func javaShuffle(all []string, seed uint64) {
	const factor, addend, mask = 0x5DEECE66D, 0xB, 1<<48 - 1
	state := (seed ^ factor) & mask
	next := func() uint64 {
		state = (state*factor + addend) & mask
		return state >> 17
	}
	below := func(n uint64) uint64 {
		if n&(n-1) == 0 {
			return n * next() >> 31
		}
		for {
			r := next()
			v := r % n
			// Java's int would overflow here: the last, incomplete run of n numbers is not used.
			if r-v+n-1 < 1<<31 {
				return v
			}
		}
	}
	for i := len(all); i > 1; i-- {
		j := below(uint64(i))
		all[i-1], all[j] = all[j], all[i-1]
	}
}

// compareUTF16 orders strings as Java does, by the code units of UTF-16: characters beyond the first 65,536 come before some within.
func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}
