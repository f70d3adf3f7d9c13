package lint_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// on is a statement about one resource; only and test are statements about one action, test with a condition.
func on(action, resource string) string {
	return fmt.Sprintf(`{"Effect": "Allow", "Action": %q, "Resource": %q}`, action, resource)
}

func only(action string) string { return on(action, "*") }

func test(effect, actions, condition string) string {
	return fmt.Sprintf(`{"Effect": %q, %s, "Resource": "*", "Condition": {%s}}`, effect, actions, condition)
}

var catalogIdentityCases = []finds{
	// Actions.
	{"INVALID_ACTION", 0, only("s3:getobject")},
	{"INVALID_ACTION", 0, only("s3:Get*")},
	{"INVALID_ACTION", 0, only("s3:*")},
	{"INVALID_ACTION", 0, only("*")},
	{"INVALID_ACTION", 0, only("s3::GetObject")},
	{"INVALID_ACTION", 0, only("s3:{action}")},
	{"INVALID_ACTION", 0, only("nosuch:Get*")},
	{"INVALID_ACTION", 1, only("s3:Gett*")},
	{"INVALID_ACTION", 1, only("S3:Gett")},
	{"INVALID_ACTION", 1, `{"Effect": "Deny", "NotAction": ["s3:Gett", "s3:Get*"], "Resource": "*"}`},
	{"INVALID_ACTION", 1, `{"Effect": "allowed", "Action": ["s3:Gett", "s3:GetObject"], "Resource": "*"}`},
	{"INVALID_SERVICE", 0, only("qconnect:GetAssistant")},
	{"INVALID_SERVICE", 0, only("*:GetAssistant")},
	{"INVALID_SERVICE", 0, only("no such:Get")},
	{"INVALID_SERVICE", 0, condition(`"StringEquals": {"accounts.google.com:unheard": "x", "saml:unheard": "x", "plain": "x", "<service>:key": "x"}`)},
	{"INVALID_SERVICE", 1, condition(`"StringEquals": {"frobnication:key": "x"}`)},
	{"INVALID_SERVICE_IN_ACTION", 1, only("qconnect:GetAssistant")},
	{"INVALID_SERVICE_IN_ACTION", 1, only("Kinesis:GetRecords")},
	{"INVALID_SERVICE_IN_ACTION", 0, only("frobnication:Get*")},

	// ARNs.
	{"MISSING_ARN_FIELD", 0, on("s3:ListBucket", "arn:aws:s3:*")},
	{"MISSING_ARN_FIELD", 0, on("s3:ListBucket", "*")},
	{"MISSING_ARN_FIELD", 0, on("s3:ListBucket", "{bucket ARN}")},
	{"MISSING_ARN_FIELD", 1, on("iam:GetRole", "arn:aws:iam::role/x")},
	{"MISSING_ARN_FIELD", 1, on("iam:GetRole", "arn:aws:iam::role/*")},
	{"MISSING_ARN_FIELD", 1, on("s3:GetObject", "arn:aws:s3:amzn-s3-demo-bucket/*")},
	{"MISSING_ARN_FIELD", 0, on("s3:GetObject", "arn:aws:s3:*/reports/2026")},
	{"MISSING_ARN_FIELD", 0, on("iam:GetRole", "arn:aws:iam:*:role/x")},
	{"ARN_REGION_NOT_ALLOWED", 0, on("iam:GetRole", "arn:aws:iam:*:111122223333:role/x")},
	{"ARN_REGION_NOT_ALLOWED", 0, on("iam:GetRole", "arn:aws:iam:${aws:RequestedRegion}:111122223333:role/x")},
	{"ARN_REGION_NOT_ALLOWED", 0, on("iam:GetRole", "arn:aws:iam:<region>:111122223333:role/x")},
	{"ARN_REGION_NOT_ALLOWED", 0, on("s3:GetObject", "arn:aws:s3:eu-west-2:111122223333:accesspoint/x/object/*")},
	{"ARN_REGION_NOT_ALLOWED", 1, on("s3:GetObject", "arn:aws:s3:eu-west-2::bucket/*")},
	{"ARN_REGION_NOT_ALLOWED", 1, on("iam:GetRole", "arn:aws:iam:us-*:111122223333:role/x")},
	{"ARN_ACCOUNT_NOT_ALLOWED", 0, on("s3:GetObject", "arn:aws:s3:::bucket/*")},
	{"ARN_ACCOUNT_NOT_ALLOWED", 0, on("s3:GetObject", "arn:aws:s3::*:bucket/*")},
	{"ARN_ACCOUNT_NOT_ALLOWED", 0, on("ec2:RunInstances", "arn:aws:ec2:eu-west-2:amazon:image/ami-1")},
	{"ARN_ACCOUNT_NOT_ALLOWED", 1, on("s3:GetObject", "arn:aws:s3::111122223333:bucket/*")},
	{"MISSING_ARN_REGION", 0, on("sqs:SendMessage", "arn:aws:sqs:*:111122223333:q")},
	{"MISSING_ARN_REGION", 0, on("dynamodb:GetItem", "arn:aws:dynamodb::111122223333:global-table/t")},
	{"MISSING_ARN_REGION", 0, on("nosuch:Get", "arn:aws:nosuch::111122223333:x")},
	{"MISSING_ARN_REGION", 1, on("connect:DescribeInstance", "arn:aws:connect::111122223333:instance/x")},
	{"MISSING_ARN_ACCOUNT", 0, on("ssm:SendCommand", "arn:aws:ssm:eu-west-2::document/AWS-RunShellScript")},
	{"MISSING_ARN_ACCOUNT", 0, on("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-2::foundation-model/x")},
	{"MISSING_ARN_ACCOUNT", 1, on("sqs:SendMessage", "arn:aws:sqs:eu-west-2::q")},
	{"INVALID_ARN_REGION", 0, on("sqs:SendMessage", "arn:aws:sqs:eu-*:111122223333:q")},
	{"INVALID_ARN_REGION", 0, on("sqs:SendMessage", "arn:aws-us-gov:sqs:us-gov-west-1:111122223333:q")},
	{"INVALID_ARN_REGION", 0, on("sqs:SendMessage", "arn:aws:sqs:region:111122223333:q")},
	{"INVALID_ARN_REGION", 0, on("sqs:SendMessage", "arn:*:sqs:cn-north-1:111122223333:q")},
	{"INVALID_ARN_REGION", 1, on("sqs:SendMessage", "arn:aws:sqs:cn-north-1:111122223333:q")},
	{"INVALID_ARN_REGION", 1, on("sqs:SendMessage", "arn:aws:sqs:eu-west-9:111122223333:q")},
	{"INVALID_ARN_RESOURCE", 0, on("logs:PutLogEvents", "arn:aws:logs:eu-west-2:111122223333:log-*")},
	{"INVALID_ARN_RESOURCE", 0, on("backup:StartRestoreJob", "arn:aws:backup:eu-west-2:111122223333:recovery-point:x")},
	{"INVALID_ARN_RESOURCE", 0, on("events:RetrieveConnectionCredentials", "arn:aws:events:eu-west-2:111122223333:connection/{connection}")},
	{"INVALID_ARN_RESOURCE", 0, on("connect:StartTaskContact", "arn:aws:connect:eu-west-2:111122223333:<resource>")},
	{"INVALID_ARN_RESOURCE", 0, on("nosuch:Get", "arn:aws:nosuch:eu-west-2:111122223333:x")},
	{"INVALID_ARN_RESOURCE", 1, on("logs:PutLogEvents", "arn:aws:logs:eu-west-2:111122223333:/aws/lambda/x:*")},
	{"INVALID_ARN_RESOURCE", 1, on("iam:GetRole", "arn:aws:iam::111122223333:")},
	{"INVALID_ARN_SERVICE_CASE", 0, on("x:Get", "arn:aws:NoSuch:::x")},
	{"INVALID_PARTITION", 0, on("sqs:SendMessage", "arn:*:sqs:eu-west-2:111122223333:q")},
	{"INVALID_PARTITION", 0, on("sqs:SendMessage", "arn:aws-eusc:sqs:eusc-de-east-1:111122223333:q")},
	{"INVALID_PARTITION", 0, on("sqs:SendMessage", "arn:{partition}:sqs:eu-west-2:111122223333:q")},
	{"INVALID_PARTITION", 1, on("sqs:SendMessage", "arn:aws-china:sqs:cn-north-1:111122223333:q")},
	{"INVALID_REGION", 0, condition(`"StringLike": {"aws:RequestedRegion": ["eu-*", "us-east-1", "<region>"]}`)},
	{"INVALID_REGION", 1, condition(`"StringEquals": {"aws:RequestedRegion": ["eu-west-9", "us-east-1"]}`)},

	// Keys.
	{"INVALID_GLOBAL_CONDITION_KEY", 0, condition(`"StringEquals": {"AWS:principalorgid": "o-1", "aws:SourceOwner": "1", "aws:ARN": "x", "aws:RequestTag/": "x", "aws:PrincipalTag/a/b": "x"}`)},
	{"INVALID_GLOBAL_CONDITION_KEY", 1, condition(`"StringEquals": {"aws:PrincipalOrg": "o-1"}`)},
	{"INVALID_SERVICE_CONDITION_KEY", 0, condition(`"StringEquals": {"S3:PREFIX": "x", "s3:ExistingObjectTag/x": "y", "kms:EncryptionContext:anything": "x", "ssm:resourceTag/a": "x"}`)},
	{"INVALID_SERVICE_CONDITION_KEY", 1, condition(`"StringEquals": {"s3:NoSuchKey": "x"}`)},
	{"MISSING_QUALIFIER", 0, condition(`"ForAnyValue:StringEquals": {"aws:CalledVia": "x"}, "Null": {"aws:TagKeys": "true"}`)},
	{"MISSING_QUALIFIER", 1, condition(`"StringEqualsIfExists": {"aws:CalledVia": "x"}`)},
	{"FORALLVALUES_WITH_SINGLE_VALUED_KEY", 0, condition(`"ForAnyValue:StringEquals": {"aws:PrincipalOrgID": "x"}, "ForAllValues:StringEquals": {"aws:TagKeys": "x", "unknown:key": "x", "accounts.google.com:aud": "x"}`)},
	{"FORALLVALUES_WITH_SINGLE_VALUED_KEY", 1, condition(`"ForAllValues:StringEqualsIfExists": {"aws:PrincipalOrgID": "x"}`)},
	{"TYPE_MISMATCH", 0, condition(`"Bool": {"aws:SecureTransport": "true"}, "DateLessThan": {"aws:EpochTime": 1}, "NumericLessThan": {"aws:EpochTime": 1}, "StringEquals": {"aws:SourceArn": "arn:aws:sqs:::x"}`)},
	{"TYPE_MISMATCH", 0, condition(`"NumericLessThan": {"aws:PrincipalTag/limit": 1}, "DateLessThan": {"aws:ResourceTag/until": "2027-01-01"}, "ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:*:*:*", "s3:DataAccessPointArn": "arn:aws:s3:*:*:accesspoint/*"}`)},
	{"TYPE_MISMATCH", 0, condition(`"Null": {"aws:SecureTransport": "true"}, "Strange": {"aws:SecureTransport": "true"}`)},
	{"TYPE_MISMATCH", 3, condition(`"StringEquals": {"aws:SourceIp": "203.0.113.7"}, "Bool": {"aws:PrincipalOrgID": "true"}, "NumericEquals": {"aws:CurrentTime": 1}`)},
	{"STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", 0, condition(`"StringLike": {"aws:SourceArn": ["*", "arn:aws:s3:::b"]}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}`)},
	{"STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", 1, condition(`"StringLikeIfExists": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}`)},
	{"UNTRUSTWORTHY_CONDITION_KEY", 0, condition(`"Null": {"aws:UserAgent": "false"}`)},
	{"UNTRUSTWORTHY_CONDITION_KEY", 1, condition(`"StringLike": {"aws:Referer": "https://example.com/*"}`)},
	{"UNSUPPORTED_GLOBAL_CONDITION_KEY", 0, condition(`"ArnLike": {"aws:arn": "arn:aws:iam::111122223333:role/x"}`)},
	{"MISSING_PAIRED_CONDITION_KEYS", 0, condition(`"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}, "StringEquals": {"aws:sourceVpce": "vpce-12345678"}`)},
	{"USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES", 0, condition(`"Null": {"aws:VpceOrgID": "true"}, "StringEquals": {"aws:VpceAccount": "111122223333"}`)},
	{"USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES", 1, test("Deny", `"NotAction": "iam:*"`, `"StringNotEquals": {"aws:VpceAccount": "111122223333"}`)},
	{"VARIABLE_USAGE_TOO_PERMISSIVE", 0, condition(`"StringNotEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}, "StringLike": {"aws:userid": "AROA1:${aws:PrincipalTag/x}"}`)},
	{"VARIABLE_USAGE_TOO_PERMISSIVE", 2, condition(`"StringEquals": {"aws:ResourceOrgID": "${s3:prefix}", "aws:userid": "${aws:PrincipalTag/x}"}`)},
	{"WILDCARD_USAGE_TOO_PERMISSIVE", 0, condition(`"StringEquals": {"aws:SourceVpc": "vpc-*"}, "StringLike": {"aws:PrincipalArn": "*", "aws:SourceVpce": "vpce-12345678"}`)},
	{"WILDCARD_USAGE_TOO_PERMISSIVE", 3, condition(`"StringLike": {"aws:SourceVpc": "vpc-*", "aws:userid": ["AROA*", "AROA*:x", "AROA1:*"]}`)},
	{"INVALID_KMS_KEY_VALUE", 0, condition(`"StringLike": {"s3:x-amz-server-side-encryption-aws-kms-key-id": ["arn:aws:kms:*:*:key/*", "*", "${aws:PrincipalTag/key}", "{key ARN}"]}, "Null": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "true"}`)},
	{"INVALID_KMS_KEY_VALUE", 2, condition(`"StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": ["1234abcd", "arn:aws:kms:eu-west-2:111122223333:alias/x"]}`)},

	// Actions and keys.
	{"UNSUPPORTED_ACTION_FOR_CONDITION_KEY", 0, test("Allow", `"Action": ["iam:Get*", "iam:PassRole", "s3:GetObject"]`, `"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}`)},
	{"UNSUPPORTED_ACTION_FOR_CONDITION_KEY", 0, test("Allow", `"Action": ["iam:GetRole", "iam:PassRole"]`, `"StringEqualsIfExists": {"iam:PassedToService": "lambda.amazonaws.com"}, "Null": {"iam:PassedToService": "true"}`)},
	{"UNSUPPORTED_ACTION_FOR_CONDITION_KEY", 1, test("Deny", `"Action": ["iam:GetRole", "iam:GetUser", "iam:PassRole"]`, `"StringNotEquals": {"iam:PassedToService": "lambda.amazonaws.com"}`)},
	{"UNSUPPORTED_ACTION_FOR_CONDITION_KEY", 0, test("Allow", `"Action": ["ecs:CreateService", "ecs:DeleteService"]`, `"ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-west-2:111122223333:cluster/c"}`)},
	{"MISSING_ACTION_FOR_CONDITION_KEY", 0, test("Allow", `"Action": "sts:AssumeRole"`, `"StringLike": {"sts:SourceIdentity": "x"}`)},
	{"ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", 0, test("Allow", `"Action": ["ec2:*", "ec2:DescribeInstances", "*"]`, `"StringEquals": {"aws:ResourceTag/x": "y"}`)},
	{"ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", 0, test("Allow", `"Action": "iam:ListUsers"`, `"StringNotEquals": {"aws:ResourceTag/x": "y"}, "StringEqualsIfExists": {"aws:ResourceTag/x": "y"}`)},
	{"ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", 0, test("Deny", `"Action": "iam:ListUsers"`, `"StringEquals": {"aws:ResourceTag/x": "y"}`)},
	{"DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", 1, test("Deny", `"Action": "iam:ListUsers"`, `"StringEquals": {"aws:ResourceTag/x": "y"}`)},
	{"DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", 0, test("Deny", `"NotAction": "iam:ListUsers"`, `"StringNotEquals": {"aws:ResourceTag/x": "y"}`)},

	// What says nothing.
	{"REDUNDANT_ACTION", 0, `{"Effect": "Allow", "Action": ["iam:*CredentialReport", "iam:Get*"], "Resource": "*"}`},
	{"REDUNDANT_ACTION", 0, `{"Effect": "Allow", "Action": ["s3:Get?", "s3:Get*Acl"], "Resource": "*"}`},
	{"REDUNDANT_ACTION", 1, `{"Effect": "Allow", "Action": ["s3:getobject", "S3:GetObject", "s3:GetObject"], "Resource": "*"}`},
	{"REDUNDANT_ACTION", 1, `{"Effect": "Allow", "Action": ["s3:GetObjectAcl", "s3:*Acl", "s3:Get*Acl"], "Resource": "*"}`},
	{"REDUNDANT_ACTION", 1, `{"Effect": "Allow", "Action": ["s3:GetObject", "*"], "Resource": "*"}`},
	{"REDUNDANT_RESOURCE", 0, `{"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::B/*"]}`},
	{"REDUNDANT_RESOURCE", 0, `{"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::b/${aws:username}*", "arn:aws:s3:::b/x"]}`},
	{"REDUNDANT_RESOURCE", 0, `{"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::b/???????????????", "arn:aws:s3:::b/${aws:username}"]}`},
	{"REDUNDANT_RESOURCE", 1, `{"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::b/${aws:username}/x", "arn:aws:s3:::b/*"]}`},
	{"REDUNDANT_RESOURCE", 1, `{"Effect": "Deny", "Action": "s3:*", "NotResource": ["arn:aws:s3:::b/*", "arn:aws:s3:::b/*"]}`},
	{"REDUNDANT_CONDITION_VALUE_NUM", 0, condition(`"NumericEquals": {"s3:max-keys": [1, 2]}, "NumericLessThan": {"s3:max-keys": "<n>"}, "NumericGreaterThan": {"s3:max-keys": [1, "x"]}`)},
	{"REDUNDANT_CONDITION_VALUE_NUM", 1, condition(`"NumericGreaterThan": {"s3:max-keys": [1, "2.5"]}`)},
	{"REDUNDANT_STATEMENT", 0, `{"Version": "2012-10-17", "Statement": [` + only("s3:Get*") + `, ` + only("s3:Put*") + `, ` + resource("arn:aws:s3:::b/*") + `]}`},
	{"REDUNDANT_STATEMENT", 2, `{"Version": "2012-10-17", "Statement": [` + only("s3:Get*") + `, ` + only("s3:Get*") + `,{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Sid":"x"}]}`},
	{"EQUIVALENT_TO_NULL_FALSE", 0, condition(`"StringEquals": {"aws:ResourceTag/x": "*"}, "StringLike": {"aws:ResourceTag/y": "?*"}, "ArnLike": {"aws:SourceArn": "*"}`)},
	{"EQUIVALENT_TO_NULL_FALSE", 2, condition(`"StringLike": {"aws:ResourceTag/x": ["a", "**"]}, "ForAnyValue:StringLike": {"aws:TagKeys": "*"}`)},
	{"EQUIVALENT_TO_NULL_TRUE", 3, condition(`"StringNotLike": {"aws:ResourceTag/x": "*"}, "StringNotLikeIfExists": {"aws:ResourceTag/x": "*"}, "ForAllValues:StringNotLike": {"aws:TagKeys": "*"}`)},
	{"REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION", 2, condition(`"StringLikeIfExists": {"aws:ResourceTag/x": "*"}, "ForAllValues:StringLike": {"aws:TagKeys": "*"}`)},
	{"REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION", 0, condition(`"ForAnyValue:StringNotLikeIfExists": {"aws:TagKeys": "*"}`)},
	{"INVALID_SERVICE_PRINCIPAL_FORMAT", 0, condition(`"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn", "${x:y}"], "kms:ViaService": "s3.eu-west-2.amazonaws.com"}, "StringLike": {"iam:PassedToService": "ec2*"}`)},
	{"INVALID_SERVICE_PRINCIPAL_FORMAT", 3, condition(`"StringEquals": {"iam:PassedToService": ["ec2", "EC2.amazonaws.com"], "kms:ViaService": "s3.amazonaws.com"}`)},
}

