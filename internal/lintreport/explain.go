package lintreport

import (
	"fmt"
	"strings"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// Explain is the page of a check, in Markdown.
func Explain(check *lint.Check) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s (%s)\n\n%s\n", check.Code, check.Title, Name(check.Severity), strings.TrimSpace(check.Doc))
	example := func(title, policy string) {
		if policy = strings.TrimSpace(policy); policy != "" {
			fmt.Fprintf(&b, "\n%s\n\n```json\n%s\n```\n", title, policy)
		}
	}
	kind := ""
	if check.Bad != "" && check.Type != iam.IdentityPolicy {
		kind = " with --type " + check.Type.String()
	}
	example("Reported"+kind+":", check.Bad)
	example("Not reported:", check.Good)
	if link := check.Link(); link != "" {
		fmt.Fprintf(&b, "\nAccess Analyzer: %s\n", link)
	}
	return b.String()
}
