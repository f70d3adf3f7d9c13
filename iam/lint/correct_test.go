package lint_test

import (
	"testing"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// correct are policies as people write them, with nothing wrong: what a check finds in them beyond a suggestion is not true.
var correct = []struct {
	name         string
	policyType   iam.Type
	resourceType string
	policy       string
}{
	{"a function that reads a stream and writes a table", iam.IdentityPolicy, "", `{"Version": "2012-10-17", "Statement": [
 {"Sid": "Read", "Effect": "Allow", "Action": ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:ListShards"],
  "Resource": "arn:aws:kinesis:eu-west-2:111122223333:stream/contact-records"},
 {"Sid": "Write", "Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"],
  "Resource": ["arn:aws:dynamodb:eu-west-2:111122223333:table/contacts", "arn:aws:dynamodb:eu-west-2:111122223333:table/contacts/index/*"]},
 {"Sid": "Log", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "arn:aws:logs:eu-west-2:111122223333:log-group:/aws/lambda/contacts:*"},
 {"Sid": "Decrypt", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
  "Condition": {"StringEquals": {"kms:ViaService": "kinesis.eu-west-2.amazonaws.com"}}}]}`},
	{"a user's own folder", iam.IdentityPolicy, "", `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket", "Condition": {"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/*"]}}},
 {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/home/${aws:username}/*",
  "Condition": {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}}]}`},
	{"only with a second factor", iam.IdentityPolicy, "", `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Deny", "NotAction": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices", "sts:GetSessionToken"], "Resource": "*",
  "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
 {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8:1234::/48"]}, "Bool": {"aws:ViaAWSService": "false"}}}]}`},
	{"tags that may be set", iam.IdentityPolicy, "", `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:*:111122223333:instance/*",
  "Condition": {"StringEquals": {"ec2:CreateAction": "RunInstances", "aws:RequestTag/team": "${aws:PrincipalTag/team}"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "Name"]}}},
 {"Effect": "Allow", "Action": ["ec2:StartInstances", "ec2:StopInstances"], "Resource": "arn:aws:ec2:*:111122223333:instance/*",
  "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}},
 {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/app/*", "Condition": {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}}}]}`},
	{"an agent's own queue", iam.IdentityPolicy, "", `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Action": ["connect:DescribeUser", "connect:ListUsers"], "Resource": ["arn:aws:connect:eu-west-2:111122223333:instance/12345678-1234-1234-1234-123456789012/agent/*", "arn:aws:connect:eu-west-2:111122223333:instance/12345678-1234-1234-1234-123456789012"]},
 {"Effect": "Allow", "Action": "connect:ListInstances", "Resource": "*"}]}`},
	{"items of the own tenant", iam.SessionPolicy, "", `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": "arn:aws:dynamodb:*:*:table/contacts",
  "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/tenant}"}, "Null": {"dynamodb:LeadingKeys": "false"}}}]}`},
	{"a boundary", iam.PermissionsBoundary, "", `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Action": ["s3:*", "logs:*", "kinesis:*", "connect:*"], "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-2", "eu-central-1"]}}},
 {"Effect": "Deny", "Action": ["iam:*", "organizations:*"], "Resource": "*"}]}`},
	{"a queue that a topic sends to", iam.ResourcePolicy, "AWS::SQS::Queue", `{"Version": "2012-10-17", "Id": "uploads", "Statement": [
 {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-2:111122223333:uploads",
  "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-2:111122223333:uploads"}}},
 {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "arn:aws:sqs:eu-west-2:111122223333:uploads", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`},
	{"a bucket for a distribution and a trail", iam.ResourcePolicy, "AWS::S3::Bucket", `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
  "Condition": {"StringEquals": {"aws:SourceArn": "arn:aws:cloudfront::111122223333:distribution/E1EXAMPLE"}}},
 {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/AWSLogs/111122223333/*",
  "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": "arn:aws:cloudtrail:eu-west-2:111122223333:trail/all"}}},
 {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket", "arn:aws:s3:::amzn-s3-demo-bucket/*"],
  "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}},
 {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
  "Condition": {"ArnNotEqualsIfExists": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}}]}`},
	{"a key", iam.ResourcePolicy, "AWS::KMS::Key", `{"Version": "2012-10-17", "Statement": [
 {"Sid": "Enable IAM policies", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"},
 {"Sid": "Logs", "Effect": "Allow", "Principal": {"Service": "logs.eu-west-2.amazonaws.com"}, "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"], "Resource": "*",
  "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-2:111122223333:log-group:*"}}},
 {"Sid": "Grants", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"], "Resource": "*",
  "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}}]}`},
	{"a topic as it is made", iam.ResourcePolicy, "AWS::SNS::Topic", `{"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [{"Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
  "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish"],
  "Resource": "arn:aws:sns:eu-west-2:111122223333:uploads", "Condition": {"StringEquals": {"AWS:SourceOwner": "111122223333"}}}]}`},
	{"an event bus", iam.ResourcePolicy, "AWS::Events::EventBus", `{"Version": "2012-10-17", "Statement": [{"Sid": "Orders", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "events:PutEvents",
  "Resource": "arn:aws:events:eu-west-2:111122223333:event-bus/orders", "Condition": {"StringEquals": {"events:source": "com.example.orders", "events:detail-type": "created"}}}]}`},
	{"a role for a pipe", iam.TrustPolicy, "", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole",
  "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}, "ArnLike": {"aws:SourceArn": "arn:aws:pipes:eu-west-2:111122223333:pipe/records"}}}]}`},
	{"a role for a partner", iam.TrustPolicy, "", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:role/collector"}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
  "Condition": {"StringEquals": {"sts:ExternalId": "c0ffee", "aws:RequestTag/tenant": "blue"}, "StringLike": {"sts:SourceIdentity": "job-*"}}}]}`},
	{"a role for a service account", iam.TrustPolicy, "", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},
  "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"oidc.eks.eu-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub": "system:serviceaccount:default:app",
   "oidc.eks.eu-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:aud": "sts.amazonaws.com"}}}]}`},
	{"a role for a workflow", iam.TrustPolicy, "", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
  "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com", "token.actions.githubusercontent.com:sub": "repo:example/app:ref:refs/heads/main"}}}]}`},
	{"Regions that are closed", iam.ServiceControlPolicy, "", `{"Version": "2012-10-17", "Statement": [{"Sid": "Regions", "Effect": "Deny", "NotAction": ["iam:*", "organizations:*", "route53:*", "cloudfront:*", "support:*", "sts:*", "budgets:*"], "Resource": "*",
  "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-2", "eu-central-1", "us-east-1"]}, "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/OrganizationAdmin"}}}]}`},
	{"data of the organization", iam.ResourceControlPolicy, "", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": ["s3:*", "sqs:*", "kms:*", "secretsmanager:*", "sts:AssumeRole"], "Resource": "*",
  "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}]}`},
	{"an endpoint", iam.EndpointPolicy, "", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "aws:ResourceOrgID": "o-a1b2c3d4e5"}}}]}`},
	{"in China", iam.IdentityPolicy, "", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws-cn:sqs:cn-north-1:111122223333:orders"}]}`},
}

func TestCorrect(t *testing.T) {
	for _, tt := range correct {
		doc := iam.Parse([]byte(tt.policy))
		if len(doc.Problems) > 0 {
			t.Errorf("%s: %v", tt.name, doc.Problems)
		}
		for _, f := range lint.Run(doc, lint.Options{Type: tt.policyType, ResourceType: tt.resourceType}) {
			if f.Severity > lint.Suggestion {
				t.Errorf("%s: got %s: %s: %s, want nothing worse than a suggestion", tt.name, f.Severity, f.Check.Code, f.Message)
			}
		}
	}
}
