package aggregate

import (
	"crypto/md5"
	"fmt"
	"testing"
	"time"
)

// BenchmarkSplit takes aggregates apart with the digest checked, and hashes the same bytes with crypto/md5, in turn. It reports both rates
// and their ratio: for records of the size of a contact record and for small ones, in aggregates of the producer library's default
// size and of the service's, each record with a partition key of its own; in a stream of one shard, where no key needs to be hashed, and
// in one of several, where each is.
func BenchmarkSplit(b *testing.B) {
	several, err := ParseRange("0", "340282366920938463463374607431768211454")
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		size, limit int
	}{
		{"5kB-in-50KiB", 5000, 50 << 10},
		{"5kB-in-1MiB", 5000, 1 << 20},
		{"500B-in-50KiB", 500, 50 << 10},
		{"100B-in-50KiB", 100, 50 << 10},
	} {
		for shards, r := range map[string]Range{"one-shard": {}, "several": several} {
			b.Run(fmt.Sprintf("%s/%s", c.name, shards), func(b *testing.B) { benchmarkSplit(b, c.size, c.limit, r) })
		}
	}
}

func benchmarkSplit(b *testing.B, size, limit int, r Range) {
	data, n := like(size, limit)
	var s Splitter
	var dst []Record
	var split, hash time.Duration
	rounds := 0
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		var err error
		if dst, err = s.Split(dst[:0], data, r); err != nil || len(dst) != n {
			b.Fatalf("%d records, %v", len(dst), err)
		}
		between := time.Now()
		_ = md5.Sum(data)
		split, hash = split+between.Sub(began), hash+time.Since(between)
		rounds++
	}
	bytes := float64(rounds) * float64(len(data)) / 1e6
	b.ReportMetric(bytes/split.Seconds(), "MB/s")
	b.ReportMetric(bytes/hash.Seconds(), "MB/s-md5")
	b.ReportMetric(hash.Seconds()/split.Seconds(), "ratio")
	b.ReportMetric(split.Seconds()*1e9/float64(rounds)/float64(n), "ns/record")
}
