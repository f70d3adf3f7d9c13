package iam_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"trunkline/iam"
)

// policy4K is a policy of 4 KB, indented by four spaces as consoles do.
func policy4K(b *testing.B) []byte {
	b.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "bench", "administrator.json"))
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// Compare with BenchmarkEncodingJSON in one run: the aim is at most 1.5 times its time.
func BenchmarkParse(b *testing.B) {
	src := policy4K(b)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if doc := iam.Parse(src); len(doc.Problems) > 0 {
			b.Fatal(doc.Problems)
		}
	}
}

func BenchmarkEncodingJSON(b *testing.B) {
	src := policy4K(b)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := json.Unmarshal(src, &v); err != nil {
			b.Fatal(err)
		}
	}
}

// A text with a defect in every line costs no more than a few times one without.
func BenchmarkParseDefects(b *testing.B) {
	src := policy4K(b)
	var broken []byte
	for _, c := range src {
		if c == ',' {
			broken = append(broken, " // c"...)
			continue
		}
		broken = append(broken, c)
	}
	b.SetBytes(int64(len(broken)))
	b.ReportAllocs()
	for b.Loop() {
		if doc := iam.Parse(broken); len(doc.Problems) == 0 {
			b.Fatal("no problems")
		}
	}
}

func BenchmarkPosition(b *testing.B) {
	src := policy4K(b)
	doc := iam.Parse(src)
	b.ReportAllocs()
	for b.Loop() {
		doc.Position(len(src) / 2)
	}
}
