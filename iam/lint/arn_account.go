package lint

import (
	"fmt"

	"trunkline/iam/arn"
)

var (
	arnAccountNotAllowed = &Check{
		Code: "ARN_ACCOUNT_NOT_ALLOWED", Severity: Error, Title: "ARN has an account where there is none",
		Detail: "The service {{service}} does not support specifying an account ID in the resource ARN.",
		Doc: `ARNs of this kind have no account, so the pattern matches no resource: the Allow grants nothing, the Deny does not apply. Say whose
resource is meant with a condition on aws:ResourceAccount.

Silent: wildcards that may stand for nothing, policy variables, placeholders; a resource that can be of another type with an account.

Source: Service Authorization Reference, tables "Resource types".`,
		Bad:  `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3::111122223333:amzn-s3-demo-bucket"}`,
		Good: `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket"}`,
		run: func(p *Pass) {
			p.reportARNFaults(accountForbidden, func(f *arnFault) {
				start, length := f.r.field(4)
				finding := p.ReportPart(f.r.Node, start, length, fmt.Sprintf("The ARN of a %s %s has no account: leave the field empty.", f.r.Service, f.t.Name), "service", f.r.Service)
				edits, ok := replace(f.r.Node, f.r.Text[:start]+f.r.Text[start+length:])
				finding.riskyFix("remove the account", edits, ok)
			})
		},
	}
	missingARNAccount = &Check{
		Code: "MISSING_ARN_ACCOUNT", Severity: Error, Title: "ARN lacks the account",
		Detail: "The resource {{resourceName}} in the arn is missing an account id. Please provide a 12 digit account id.",
		Doc: `ARNs of this kind have an account, so a pattern without one matches no resource: the Allow grants nothing, the Deny does not apply.
Write the account, or *.

Silent: kinds of which AWS publishes resources without an account, such as SSM documents and machine images; a resource that can be of
another type without one.

Source: Service Authorization Reference, tables "Resource types".`,
		Bad:  `{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam:::role/reader"}`,
		Good: `{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam::111122223333:role/reader"}`,
		run: func(p *Pass) {
			p.reportARNFaults(accountMissing, func(f *arnFault) {
				p.Report(f.r.Node, fmt.Sprintf("The ARN of a %s %s has an account: write it in the fifth field, or *.", f.r.Service, f.t.Name), "resourceName", f.t.Name)
			})
		},
	}
	invalidPartition = &Check{
		Code: "INVALID_PARTITION", Severity: Error, Title: "Partition in an ARN does not exist",
		Detail: "The resource ARN for the service {{service}} does not support the partition {{partition}}. Use the supported values: {{partitions}}",
		Doc: `The second field of an ARN is a partition: aws, aws-cn, aws-us-gov and those of the sovereign and isolated Regions. IAM refuses a
policy with another one. In a template let the tool fill it in: ${AWS::Partition}.

Silent: *, policy variables, placeholders. Which services exist in which partition is not looked at.

Source: AWS General Reference, Amazon Resource Names; message of the IAM API: "Partition is not valid for resource".`,
		Bad:  `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:amazon:sqs:eu-west-2:111122223333:orders"}`,
		Good: `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-2:111122223333:orders"}`,
		run: func(p *Pass) {
			for s := range p.Each() {
				for i := range s.Resources {
					r := &s.Resources[i]
					if r.Fields < 6 || r.Prefix != "arn" || r.Partition == "aws" || arn.IsPartition(r.Partition) || Wild(r.Partition) || special(r.Partition) || r.Placeholder() {
						continue
					}
					start, length := r.field(1)
					p.ReportPart(r.Node, start, length, fmt.Sprintf("%q is no partition: write %s.", r.Partition, partitionNames()), "service", r.Service, "partition", r.Partition, "partitions", partitionNames())
				}
			}
		},
	}
)

func partitionNames() string {
	var names []string
	for _, partition := range arn.Partitions() {
		names = append(names, partition.ID)
	}
	return listed(names, len(names))
}
