package lint

import (
	"fmt"
)

// destructions are calls whose loss no other call makes good, each with what is lost. The first of a statement carries the finding.
var destructions = [...]struct{ service, action, loses string }{
	{"ds", "DeleteDirectory", "directory"},
	{"ds", "UnauthorizeApplication", "application's access to its directory"},
	{"connect", "DeleteInstance", "Connect instance"},
	{"profile", "DeleteDomain", "customer profiles domain"},
	{"kinesis", "DeleteStream", "stream"},
	{"firehose", "DeleteDeliveryStream", "delivery stream"},
	{"dynamodb", "DeleteTable", "table"},
	{"dynamodb", "DeleteBackup", "backup"},
	{"s3", "DeleteBucket", "bucket"},
	{"kms", "ScheduleKeyDeletion", "key with all data that it encrypts"},
	{"secretsmanager", "DeleteSecret", "secret"},
	{"logs", "DeleteLogGroup", "log group"},
	{"cloudformation", "DeleteStack", "stack"},
	{"cloudtrail", "DeleteTrail", "trail"},
	{"rds", "DeleteDBInstance", "database"},
	{"rds", "DeleteDBCluster", "database cluster"},
	{"ec2", "TerminateInstances", "instance"},
	{"eks", "DeleteCluster", "cluster"},
	{"backup", "DeleteRecoveryPoint", "recovery point"},
}

var destructiveOnStar = &Check{
	Code: "TL_DESTRUCTIVE_ON_STAR", Severity: SecurityWarning, Title: "Anything of a kind in the account can be destroyed",
	Doc: `The statement allows a call whose loss cannot be made good on every resource of the account: deleting directories, streams,
tables, keys, stacks. Directories are behind Amazon Connect instances and WorkSpaces alike.

To mend it, name the resources that may be destroyed, or add a condition on their tags (aws:ResourceTag).

Silent for patterns such as ds:*, which mean everything and say so, and with a condition on tags.

Source: the API references of the services.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ds:DeleteDirectory", "Resource": "*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ds:DeleteDirectory",
  "Resource": "arn:aws:ds:eu-west-1:111122223333:directory/d-1234567890"}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		for grants := range p.grantsByStatement() {
			p.destroyed(grants)
		}
	},
}

// destroyed looks at one statement, given its grants.
func (p *Pass) destroyed(grants []grant) {
	s := grants[0].s
	if !s.Allow || !s.any() || s.tests("aws:resourcetag/") {
		return
	}
	var at *grant
	var lost []string
	for _, destruction := range destructions {
		for i := range grants {
			g := &grants[i]
			if !g.Wild && g.Covers(destruction.service, destruction.action) && !p.denied(destruction.service, destruction.action) {
				if at == nil {
					at = g
				}
				lost = append(lost, "any "+destruction.loses+" ("+g.Text+")")
			}
		}
	}
	if at != nil {
		p.Report(at.Node, fmt.Sprintf(`on "*" the principal can destroy %s: name the ones that are meant, or add a condition on aws:ResourceTag`,
			listed(lost, 4)))
	}
}
