package pattern_test

import (
	"fmt"
	"testing"
	"time"

	"trunkline/internal/contactcentre"
	"trunkline/internal/document"
	"trunkline/internal/pattern"
)

// benchPatterns returns n filters for contact records with mixed operators. None matches a synthetic record, so that all of the work
// is done; the first is that of a pipe that wants a channel.
func benchPatterns(n int) []string {
	patterns := []string{`{"data":{"Channel":["FAX"]}}`}
	for i := 1; len(patterns) < n; i++ {
		patterns = append(patterns, fmt.Sprintf([]string{
			`{"data":{"Channel":["VOICE"],"Queue":{"Name":["No such queue %d"]}}}`,
			`{"data":{"Agent":{"Username":["nobody-%d"]}}}`,
			`{"data":{"Channel":["VOICE"],"CustomerEndpoint":{"Address":[{"prefix":"+999%d"}]}}}`,
			`{"data":{"Queue":{"Duration":[{"numeric":[">",%[1]d00000,"<=",%[1]d99999]}]},"Channel":["VOICE","CHAT"]}}`,
			`{"data":{"Agent":{"ARN":[{"suffix":"/agent/%d"}]},"DisconnectReason":[{"anything-but":["AGENT_DISCONNECT"]}]}}`,
			`{"data":{"InitiationMethod":[{"anything-but":["INBOUND","API"]}],"Attributes":{"tier":["t%d"]}}}`,
			`{"data":{"Recordings":{"Location":[{"wildcard":"bucket-%d/*.wav"}],"Status":["AVAILABLE"]}}}`,
			`{"data":{"Attributes":{"campaign-%d":[{"exists":true}]},"InitiationMethod":["OUTBOUND"]}}`,
			`{"data":{"$or":[{"ContactId":["id-%d"]},{"InitialContactId":["id-%[1]d"]}]}}`,
			`{"data":{"DisconnectReason":[{"equals-ignore-case":"reason_%d"}],"NextContactId":[{"exists":false}]}}`,
		}[i%10], i))
	}
	return patterns
}

func benchRecords(b testing.TB) (records [][]byte, docs []*document.Document, size int64) {
	centre := contactcentre.New(1, time.Unix(1_700_000_000, 0), contactcentre.Options{})
	for range 64 {
		record := centre.AppendContactRecord(nil)
		d := &document.Document{}
		if err := d.Parse(record); err != nil {
			b.Fatal(err)
		}
		records, docs = append(records, record), append(docs, d)
		size += int64(len(record))
	}
	return records, docs, size / 64
}

func BenchmarkMatch(b *testing.B) {
	records, docs, size := benchRecords(b)
	for _, n := range []int{1, 10, 1000} {
		set := compile(b, pattern.Filter, benchPatterns(n)...)
		b.Run(fmt.Sprintf("patterns=%d", n), func(b *testing.B) {
			m := set.NewMatcher()
			b.ReportAllocs()
			b.SetBytes(size)
			for i := 0; b.Loop(); i++ {
				if match, err := m.MatchRecord(nil, docs[i%len(docs)]); match || err != nil {
					b.Fatal(match, err)
				}
			}
		})
	}
	for _, n := range []int{1, 10, 1000} {
		set := compile(b, pattern.Filter, benchPatterns(n)...)
		b.Run(fmt.Sprintf("parsed/patterns=%d", n), func(b *testing.B) {
			m := set.NewMatcher()
			var d document.Document
			b.ReportAllocs()
			b.SetBytes(size)
			for i := 0; b.Loop(); i++ {
				if err := d.Parse(records[i%len(records)]); err != nil {
					b.Fatal(err)
				}
				if match, err := m.MatchRecord(nil, &d); match || err != nil {
					b.Fatal(match, err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{1, 1000} {
		patterns := make([][]byte, n)
		for i, p := range benchPatterns(n) {
			patterns[i] = []byte(p)
		}
		b.Run(fmt.Sprintf("patterns=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := pattern.Compile(pattern.Filter, patterns...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
