package lint

import "trunkline/iam"

var emptySidValue = &Check{
	Code: "EMPTY_SID_VALUE", Severity: Suggestion, Title: "Sid is empty",
	Detail: "Add a value to the empty string in the Sid element.",
	Doc: `An empty Sid says nothing. Remove it, or say in a word what the statement is for.

Source: IAM User Guide, IAM JSON policy elements: Sid.`,
	Bad:  `{"Sid": "", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			if s.Sid != nil && s.Sid.Kind == iam.String && s.Sid.Text == "" {
				edits, ok := remove(p.Source, s.Sid)
				p.Report(s.Sid, "The Sid is empty: remove it, or give the statement a name.").safeFix("remove the empty Sid", edits, ok)
			}
		}
	},
}