func service(name, condition string) string {
	return fmt.Sprintf(`{"Effect": "Allow", "Principal": {"Service": %q}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*", "Condition": {%s}}`, name, condition)
}

var catalogBucketCases = []finds{
	{"UNSUPPORTED_ACTION_IN_POLICY", 0, principal(`"*"`)},
	{"UNSUPPORTED_ACTION_IN_POLICY", 0, `{"Effect": "Deny", "Principal": "*", "Action": ["*", "s3:*", "S3:PutBucketPolicy", "s3:NotYetKnown"], "Resource": "arn:aws:s3:::b"}`},
	{"UNSUPPORTED_ACTION_IN_POLICY", 2, `{"Effect": "Allow", "Principal": "*", "Action": ["s3:ListAllMyBuckets", "sqs:*"], "Resource": "arn:aws:s3:::b"}`},
	{"UNSUPPORTED_RESOURCE_ARN_IN_POLICY", 0, principal(`"*"`)},
	{"UNSUPPORTED_RESOURCE_ARN_IN_POLICY", 0, `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["*", "arn:aws:*:::b", "{bucket ARN}"]}`},
	{"IRRELEVANT_CONDITION_KEY_IN_POLICY", 0, service("sns.amazonaws.com", `"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}`)},
	{"RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", 0, service("ec2.amazonaws.com", ``)},
	{"RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", 0, service("sns.amazonaws.com", `"StringEquals": {"AWS:SourceOwner": "111122223333"}`)},
	{"RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", 1, service("cloudtrail.amazonaws.com", `"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}`)},
	{"RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", 0, service("ses.amazonaws.com", `"StringEquals": {"aws:Referer": "111122223333", "aws:SourceAccount": "111122223333"}`)},
	{"UNTRUSTWORTHY_CONDITION_KEY", 0, service("ses.amazonaws.com", `"StringEquals": {"aws:Referer": "111122223333"}`)},
	{"UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", 0, principal(`{"Service": "sns.amazonaws.com", "AWS": "111122223333"}`)},
	{"UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", 0, service("sns.amazonaws.com", `"StringEqualsIfExists": {"aws:PrincipalOrgID": "x"}, "StringNotEquals": {"aws:PrincipalOrgID": "x"}, "Null": {"aws:username": "true"}`)},
	{"UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", 1, service("sns.amazonaws.com", `"StringEquals": {"aws:PrincipalTag/x": "y"}`)},
	{"INVALID_SERVICE_PRINCIPAL_FORMAT", 0, principal(`{"Service": ["logs.eu-west-2.amazonaws.com", "delivery.logs.amazonaws.com", "s3.amazonaws.com.cn", "ec2.aws.internal", "<service>"]}`)},
	{"INVALID_SERVICE_PRINCIPAL_FORMAT", 3, principal(`{"Service": ["S3.amazonaws.com", "https://s3.amazonaws.com", "s3"]}`)},
	{"DEPRECATED_GLOBAL_CONDITION_KEY", 0, service("s3.amazonaws.com", `"ArnLike": {"aws:ARN": "arn:aws:s3:::b"}`)},
}

