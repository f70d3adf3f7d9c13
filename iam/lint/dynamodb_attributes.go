package lint

import "slices"

var dynamoDBAttributes = &Check{
	Code: "DYNAMODB_ATTRIBUTES_WITHOUT_SELECT", Severity: SecurityWarning, Title: "Attributes restricted, but not what a read returns",
	Detail: "Restricting dynamodb:Attributes without also setting dynamodb:Select to SPECIFIC_ATTRIBUTES allows all attributes to be returned on read requests that omit a projection expression. We recommend that you also set dynamodb:Select to SPECIFIC_ATTRIBUTES.",
	Doc: `dynamodb:Attributes holds the attributes that a request names. A read that names none returns all of them and passes the condition.
Add StringEqualsIfExists on dynamodb:Select with SPECIFIC_ATTRIBUTES to the statement.

Silent: Deny; statements without dynamodb:GetItem, BatchGetItem, Query or Scan.

Source: Amazon DynamoDB Developer Guide, Using IAM policy conditions for fine-grained access control.`,
	Bad: `{"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "arn:aws:dynamodb:eu-west-2:111122223333:table/orders",
 "Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["id", "status"]}}}`,
	Good: `{"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "arn:aws:dynamodb:eu-west-2:111122223333:table/orders",
 "Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["id", "status"]},
  "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			if !s.Allow {
				continue
			}
			c := s.Tested("dynamodb:attributes")
			if c == nil || c.Family != StringFamily || selectsAttributes(s) || !readsItems(s) {
				continue
			}
			p.ReportKey(c.Key, `A read that names no attributes returns all of them: add "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}.`)
		}
	},
}

func selectsAttributes(s *Statement) bool {
	return slices.ContainsFunc(s.Tests, func(c Condition) bool {
		return c.Name == "dynamodb:select" && c.Family == StringFamily && !c.Negated && len(c.Values) == 1 && c.Values[0].Text == "SPECIFIC_ATTRIBUTES"
	})
}

func readsItems(s *Statement) bool {
	for _, name := range [...]string{"GetItem", "BatchGetItem", "Query", "Scan"} {
		if (s.Named("dynamodb", name) != nil || s.Reached("dynamodb", name) != nil) == (s.Action != nil) {
			return true
		}
	}
	return false
}
