package aggregate

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"slices"
)

// The messages as a producer writes them. The parts of a message stand one behind the other, in any order.

func wrap(message []byte) []byte {
	sum := md5.Sum(message)
	return slices.Concat([]byte("\xf3\x89\x9a\xc2"), message, sum[:])
}

func number(field int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(field)<<3), v)
}

func text[T string | []byte](field int, v T) []byte {
	return append(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(field)<<3|2), uint64(len(v))), v...)
}

func key(s string) []byte      { return text(1, s) }
func explicit(s string) []byte { return text(2, s) }

func sub(parts ...[]byte) []byte { return text(3, slices.Concat(parts...)) }

// user is a sub-record with the usual fields.
func user(key uint64, data string) []byte { return sub(number(1, key), text(3, data)) }

func aggregateOf(parts ...[]byte) []byte { return wrap(slices.Concat(parts...)) }

// like is an aggregate as the producer library makes it: sub-records of size bytes, each with a partition key of its own, together not
// longer than limit.
func like(size, limit int) (data []byte, records int) {
	var keys, subs []byte
	content := make([]byte, size)
	for i := range content {
		content[i] = 'a' + byte(i%26)
	}
	for {
		k := key(fmt.Sprintf("%08x-0f5e-4c1a-9d2b-%012x", records*2654435761&0xffffffff, records))
		r := user(uint64(records), string(content))
		if records > 0 && len(keys)+len(k)+len(subs)+len(r)+20 > limit {
			return aggregateOf(keys, subs), records
		}
		keys, subs, records = append(keys, k...), append(subs, r...), records+1
	}
}
