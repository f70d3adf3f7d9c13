package wav

import "math/bits"

// muLaw encodes a sample by G.711, mu-law. The standard divides 14-bit magnitudes into eight segments of sixteen steps, each twice as
// wide as those of the segment below; adding 33 puts the start of each segment on a power of two. Samples have 16 bits, so all values
// of the standard are taken four times. Positive and negative samples are treated alike, and zero is the positive zero, 0xFF.
func muLaw(sample int16) byte {
	magnitude, sign := int(sample), 0
	if sample < 0 {
		magnitude, sign = -magnitude, 0x80
	}
	if magnitude < 4 {
		return silentMuLaw
	}
	magnitude = min(magnitude, 4*8159-1) + 4*33
	segment := bits.Len(uint(magnitude)) - 8
	return ^byte(sign | segment<<4 | magnitude>>(segment+3)&0xf)
}
