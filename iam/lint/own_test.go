package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// allowing makes a statement; the action, the resource and the operators of its condition are JSON.
func allowing(action, resource string, operators ...string) string {
	return fmt.Sprintf(`{"Effect": "Allow", "Action": %s, "Resource": %s, "Condition": {%s}}`, action, resource, strings.Join(operators, ", "))
}

func policy(statements ...string) string {
	return `{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ", ") + `]}`
}

// An ownCase is a policy in which a check of ours finds something that says something, or nothing where says is "-".
type ownCase struct {
	name, code, policy, says string
	kind                     iam.Type
}

func (c ownCase) test(t *testing.T) {
	t.Helper()
	var got []string
	for _, f := range lint.Run(iam.Parse([]byte(c.policy)), lint.Options{Type: c.kind, Codes: []string{c.code}}) {
		got = append(got, f.Message)
	}
	switch {
	case c.says == "-":
		if len(got) > 0 {
			t.Errorf("got %q, want nothing\n%s", got, c.policy)
		}
	case !slices.ContainsFunc(got, func(message string) bool { return strings.Contains(message, c.says) }):
		t.Errorf("got %q, want %q\n%s", got, c.says, c.policy)
	}
}

func TestDeadGrants(t *testing.T) {
	const stream = `"arn:aws:kinesis:eu-west-1:111122223333:stream/records"`
	for _, c := range []ownCase{
		{name: "needs the star", policy: policy(allowing(`"kinesis:ListStreams"`, stream)), says: `"*" alone`},
		{name: "granted elsewhere, remove it", policy: policy(allowing(`["kinesis:GetRecords", "kinesis:ListStreams"]`, stream), allowing(`"kinesis:ListStreams"`, `"*"`)), says: "line 1 grants it already"},
		{name: "of other types", policy: policy(allowing(`"kinesis:SubscribeToShard"`, stream)), says: "consumer (arn:"},
		{name: "case of the action does not count", policy: policy(allowing(`"KINESIS:liststreams"`, stream)), says: `"*" alone`},
		{name: "a deny that denies nothing", policy: policy(`{"Effect": "Deny", "Action": "kinesis:ListStreams", "Resource": ` + stream + `}`), says: "denies nothing"},
		{name: "also in a service control policy", policy: policy(`{"Effect": "Deny", "Action": "kinesis:ListStreams", "Resource": ` + stream + `}`), kind: iam.ServiceControlPolicy, says: "denies nothing"},
		{name: "a placeholder that is called an ARN", policy: policy(allowing(`"kinesis:ListStreams"`, `"<stream-arn>"`)), says: `"*" alone`},
		{name: "a placeholder that may be anything", policy: policy(allowing(`"kinesis:ListStreams"`, `"<resource>"`)), says: "-"},
		{name: "placeholders in the fields", policy: policy(allowing(`"kinesis:GetRecords"`, `"arn:aws:kinesis:<region>:{Account ID}:stream/stream-name"`)), says: "-"},
		{name: "a variable", policy: policy(allowing(`"kinesis:ListStreams"`, `"${aws:PrincipalTag/stream}"`)), says: "-"},
		{name: "a variable in the name", policy: policy(allowing(`"kinesis:GetRecords"`, `"arn:aws:kinesis:*:*:stream/${aws:PrincipalTag/stream}"`)), says: "-"},
		{name: "star among others", policy: policy(allowing(`"kinesis:ListStreams"`, `[`+stream+`, "*"]`)), says: "-"},
		{name: "wildcard over all fields", policy: policy(allowing(`"kinesis:SubscribeToShard"`, `"arn:aws:kinesis:*"`)), says: "-"},
		{name: "a consumer below the stream", policy: policy(allowing(`"kinesis:SubscribeToShard"`, `"arn:aws:kinesis:eu-west-1:111122223333:stream/records/*"`)), says: "-"},
		{name: "an unknown action", policy: policy(allowing(`"kinesis:FlyAway"`, stream)), says: "-"},
		{name: "NotResource", policy: policy(`{"Effect": "Allow", "Action": "kinesis:ListStreams", "NotResource": ` + stream + `}`), says: "-"},
		{name: "NotAction", policy: policy(`{"Effect": "Allow", "NotAction": "kinesis:ListStreams", "Resource": ` + stream + `}`), says: "-"},
		{name: "a log group with a colon and a star", policy: policy(allowing(`"logs:CreateLogGroup"`, `"arn:aws:logs:*:*:log-group:/aws/connect/x:*"`)), says: "-"},
		{name: "the objects of a bucket do not list it", policy: policy(allowing(`"s3:ListBucket"`, `"arn:aws:s3:::records/*"`)), says: "bucket"},
		{name: "the bucket is no object", policy: policy(allowing(`"s3:GetObject"`, `"arn:aws:s3:::records"`)), says: "object"},
		{name: "an access point has a region", policy: policy(allowing(`"s3:GetObject"`, `"arn:aws:s3:eu-west-1:111122223333:accesspoint/a/object/*"`)), says: "-"},
		{name: "a contact is below its instance", policy: policy(allowing(`"connect:StopContact"`, `"arn:aws:connect:eu-west-1:111122223333:instance/8f"`)), says: "contact"},
		{name: "a pattern of which all is granted elsewhere", policy: policy(allowing(`"kinesis:ListStream*"`, stream), allowing(`"kinesis:ListStreams"`, `"*"`)), says: "-"},
		{name: "a wholly dead pattern", policy: policy(allowing(`"kinesis:ListStreams*"`, stream)), says: "1 of the 1 actions"},
		{name: "a pattern of a deny", policy: policy(`{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::records/*"}`), says: "-"},
		{name: "a dead pattern of a deny", policy: policy(`{"Effect": "Deny", "Action": "s3:ListAll*", "Resource": "arn:aws:s3:::records/*"}`), says: "not denied"},
		{name: "a pattern of a boundary", policy: policy(allowing(`"s3:*"`, `"arn:aws:s3:::records/*"`)), kind: iam.PermissionsBoundary, says: "-"},
		{name: "trust policies have no resource", policy: policy(`{"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Principal": "*"}`), kind: iam.TrustPolicy, says: "-"},
	} {
		c.code = "TL_ACTION_WITHOUT_RESOURCE_TYPE"
		t.Run(c.name, c.test)
	}
}

func TestUnusedResources(t *testing.T) {
	for _, c := range []ownCase{
		{name: "of another service", policy: policy(allowing(`"sqs:SendMessage"`, `["arn:aws:sqs:*:*:a", "arn:aws:sns:*:*:a"]`)), says: "add the actions of sns"},
		{name: "of another type", policy: policy(allowing(`"kinesis:GetRecords"`, `["arn:aws:kinesis:*:*:stream/a", "arn:aws:kinesis:*:*:channel/a"]`)), says: "stream (arn:"},
		{name: "each has its action", policy: policy(allowing(`["sqs:SendMessage", "sns:Publish"]`, `["arn:aws:sqs:*:*:a", "arn:aws:sns:*:*:a"]`)), says: "-"},
		{name: "all actions are dead, which is said there", policy: policy(allowing(`"kinesis:ListStreams"`, `"arn:aws:kinesis:*:*:stream/a"`)), says: "-"},
		{name: "an unknown action may take it", policy: policy(allowing(`["sqs:SendMessage", "sns:Shout"]`, `["arn:aws:sqs:*:*:a", "arn:aws:sns:*:*:a"]`)), says: "-"},
		{name: "every action", policy: policy(allowing(`"*"`, `["arn:aws:sqs:*:*:a", "arn:aws:sns:*:*:a"]`)), says: "-"},
		{name: "a bucket and its objects", policy: policy(allowing(`["s3:ListBucket", "s3:GetObject"]`, `["arn:aws:s3:::a", "arn:aws:s3:::a/*"]`)), says: "-"},
		{name: "the bucket beside GetObject", policy: policy(allowing(`"s3:GetObject"`, `["arn:aws:s3:::a", "arn:aws:s3:::a/*"]`)), says: "does nothing"},
	} {
		c.code = "TL_UNUSED_RESOURCE"
		t.Run(c.name, c.test)
	}
}

func TestEscalation(t *testing.T) {
	const roles = `"arn:aws:iam::111122223333:role/app-*"`
	const admin = `{"Effect": "Deny", "Action": "iam:*Policy", "Resource": "*"}`
	for _, c := range []ownCase{
		{name: "attach to any role", policy: policy(allowing(`"iam:AttachRolePolicy"`, `"*"`)), says: "on every role"},
		{name: "attach to any role of the account", policy: policy(allowing(`"iam:AttachRolePolicy"`, `"arn:aws:iam::111122223333:role/*"`)), says: "on every role"},
		{name: "attach by a pattern", policy: policy(allowing(`"iam:Attach*"`, `"*"`)), says: "iam:Attach*, line 1"},
		{name: "attach to roles that can be created, over two statements", policy: policy(allowing(`"iam:AttachRolePolicy"`, roles), allowing(`"iam:CreateRole"`, `"*"`)), says: "create one that trusts oneself"},
		{name: "attach to roles that can be assumed", policy: policy(allowing(`["iam:AttachRolePolicy", "sts:AssumeRole"]`, roles)), says: "assume one"},
		{name: "attach to a role that can be passed", policy: policy(allowing(`["iam:AttachRolePolicy", "iam:PassRole"]`, roles), allowing(`"lambda:CreateFunction"`, `"*"`)), says: "a function with code of its own"},
		{name: "attach to roles that are none of one's own", policy: policy(allowing(`"iam:AttachRolePolicy"`, roles)), says: "-"},
		{name: "create other roles", policy: policy(allowing(`"iam:AttachRolePolicy"`, roles), allowing(`"iam:CreateRole"`, `"arn:aws:iam::111122223333:role/web-*"`)), says: "-"},
		{name: "policies limited", policy: policy(allowing(`["iam:AttachRolePolicy", "iam:CreateRole"]`, roles, `"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::111122223333:policy/app"}`)), says: "-"},
		{name: "boundary", policy: policy(allowing(`["iam:PutRolePolicy", "iam:CreateRole"]`, roles, `"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/b"}`)), says: "-"},
		{name: "denied again", policy: policy(allowing(`"iam:AttachRolePolicy"`, `"*"`), admin), says: "-"},
		{name: "service-linked roles", policy: policy(allowing(`["iam:PutRolePolicy", "iam:CreateRole"]`, `"arn:aws:iam::*:role/aws-service-role/connect.amazonaws.com/*"`)), says: "-"},
		{name: "trust policy", policy: policy(allowing(`"iam:UpdateAssumeRolePolicy"`, roles)), says: "become any role that matches"},
		{name: "trust policy of one role", policy: policy(allowing(`"iam:UpdateAssumeRolePolicy"`, `"arn:aws:iam::111122223333:role/app"`)), says: "-"},
		{name: "pass to an instance", policy: policy(allowing(`"iam:PassRole"`, `"*"`), allowing(`"ec2:RunInstances"`, `"*"`)), says: "ec2:RunInstances"},
		{name: "pass with nothing that runs", policy: policy(allowing(`"iam:PassRole"`, `"*"`)), says: "-"},
		{name: "pass one role", policy: policy(allowing(`"iam:PassRole"`, `"arn:aws:iam::111122223333:role/app"`), allowing(`"ec2:RunInstances"`, `"*"`)), says: "-"},
		{name: "pass to a named service", policy: policy(allowing(`"iam:PassRole"`, roles, `"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}`), allowing(`"lambda:CreateFunction"`, `"*"`)), says: "-"},
		{name: "policy version", policy: policy(allowing(`"iam:CreatePolicyVersion"`, `"arn:aws:iam::111122223333:policy/*"`)), says: "allows everything the default one"},
		{name: "policy version of one policy", policy: policy(allowing(`"iam:CreatePolicyVersion"`, `"arn:aws:iam::111122223333:policy/app"`)), says: "-"},
		{name: "login profile", policy: policy(allowing(`"iam:UpdateLoginProfile"`, `"*"`)), says: "sign in"},
		{name: "own access keys", policy: policy(allowing(`"iam:CreateAccessKey"`, `"arn:aws:iam::*:user/${aws:username}"`)), says: "-"},
		{name: "own user's policies", policy: policy(allowing(`"iam:PutUserPolicy"`, `"arn:aws:iam::*:user/${aws:username}"`)), says: "write itself a policy"},
		{name: "groups", policy: policy(allowing(`"iam:AddUserToGroup"`, `"*"`)), says: "join the group"},
		{name: "code of any function", policy: policy(allowing(`"lambda:UpdateFunctionCode"`, `"arn:aws:lambda:*:*:function:*"`)), says: "role of any function"},
		{name: "code of some functions", policy: policy(allowing(`"lambda:UpdateFunctionCode"`, `"arn:aws:lambda:*:*:function:app-*"`)), says: "-"},
		{name: "administrator", policy: policy(allowing(`"*"`, `"*"`)), says: "an administrator"},
		{name: "iam as a whole", policy: policy(allowing(`"iam:*"`, `"*"`)), says: "an administrator"},
		{name: "all but another service", policy: policy(`{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}`), says: "iam:PutRolePolicy is not among what it leaves out"},
		{name: "all but a part of IAM", policy: policy(`{"Effect": "Allow", "NotAction": ["iam:*Role*", "iam:Create*"], "Resource": "*"}`), says: "iam:PutUserPolicy is not among"},
		{name: "all but IAM", policy: policy(`{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}`), says: "-"},
		{name: "all but another service, IAM denied", policy: policy(`{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}`, `{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}`), says: "-"},
		{name: "all but another service, with MFA", policy: policy(`{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}`), says: "-"},
		{name: "all but a placeholder", policy: policy(`{"Effect": "Allow", "NotAction": "<service>:*", "Resource": "*"}`), says: "-"},
		{name: "a resource that is not the service's", policy: policy(allowing(`["iam:AttachRolePolicy", "s3:GetObject"]`, `["arn:aws:s3:::a/*", "arn:aws:iam::111122223333:role/app"]`)), says: "-"},
		{name: "a boundary grants nothing", policy: policy(allowing(`"*"`, `"*"`)), kind: iam.PermissionsBoundary, says: "-"},
		{name: "a service control policy grants nothing", policy: policy(allowing(`"*"`, `"*"`)), kind: iam.ServiceControlPolicy, says: "-"},
	} {
		c.code = "TL_PRIVILEGE_ESCALATION"
		t.Run(c.name, c.test)
	}
}

func TestDependents(t *testing.T) {
	for _, c := range []ownCase{
		{name: "on the right resource", policy: policy(allowing(`"events:DeleteConnection"`, `"*"`), allowing(`"secretsmanager:DeleteSecret"`, `"arn:aws:secretsmanager:*:*:secret:events!connection/*"`)), says: "-"},
		{name: "on another resource", policy: policy(allowing(`"events:DeleteConnection"`, `"*"`), allowing(`"secretsmanager:DeleteSecret"`, `"arn:aws:secretsmanager:*:*:secret:app/*"`)), says: "secretsmanager:DeleteSecret"},
		{name: "by a pattern", policy: policy(allowing(`["events:DeleteConnection", "secretsmanager:D*"]`, `"*"`)), says: "-"},
		{name: "allowed and denied", policy: policy(allowing(`["events:DeleteConnection", "secretsmanager:D*"]`, `"*"`), `{"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}`), says: "secretsmanager:DeleteSecret"},
		{name: "keys of encrypted objects", policy: policy(allowing(`"s3:GetObject"`, `"arn:aws:s3:::a/*"`)), says: "-"},
		{name: "tags where nothing is tagged", policy: policy(allowing(`"iam:CreatePolicy"`, `"arn:aws:iam::111122223333:policy/app"`)), says: "-"},
		{name: "a dead grant needs nothing", policy: policy(allowing(`"events:DeleteConnection"`, `"arn:aws:events:*:*:rule/a"`)), says: "-"},
		{name: "a complete job", policy: policy(allowing(`["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:CreateTags"]`, `"*"`)), says: "-"},
		{name: "a service as a whole", policy: policy(allowing(`"pipes:*"`, `"*"`)), says: "iam:PassRole"},
	} {
		c.code = "TL_MISSING_DEPENDENT"
		t.Run(c.name, c.test)
	}
}

func TestOwnChecks(t *testing.T) {
	const trust = `{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": %s}`
	for _, c := range []ownCase{
		{name: "lambda", code: "TL_SERVICE_TRUST_WITHOUT_SOURCE", kind: iam.TrustPolicy, policy: policy(fmt.Sprintf(trust, `{"Service": "lambda.amazonaws.com"}`)), says: "-"},
		{name: "one of several services", code: "TL_SERVICE_TRUST_WITHOUT_SOURCE", kind: iam.TrustPolicy, policy: policy(fmt.Sprintf(trust, `{"Service": ["ec2.amazonaws.com", "scheduler.amazonaws.com"]}`)), says: "scheduler.amazonaws.com"},
		{name: "bare account", code: "TL_ACCOUNT_TRUST_WITHOUT_EXTERNAL_ID", kind: iam.TrustPolicy, policy: policy(fmt.Sprintf(trust, `{"AWS": "111122223333"}`)), says: "sts:ExternalId"},
		{name: "role", code: "TL_ACCOUNT_TRUST_WITHOUT_EXTERNAL_ID", kind: iam.TrustPolicy, policy: policy(fmt.Sprintf(trust, `{"AWS": "arn:aws:iam::111122223333:role/app"}`)), says: "-"},
		{name: "placeholder", code: "TL_ACCOUNT_TRUST_WITHOUT_EXTERNAL_ID", kind: iam.TrustPolicy, policy: policy(fmt.Sprintf(trust, `{"AWS": "arn:aws:iam::<account>:root"}`)), says: "-"},

		{name: "wildcard at the end", code: "TL_CLAIMABLE_BUCKET_NAME", policy: policy(allowing(`"s3:GetObject"`, `"arn:aws:s3:::records-*"`)), says: "-"},
		{name: "all buckets", code: "TL_CLAIMABLE_BUCKET_NAME", policy: policy(allowing(`"s3:GetObject"`, `"arn:aws:s3:::*/*"`)), says: "-"},
		{name: "organization", code: "TL_CLAIMABLE_BUCKET_NAME", policy: policy(allowing(`"s3:GetObject"`, `"arn:aws:s3:::*-a/*"`, `"StringEquals": {"aws:ResourceOrgID": "o-1"}`)), says: "-"},

		{name: "a folder of secrets", code: "TL_SECRET_SUFFIX_WILDCARD", policy: policy(allowing(`"secretsmanager:GetSecretValue"`, `"arn:aws:secretsmanager:*:*:secret:app/*"`)), says: "-"},
		{name: "all secrets", code: "TL_SECRET_SUFFIX_WILDCARD", policy: policy(allowing(`"secretsmanager:GetSecretValue"`, `"arn:aws:secretsmanager:*:*:secret:*-*"`)), says: "-"},

		{name: "the tag that decides", code: "TL_TAG_KEYS_NOT_LIMITED", policy: policy(
			allowing(`"sqs:TagQueue"`, `"*"`, `"StringEquals": {"aws:RequestTag/owner": "a"}`),
			allowing(`"sqs:DeleteQueue"`, `"*"`, `"StringEquals": {"aws:ResourceTag/branch": "quay"}`)), says: "tag branch"},
		{name: "no tagging", code: "TL_TAG_KEYS_NOT_LIMITED", policy: policy(allowing(`"sqs:CreateQueue"`, `"*"`, `"StringEquals": {"aws:RequestTag/owner": "a"}`)), says: "-"},

		{name: "the whole of lambda", code: "TL_ADD_PERMISSION_WITHOUT_PRINCIPAL", policy: policy(allowing(`"lambda:*"`, `"*"`)), says: "-"},
		{name: "a pattern", code: "TL_ADD_PERMISSION_WITHOUT_PRINCIPAL", policy: policy(allowing(`"lambda:Add*"`, `"*"`)), says: "lambda:Principal"},
		{name: "any function", code: "TL_ASSOCIATION_NOT_LIMITED", policy: policy(allowing(`["connect:AssociateLambdaFunction", "lambda:AddPermission"]`, `"*"`)), says: "-"},
		{name: "via a service", code: "TL_CREATE_GRANT_WITHOUT_LIMIT", policy: policy(allowing(`"kms:CreateGrant"`, `"*"`, `"StringLike": {"kms:ViaService": "connect.*.amazonaws.com"}`)), says: "-"},
		{name: "all keys of the account", code: "TL_DECRYPT_ON_ALL_KEYS", policy: policy(allowing(`"kms:Decrypt"`, `"arn:aws:kms:*:111122223333:key/*"`)), says: "kms:ViaService"},
		{name: "one key", code: "TL_DECRYPT_ON_ALL_KEYS", policy: policy(allowing(`"kms:Decrypt"`, `"arn:aws:kms:*:111122223333:key/8f"`)), says: "-"},
		{name: "one role", code: "TL_DELETES_GUARDING_POLICIES", policy: policy(allowing(`"iam:DetachRolePolicy"`, `"arn:aws:iam::111122223333:role/app"`)), says: "-"},
		{name: "users", code: "TL_DELETES_GUARDING_POLICIES", policy: policy(allowing(`"iam:DetachUserPolicy"`, `"arn:aws:iam::111122223333:user/*"`)), says: "any user"},
		{name: "one instance's role", code: "TL_SERVICE_LINKED_ROLE_POLICY", policy: policy(allowing(`"iam:PutRolePolicy"`, `"arn:aws:iam::111122223333:role/aws-service-role/connect.amazonaws.com/<role>"`)), says: "-"},
		{name: "tagged tables", code: "TL_DESTRUCTIVE_ON_STAR", policy: policy(allowing(`"dynamodb:DeleteTable"`, `"*"`, `"StringEquals": {"aws:ResourceTag/stage": "test"}`)), says: "-"},
		{name: "keys", code: "TL_DESTRUCTIVE_ON_STAR", policy: policy(allowing(`"kms:ScheduleKeyDeletion"`, `"*"`)), says: "all data that it encrypts"},
		{name: "metrics have data sets and need the star", code: "TL_STAR_WITH_RESOURCE_TYPE", policy: policy(allowing(`"cloudwatch:PutMetricData"`, `"*"`)), says: "-"},
		{name: "narrowed by tags", code: "TL_STAR_WITH_RESOURCE_TYPE", policy: policy(allowing(`"connect:DescribeUser"`, `"*"`, `"StringEquals": {"aws:ResourceTag/a": "b"}`)), says: "-"},
		{name: "the other has a condition", code: "TL_REDUNDANT_GRANT", policy: policy(allowing(`"sqs:SendMessage"`, `"arn:aws:sqs:*:*:a"`), allowing(`"sqs:SendMessage"`, `"*"`, `"Bool": {"aws:SecureTransport": "true"}`)), says: "-"},
		{name: "reading", code: "TL_WILDCARD_BEYOND_NOUN", policy: policy(allowing(`"connect:DescribeUser*"`, `"*"`)), says: "-"},
		{name: "roles", code: "TL_WILDCARD_BEYOND_NOUN", policy: policy(allowing(`"iam:UpdateRole*"`, `"*"`)), says: "-"},
		{name: "plain JSON", code: "TL_HARD_CODED_PARTITION", policy: policy(allowing(`"sqs:SendMessage"`, `"arn:aws:sqs:eu-west-1:111122223333:a"`)), says: "-"},
		{name: "no colon", code: "TL_MALFORMED_ACTION", policy: policy(allowing(`"SendMessage"`, `"*"`)), says: "begins with the prefix"},
		{name: "odd prefix", code: "TL_MALFORMED_ACTION", policy: policy(allowing(`"s q s:SendMessage"`, `"*"`)), says: "letters, digits"},
		{name: "placeholder", code: "TL_MALFORMED_ACTION", policy: policy(allowing(`"<action>"`, `"*"`)), says: "-"},
	} {
		t.Run(c.code+"/"+c.name, c.test)
	}
}

// Every check of ours explains itself: what, how to mend it, where it comes from.
func TestOwnDocs(t *testing.T) {
	n := 0
	for _, c := range lint.Checks() {
		if !strings.HasPrefix(c.Code, "TL_") {
			continue
		}
		n++
		if !strings.Contains(c.Doc, "Source: ") || !strings.Contains(c.Doc, "To mend it, ") && c.Code != "TL_MALFORMED_ACTION" {
			t.Errorf("%s: got no source or no way to mend it in its documentation", c.Code)
		}
	}
	if n < 20 {
		t.Errorf("got %d checks of our own, want 20 or more", n)
	}
}
