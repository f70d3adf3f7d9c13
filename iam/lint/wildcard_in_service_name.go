package lint

import "strings"

var wildcardInServiceName = &Check{
	Code: "WILDCARD_IN_SERVICE_NAME", Severity: Suggestion, Title: "Wildcard in the service of an ARN",
	Detail: "Avoid using wildcards (*, ?) in the service name because it might grant unintended access to other AWS services with similar names.",
	Doc: `The third field of an ARN names the service. With a wildcard it covers services that nobody thought of, and IAM refuses it when the
policy is saved. Write one ARN for each service that is meant.

Silent: the resource "*".

Source: IAM User Guide, IAM JSON policy elements: Resource.`,
	Bad:  `{"Effect": "Allow", "Action": "codebuild:StartBuild", "Resource": "arn:aws:code*:eu-west-2:111122223333:project/app"}`,
	Good: `{"Effect": "Allow", "Action": "codebuild:StartBuild", "Resource": "arn:aws:codebuild:eu-west-2:111122223333:project/app"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Resources {
				r := &s.Resources[i]
				at := wildcard(r.Service)
				if at >= 0 && r.Prefix == "arn" && !strings.Contains(r.Service, "{") {
					p.ReportPart(r.Node, len(r.Prefix)+len(r.Partition)+2+at, 1, "A wildcard in the service field covers other services too, and IAM refuses it: name the service.")
				}
			}
		}
	},
}
