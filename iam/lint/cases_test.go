package lint_test

import (
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// A finds says how often one check finds something in a policy.
type finds struct {
	code   string
	want   int
	policy string // or a statement
}

func allow(rest string) string {
	return `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", ` + rest + `}`
}

func resource(arn string) string {
	return `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "` + arn + `"}`
}

func condition(test string) string { return allow(`"Condition": {` + test + `}`) }

func passing(action, resource string) string {
	return `{"Effect": "Allow", ` + action + `, ` + resource + `}`
}

var identityCases = []finds{
	// Elements.
	{"MISSING_STATEMENT", 1, `{"Version": "2012-10-17"}`},
	{"MISSING_STATEMENT", 0, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`},
	{"MISSING_VERSION", 0, `{"Version": "2008-10-17", "Statement": []}`},
	{"INVALID_VERSION", 0, `{"Version": "2008-10-17", "Statement": []}`},
	{"INVALID_VERSION", 0, `{"Version": "{version}", "Statement": []}`},
	{"DATA_TYPE_MISMATCH", 1, `{"Version": 2012, "Statement": []}`},
	{"INVALID_VERSION", 0, `{"Version": 2012, "Statement": []}`},
	{"DATA_TYPE_MISMATCH", 1, `{"Version": "2012-10-17", "Statement": ["x"]}`},
	{"DATA_TYPE_MISMATCH", 1, `{"Version": "2012-10-17", "Statement": "x"}`},
	{"DATA_TYPE_MISMATCH", 2, `{"Effect": "Allow", "Action": ["s3:*", null, {"a": 1}], "Resource": "*"}`},
	{"DATA_TYPE_MISMATCH", 1, allow(`"Principal": {"AWS": ["x", 1]}`)},
	{"DATA_TYPE_MISMATCH", 1, allow(`"Principal": ["*"]`)},
	{"DATA_TYPE_MISMATCH", 1, allow(`"Condition": "x"`)},
	{"DATA_TYPE_MISMATCH", 1, condition(`"Bool": true`)},
	{"DATA_TYPE_MISMATCH", 3, condition(`"StringEquals": {"s3:prefix": [null, ["a"]], "s3:delimiter": {}}`)},
	{"DATA_TYPE_MISMATCH", 0, condition(`"NumericEquals": {"s3:max-keys": 10}, "Bool": {"aws:SecureTransport": [true]}`)},
	{"INVALID_POLICY_ELEMENT", 1, allow(`"Conditions": {}`)},
	{"INVALID_POLICY_ELEMENT", 1, `{"Version": "2012-10-17", "Statement": [], "Comment": "x"}`},
	{"INVALID_POLICY_ELEMENT", 0, `{"Version": "2012-10-17", "Id": "x", "Statement": []}`},
	{"INVALID_EFFECT", 0, `{"Effect": "<effect>", "Action": "s3:*", "Resource": "*"}`},
	{"UNIQUE_SIDS_REQUIRED", 0, `{"Version": "2012-10-17", "Statement": [{"Sid": ""}, {"Sid": ""}, {"Sid": "A"}, {"Sid": "a"}]}`},
	{"UNIQUE_SIDS_REQUIRED", 2, `{"Version": "2012-10-17", "Statement": [{"Sid": "A"}, {"Sid": "A"}, {"Sid": "A"}]}`},
	{"UNIQUE_SIDS_RECOMMENDED", 0, `{"Version": "2012-10-17", "Statement": [{"Sid": "A"}, {"Sid": "A"}]}`},
	{"UNSUPPORTED_SID", 0, `{"Sid": "", "Effect": "Deny"}`},
	{"UNSUPPORTED_SID", 1, `{"Sid": "Zähler", "Effect": "Deny"}`},
	{"MISSING_PRINCIPAL", 0, allow(`"Sid": "x"`)},
	{"MISSING_ACTION", 0, `{"Effect": "Deny", "Action": [], "Resource": "*"}`},
	{"UNSUPPORTED_ELEMENT_COMBINATION", 2, `{"Effect": "Deny", "Action": "s3:*", "NotAction": "s3:*", "Resource": "*", "NotResource": "*"}`},

	// ARNs.
	{"INVALID_ARN_ACCOUNT", 0, resource("arn:aws:iam::aws:policy/ReadOnlyAccess")},
	{"INVALID_ARN_ACCOUNT", 0, resource("arn:aws:sqs:*:*:q")},
	{"INVALID_ARN_ACCOUNT", 0, resource("arn:aws:sqs:eu-west-2:${aws:PrincipalAccount}:q")},
	{"INVALID_ARN_ACCOUNT", 0, resource("arn:aws:sqs:eu-west-2:{AWS Account ID}:q")},
	{"INVALID_ARN_ACCOUNT", 0, resource("arn:aws:sqs:eu-west-2:<aws_account_id>:q")},
	{"INVALID_ARN_ACCOUNT", 0, resource("arn:aws:sqs:region:account-id:q")},
	{"INVALID_ARN_ACCOUNT", 0, resource("arn:aws:s3:::b")},
	{"INVALID_ARN_ACCOUNT", 1, resource("arn:aws:sqs:eu-west-2:12345:q")},
	{"INVALID_ARN_ACCOUNT", 0, resource("aws:logs:eu-west-2:111122223333:log-group:x")},
	{"INVALID_ARN_PREFIX", 0, resource("{CTR Kinesis Stream ARN}")},
	{"INVALID_ARN_PREFIX", 0, resource("**")},
	{"INVALID_ARN_PREFIX", 0, resource("*:aws:s3:::b")},
	{"INVALID_ARN_PREFIX", 1, resource("aws:s3:::b")},
	{"INVALID_ARN_PREFIX", 1, resource("ARN:aws:s3:::b")},
	{"WILDCARD_IN_SERVICE_NAME", 0, resource("*")},
	{"WILDCARD_IN_SERVICE_NAME", 1, resource("arn:aws:*:::b")},

	// Privilege. One statement has one finding of the six.
	{"PASS_ROLE_WITH_STAR_IN_RESOURCE", 0, passing(`"Action": "iam:PassRole"`, `"Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}`)},
	{"PASS_ROLE_WITH_STAR_IN_RESOURCE", 0, passing(`"Action": "iam:PassRole"`, `"Resource": "arn:aws:iam::*:role/Service*"`)},
	{"PASS_ROLE_WITH_STAR_IN_RESOURCE", 0, passing(`"Action": "iam:PassRole"`, `"Resource": "arn:aws:iam::*:role/app"`)},
	{"PASS_ROLE_WITH_STAR_IN_RESOURCE", 0, passing(`"Action": "iam:PassRole"`, `"Resource": "arn:aws:s3:::b/*"`)},
	{"PASS_ROLE_WITH_STAR_IN_RESOURCE", 0, `{"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"}`},
	{"PASS_ROLE_WITH_STAR_IN_RESOURCE", 1, passing(`"Action": ["IAM:passrole", "iam:*"]`, `"Resource": "arn:aws:iam::*:*"`)},
	{"PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", 0, passing(`"Action": ["IAM:passrole", "iam:*"]`, `"Resource": "*"`)},
	{"PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", 1, passing(`"Action": "*"`, `"Resource": "*"`)},
	{"PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", 0, passing(`"Action": "*"`, `"Resource": "arn:aws:s3:::*"`)},
	{"PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", 0, passing(`"Action": "iam:Get*"`, `"Resource": "*"`)},
	{"PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", 0, passing(`"NotAction": "iam:*"`, `"Resource": "*"`)},
	{"PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", 0, passing(`"NotAction": ["iam:PassRole"]`, `"Resource": "*"`)},
	{"PASS_ROLE_WITH_NOT_RESOURCE", 0, passing(`"Action": "iam:PassRole"`, `"NotResource": "*"`)},
	{"CREATE_SLR_WITH_STAR_IN_RESOURCE", 0, passing(`"Action": "iam:CreateServiceLinkedRole"`, `"Resource": "arn:aws:iam::*:role/aws-service-role/connect.amazonaws.com/*"`)},
	{"CREATE_SLR_WITH_STAR_IN_RESOURCE", 1, passing(`"Action": "iam:CreateServiceLinkedRole"`, `"Resource": "arn:aws:iam::*:role/aws-service-role/*"`)},
	{"CREATE_SLR_WITH_STAR_IN_RESOURCE", 0, passing(`"Action": "iam:CreateServiceLinkedRole"`, `"Resource": "*", "Condition": {"StringEquals": {"iam:AWSServiceName": "connect.amazonaws.com"}}`)},

	// Conditions.
	{"INVALID_CONDITION_OPERATOR", 0, condition(`"ForAnyValue:StringNotLikeIfExists": {"aws:TagKeys": "x"}`)},
	{"INVALID_CONDITION_OPERATOR", 1, condition(`"ForEachValue:StringLike": {"aws:TagKeys": "x"}`)},
	{"INVALID_CONDITION_OPERATOR", 0, condition(`"NullIfExists": {"aws:TokenIssueTime": "true"}`)},
	{"DUPLICATE_KEYS_WITH_DIFFERENT_CASE", 0, condition(`"StringEquals": {"s3:prefix": "a"}, "StringLike": {"S3:prefix": "a"}`)},
	{"INVALID_CONDITION_DATA_TYPE", 1, condition(`"Bool": {"aws:SecureTransport": ["true", true]}`)},
	{"INVALID_CONDITION_KEY_FORMAT", 0, condition(`"StringEquals": {"oidc.eks.eu-west-2.amazonaws.com/id/EXAMPLE:sub": "x", "aws:ResourceTag/a b:c": "x", "<key>": "x"}`)},
	{"INVALID_CONDITION_KEY_FORMAT", 3, condition(`"StringEquals": {":x": "x", "aws:": "x", "a b:c": "x"}`)},
	{"INVALID_CONDITION_MULTIPLE_BOOLEAN", 0, condition(`"ForAnyValue:Bool": {"x:y": ["true", "false"]}, "Bool": {"x:y": ["true"]}`)},
	{"EMPTY_OBJECT_CONDITION", 1, condition(`"StringEquals": {}`)},
	{"EMPTY_ARRAY_CONDITION", 0, condition(`"StringEqualsIfExists": {"x:y": []}, "ForAllValues:StringEquals": {"x:y": []}`)},
	{"EMPTY_ARRAY_CONDITION_FORANYVALUE", 0, condition(`"ForAnyValue:StringEqualsIfExists": {"x:y": []}`)},
	{"EMPTY_ARRAY_CONDITION_IFEXISTS", 1, condition(`"ForAnyValue:StringEqualsIfExists": {"x:y": []}`)},
	{"MISSING_TAG_KEY_IN_CONDITION", 3, condition(`"StringEquals": {"aws:RequestTag": "x", "ec2:ResourceTag/": "x", "aws:principaltag/": "x"}`)},
	{"MISSING_TAG_KEY_IN_CONDITION", 0, condition(`"StringEquals": {"aws:RequestTag/x": "x", "s3:prefix": "tag/"}`)},
	{"WILDCARD_WITHOUT_LIKE_OPERATOR", 0, condition(`"StringEquals": {"s3:prefix": "a${*}${?}"}, "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}, "StringNotLike": {"s3:prefix": "*"}`)},
	{"WILDCARD_WITHOUT_LIKE_OPERATOR", 2, condition(`"StringNotEqualsIgnoreCase": {"s3:prefix": ["a?", "${*}*"]}`)},
	{"TYPE_MISMATCH_BOOLEAN", 0, condition(`"Bool": {"x:y": ["True", true, "${x:z}", "{flag}"]}, "Null": {"x:y": "false"}`)},
	{"TYPE_MISMATCH_BOOLEAN", 2, condition(`"BoolIfExists": {"x:y": "1"}, "Null": {"x:y": ""}`)},
	{"TYPE_MISMATCH_NUMBER", 0, condition(`"NumericEquals": {"x:y": ["1", "-2.5", "+3", 4, 1e3]}`)},
	{"TYPE_MISMATCH_NUMBER", 5, condition(`"NumericEquals": {"x:y": ["", "1,5", "0x10", "NaN", "*"]}`)},
	{"TYPE_MISMATCH_DATE", 0, condition(`"DateEquals": {"x:y": ["2026", "2026-01", "2026-01-31", "2026-01-31T12:00Z", "2026-01-31T12:00:00.123+01:00", "2026-01-31T12:00:00+01", 1769817600]}`)},
	{"TYPE_MISMATCH_DATE", 4, condition(`"DateEquals": {"x:y": ["", "2026-02-30", "today", "2026/01/31"]}`)},
	{"INVALID_DATE_VALUE", 0, condition(`"DateLessThan": {"aws:EpochTime": "1769817600", "aws:CurrentTime": "2026"}`)},
	{"INVALID_DATE_VALUE", 1, condition(`"DateLessThan": {"aws:CurrentTime": 1769817600}`)},
	{"TYPE_MISMATCH_IP_RANGE", 0, condition(`"IpAddress": {"aws:SourceIp": ["203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "${x:y}", "<office>"]}`)},
	{"TYPE_MISMATCH_IP_RANGE", 4, condition(`"IpAddress": {"aws:SourceIp": ["", "203.0.113.0/33", "203.0.113", "fe80::1%eth0"]}`)},
	{"IMPROVE_IP_RANGE", 1, condition(`"IpAddress": {"aws:SourceIp": ["2001:db8::1/32", "203.0.113.7", "203.0.113.7/32"]}`)},
	{"PRIVATE_IP_ADDRESS", 0, condition(`"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "{office}"]}`)},
	{"PRIVATE_IP_ADDRESS", 0, condition(`"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}`)},
	{"PRIVATE_IP_ADDRESS", 0, condition(`"IpAddress": {"aws:SourceIp": ["8.0.0.0/5", "0.0.0.0/0"]}`)},
	{"PRIVATE_IP_ADDRESS", 1, condition(`"IpAddress": {"aws:SourceIp": ["192.168.1.1", "172.20.0.0/16", "fd00::/8"]}`)},
	{"PRIVATE_IP_ADDRESS_SUBSET", 2, condition(`"IpAddress": {"aws:SourceIp": ["192.168.1.1", "203.0.113.0/24", "172.20.0.0/16"]}`)},
	{"PRIVATE_NOT_IP_ADDRESS", 0, condition(`"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}`)},
	{"INVALID_VPC_FORMAT", 0, condition(`"StringEquals": {"aws:SourceVpc": ["vpc-12345678", "vpc-*", "${x:y}", "<vpc>"]}, "Null": {"aws:SourceVpc": "true"}`)},
	{"INVALID_VPC_FORMAT", 2, condition(`"StringEquals": {"aws:SourceVpc": ["vpc-1234567", "12345678"]}`)},
	{"S3_PREFIX_IN_NEGATIVE_CONTEXT", 0, condition(`"StringLike": {"s3:prefix": "a/*"}, "Null": {"s3:prefix": "false"}`)},
	{"S3_PREFIX_IN_NEGATIVE_CONTEXT", 1, condition(`"StringNotLike": {"s3:prefix": "a/*"}`)},
	{"DYNAMODB_ATTRIBUTES_WITHOUT_SELECT", 0, `{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": "id"}}}`},
	{"DYNAMODB_ATTRIBUTES_WITHOUT_SELECT", 1, `{"Effect": "Allow", "NotAction": "dynamodb:PutItem", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": "id"}}}`},
	{"DYNAMODB_ATTRIBUTES_WITHOUT_SELECT", 1, `{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": "id"}, "StringEquals": {"dynamodb:Select": "COUNT"}}}`},

	// Variables.
	{"MISSING_BRACE_IN_VARIABLE", 0, `{"Version": "2008-10-17", "Statement": [` + resource("arn:aws:s3:::b/${aws:username") + `]}`},
	{"MISSING_BRACE_IN_VARIABLE", 0, resource("arn:aws:s3:::b/${aws:PrincipalTag/x, 'a}b'}")},
	{"MISSING_QUOTE_IN_VARIABLE", 0, resource("arn:aws:s3:::b/${aws:PrincipalTag/x, 'a b'}/${aws:username}")},
	{"MISSING_QUOTE_IN_VARIABLE", 1, resource("arn:aws:s3:::b/${aws:PrincipalTag/x, 'a}")},
	{"UNSUPPORTED_SPACE_IN_VARIABLE", 0, resource("arn:aws:s3:::b/${aws:PrincipalTag/x, 'a b'}/${ }")},
	{"EMPTY_VARIABLE", 2, resource("arn:aws:s3:::b/${}/${ }/${*}/${$}")},
	{"INVALID_VARIABLE_FOR_OPERATOR", 0, condition(`"ArnLike": {"aws:SourceArn": "${x:y}"}, "StringEqualsIfExists": {"x:y": "${x:z}"}, "Strange": {"x:y": "${x:z}"}`)},
	{"INVALID_VARIABLE_FOR_OPERATOR", 1, condition(`"Null": {"x:y": "${x:z}"}`)},
	{"VARIABLE_UNSUPPORTED_IN_ELEMENT", 1, condition(`"StringEquals": {"aws:ResourceTag/${x:y}": "x"}`)},
	{"VARIABLE_UNSUPPORTED_IN_VERSION", 2, `{"Statement": [` + resource("arn:aws:s3:::${x:y}/${*}") + `]}`},
	{"VARIABLE_UNSUPPORTED_IN_VERSION", 0, `{"Version": "2012-10-17", "Statement": [` + resource("arn:aws:s3:::${x:y}/${*}") + `]}`},
}

func principal(text string) string {
	return `{"Effect": "Allow", "Principal": ` + text + `, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}`
}

var resourceCases = []finds{
	{"INVALID_ARN_PREFIX", 0, `{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/GET/x"}`},
	{"MISSING_RESOURCE", 0, `{"Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}`},
	{"MISSING_RESOURCE", 1, `{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}`},
	{"MISSING_PRINCIPAL", 0, `{"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "*"}`},
	{"UNSUPPORTED_PRINCIPAL", 0, principal(`"*"`)},
	{"UNSUPPORTED_SID", 0, `{"Sid": "Read only", "Effect": "Deny"}`},
	{"UNIQUE_SIDS_RECOMMENDED", 1, `{"Version": "2012-10-17", "Statement": [{"Sid": "A"}, {"Sid": "A"}]}`},
	{"UNIQUE_SIDS_REQUIRED", 0, `{"Version": "2012-10-17", "Statement": [{"Sid": "A"}, {"Sid": "A"}]}`},
	{"INVALID_PRINCIPAL_FORMAT", 0, principal(`"*"`)},
	{"INVALID_PRINCIPAL_FORMAT", 1, principal(`"lambda.amazonaws.com"`)},
	{"INVALID_PRINCIPAL_KEY", 1, principal(`{"Account": "111122223333"}`)},
	{"UNSUPPORTED_WILDCARD_IN_PRINCIPAL", 0, principal(`{"AWS": ["*", "111122223333", "{role name}"]}`)},
	{"UNSUPPORTED_WILDCARD_IN_PRINCIPAL", 2, principal(`{"AWS": "arn:aws:iam::*:root", "Service": "*"}`)},
	{"INVALID_ROLE_REFERENCE", 0, principal(`{"AWS": "arn:aws:iam::111122223333:role/AROA1234567890EXAMPLE"}`)},
	{"EMPTY_ARRAY_PRINCIPAL", 0, principal(`{"AWS": [], "Service": "logs.amazonaws.com"}`)},
	{"ALLOW_WITH_NOT_PRINCIPAL", 0, `{"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "*"}`},
	{"PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", 0, `{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}`},
}

func trust(federated, action, condition string) string {
	return `{"Effect": "Allow", "Principal": {"Federated": ` + federated + `}, "Action": ` + action + `, "Condition": {` + condition + `}}`
}

const (
	saml   = `"arn:aws:iam::111122223333:saml-provider/x"`
	eks    = `"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-2.amazonaws.com/id/EXAMPLE"`
	github = `"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"`
)

var trustCases = []finds{
	{"MISSING_RESOURCE", 0, trust(saml, `"sts:AssumeRoleWithSAML"`, ``)},
	{"FEDERATED_PRINCIPAL_NOT_SUPPORTED", 0, trust(saml, `"sts:AssumeRoleWithSAML"`, ``)},
	{"ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", 0, `{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}`},
	{"ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", 1, `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "NotResource": "*"}`},
	{"INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", 0, trust(`[`+saml+`, `+eks+`, "www.amazon.com", "{SAML provider}"]`, `"sts:*"`, ``)},
	{"INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", 3, trust(`["localhost", "arn:aws:iam::111122223333:saml-provider/", "arn:aws:iam::111122223333:role/x"]`, `"sts:*"`, ``)},
	{"MISMATCHED_ACTION_FOR_PRINCIPAL", 0, trust(`[`+saml+`, `+eks+`]`, `["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"]`, ``)},
	{"MISMATCHED_ACTION_FOR_PRINCIPAL", 0, trust(saml, `"sts:*"`, ``)},
	{"MISMATCHED_ACTION_FOR_PRINCIPAL", 1, trust(saml, `"sts:AssumeRoleWithWebIdentity"`, ``)},
	{"MISMATCHED_ACTION_FOR_PRINCIPAL", 1, `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["sts:AssumeRole", "sts:AssumeRoleWithSAML"]}`},
	{"MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", 0, `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": "sts:AssumeRole"},
 {"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": ["sts:Set*", "sts:TagSession"]}]}`},
	{"MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", 0, trust(eks, `"sts:AssumeRoleWithWebIdentity"`, `"StringEquals": {"oidc.eks.eu-west-2.amazonaws.com/id/EXAMPLE:sub": "x"}`)},
	{"MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", 1, trust(eks, `"sts:AssumeRoleWithWebIdentity"`, `"StringEquals": {"accounts.google.com:aud": "x"}`)},
	{"MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", 0, trust(github, `"sts:AssumeRoleWithWebIdentity"`, ``)},
	{"MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", 0, trust(saml, `"sts:AssumeRoleWithSAML"`, ``)},
	{"MISSING_GITHUB_REPO_CONDITION_KEY", 1, trust(github, `"sts:AssumeRoleWithWebIdentity"`, ``)},
	{"SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", 0, trust(github, `"sts:AssumeRoleWithWebIdentity"`,
		`"StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*", "token.actions.githubusercontent.com:ref": "refs/heads/main"}`)},
	{"SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", 1, trust(github, `"sts:AssumeRoleWithWebIdentity"`,
		`"StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/*", "token.actions.githubusercontent.com:ref": "refs/heads/main"}`)},
	{"FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE", 1, trust(saml, `"sts:AssumeRoleWithSAML"`, `"ForAnyValue:StringEquals": {"SAML:aud": "x"}`)},
}

var scpCases = []finds{
	{"MISSING_PRINCIPAL", 0, allow(`"Sid": "x"`)},
	{"SCP_SYNTAX_ERROR_ACTION_WILDCARD", 0, `{"Effect": "Deny", "Action": ["*", "s3:*", "s3:Get*", "s3:Get**"], "Resource": "*"}`},
	{"SCP_SYNTAX_ERROR_ACTION_WILDCARD", 2, `{"Effect": "Deny", "Action": ["s3:*Object", "s3:Get?bject"], "Resource": "*"}`},
	{"SCP_SYNTAX_ERROR_PRINCIPAL", 2, allow(`"Principal": "*", "NotPrincipal": "*"`)},
	{"PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", 0, `{"Effect": "Allow", "Action": "*", "Resource": "*"}`},
}

func rcp(test string) string {
	return `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {` + test + `}}`
}

var rcpCases = []finds{
	{"RCP_SYNTAX_ERROR_PRINCIPAL", 2, `{"Effect": "Deny", "Principal": {"AWS": "*"}, "NotPrincipal": "*", "Action": "s3:*", "Resource": "*"}`},
	{"INVALID_PRINCIPAL_FORMAT", 0, `{"Effect": "Deny", "Principal": "111122223333", "Action": "s3:*", "Resource": "*"}`},
	{"RCP_SYNTAX_ERROR_ALLOW", 2, `{"Effect": "Allow", "Principal": "*", "Action": "*", "NotResource": "*", "Condition": {}}`},
	{"RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY", 1, rcp(`"StringNotEquals": {"aws:PrincipalTag/team": "x"}`)},
	{"RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY", 0, rcp(`"StringNotEquals": {"aws:ResourceOrgID": "x"}`)},
	{"RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY", 0, rcp(`"Null": {"aws:SourceAccount": "false"}`)},
	{"RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK", 0, rcp(`"StringNotEquals": {"aws:SourceOrgID": "x"}, "Null": {"aws:SourceArn": "false"}`)},
	{"RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK", 1, rcp(`"StringNotEquals": {"aws:SourceOrgID": "x"}`)},
}

// What the checks find beyond their examples, and where they are silent.
func TestCases(t *testing.T) {
	for policyType, cases := range map[iam.Type][]finds{
		iam.IdentityPolicy: identityCases, iam.ResourcePolicy: resourceCases, iam.TrustPolicy: trustCases,
		iam.ServiceControlPolicy: scpCases, iam.ResourceControlPolicy: rcpCases,
	} {
		for _, tt := range cases {
			doc := iam.Parse([]byte(example(tt.policy)))
			if len(doc.Problems) > 0 {
				t.Errorf("%s: %v in %s", tt.code, doc.Problems, tt.policy)
			}
			findings := lint.Run(doc, lint.Options{Type: policyType, Codes: []string{tt.code}})
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

// Of the six ways to grant an action too widely a statement has one.
func TestOneBroadGrant(t *testing.T) {
	for _, policy := range []string{
		passing(`"Action": ["iam:PassRole", "iam:*", "*"]`, `"Resource": "*"`),
		passing(`"Action": ["*"]`, `"Resource": ["*", "arn:aws:iam::111122223333:role/*"]`),
		passing(`"NotAction": "s3:*"`, `"Resource": "*"`),
		passing(`"Action": "iam:*"`, `"NotResource": "arn:aws:iam::111122223333:role/x"`),
	} {
		counts := map[string]int{}
		for _, finding := range lint.Run(iam.Parse([]byte(example(policy))), lint.Options{}) {
			for _, prefix := range []string{"PASS_ROLE_", "CREATE_SLR_"} {
				if strings.HasPrefix(finding.Check.Code, prefix) {
					counts[prefix]++
				}
			}
		}
		if counts["PASS_ROLE_"] != 1 || counts["CREATE_SLR_"] != 1 {
			t.Errorf("got %v, want one of each in %s", counts, policy)
		}
	}
}
