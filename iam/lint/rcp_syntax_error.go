package lint

import (
	"trunkline/iam"
)

var (
	rcpPrincipal = &Check{
		Code: "RCP_SYNTAX_ERROR_PRINCIPAL", Severity: Error, Title: "Resource control policy names principals",
		Detail: `The Principal element contents are not valid. RCPs only support specifying all principals ("*") in the Principal element. The NotPrincipal element is not supported for RCPs.`,
		Doc: `A resource control policy is about everybody: its Principal is "*" and nothing else, and NotPrincipal is refused. Say in a
condition whom it spares, for instance with StringNotEqualsIfExists on aws:PrincipalOrgID.

Source: AWS Organizations User Guide, RCP syntax.`,
		Type: iam.ResourceControlPolicy,
		Bad:  `{"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "s3:DeleteBucket", "Resource": "*"}`,
		Good: `{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*"}`,
		run: func(p *Pass) {
			for s := range p.eachOf(iam.ResourceControlPolicy) {
				if s.NotPrincipal != nil {
					p.ReportKey(s.NotPrincipal.Key, `A resource control policy takes no NotPrincipal: write "Principal": "*" and a condition.`)
				}
				if s.Principal != nil && !s.Principal.Any {
					p.Report(s.Principal.Node, `The Principal of a resource control policy is "*" and nothing else: say in a condition whom it spares.`)
				}
			}
		},
	}
	rcpAllow = &Check{
		Code: "RCP_SYNTAX_ERROR_ALLOW", Severity: Error, Title: "Resource control policy allows something in particular",
		Detail: `RCPs only support specifying all principals ("*") in the Principal element, all resources ("*") in the Resource element, and no Condition element with an effect of Allow.`,
		Doc: `A resource control policy restricts with Deny. Its only Allow is the one of RCPFullAWSAccess: Principal, Action and Resource "*"
and no Condition.

Source: AWS Organizations User Guide, RCP syntax.`,
		Type: iam.ResourceControlPolicy,
		Bad:  `{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		Good: `{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}`,
		run: func(p *Pass) {
			for s := range p.eachOf(iam.ResourceControlPolicy) {
				if !s.Allow {
					continue
				}
				if s.Condition != nil {
					p.ReportKey(s.Condition, "An Allow of a resource control policy takes no Condition: turn it into a Deny.")
				}
				if s.NotResource != nil {
					p.ReportKey(s.NotResource.Key, `An Allow of a resource control policy is about "Resource": "*": turn it into a Deny.`)
				}
				for i := range s.Resources {
					if r := &s.Resources[i]; s.Resource != nil && !r.Any {
						p.Report(r.Node, `An Allow of a resource control policy is about "Resource": "*": turn it into a Deny.`)
					}
				}
			}
		},
	}
	rcpNotAction = &Check{
		Code: "RCP_SYNTAX_ERROR_NOTACTION", Severity: Error, Title: "Resource control policy with NotAction",
		Detail: "RCPs do not support the NotAction element. Update to use the Action element.",
		Doc: `A resource control policy lists with Action what it denies; NotAction is refused.

Source: AWS Organizations User Guide, RCP syntax.`,
		Type: iam.ResourceControlPolicy,
		Bad:  `{"Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "Resource": "*"}`,
		Good: `{"Effect": "Deny", "Principal": "*", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": "*"}`,
		run: func(p *Pass) {
			for s := range p.eachOf(iam.ResourceControlPolicy) {
				if s.NotAction != nil {
					p.ReportKey(s.NotAction.Key, "A resource control policy takes no NotAction: list the actions it denies.")
				}
			}
		},
	}
)
