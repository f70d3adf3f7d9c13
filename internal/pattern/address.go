package pattern

import (
	"encoding/binary"
	"strings"
)

// address is an IP address. The zero address is none.
type address struct {
	hi, lo uint64 // an IPv4 address stands in the low 32 bits
	bits   uint8  // 32 or 128
}

// block is a range of addresses that share their first bits.
type block struct {
	address
	maskHi, maskLo uint64
}

// blockOf returns the block of the addresses that share the first n bits with a.
func blockOf(a address, n int) block {
	b := block{address: a, maskHi: ^uint64(0), maskLo: ^uint64(0)}
	switch host := int(a.bits) - n; {
	case host >= 64:
		b.maskLo = 0
		b.maskHi <<= host - 64
	default:
		b.maskLo <<= host
	}
	b.hi &= b.maskHi
	b.lo &= b.maskLo
	return b
}

func (b *block) contains(a address) bool {
	return a.bits == b.bits && a.hi&b.maskHi == b.hi && a.lo&b.maskLo == b.lo
}

// parseAddress reads an IP literal as EventBridge's matcher does: leading zeros are decimal, an IPv4 address inside an IPv6 one
// must be written in hexadecimal groups and is then an IPv4 address.
func parseAddress[T string | []byte](text T) (address, bool) {
	if len(text) < 2 || len(text) > 64 {
		return address{}, false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c == '.':
			return parseIPv4(text)
		case c == ':':
			return parseIPv6(text)
		case hexValue(c) < 0:
			return address{}, false
		}
	}
	return address{}, false
}

func parseIPv4[T string | []byte](text T) (address, bool) {
	var sum, group uint64
	digits, groups := 0, 1
	if len(text) > len("255.255.255.255") {
		return address{}, false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c-'0' <= 9:
			group = group*10 + uint64(c-'0')
			digits++
			if group > 255 {
				return address{}, false
			}
		case c == '.' && digits > 0 && groups < 4:
			sum, group, digits = sum<<8|group, 0, 0
			groups++
		default:
			return address{}, false
		}
	}
	return address{0, sum<<8 | group, 32}, groups == 4 && digits > 0
}

func parseIPv6[T string | []byte](text T) (address, bool) {
	var bytes [16]byte
	filled, gap := 0, -1 // bytes written; where "::" stands among them
	for i := 0; ; {
		group, digits := uint64(0), 0
		for ; i < len(text) && text[i] != ':'; i++ {
			v := hexValue(text[i])
			if v < 0 || group > 0xFFF {
				return address{}, false
			}
			group = group<<4 | uint64(v)
			digits++
		}
		if digits > 0 {
			if filled == 16 {
				return address{}, false
			}
			binary.BigEndian.PutUint16(bytes[filled:], uint16(group))
			filled += 2
		}
		if i == len(text) {
			break
		}
		double := i+1 < len(text) && text[i+1] == ':'
		switch {
		case double && gap < 0:
			gap = filled
			i += 2
		case double, digits == 0, i+1 == len(text):
			return address{}, false
		default:
			i++
		}
	}
	switch {
	case gap < 0 && filled < 16, gap >= 0 && filled == 16:
		return address{}, false
	case gap >= 0:
		copy(bytes[16-(filled-gap):], bytes[gap:filled])
		clear(bytes[gap : 16-(filled-gap)])
	}
	hi, lo := binary.BigEndian.Uint64(bytes[:8]), binary.BigEndian.Uint64(bytes[8:])
	if hi == 0 && lo>>32 == 0xFFFF {
		return address{0, lo & 0xFFFFFFFF, 32}, true
	}
	return address{hi, lo, 128}, true
}

func hexValue(c byte) int { return strings.IndexByte("0123456789abcdef", lower(c)) }

func lower(c byte) byte {
	if c-'A' < 26 {
		c |= 0x20
	}
	return c
}
