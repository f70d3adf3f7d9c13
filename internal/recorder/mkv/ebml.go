package mkv

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// IDs of elements, from the specification of Matroska (RFC 9559) and of EBML (RFC 8794).
const (
	idEBML           = 0x1A45DFA3
	idReadVersion    = 0x42F7
	idMaxIDLength    = 0x42F2
	idMaxSizeLength  = 0x42F3
	idDocType        = 0x4282
	idDocTypeReadVer = 0x4285

	idVoid  = 0xEC
	idCRC32 = 0xBF

	idSegment     = 0x18538067
	idSeekHead    = 0x114D9B74
	idCues        = 0x1C53BB6B
	idChapters    = 0x1043A770
	idAttachments = 0x1941A469

	idInfo          = 0x1549A966
	idTimecodeScale = 0x2AD7B1

	idTracks           = 0x1654AE6B
	idTrackEntry       = 0xAE
	idTrackNumber      = 0xD7
	idName             = 0x536E
	idContentEncodings = 0x6D80

	idTags      = 0x1254C367
	idTag       = 0x7373
	idSimpleTag = 0x67C8
	idTagName   = 0x45A3
	idTagString = 0x4487

	idCluster        = 0x1F43B675
	idTimecode       = 0xE7
	idSimpleBlock    = 0xA3
	idEncryptedBlock = 0xAF
	idBlockGroup     = 0xA0
	idBlock          = 0xA1
)

// outermost tells whether an element stands beside others or in a Segment, and nowhere else: it ends a Cluster without a size.
func outermost(id uint32) bool {
	switch id {
	case idEBML, idSegment, idInfo, idTracks, idTags, idCluster, idSeekHead, idCues, idChapters, idAttachments:
		return true
	}
	return false
}

// unknown is the size of an element that ends where one begins that cannot be in it.
const unknown = math.MaxInt64

const maxHeader = 4 + 8 // bytes of an ID and a size

// header reads the ID and the size of an element. n is their length, or 0 when b is too short to tell. The length of an ID is part of
// it, so an ID is what its bytes are.
func header(b []byte) (id uint32, size int64, n int, err error) {
	if len(b) == 0 {
		return 0, 0, 0, nil
	}
	w := bits.LeadingZeros8(b[0]) + 1
	if w > 4 {
		return 0, 0, 0, malformed("0x%02x begins no ID", b[0])
	}
	if len(b) < w {
		return 0, 0, 0, nil
	}
	for _, c := range b[:w] {
		id = id<<8 | uint32(c)
	}
	size, k, err := vint(b[w:])
	if k == 0 {
		return 0, 0, 0, err
	}
	return id, size, w + k, nil
}

// vint reads a number that says how long it is, at most 2⁵⁶ - 2; one with all bits set is unknown. n is 0 when b is too short.
func vint(b []byte) (v int64, n int, err error) {
	if len(b) == 0 {
		return 0, 0, nil
	}
	n = bits.LeadingZeros8(b[0]) + 1
	switch {
	case n > 8:
		return 0, 0, malformed("a size of more than eight bytes")
	case len(b) < n:
		return 0, 0, nil
	case len(b) >= 8:
		v = int64(binary.BigEndian.Uint64(b) >> (64 - 8*n))
	default:
		for _, c := range b[:n] {
			v = v<<8 | int64(c)
		}
	}
	all := int64(1)<<(7*n) - 1
	if v &= all; v == all {
		return unknown, n, nil
	}
	return v, n, nil
}

// children walks through the elements inside one that is whole in memory.
type children struct {
	rest    []byte
	id      uint32
	content []byte
	err     error
}

// next goes on to the next child, and reports whether there is one.
func (c *children) next() bool {
	if len(c.rest) == 0 || c.err != nil {
		return false
	}
	id, size, n, err := header(c.rest)
	switch {
	case err != nil:
		c.err = err
	case n == 0:
		c.err = malformed("an element inside it is not whole")
	case outermost(id):
		c.err = malformed("element %X inside it, which has a place of its own", id)
	case size == unknown:
		c.err = malformed("element %X inside it has no size", id)
	case size > int64(len(c.rest)-n):
		c.err = malformed("element %X inside it goes beyond its end", id)
	default:
		c.id, c.content, c.rest = id, c.rest[n:n+int(size)], c.rest[n+int(size):]
	}
	return c.err == nil
}

// number reads an unsigned number of at most eight bytes.
func number(content []byte) (uint64, error) {
	if len(content) > 8 {
		return 0, malformed("a number of %d bytes", len(content))
	}
	var v uint64
	for _, c := range content {
		v = v<<8 | uint64(c)
	}
	return v, nil
}
