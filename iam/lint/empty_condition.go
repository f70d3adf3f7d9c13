package lint

import (
	"fmt"

	"trunkline/iam"
)

var emptyObjectCondition = &Check{
	Code: "EMPTY_OBJECT_CONDITION", Severity: Suggestion, Title: "Condition is empty",
	Detail: "This condition block is empty and it does not affect the policy. Specify conditions.",
	Doc: `An empty Condition, or an operator with nothing under it, restricts nothing. Say the condition, or remove what is empty.

Source: IAM User Guide, IAM JSON policy elements: Condition.`,
	Bad:  `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*", "Condition": {}}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			if s.Condition == nil || s.Condition.Kind != iam.Object {
				continue
			}
			if len(s.Condition.Members) == 0 {
				edits, ok := remove(p.Source, s.Condition)
				p.Report(s.Condition, "The Condition is empty and restricts nothing: say the condition, or remove it.").
					safeFix("remove the empty Condition", edits, ok)
			}
			for name, block := range operatorBlocks(s) {
				if block.Kind == iam.Object && len(block.Members) == 0 {
					edits, ok := remove(p.Source, block)
					p.Report(block, fmt.Sprintf("Nothing stands under %s, so it restricts nothing: say the condition, or remove it.", name.Text)).
						safeFix("remove the empty operator", edits, ok)
				}
			}
		}
	},
}
