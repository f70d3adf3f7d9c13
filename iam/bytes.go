package iam

import "math/bits"

// Strings and indentation are most of a policy: they are read eight bytes at a time.

// eachByte times a byte is that byte eight times over.
const eachByte = 0x0101010101010101

// eight are the first eight bytes of s.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// plain is how far s is printable ASCII without quotes and backslashes; of the last bytes of s, fewer than eight, it says nothing.
func plain(s string) int {
	const top = eachByte * 0x80
	i := 0
	for ; i+8 <= len(s); i += 8 {
		// The top bit of a byte becomes set where the byte is one of those looked for, or beyond ASCII. Such a byte borrows from those
		// behind it, so that only the first of them is certain.
		w := eight(s[i:])
		quote, backslash := w^eachByte*'"', w^eachByte*'\\'
		if found := (w | (w - eachByte*' ') | (quote - eachByte) | (backslash - eachByte)) & top; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	return i
}
