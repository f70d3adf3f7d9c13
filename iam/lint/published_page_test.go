package lint_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// kinds are the groups of the defects, by the letter that their ids begin with.
var kinds = []struct{ letter, title, intro string }{
	{"E", "What breaks the policy, or a part of it", "IAM refuses the text, or a grant that stands there gives nothing."},
	{"S", "Security", "The policy gives more than its author can have meant, or trusts whom it should not."},
	{"M", "Missing permissions", "A call that the policy allows fails for want of another permission."},
	{"O", "Too much, or twice", "The policy allows more than the job needs, or the same thing twice."},
}

// page is doc/published-policies.md.
func page(t *testing.T, found map[string][]place) string {
	t.Helper()
	all := defects(t)
	byID := make(map[string][]defect)
	for _, d := range all {
		byID[d.id] = append(byID[d.id], d)
	}
	ids := slices.Collect(maps.Keys(byID))
	slices.SortFunc(ids, func(a, b string) int { return number(a) - number(b) })
	missed := 0
	for _, id := range ids {
		if byID[id][0].code == "-" {
			missed++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# Defects of published policies, and what finds them

<!-- Written from iam/lint/testdata by: go test ./iam/lint -update -->

Five guides publish %d defects in their policies for Amazon Connect and its integrations. The policies below
`+"`iam/lint/testdata/published`"+` were written for this page and have the same defects, statement by statement, under other names. This
is what `+"`trunkline policy lint`"+` says about them: %d of the defects by the text, the catalogue of actions and the table of dependents.
The other %d can only be seen by comparing with what the job needs, and are named with what finds them.

Everything that lint reports about these policies was reviewed, one by one, and is kept in `+"`iam/lint/testdata/published.txt`"+`: a finding
too many fails the tests as one too few does. Policies without a defect get no finding.
`, len(ids), len(ids)-missed, missed)
	for _, kind := range kinds {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| | policy, line | code | finding |\n|---|---|---|---|\n", kind.title, kind.intro)
		for _, id := range ids {
			if !strings.HasPrefix(id, kind.letter) {
				continue
			}
			for _, d := range byID[id] {
				if d.code == "-" {
					fmt.Fprintf(&b, "| %s | %s | not by lint | %s |\n", d.id, d.file, cell(d.what))
					continue
				}
				fmt.Fprintf(&b, "| %s | %s:%d | `%s` | %s |\n", d.id, d.file, d.line, d.code, cell(message(found[d.file], d)))
			}
		}
	}
	b.WriteString("\n## What else is found\n\nTrue suggestions and notes beyond the list.\n\n| policy, line | code | finding |\n|---|---|---|\n")
	for _, file := range slices.Sorted(maps.Keys(found)) {
		for _, f := range found[file] {
			if !slices.ContainsFunc(all, func(d defect) bool { return d.file == file && d.line == f.Line && d.code == f.Check.Code }) {
				fmt.Fprintf(&b, "| %s:%d | `%s` | %s |\n", file, f.Line, f.Check.Code, cell(said(f)))
			}
		}
	}
	b.WriteString("\n## Nothing to say\n\n")
	for _, file := range slices.Sorted(maps.Keys(found)) {
		if len(found[file]) == 0 {
			fmt.Fprintf(&b, "- %s\n", file)
		}
	}
	return b.String()
}

// number orders ids by letter in the order of the page, then by number.
func number(id string) int {
	n := 0
	for _, c := range id[1:] {
		n = 10*n + int(c-'0')
	}
	return 1000*slices.IndexFunc(kinds, func(k struct{ letter, title, intro string }) bool { return k.letter == id[:1] }) + n
}

func message(all []place, d defect) string {
	for _, f := range all {
		if f.Check.Code == d.code && f.Line == d.line && strings.Contains(f.Message, d.says) {
			return said(f)
		}
	}
	return d.what
}

// said is a finding's message, and the fix that policy lint --fix makes.
func said(f place) string {
	if f.Fix == nil {
		return f.Message
	}
	return strings.TrimSuffix(f.Message, ".") + ". Fix: " + f.Fix.Message
}

func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(text)
}
