package lint

import "strings"

var (
	nullWithIfExists = &Check{
		Code: "NULL_WITH_IF_EXISTS", Severity: Error, Title: "Null with IfExists",
		Detail: "The Null condition operator cannot be used with the IfExists suffix. Update the operator or the suffix.",
		Doc: `Null asks whether a key is there, so "if it is there" has no meaning with it, and IAM refuses NullIfExists. The fix takes the suffix
away.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
		Bad: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
 "Condition": {"NullIfExists": {"aws:TokenIssueTime": "true"}}}`,
		Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
 "Condition": {"Null": {"aws:TokenIssueTime": "true"}}}`,
		run: func(p *Pass) {
			for s := range p.Each() {
				for name, block := range operatorBlocks(s) {
					if o := parseOperator(name.Text); o.Family == NullFamily && o.IfExists {
						plain := strings.TrimSuffix(name.Text, "IfExists")
						edits, ok := replace(name, plain)
						p.ReportKey(name, "Null takes no IfExists: remove the suffix.").
							safeFix("write "+plain, edits, ok && !hasMember(block.Parent, plain))
					}
				}
			}
		},
	}
	nullWithQualifier = &Check{
		Code: "NULL_WITH_QUALIFIER", Severity: Suggestion, Title: "Null with ForAllValues or ForAnyValue",
		Detail: "Avoid using the Null condition operator with the ForAllValues or ForAnyValue qualifiers because they always return a true or false respectively.",
		Doc: `ForAllValues:Null is always true and ForAnyValue:Null always false, whatever the request holds. Null alone asks whether the key is
there, for keys with many values too.

Source: IAM Access Analyzer, IAM policy validation check reference.`,
		Bad: `{"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*",
 "Condition": {"ForAllValues:Null": {"aws:TagKeys": "true"}}}`,
		Good: `{"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*",
 "Condition": {"Null": {"aws:TagKeys": "true"}}}`,
		run: func(p *Pass) {
			for s := range p.Each() {
				for name := range operatorBlocks(s) {
					switch o := parseOperator(name.Text); {
					case o.Family == NullFamily && o.Set == ForAllValues:
						p.ReportKey(name, "ForAllValues:Null is true for every request: remove ForAllValues:.")
					case o.Family == NullFamily && o.Set == ForAnyValue:
						p.ReportKey(name, "ForAnyValue:Null is false for every request: remove ForAnyValue:.")
					}
				}
			}
		},
	}
)
