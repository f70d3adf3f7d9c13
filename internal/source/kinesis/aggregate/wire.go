package aggregate

import "encoding/binary"

// The wire types of protobuf.
const (
	varint          = 0
	fixed64         = 1
	lengthDelimited = 2
	groupStart      = 3
	groupEnd        = 4
	fixed32         = 5
)

// maxDepth is how deep messages and groups can be nested, as in AWS's consumers.
const maxDepth = 100

// reader reads one message of proto2 field by field. Once something is broken, every tag is 0.
type reader struct {
	message []byte
	at      int // never beyond the message
	broken  bool
}

func (m *reader) fail() {
	m.at, m.broken = len(m.message), true
}

// tag reads the number and the wire type of the next field; 0 at the end of the message. The end of a group is no field of a message.
func (m *reader) tag() uint32 {
	if m.at < len(m.message) { // nearly all have one byte
		if b := m.message[m.at]; b >= 1<<3 && b < 0x80 && b&7 != groupEnd {
			m.at++
			return uint32(b)
		}
	}
	tag := m.anyTag()
	if tag&7 == groupEnd {
		m.fail()
		return 0
	}
	return tag
}

func (m *reader) anyTag() uint32 {
	if m.at == len(m.message) {
		return 0
	}
	tag := uint32(m.varint()) // what a number of more bits means by its upper ones is dropped, as in AWS's consumers
	if tag>>3 == 0 {
		m.fail()
		return 0
	}
	return tag
}

// varint reads a number. Nearly all have one byte.
func (m *reader) varint() uint64 {
	if m.at < len(m.message) && m.message[m.at] < 0x80 {
		m.at++
		return uint64(m.message[m.at-1])
	}
	return m.longVarint()
}

// longVarint reads a number of at most ten bytes; bits beyond the 64th are dropped.
func (m *reader) longVarint() uint64 {
	var v uint64
	rest := m.message[m.at:]
	for i, b := range rest[:min(len(rest), binary.MaxVarintLen64)] {
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			m.at += i + 1
			return v
		}
	}
	m.fail()
	return 0
}

// bytes reads a length and as many bytes, which stay part of the message.
func (m *reader) bytes() []byte {
	n := uint64(uint32(m.varint()))
	if n > uint64(len(m.message)-m.at) {
		m.fail()
		return nil
	}
	from := m.at
	m.at += int(n)
	return m.message[from:m.at:m.at]
}

func (m *reader) discard(n int) {
	if n > len(m.message)-m.at {
		m.fail()
		return
	}
	m.at += n
}

// skip reads past a field that nobody asked for, in a message that is nested depth deep. Groups in it must end in their order.
func (m *reader) skip(tag uint32, depth int) {
	var open [maxDepth]uint32 // field numbers
	groups := open[: 0 : maxDepth-depth]
	for {
		switch tag & 7 {
		case varint:
			m.varint()
		case fixed64:
			m.discard(8)
		case lengthDelimited:
			m.bytes()
		case fixed32:
			m.discard(4)
		case groupStart:
			if len(groups) == cap(groups) {
				m.fail()
				return
			}
			groups = append(groups, tag>>3)
		case groupEnd:
			if len(groups) == 0 || groups[len(groups)-1] != tag>>3 {
				m.fail()
				return
			}
			groups = groups[:len(groups)-1]
		default:
			m.fail()
		}
		if len(groups) == 0 {
			return
		}
		if tag = m.anyTag(); tag == 0 {
			m.fail() // also at the end of the message: a group is open
			return
		}
	}
}
