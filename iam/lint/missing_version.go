package lint

import (
	"strings"

	"trunkline/iam"
)

var missingVersion = &Check{
	Code: "MISSING_VERSION", Severity: Warning, Title: "Version is missing",
	Detail: "We recommend that you specify the Version element to help you with debugging permission issues.",
	Doc: `Without Version the rules of 2008-10-17 apply: policy variables are plain text, and an IAM managed policy is refused. Add
"Version": "2012-10-17".

The fix is safe where no Resource and no condition value holds a variable. Where one does, the new version changes what the policy
means (that is nearly always what its author wanted), so a person decides.

Source: IAM User Guide, IAM JSON policy elements: Version.`,
	Bad:  `{"Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}`,
	run: func(p *Pass) {
		if p.Version != nil || p.Root == nil || p.Root.Kind != iam.Object || p.Root.Virtual {
			return
		}
		finding := p.Report(p.Root, `The policy has no Version, so the rules of 2008-10-17 apply: add "Version": "2012-10-17".`)
		if len(p.Root.Members) == 0 {
			return
		}
		first := p.Root.Members[0].Key.Span.Start
		between := string(p.Source[p.Root.Span.Start+1 : first])
		if strings.TrimSpace(between) != "" || !strings.Contains(between, "\n") {
			between = " "
		}
		edits := []iam.Edit{{Span: iam.Span{Start: first, End: first}, Text: `"Version": "2012-10-17",` + between}}
		const message = `add "Version": "2012-10-17"`
		if p.hasLiveVariable() {
			finding.riskyFix(message, edits, true)
		} else {
			finding.safeFix(message, edits, true)
		}
	},
}

// hasLiveVariable tells whether a string holds a ${…} that version 2012-10-17 replaces.
func (p *Pass) hasLiveVariable() bool {
	for i := range p.variables {
		if p.variables[i].Place != InOtherText {
			return true
		}
	}
	return false
}
