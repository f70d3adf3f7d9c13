package redact

import (
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"trunkline/contact"
	"trunkline/internal/contactcentre"
)

// workload is the job that bench/peers measures too: 8 pseudonyms and 9 removals, everything else kept, of contact records of
// 4.8 KB on average.
func workload(tb testing.TB) (policy *Policy, records [][]byte, size int64) {
	tb.Helper()
	policy, err := Compile(Options{
		Keep: All, Key: key,
		Deny: paths(tb, `Attributes.customerName Attributes.dateOfBirth Attributes.postalAddress Attributes.lexSlotCard Attributes.agentNotes
			ContactDetails.Name ContactDetails.Description Recording.Location Recordings.Location`),
		Rules: rules(tb, `pseudonymize CustomerEndpoint.Address, pseudonymize SystemEndpoint.Address, pseudonymize TransferredToEndpoint.Address,
			pseudonymize Agent.Username, pseudonymize Attributes.customerEmail, pseudonymize Attributes.accountNumber,
			pseudonymize Attributes.callbackNumber, pseudonymize Tags.aws:connect:systemEndpoint`),
	})
	if err != nil {
		tb.Fatal(err)
	}
	centre := contactcentre.New(1, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), contactcentre.Options{})
	for range 4096 {
		r := centre.AppendContactRecord(nil)
		size += int64(len(r))
		records = append(records, r)
	}
	return policy, records, size / int64(len(records))
}

// rewrite is the whole job for one record: strict parse, filter VOICE, redact, render.
func rewrite(tb testing.TB, rec *contact.Record, r *Redactor, in, out []byte) []byte {
	if err := rec.Parse(in); err != nil {
		tb.Fatal(err)
	}
	if string(rec.Channel()) != "VOICE" {
		return out
	}
	if err := r.Redact(rec); err != nil {
		tb.Fatal(err)
	}
	return rec.Document().Render(out)
}

func BenchmarkRewrite(b *testing.B) {
	policy, records, size := workload(b)
	b.Run("cores=1", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		var rec contact.Record
		var out []byte
		r, i := policy.Redactor(), 0
		for b.Loop() {
			out = rewrite(b, &rec, r, records[i%len(records)], out[:0])
			i++
		}
	})
	b.Run("cores=all", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		var start atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			var rec contact.Record
			var out []byte
			r, i := policy.Redactor(), int(start.Add(977))
			for pb.Next() {
				out = rewrite(b, &rec, r, records[i%len(records)], out[:0])
				i++
			}
		})
	})
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		var rec contact.Record
		i := 0
		for b.Loop() {
			if err := rec.Parse(records[i%len(records)]); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("json.Valid", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			if !json.Valid(records[i%len(records)]) {
				b.Fatal("invalid record")
			}
			i++
		}
	})
}