var catalogTrustCases = []finds{
	{"UNSUPPORTED_ACTION_IN_POLICY", 1, `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["sts:AssumeRole", "iam:PassRole"]}`},
	{"MISSING_ACTION_FOR_CONDITION_KEY", 0, `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:*", "Condition": {"StringLike": {"sts:SourceIdentity": "x"}}}`},
	{"MISSING_ACTION_FOR_CONDITION_KEY", 0, `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Condition": {"StringNotEquals": {"aws:RequestTag/x": "y"}, "Null": {"sts:SourceIdentity": "true"}}}`},
	{"MISSING_ACTION_FOR_CONDITION_KEY", 1, `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:RequestTag/x": "y"}}}`},
	{"REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", 0, `{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:role/ci", "arn:aws:sts::444455556666:assumed-role/ci/x", "arn:aws:sts::111122223333:assumed-role/other/x"]}, "Action": "sts:AssumeRole"}`},
	{"REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", 1, `{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:sts::111122223333:assumed-role/ci/x", "arn:aws:iam::111122223333:role/path/ci"]}, "Action": "sts:AssumeRole"}`},
	{"RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", 0, `{"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole"}`},
}

// What the checks that need the catalogue find beyond their examples, and where they are silent.
func TestCatalogCases(t *testing.T) {
	for _, group := range []struct {
		options lint.Options
		cases   []finds
	}{
		{lint.Options{}, catalogIdentityCases},
		{lint.Options{Type: iam.ResourcePolicy, ResourceType: "AWS::S3::Bucket"}, catalogBucketCases},
		{lint.Options{Type: iam.TrustPolicy}, catalogTrustCases},
		{lint.Options{Type: iam.ResourceControlPolicy}, []finds{
			{"RCP_SYNTAX_ERROR_ACTION", 0, `{"Effect": "Deny", "Principal": "*", "Action": ["*", "s3:Get*", "nosuch:*"], "Resource": "*"}`},
		}},
		{lint.Options{Type: iam.ResourcePolicy}, []finds{
			{"UNSUPPORTED_ACTION_IN_POLICY", 0, `{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "sqs:SendMessage"], "Resource": "arn:aws:s3:::b/*"}`},
		}},
	} {
		for _, tt := range group.cases {
			doc := iam.Parse([]byte(example(tt.policy)))
			if len(doc.Problems) > 0 {
				t.Errorf("%s: %v in %s", tt.code, doc.Problems, tt.policy)
			}
			group.options.Codes = []string{tt.code}
			findings := lint.Run(doc, group.options)
			var messages []string
			for _, finding := range findings {
				messages = append(messages, finding.Message)
			}
			if len(findings) != tt.want {
				t.Errorf("%s: got %d findings, want %d, in %s\n\t%s", tt.code, len(findings), tt.want, tt.policy, strings.Join(messages, "\n\t"))
			}
		}
	}
}

