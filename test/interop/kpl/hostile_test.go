//go:build interop

package kpl

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
)

// hostile makes messages that look like those of the producer library, and are wrong in many ways.
type hostile struct{ *rand.Rand }

func (r hostile) one(in int) bool { return r.IntN(in) == 0 }

// question is a record; its digest is right nearly always.
func (r hostile) question() question {
	message := r.message()
	if r.one(3) {
		for range 1 + r.IntN(3) {
			message = r.damage(message)
		}
	}
	sum := md5.Sum(message)
	data := slices.Concat([]byte("\xf3\x89\x9a\xc2"), message, sum[:])
	if r.one(30) {
		data = r.damage(data)
	}
	q := question{data, "0", maxHashKey}
	if r.one(2) {
		edges := []*big.Int{r.edge(), r.edge()}
		slices.SortFunc(edges, (*big.Int).Cmp)
		q.start, q.end = edges[0].String(), edges[1].String()
	}
	if len(q.data) < 20 {
		q.data = append(q.data, make([]byte, 20)...)
	}
	return q
}

func (r hostile) edge() *big.Int {
	return new(big.Int).Lsh(new(big.Int).SetUint64(r.Uint64()), uint(r.IntN(65)))
}

func (r hostile) message() []byte {
	var parts [][]byte
	keys, hashes := r.IntN(4), r.IntN(3)
	for range keys {
		parts = append(parts, r.field(1, r.key()))
	}
	for range hashes {
		parts = append(parts, r.field(2, r.hash()))
	}
	for range r.IntN(5) {
		parts = append(parts, r.field(3, r.record(keys, hashes)))
	}
	for r.one(3) {
		parts = append(parts, r.unknown(4))
	}
	if r.one(4) {
		r.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
	}
	return slices.Concat(parts...)
}

func (r hostile) record(keys, hashes int) []byte {
	parts := [][]byte{r.index(1, keys)}
	if hashes > 0 && r.one(2) {
		parts = append(parts, r.index(2, hashes))
	}
	parts = append(parts, r.field(3, bytes.Repeat([]byte{'d'}, r.IntN(20))))
	for r.one(5) {
		tag := [][]byte{r.field(1, []byte("tag")), r.field(2, []byte("value"))}
		parts = append(parts, r.field(4, slices.Concat(tag[r.IntN(3)/2:]...)))
	}
	for r.one(5) {
		parts = append(parts, r.unknown(5))
	}
	if r.one(20) {
		parts = slices.Delete(parts, 0, 1)
	}
	if r.one(4) {
		r.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
	}
	return slices.Concat(parts...)
}

func (r hostile) key() []byte {
	switch r.IntN(10) {
	case 0:
		return nil
	case 1:
		return []byte("\xffkey\xc3")
	}
	return []byte("key-" + strings.Repeat("ä", r.IntN(30)))
}

func (r hostile) hash() []byte {
	n := r.edge()
	switch r.IntN(12) {
	case 0:
		n.Lsh(n, 70)
	case 1:
		return []byte([]string{"", "-1", "+1", " 1", "1e3", "0x1", "٣", "hash", "\xff"}[r.IntN(9)])
	case 2:
		return []byte("000" + n.String())
	}
	return []byte(n.String())
}

// index is the index of an entry in a table of n, and seldom of none.
func (r hostile) index(number, n int) []byte {
	v := uint64(r.IntN(max(n, 1)))
	if r.one(20) {
		v = []uint64{uint64(n), 1 << 31, 1 << 32, 1<<32 - 1, 1 << 63, 1<<64 - 1}[r.IntN(6)]
	}
	return append(r.varint(uint64(number)<<3), r.varint(v)...)
}

// varint is a number, seldom longer than it needs to be.
func (r hostile) varint(v uint64) []byte {
	text := binary.AppendUvarint(nil, v)
	if r.one(40) {
		for len(text) < 1+r.IntN(12) {
			text[len(text)-1] |= 0x80
			text = append(text, byte(r.IntN(2)*0x7f))
		}
	}
	return text
}

func (r hostile) field(number int, content []byte) []byte {
	return slices.Concat(r.varint(uint64(number)<<3|2), r.varint(uint64(len(content))), content)
}

// unknown is a field of any number from first on, or one of a known number with another type.
func (r hostile) unknown(first int) []byte {
	number := uint64(first + r.IntN(20))
	if r.one(4) {
		number = 1 + r.Uint64N(4)
	}
	switch wire := r.IntN(7); wire {
	case 0:
		return append(r.varint(number<<3), r.varint(r.Uint64())...)
	case 1:
		return append(r.varint(number<<3|1), make([]byte, 8)...)
	case 2:
		return r.field(int(number)+first, []byte("unknown"))
	case 5:
		return append(r.varint(number<<3|5), make([]byte, 4)...)
	case 3, 4:
		depth := 1 + r.IntN(4)
		if r.one(4) {
			depth = 97 + r.IntN(6)
		}
		var inside []byte
		if r.one(2) {
			inside = r.field(1+r.IntN(4), []byte("in a group"))
		}
		return slices.Concat(bytes.Repeat(r.varint(number<<3|3), depth), inside, bytes.Repeat(r.varint(number<<3|4), depth))
	}
	return r.varint(r.Uint64N(1<<35)<<3 | uint64(r.IntN(8)))
}

// damage changes, removes or adds bytes.
func (r hostile) damage(message []byte) []byte {
	if len(message) == 0 {
		return message
	}
	at := r.IntN(len(message))
	switch r.IntN(5) {
	case 0:
		message[at] ^= 1 << r.IntN(8)
	case 1:
		message[at] = byte(r.Uint32())
	case 2:
		return slices.Delete(message, at, min(at+1+r.IntN(4), len(message)))
	case 3:
		return slices.Insert(message, at, byte(r.Uint32()))
	default:
		return message[:at]
	}
	return message
}
