package iam_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"trunkline/iam"
)

// token is what a defect is made of: strings, single characters, runs of spaces and of anything else.
var token = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[\[\]{}:,]|\s+|[^\s\[\]{}:,"]+`)

// defect damages a text that is split into tokens, as people do.
func defect(t *rapid.T, tokens []string) []string {
	i := rapid.IntRange(0, len(tokens)-1).Draw(t, "at")
	insert := func(text string) []string {
		return append(append(append([]string(nil), tokens[:i]...), text), tokens[i:]...)
	}
	switch rapid.IntRange(0, 8).Draw(t, "defect") {
	case 0:
		return append(append([]string(nil), tokens[:i]...), tokens[i+1:]...)
	case 1:
		return insert(rapid.SampledFrom([]string{",", "[", "]", "{", "}", ":", `"`, "=", ";", "...", "…", "\ufeff", "\u00a0", "\n"}).Draw(t, "text"))
	case 2:
		return insert(rapid.SampledFrom([]string{"// c\n", "/* c */", "# c\n", "/* c", "True", "{x y}", "<z>", "word", "01"}).Draw(t, "text"))
	case 3: // a copy of something
		return insert(tokens[rapid.IntRange(0, len(tokens)-1).Draw(t, "copy")])
	case 4: // other quotes
		tokens = append([]string(nil), tokens...)
		quotes := rapid.SampledFrom([]string{"“”", "‘’", "''", "\"”", "“\"", "``"}).Draw(t, "quotes")
		if s, found := strings.CutPrefix(tokens[i], `"`); found && len(s) > 0 {
			pair := []rune(quotes)
			tokens[i] = string(pair[0]) + s[:len(s)-1] + string(pair[1])
		}
		return tokens
	case 5: // no quotes, or only one
		tokens = append([]string(nil), tokens...)
		switch rapid.IntRange(0, 2).Draw(t, "quotes") {
		case 0:
			tokens[i] = strings.Trim(tokens[i], `"`)
		case 1:
			tokens[i] = strings.TrimPrefix(tokens[i], `"`)
		case 2:
			tokens[i] = strings.TrimSuffix(tokens[i], `"`)
		}
		return tokens
	case 6: // the head is missing
		return tokens[min(i, 12):]
	case 7: // the end is missing
		return tokens[:max(1, len(tokens)-min(i, 12))]
	default: // something odd within a string
		tokens = append([]string(nil), tokens...)
		if len(tokens[i]) > 2 && tokens[i][0] == '"' {
			odd := rapid.SampledFrom([]string{"\t", "\n", `\x`, `\'`, `\u00`, "\xff", "”", `"`, "\x00", `\ud800`}).Draw(t, "odd")
			tokens[i] = tokens[i][:2] + odd + tokens[i][2:]
		}
		return tokens
	}
}

func texts(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "policies", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("policies in testdata: %v, %v", files, err)
	}
	var texts []string
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data), strings.Join(strings.Fields(string(data)), " "))
	}
	return texts
}

// Whatever defects a policy has: when each problem has edits, they mend it.
func TestEditsMend(t *testing.T) {
	policies := texts(t)
	rapid.Check(t, func(r *rapid.T) {
		tokens := token.FindAllString(rapid.SampledFrom(policies).Draw(r, "policy"), -1)
		for range rapid.IntRange(1, 4).Draw(r, "defects") {
			tokens = defect(r, tokens)
		}
		src := strings.Join(tokens, "")
		mend(r, src)
	})
}

// mend is the part of checkParse that rapid can shrink.
func mend(t *rapid.T, src string) {
	doc := iam.Parse([]byte(src))
	edits, complete := allEdits(doc.Problems)
	mended, err := iam.Apply([]byte(src), edits)
	if err != nil {
		t.Fatalf("Parse(%q): edits of %+v: %v", src, doc.Problems, err)
	}
	if !complete {
		return
	}
	again := iam.Parse(mended)
	if got, want := tree(again.Root), tree(doc.Root); len(again.Problems) > 0 || got != want {
		t.Fatalf("Parse of\n%s\nwith problems %+v\nmended to\n%s\nproblems %+v\ngot tree %s\nwant %s", src, doc.Problems, mended, again.Problems, got, want)
	}
}
