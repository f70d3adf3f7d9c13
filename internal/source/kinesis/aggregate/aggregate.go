// Package aggregate takes the aggregates of the Kinesis Producer Library (KPL) apart.
//
//	F3 89 9A C2 | AggregatedRecord (protobuf) | MD5 of it ─▶ sub-record 0, 1, 2 …
//	anything else                                         ─▶ the record itself
//
// It decides as AWS's own consumers do (Kinesis Client Library 3.5): what has no magic, a wrong digest, or no AggregatedRecord between
// the two is an ordinary record. An aggregate with a sub-record whose hash key is not of the shard yields nothing: its producer sends it
// again, to the shard that it belongs to. Where those consumers lose sub-records in silence, because an index is beyond its table or a
// hash key is none, this package returns an error, so that the whole aggregate can be kept.
//
// Its promises: a sub-record is a part of the input, not a copy; nothing is allocated once a [Splitter] is warm, and never more than in
// proportion to the input, whatever lengths and counts it claims; each table entry is hashed at most once; errors hold positions, no
// values. What a sub-record holds is not looked at: an aggregate inside of an aggregate stays one.
package aggregate

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"math"
)

// Record is a sub-record of an aggregate, or an ordinary record. Its position inside the Kinesis record, the sub-sequence number, is its
// index in what [Splitter.Split] appends.
type Record struct {
	Data []byte
	// PartitionKey is nil for an ordinary record, whose key stands beside its data, and not nil for a sub-record, whose key may be empty.
	// It is UTF-8 where the producer keeps to the API.
	PartitionKey []byte
	// ExplicitHashKey is a decimal number of at most 128 bits, nil when there is none.
	ExplicitHashKey []byte
}

// ErrElsewhere says that an aggregate came to a shard that it does not belong to, after a shard was split or merged. Nothing of it is to
// be delivered, and nothing is lost: its producer learns of it and sends the sub-records again.
var ErrElsewhere = errors.New("the aggregate holds a record of another shard")

// Splitter takes aggregates apart. Its zero value is ready. It keeps memory from one call to the next, and is not safe for concurrent use.
type Splitter struct {
	message  []byte
	keys     []entry // partition_key_table
	explicit []entry // explicit_hash_key_table
	indexes  []indexes
}

// entry is an element of a table, and whether its hash key is of the shard. Offsets keep it small: a hostile table has an entry for
// every two bytes.
type entry struct {
	at, size uint32
	verdict  verdict
}

type verdict uint8

const (
	unknown verdict = iota
	inside
	outside
	invalid
)

// indexes of a sub-record into the tables.
type indexes struct{ key, explicit uint32 }

// none is no index: where there is no explicit hash key, and in place of what no table can hold.
const none = math.MaxUint32

const (
	digestSize = md5.Size
	magic      = "\xf3\x89\x9a\xc2"
)

// Split appends the sub-records of the Kinesis record with this data to dst, or the data itself when it is an ordinary record, and returns
// the extended slice. An aggregate can hold none. r is the hash range of the shard that the record was read from. The records share
// memory with data.
//
// The error is [ErrElsewhere], or says what is broken in an aggregate, which is then for the dead letters as a whole; dst is returned as it
// was in both cases.
func (s *Splitter) Split(dst []Record, data []byte, r Range) ([]Record, error) {
	message, ok := unwrap(data)
	if !ok {
		return append(dst, ordinary(data)), nil
	}
	n := len(dst)
	all, ok := s.parse(dst, message)
	if !ok {
		return append(all[:n], ordinary(data)), nil
	}
	for i, at := range s.indexes {
		if err := s.resolve(&all[n+i], at, r); err != nil {
			if err != ErrElsewhere {
				err = fmt.Errorf("aggregate, record %d: %w", i, err)
			}
			return all[:n], err
		}
	}
	return all, nil
}

func ordinary(data []byte) Record { return Record{Data: data[:len(data):len(data)]} }

// unwrap returns the message between magic and digest.
func unwrap(data []byte) (message []byte, ok bool) {
	if len(data) <= len(magic)+digestSize || len(data) > math.MaxInt32 || string(data[:len(magic)]) != magic {
		return nil, false
	}
	message, digest := data[len(magic):len(data)-digestSize], data[len(data)-digestSize:]
	sum := md5.Sum(message)
	return message, bytes.Equal(sum[:], digest)
}

