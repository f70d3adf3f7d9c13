package lintreport

import (
	"bytes"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/internal/policyfile"
)

// mendRounds bounds how often a text is linted again after it was mended. A fix seldom brings out another finding.
const mendRounds = 10

// Mend applies the safe fixes to the policies of a text until there are none left, and returns the text and how many were applied.
// Findings that are suppressed stay. What does not concern a finding stays byte for byte.
func Mend(name string, data []byte, options policyfile.Options, known *catalog.Catalog, accepted *Suppressions) (mended []byte, fixes int) {
	for range mendRounds {
		var edits []iam.Edit
		for found, err := range policyfile.Scan(name, data, options) {
			if err != nil || found.ReadOnly != "" {
				continue
			}
			results := Of(found, known)
			accepted.mark(found, results)
			for i := range results {
				if r := &results[i]; r.Ignore == nil && r.Fixable() && len(r.Fix.Edits) > 0 {
					var ok bool
					if edits, ok = with(edits, found.Edits(r.Fix.Edits)); ok {
						fixes++
					}
				}
			}
		}
		if len(edits) == 0 {
			break
		}
		next, err := iam.Apply(data, edits)
		if err != nil || bytes.Equal(next, data) {
			break
		}
		data = next
	}
	return data, fixes
}

// with adds the edits of a fix, all or none: none when one of them meets an edit of another fix. The next round sees to it then.
func with(edits, more []iam.Edit) ([]iam.Edit, bool) {
	for _, m := range more {
		for _, e := range edits {
			if m.Span.Start <= e.Span.End && e.Span.Start <= m.Span.End {
				return edits, false
			}
		}
	}
	return append(edits, more...), true
}
