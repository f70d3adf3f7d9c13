package files

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// benchmarkRecord is about as long and as full of quotes and brackets as a contact record.
func benchmarkRecord() string {
	var b strings.Builder
	b.WriteString(`{"AWSAccountId":"111122223333","ContactId":"0f5b5f3e-8a10-4b1e-9a0c-2f7c0f6f2b11","Attributes":{"language":"en","a b":"{}"},`)
	for i := 0; b.Len() < 4700; i++ {
		fmt.Fprintf(&b, `"Section%d":{"ARN":"arn:aws:connect:eu-west-2:111122223333:instance/x/queue/%d","DequeueTimestamp":"2026-01-01T00:00:00Z","Duration":%d,"Name":null},`, i, i, i)
	}
	b.WriteString(`"Recordings":[{"Status":"AVAILABLE","Type":"AUDIO"}]}`)
	return b.String()
}

func BenchmarkRead(b *testing.B) {
	const n = 10_000
	record := benchmarkRecord()
	var pretty strings.Builder
	pretty.WriteString(strings.ReplaceAll(strings.ReplaceAll(record, ",", ",\n  "), ":", ": "))
	lines := strings.Repeat(record+"\n", n)
	for _, c := range []struct{ name, text, content string }{
		{"lines", lines, lines},
		{"concatenated", strings.Repeat(record, n), ""},
		{"pretty", strings.Repeat(pretty.String()+"\n", n), ""},
		{"array", "[" + strings.Repeat(record+",", n-1) + record + "]", ""},
		{"envelopes", "[" + strings.Repeat(flat(encoded(record))+",", n-1) + flat(encoded(record)) + "]", ""},
		{"gzip", gz(lines), lines},
		{"zstd", zst(lines), lines},
	} {
		if c.content == "" {
			c.content = c.text
		}
		b.Run(c.name, func(b *testing.B) {
			path := write(b, filepath.Join(b.TempDir(), "a"), c.text)
			benchmark(b, Options{Path: path}, n, len(c.content))
		})
		if c.name == "lines" {
			b.Run("standard input", func(b *testing.B) {
				benchmark(b, Options{Path: "-", Stdin: strings.NewReader(c.text)}, n, len(c.content))
			})
			// What there is to be had: reading alone, and splitting with bytes.IndexByte.
			b.Run("floor", func(b *testing.B) {
				path := write(b, filepath.Join(b.TempDir(), "a"), c.text)
				buf := make([]byte, chunkSize)
				b.SetBytes(int64(len(c.text)))
				for b.Loop() {
					f, err := os.Open(path)
					if err != nil {
						b.Fatal(err)
					}
					count := 0
					for {
						n, err := f.Read(buf)
						for rest := buf[:n]; ; count++ {
							k := bytes.IndexByte(rest, '\n')
							if k < 0 {
								break
							}
							rest = rest[k+1:]
						}
						if err == io.EOF {
							break
						}
					}
					f.Close()
					if count != n {
						b.Fatalf("got %d lines, want %d", count, n)
					}
				}
			})
		}
	}
}

func benchmark(b *testing.B, o Options, records, size int) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if r, ok := o.Stdin.(*strings.Reader); ok {
			r.Seek(0, io.SeekStart)
		}
		s := open(b, o)
		count := 0
		for {
			batch, err := s.Read(b.Context())
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			count += len(batch.Records)
			batch.Release()
		}
		if count != records {
			b.Fatalf("got %d records, want %d", count, records)
		}
		s.Close()
	}
}