// A name that the catalogue does not know may be new: a warning with its date, and an error in Access Analyzer's output.
func TestUnknownNames(t *testing.T) {
	for _, tt := range []struct{ code, policy string }{
		{"INVALID_ACTION", only("s3:NotYetKnown")},
		{"INVALID_SERVICE", only("frobnication:Get")},
		{"INVALID_SERVICE_CONDITION_KEY", condition(`"StringEquals": {"s3:NotYetKnown": "x"}`)},
		{"INVALID_GLOBAL_CONDITION_KEY", condition(`"StringEquals": {"aws:NotYetKnown": "x"}`)},
		{"INVALID_ARN_RESOURCE", on("iam:GetRole", "arn:aws:iam::111122223333:not-yet-known/x")},
		{"INVALID_REGION", condition(`"StringEquals": {"aws:RequestedRegion": "eu-west-9"}`)},
	} {
		findings := lint.Run(iam.Parse([]byte(example(tt.policy))), lint.Options{Codes: []string{tt.code}})
		if len(findings) != 1 {
			t.Errorf("%s: got %d findings, want one, in %s", tt.code, len(findings), tt.policy)
			continue
		}
		if f := findings[0]; f.Severity != lint.Warning || f.Check.Severity != lint.Error || !strings.Contains(f.Message, "as of 2026-") {
			t.Errorf("%s: got %v (check: %v) %q, want a warning with a date of a check of errors", tt.code, f.Severity, f.Check.Severity, f.Message)
		}
	}
}

