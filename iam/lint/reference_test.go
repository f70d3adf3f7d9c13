package lint_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"trunkline/iam/lint"
)

const referenceHead = `# What policy lint finds

<!-- Written from the checks in iam/lint by: go test ./iam/lint -update -->

` + "`trunkline policy lint`" + ` asks these %d checks about a policy. Those without TL_ are IAM Access Analyzer's, under its codes and types; the
others are our own. ` + "`trunkline policy lint --explain CODE`" + ` prints one page of this.

| code | type | title |
|---|---|---|
`

// reference describes every check.
func reference() []byte {
	var b bytes.Buffer
	checks := lint.Checks()
	fmt.Fprintf(&b, referenceHead, len(checks))
	for _, check := range checks {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", check.Code, anchor(check), check.Severity, check.Title)
	}
	for _, check := range checks {
		fmt.Fprintf(&b, "\n## %s", escaped(check.Page()))
	}
	return b.Bytes()
}

// escaped is a page with the asterisks that stand outside of code escaped.
func escaped(page string) string {
	var b strings.Builder
	fenced := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		for i, part := range strings.Split(line, "`") {
			if i > 0 {
				b.WriteByte('`')
			}
			if !fenced && i%2 == 0 {
				part = strings.ReplaceAll(part, "*", `\*`)
			}
			b.WriteString(part)
		}
	}
	return b.String()
}

// anchor is where a Markdown page has the heading of a check.
func anchor(check *lint.Check) string {
	heading, _, _ := strings.Cut(check.Page(), "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_':
			return r
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.ToLower(heading))
}

// doc/lint.md says what the checks say.
func TestReference(t *testing.T) {
	const file = "../../doc/lint.md"
	want := reference()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the checks say: run go test ./iam/lint -update", file)
	}
}