// Field numbers and wire types of the messages, as tags.
const (
	partitionKeyTable    = 1<<3 | lengthDelimited // AggregatedRecord
	explicitHashKeyTable = 2<<3 | lengthDelimited
	records              = 3<<3 | lengthDelimited

	partitionKeyIndex    = 1<<3 | varint // Record
	explicitHashKeyIndex = 2<<3 | varint
	recordData           = 3<<3 | lengthDelimited
	recordTags           = 4<<3 | lengthDelimited

	tagKey = 1<<3 | lengthDelimited // Tag
)

// parse reads an AggregatedRecord: its tables and indexes into s, the data of its sub-records into records that it appends to dst. It
// reports whether the message is one.
func (s *Splitter) parse(dst []Record, message []byte) ([]Record, bool) {
	s.message, s.keys, s.explicit, s.indexes = message, s.keys[:0], s.explicit[:0], s.indexes[:0]
	m := reader{message: message}
	for tag := m.tag(); tag != 0; tag = m.tag() {
		switch tag {
		case partitionKeyTable:
			s.keys = append(s.keys, m.entry())
		case explicitHashKeyTable:
			s.explicit = append(s.explicit, m.entry())
		case records:
			data, at, ok := parseRecord(m.bytes())
			if !ok {
				return dst, false
			}
			dst, s.indexes = append(dst, Record{Data: data}), append(s.indexes, at)
		default:
			m.skip(tag, 0)
		}
	}
	return dst, !m.broken
}

// entry reads an element of a table.
func (m *reader) entry() entry {
	text := m.bytes()
	return entry{at: uint32(m.at - len(text)), size: uint32(len(text))}
}

// parseRecord reads a Record. Of a field that comes again the last one counts.
func parseRecord(message []byte) (data []byte, at indexes, ok bool) {
	m := reader{message: message}
	at.explicit = none
	keyed, filled := false, false
	for tag := m.tag(); tag != 0; tag = m.tag() {
		switch tag {
		case partitionKeyIndex:
			at.key, keyed = index(m.varint()), true
		case explicitHashKeyIndex:
			at.explicit = index(m.varint())
		case recordData:
			data, filled = m.bytes(), true
		case recordTags:
			if !parseTag(m.bytes()) {
				return nil, at, false
			}
		default:
			m.skip(tag, 1)
		}
	}
	return data, at, keyed && filled && !m.broken
}

// index keeps the index of a table's entry. A table of a message of less than 2³¹ bytes has fewer entries than beyond.
func index(v uint64) uint32 { return uint32(min(v, beyond)) }

const beyond = none - 1

// parseTag reports whether a message is a Tag: nothing in it is of use.
func parseTag(message []byte) bool {
	m := reader{message: message}
	keyed := false
	for tag := m.tag(); tag != 0; tag = m.tag() {
		keyed = keyed || tag == tagKey
		m.skip(tag, 2)
	}
	return keyed && !m.broken
}

// resolve gives a sub-record the keys that its indexes stand for.
func (s *Splitter) resolve(record *Record, at indexes, r Range) error {
	if int64(at.key) >= int64(len(s.keys)) {
		return fmt.Errorf("its partition key is beyond the end of the table of %d", len(s.keys))
	}
	key := &s.keys[at.key]
	record.PartitionKey = s.text(key)
	if at.explicit == none {
		if key.verdict == unknown {
			key.verdict = r.partitionKey(record.PartitionKey)
		}
		return key.verdict.err()
	}
	if int64(at.explicit) >= int64(len(s.explicit)) {
		return fmt.Errorf("its explicit hash key is beyond the end of the table of %d", len(s.explicit))
	}
	explicit := &s.explicit[at.explicit]
	record.ExplicitHashKey = s.text(explicit)
	if explicit.verdict == unknown {
		explicit.verdict = r.explicitHashKey(record.ExplicitHashKey)
	}
	return explicit.verdict.err()
}

func (s *Splitter) text(e *entry) []byte {
	end := e.at + e.size
	return s.message[e.at:end:end]
}

var errHashKey = errors.New("its explicit hash key is no decimal number of at most 128 bits")

func (v verdict) err() error {
	switch v {
	case outside:
		return ErrElsewhere
	case invalid:
		return errHashKey
	}
	return nil
}