// What was probably meant.
func TestMeant(t *testing.T) {
	for _, tt := range []struct{ action, want string }{
		{"s3:ListObjectsV2", "s3:ListBucket"}, // the SDK's name
		{"s3:GetObjects", "s3:GetObject"},
		{"connect-campaigns:UpdateDialerConfig", "connect-campaigns:UpdateCampaignDialerConfig"},
		{"qconnect:GetAssistant", "wisdom:GetAssistant"},
		{"kinesys:GetRecords", "kinesis:GetRecords"},
		{"SQS:SendMessage", "sqs:SendMessage"},
	} {
		src := []byte(example(only(tt.action)))
		findings := lint.Run(iam.Parse(src), lint.Options{Codes: []string{"INVALID_ACTION", "INVALID_SERVICE_IN_ACTION"}})
		if len(findings) != 1 || findings[0].Fix == nil {
			t.Errorf("%s: got %+v, want a finding with a fix", tt.action, findings)
			continue
		}
		if safe := tt.action == "SQS:SendMessage"; findings[0].Fix.Safe != safe { // nothing else means the same as before
			t.Errorf("%s: fix is safe: %v, want %v", tt.action, findings[0].Fix.Safe, safe)
		}
		mended, err := iam.Apply(src, findings[0].Fix.Edits)
		if want := example(only(tt.want)); string(mended) != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", tt.action, mended, err, want)
		}
	}
}

