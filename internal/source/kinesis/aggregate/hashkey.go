package aggregate

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// hashKey is an unsigned number of 128 bits.
type hashKey struct{ high, low uint64 }

func (k hashKey) less(other hashKey) bool {
	return k.high < other.high || k.high == other.high && k.low < other.low
}

// Range is the hash keys of a shard. Its zero value holds every key.
type Range struct {
	start hashKey
	above hashKey // how many keys are above its end: none in the zero value
}

// ParseRange makes a Range of the first and the last hash key of a shard, decimal numbers as ListShards returns them.
func ParseRange(start, end string) (Range, error) {
	first, ok := parseHashKey([]byte(start))
	if !ok {
		return Range{}, fmt.Errorf("hash range: start %.50q is no decimal number of at most 128 bits", start)
	}
	last, ok := parseHashKey([]byte(end))
	if !ok {
		return Range{}, fmt.Errorf("hash range: end %.50q is no decimal number of at most 128 bits", end)
	}
	if last.less(first) {
		return Range{}, fmt.Errorf("hash range: start %s is behind end %s", start, end)
	}
	return Range{start: first, above: hashKey{^last.high, ^last.low}}, nil
}

func (r Range) holds(k hashKey) verdict {
	if k.less(r.start) || (hashKey{^r.above.high, ^r.above.low}).less(k) {
		return outside
	}
	return inside
}

// partitionKey tells whether a record with a partition key, and no explicit hash key, is of the shard: by the MD5 of its bytes, as a
// big-endian number.
func (r Range) partitionKey(key []byte) verdict {
	if r == (Range{}) {
		return inside
	}
	sum := md5.Sum(key)
	return r.holds(hashKey{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])})
}

// explicitHashKey tells whether a record with an explicit hash key is of the shard.
func (r Range) explicitHashKey(text []byte) verdict {
	key, ok := parseHashKey(text)
	if !ok {
		return invalid
	}
	return r.holds(key)
}

// parseHashKey reads a decimal number: digits alone, with any number of zeros before them.
func parseHashKey(text []byte) (k hashKey, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return hashKey{}, false
		}
		over, high := bits.Mul64(k.high, 10)
		carry, low := bits.Mul64(k.low, 10)
		var more uint64
		k.low, more = bits.Add64(low, uint64(c-'0'), 0)
		k.high, more = bits.Add64(high, carry, more)
		if over != 0 || more != 0 {
			return hashKey{}, false
		}
	}
	return k, len(text) > 0
}
