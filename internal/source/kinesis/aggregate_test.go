package kinesis

import (
	"crypto/md5"
	"encoding/binary"
	"slices"
)

// aggregateOf is what the producer library makes of records with one partition key.
func aggregateOf(key string, records ...string) string {
	field := func(n uint64, text []byte) []byte {
		return append(binary.AppendUvarint(binary.AppendUvarint(nil, n<<3|2), uint64(len(text))), text...)
	}
	message := field(1, []byte(key))
	for _, r := range records {
		message = append(message, field(3, append([]byte{1 << 3, 0}, field(3, []byte(r))...))...)
	}
	return sealed(message)
}

func sealed(message []byte) string {
	sum := md5.Sum(message)
	return string(slices.Concat([]byte("\xf3\x89\x9a\xc2"), message, sum[:]))
}