// Of patterns that cover each other one stays.
func TestRedundantCount(t *testing.T) {
	const statement = `{"Effect": "Allow", "Action": ["s3:Get**", "s3:Get*", "s3:GetObject", "s3:PutObject"], "Resource": "*"}`
	findings := lint.Run(iam.Parse([]byte(example(statement))), lint.Options{Codes: []string{"REDUNDANT_ACTION"}})
	if len(findings) != 1 {
		t.Fatalf("got %d findings, want one, in %s", len(findings), statement)
	}
	const want = "The 2 action(s) are redundant because they provide similar permissions. Update the policy to remove the redundant action such as: s3:Get*."
	if got := findings[0].Detail(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Names that nobody knows, and patterns that cover each other, are looked up in a time that does not run away.
func TestHostileNames(t *testing.T) {
	const (
		size = 48 << 10
		soon = 30 * time.Second // many times what is needed, also on a busy machine
	)
	var codes []string
	for _, check := range lint.Checks() {
		if !strings.HasPrefix(check.Code, "TL_") {
			codes = append(codes, check.Code)
		}
	}
	list := func(length int, items ...string) string {
		var b strings.Builder
		for i := 0; b.Len() < length; i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q", strings.ReplaceAll(items[i%len(items)], "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	keys := func(length int, key string) string {
		var b strings.Builder
		for i := 0; b.Len() < length; i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q: \"*\"", strings.ReplaceAll(key, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	long := "*" + strings.Repeat("a*", 1000)
	for name, statement := range map[string]string{
		"actions":            `"Action": [` + list(size, "ec2:DescribeNothing#") + `], "Resource": "*"`,
		"services":           `"Action": [` + list(size, "kinesos#:Get") + `], "Resource": "*"`,
		"resources":          `"Action": [` + list(size/2, "ec2:Describe#", "s3:Get#") + `], "Resource": [` + list(size/2, "arn:aws:ec2:::nothing#", "arn:aws:nothing:::x#") + `]`,
		"keys":               `"Action": [` + list(size/2, "s3:GetObject", "ec2:RunInstances") + `], "Resource": "*", "Condition": {"StringLike": {` + keys(size/2, "s3:ExistingObjectTag/#") + `}}`,
		"tags":               `"Action": [` + list(size/2, "s3:GetObject", "iam:ListUsers") + `], "Resource": "*", "Condition": {"StringLike": {` + keys(size/2, "aws:ResourceTag/#") + `}}`,
		"unknown keys":       `"Action": "*", "Resource": "*", "Condition": {"StringLike": {` + keys(size, "ec2:Nothing#") + `}}`,
		"patterns":           `"Action": [` + list(size/2, "s3:*a#*", "*#") + `], "Resource": [` + list(size/2, "*a#", "?*#*") + `]`,
		"long patterns":      `"Action": "*", "Resource": [` + list(size, "#"+long, long+"#") + `]`,
		"service principals": `"Action": "*", "Resource": "*", "Principal": {"Service": [` + list(size, "S#") + `]}`,
	} {
		doc := iam.Parse([]byte(example(`{"Effect": "Allow", ` + statement + `}`)))
		start := time.Now()
		lint.Run(doc, lint.Options{Type: iam.ResourcePolicy, ResourceType: "AWS::S3::Bucket", Codes: codes})
		if took := time.Since(start); took > soon {
			t.Errorf("%s: took %v, want less than %v", name, took, soon)
		}
	}
}
