package lint

import "strings"

var associationNotLimited = &Check{
	Code: "TL_ASSOCIATION_NOT_LIMITED", Severity: Suggestion, Title: "Which functions can be associated is not limited",
	Doc: `connect:AssociateLambdaFunction is authorized on the instance only. A function named beside it limits lambda:AddPermission,
not the association: every function whose own policy already lets Amazon Connect invoke it can be associated.

To mend it, keep the functions' own policies closed: no permission for connect.amazonaws.com without a source account and source ARN, and
lambda:AddPermission only for functions that may be associated.

Found where a policy allows connect:AssociateLambdaFunction and lambda:AddPermission on named functions, which says that the association
is meant to be limited.

Source: Service Authorization Reference, Amazon Connect: resource types and condition keys of AssociateLambdaFunction.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["connect:AssociateLambdaFunction", "lambda:AddPermission"],
  "Resource": ["arn:aws:connect:eu-west-1:111122223333:instance/8f", "arn:aws:lambda:eu-west-1:111122223333:function:greeting"]}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "connect:AssociateLambdaFunction",
  "Resource": "arn:aws:connect:eu-west-1:111122223333:instance/8f"}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		for g := range p.naming("connect", "AssociateLambdaFunction") {
			for permission := range p.naming("lambda", "AddPermission") {
				if permission.s.namesFunction() {
					p.Report(g.Node, "connect:AssociateLambdaFunction is authorized on the instance only; naming functions limits lambda:AddPermission, and every function whose own policy already admits Connect can be associated: keep those policies closed")
					break
				}
			}
		}
	},
}

// namesFunction tells whether a resource of the statement is one function, or those of a pattern that are not all.
func (s *Statement) namesFunction() bool {
	if s.Resource == nil {
		return false
	}
	for i := range s.Resources {
		name, found := strings.CutPrefix(s.Resources[i].Name, "function:")
		if found && s.Resources[i].Service == "lambda" && strings.Trim(name, "*") != "" {
			return true
		}
	}
	return false
}
