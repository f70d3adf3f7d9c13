package lease

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
)

// longest host name in an id; the names of machines have 253 characters at most.
const longestHost = 253

// NewID makes the id of a worker, fresh for each process: the host, for people, and a version 4 UUID of 16 bytes of random, which is
// crypto/rand.Reader but in tests. Ids share their key space with leases and a few fixed names in the table, so none looks like one.
// Where random cannot be read, the system's randomness is used.
func NewID(host string, random io.Reader) string {
	host = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return -1
	}, host)
	host = host[:min(len(host), longestHost)]
	// A shard's key has that word in it, also where one table serves several streams.
	if host == "" || strings.Contains(host, "shardId") {
		host = "worker"
	}
	return host + ":" + UUID(random)
}

// UUID is a random UUID, version 4 of RFC 9562. It reads random as NewID does.
func UUID(random io.Reader) string {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		_, _ = rand.Read(b[:]) // never fails
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
