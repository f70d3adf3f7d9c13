package lint_test

import (
	"os"
	"testing"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// BenchmarkPublished lints policies that are full of findings, and one that is clean.
func BenchmarkPublished(b *testing.B) {
	for _, name := range []string{"administrator/instance", "collector/installer", "collector/pipe-trust"} {
		src, err := os.ReadFile("testdata/published/" + name + ".json")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				lint.Run(iam.Parse(src), lint.Options{})
			}
		})
	}
}
