package lint

import (
	"slices"
	"strings"

	"trunkline/iam"
)

// sourceServices set aws:SourceArn or aws:SourceAccount when they assume a role, by their own documentation of the confused deputy.
var sourceServices = []string{
	"bedrock.amazonaws.com", "codebuild.amazonaws.com", "ecs-tasks.amazonaws.com", "glue.amazonaws.com", "iot.amazonaws.com",
	"pipes.amazonaws.com", "sagemaker.amazonaws.com", "scheduler.amazonaws.com", "ssm.amazonaws.com", "states.amazonaws.com",
	"transfer.amazonaws.com", "vpc-flow-logs.amazonaws.com",
}

// sourceKeys limit for whom a service may act.
var sourceKeys = []string{"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"}

var serviceTrustWithoutSource = &Check{
	Code: "TL_SERVICE_TRUST_WITHOUT_SOURCE", Severity: SecurityWarning, Title: "Service may assume the role for anybody",
	Type: iam.TrustPolicy,
	Doc: `The role trusts a service without saying for whom it may act. Somebody in another account who can point the service at this
role's ARN has the service act with the role: the confused deputy.

To mend it, add a condition on aws:SourceAccount with the own account, and one on aws:SourceArn with the resource that uses the role.

Found are only services whose documentation says that they set these keys when they assume a role. Silent for others, where the
condition would shut the service out: lambda.amazonaws.com is disputed, ec2.amazonaws.com does not set them.

Source: IAM User Guide, "The confused deputy problem", and the pages "Cross-service confused deputy prevention" of the services.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
  "Principal": {"Service": "pipes.amazonaws.com"}}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
  "Principal": {"Service": "pipes.amazonaws.com"},
  "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"},
    "ArnLike": {"aws:SourceArn": "arn:aws:pipes:eu-west-1:111122223333:pipe/records"}}}]}`,
	run: func(p *Pass) {
		if p.Type != iam.TrustPolicy {
			return
		}
		for s := range p.Each() {
			if !s.Allow || s.Principal == nil || s.tests(sourceKeys...) {
				continue
			}
			for _, principal := range s.Principal.List {
				if principal.Type.Text == "Service" && slices.Contains(sourceServices, strings.ToLower(principal.Node.Text)) {
					p.Report(principal.Node, principal.Node.Text+" may assume this role for anybody who knows its ARN: add conditions on aws:SourceAccount and aws:SourceArn")
				}
			}
		}
	},
}
