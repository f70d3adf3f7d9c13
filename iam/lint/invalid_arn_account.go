package lint

import (
	"fmt"
	"strings"

	"trunkline/iam/arn"
)

var invalidARNAccount = &Check{
	Code: "INVALID_ARN_ACCOUNT", Severity: Error, Title: "Account in an ARN has not 12 digits",
	Detail: "The resource ARN account ID {{account}} is not valid. Provide a 12-digit account ID.",
	Doc: `The fifth field of an ARN is an account ID of 12 digits, or empty. With anything else the ARN matches no resource: the Allow grants
nothing, the Deny does not apply. Leading zeros belong to the ID.

Silent: wildcards, policy variables and placeholders; the names that AWS uses for its own accounts, such as aws in
arn:aws:iam::aws:policy/ReadOnlyAccess.

Source: AWS General Reference, Amazon Resource Names.`,
	Bad:  `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-2:1111-2222-3333:orders"}`,
	Good: `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-2:111122223333:orders"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Resources {
				r := &s.Resources[i]
				if r.Fields < 6 || r.Prefix != "arn" || r.Account == "" || arn.IsAccount(r.Account) || ownedByAWS(r.Account) || strings.ContainsAny(r.Account, "*?$") || r.Placeholder() {
					continue
				}
				start := len(r.Prefix) + len(r.Partition) + len(r.Service) + len(r.Region) + 4
				finding := p.ReportPart(r.Node, start, len(r.Account), fmt.Sprintf("%q is no account: an account ID has 12 digits.", r.Account), "account", r.Account)
				if plain := strings.ReplaceAll(strings.ReplaceAll(r.Account, "-", ""), " ", ""); arn.IsAccount(plain) {
					edits, ok := replace(r.Node, r.Text[:start]+plain+r.Text[start+len(r.Account):])
					finding.riskyFix("write "+plain, edits, ok)
				}
			}
		}
	},
}

// ownedByAWS tells whether an account field is a name for accounts of AWS itself: aws, amazon, aws-marketplace, cloudfront.
func ownedByAWS(account string) bool {
	return account == "aws" || account == "amazon" || account == "cloudfront" || strings.HasPrefix(account, "aws-") || strings.HasPrefix(account, "amazon-")
}
