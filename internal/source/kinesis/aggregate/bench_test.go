package aggregate

import (
	"crypto/md5"
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkSplit takes aggregates apart with the digest checked, and hashes the same bytes with crypto/md5, in turn. It reports the
// median rates and their ratio: for records of the size of a contact record and for small ones, in aggregates of the producer library's default
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
	dst := make([]Record, 0, n)
	var split, hash []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		records, err := s.Split(dst, data, r)
		if err != nil || len(records) != n {
			b.Fatalf("%d records, %v", len(records), err)
		}
		between := time.Now()
		_ = md5.Sum(data)
		split, hash = append(split, between.Sub(began)), append(hash, time.Since(between))
	}
	rate := func(took []time.Duration) float64 { // in the median round, in MB/s
		slices.Sort(took)
		return float64(len(data)) / 1e6 / took[len(took)/2].Seconds()
	}
	b.ReportMetric(rate(split), "MB/s")
	b.ReportMetric(rate(hash), "MB/s-md5")
	b.ReportMetric(rate(split)/rate(hash), "ratio")
	b.ReportMetric(float64(len(data))/float64(n)/rate(split)*1e3, "ns/record")
}
