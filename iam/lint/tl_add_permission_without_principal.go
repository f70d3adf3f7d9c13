package lint

var addPermissionWithoutPrincipal = &Check{
	Code: "TL_ADD_PERMISSION_WITHOUT_PRINCIPAL", Severity: SecurityWarning, Title: "Function can be opened to anybody",
	Doc: `lambda:AddPermission writes the function's own policy. Without a condition on lambda:Principal the caller may let any service, any
account or everybody invoke the function.

To mend it, add a condition on lambda:Principal with the service that is to invoke it, such as connect.amazonaws.com.

Silent for lambda:*, which means everything and says so.

Source: AWS Lambda Developer Guide, condition key lambda:Principal.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:AddPermission",
  "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:greeting"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:AddPermission",
  "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:greeting",
  "Condition": {"StringEquals": {"lambda:Principal": "connect.amazonaws.com"}}}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		for g := range p.naming("lambda", "AddPermission") {
			if !g.s.tests("lambda:principal") {
				p.Report(g.Node, "lambda:AddPermission without a condition on lambda:Principal may open the function to any account or to everybody: add the condition, with the service that is to invoke it")
			}
		}
	},
}
