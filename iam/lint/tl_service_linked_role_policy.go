package lint

import (
	"fmt"
	"strings"
)

var serviceLinkedRolePolicy = &Check{
	Code: "TL_SERVICE_LINKED_ROLE_POLICY", Severity: Warning, Title: "Policies of all service-linked roles of a service can be written",
	Doc: `The statement allows to write the policies of every service-linked role of a service. Whatever else the policy keeps out,
such as other buckets or streams, the principal may have written into the policy of such a role; and into the roles of other
instances.

To mend it, name the role: for Amazon Connect the instance's own, AWSServiceRoleForAmazonConnect_ and its suffix.

IAM refuses direct changes of service-linked roles by customers, but the permission works through the service's own calls, on which
nothing names what the role is given; so this is a warning and not a security warning.

Source: Amazon Connect Administrator Guide, "Use service-linked roles for Amazon Connect"; Service Authorization Reference, dependent
actions of AssociateInstanceStorageConfig.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PutRolePolicy",
  "Resource": "arn:aws:iam::111122223333:role/aws-service-role/connect.amazonaws.com/*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PutRolePolicy",
  "Resource": "arn:aws:iam::111122223333:role/aws-service-role/connect.amazonaws.com/AWSServiceRoleForAmazonConnect_4a2b"}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		for _, action := range [...]string{"PutRolePolicy", "AttachRolePolicy"} {
			for g := range p.naming("iam", action) {
				if g.s.Resource == nil || g.s.tests(closers...) {
					continue
				}
				for i := range g.s.Resources {
					rest, found := strings.CutPrefix(g.s.Resources[i].Name, "role/aws-service-role/")
					service, name, _ := strings.Cut(rest, "/")
					if found && (Wild(name) || Wild(service)) {
						p.Report(g.Node, fmt.Sprintf("iam:%s on every service-linked role of %s lets whoever has it give such a role what this policy keeps out: name the role that is meant", action, service))
						break
					}
				}
			}
		}
	},
}
