package contactcentre_test

import (
	"testing"
	"time"

	"trunkline/internal/contactcentre"
)

func BenchmarkAppendContactRecord(b *testing.B) {
	c := contactcentre.New(1, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), contactcentre.Options{})
	var buf []byte
	total := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		buf = c.AppendContactRecord(buf[:0])
		total += int64(len(buf))
	}
	b.SetBytes(total / int64(b.N))
}

func BenchmarkAppendEvent(b *testing.B) {
	c := contactcentre.New(1, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), contactcentre.Options{Broken: true})
	var buf []byte
	total := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = c.AppendEvent(buf[:0])
		total += int64(len(buf))
	}
	b.SetBytes(total / int64(b.N))
}
