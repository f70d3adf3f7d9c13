package lint

import "strings"

var hardCodedPartition = &Check{
	Code: "TL_HARD_CODED_PARTITION", Severity: Suggestion, Title: "Partition fixed where the rest is filled in",
	Doc: `The ARN takes its Region or account from the place where the template is deployed, ${AWS::Region} or ${AWS::AccountId}, and
fixes the partition. In the China and GovCloud partitions it names nothing.

To mend it, write ${AWS::Partition}; the safe fix does.

Found only in templates: a policy as JSON has no way to leave the partition open but a wildcard.

Source: AWS CloudFormation User Guide, pseudo parameter AWS::Partition.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage",
  "Resource": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:records"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage",
  "Resource": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:records"}]}`,
	run: func(p *Pass) {
		if len(p.Variables()) == 0 {
			return
		}
		for s := range p.Each() {
			for i := range s.Resources {
				r := &s.Resources[i]
				if !strings.HasPrefix(r.Partition, "aws") || r.Prefix != "arn" || !strings.Contains(r.Text, "${AWS::") {
					continue
				}
				f := p.ReportPart(r.Node, len("arn:"), len(r.Partition), "the partition "+r.Partition+" is fixed where Region and account are filled in: write ${AWS::Partition}")
				edits, ok := replace(r.Node, "arn:${AWS::Partition}"+r.Text[len("arn:")+len(r.Partition):])
				f.safeFix("take the partition from the place of deployment", edits, ok)
			}
		}
	},
}
