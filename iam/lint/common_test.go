package lint_test

import (
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// TestCommonGrants holds our checks to grants as people write them: the catalogue's resource types, with their wildcards, qualifiers
// and separators, must not be read so narrowly that one of them seems dead.
func TestCommonGrants(t *testing.T) {
	for _, statement := range []string{
		allowing(`"s3:ListAllMyBuckets"`, `"*"`),
		allowing(`["s3:ListBucket", "s3:GetBucketLocation"]`, `"arn:aws:s3:::b"`),
		allowing(`["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:PutObjectAcl", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:GetObjectVersion", "s3:RestoreObject"]`, `"arn:aws:s3:::b/*"`),
		allowing(`["s3:GetObject", "s3:ListBucket"]`, `["arn:aws:s3:::b", "arn:aws:s3:::b/home/${aws:username}/*"]`),
		allowing(`["iam:ChangePassword", "iam:GetUser", "iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:ListAccessKeys", "iam:UpdateAccessKey", "iam:GetAccessKeyLastUsed", "iam:DeleteSigningCertificate", "iam:ListSSHPublicKeys", "iam:UploadSSHPublicKey", "iam:EnableMFADevice", "iam:ListMFADevices", "iam:ResyncMFADevice", "iam:DeactivateMFADevice"]`, `"arn:aws:iam::*:user/${aws:username}"`),
		allowing(`"iam:CreateVirtualMFADevice"`, `"arn:aws:iam::*:mfa/*"`),
		allowing(`"logs:CreateLogGroup"`, `"arn:aws:logs:us-east-1:111122223333:*"`),
		allowing(`["logs:CreateLogStream", "logs:PutLogEvents"]`, `["arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/x:*"]`),
		allowing(`["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery", "logs:PutRetentionPolicy", "logs:TagResource"]`, `["arn:aws:logs:us-east-1:111122223333:log-group:x:log-stream:*", "arn:aws:logs:us-east-1:111122223333:log-group:x"]`),
		allowing(`["ec2:StartInstances", "ec2:StopInstances"]`, `"arn:aws:ec2:*:*:instance/*"`, `"StringEquals": {"aws:ResourceTag/Owner": "${aws:username}"}`),
		allowing(`"ec2:RunInstances"`, `["arn:aws:ec2:us-east-1:111122223333:instance/*", "arn:aws:ec2:us-east-1::image/ami-*", "arn:aws:ec2:us-east-1:111122223333:subnet/*", "arn:aws:ec2:us-east-1:111122223333:network-interface/*", "arn:aws:ec2:us-east-1:111122223333:volume/*", "arn:aws:ec2:us-east-1:111122223333:key-pair/*", "arn:aws:ec2:us-east-1:111122223333:security-group/*"]`),
		allowing(`["ec2:CreateTags"]`, `"arn:aws:ec2:*:*:*/*"`, `"StringEquals": {"ec2:CreateAction": "RunInstances"}`),
		allowing(`["ec2:AttachVolume", "ec2:DetachVolume"]`, `["arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*:*:instance/*"]`),
		allowing(`["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:DescribeTable"]`, `["arn:aws:dynamodb:*:*:table/t", "arn:aws:dynamodb:*:*:table/t/index/*"]`),
		allowing(`["ssm:StartSession"]`, `["arn:aws:ec2:us-east-1:111122223333:instance/i-1", "arn:aws:ssm:us-east-1:111122223333:document/SSM-SessionManagerRunShell", "arn:aws:ssm:*:*:document/AWS-StartSSHSession"]`),
		allowing(`["ssm:TerminateSession", "ssm:ResumeSession"]`, `["arn:aws:ssm:*:*:session/${aws:username}-*"]`),
		allowing(`["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:PutParameter"]`, `["arn:aws:ssm:us-east-1:111122223333:parameter/app/*"]`),
		allowing(`["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"]`, `"arn:aws:route53:::hostedzone/Z1"`),
		allowing(`["route53:GetChange"]`, `"arn:aws:route53:::change/*"`),
		allowing(`["cloudfront:CreateInvalidation"]`, `"arn:aws:cloudfront::111122223333:distribution/E1"`),
		allowing(`["states:StartExecution"]`, `"arn:aws:states:us-east-1:111122223333:stateMachine:x"`),
		allowing(`["states:DescribeExecution", "states:StopExecution"]`, `"arn:aws:states:us-east-1:111122223333:execution:x:*"`),
		allowing(`["states:StartExecution", "states:DescribeExecution"]`, `"arn:aws:states:us-east-1:111122223333:*:x*"`),
		allowing(`["events:PutTargets", "events:PutRule", "events:DescribeRule"]`, `"arn:aws:events:us-east-1:111122223333:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"`),
		allowing(`["events:PutEvents"]`, `"arn:aws:events:us-east-1:111122223333:event-bus/default"`),
		allowing(`["execute-api:Invoke", "execute-api:ManageConnections"]`, `"arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets"`),
		allowing(`["apigateway:GET", "apigateway:POST"]`, `"arn:aws:apigateway:us-east-1::/restapis/*"`),
		allowing(`["glue:GetTable", "glue:GetDatabase", "glue:GetPartitions"]`, `["arn:aws:glue:us-east-1:111122223333:catalog", "arn:aws:glue:us-east-1:111122223333:database/d", "arn:aws:glue:us-east-1:111122223333:table/d/t"]`),
		allowing(`["athena:StartQueryExecution", "athena:GetQueryResults"]`, `"arn:aws:athena:us-east-1:111122223333:workgroup/primary"`),
		allowing(`["iot:Publish", "iot:Receive"]`, `"arn:aws:iot:us-east-1:111122223333:topic/a/b"`),
		allowing(`["iot:Connect"]`, `"arn:aws:iot:us-east-1:111122223333:client/${iot:Connection.Thing.ThingName}"`),
		allowing(`["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]`, `["arn:aws:bedrock:us-east-1::foundation-model/anthropic.*", "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.x"]`),
		allowing(`["elasticloadbalancing:RegisterTargets"]`, `"arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/x/y"`),
		allowing(`["elasticloadbalancing:ModifyListener", "elasticloadbalancing:AddTags"]`, `["arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/*/*/*", "arn:aws:elasticloadbalancing:*:*:loadbalancer/app/*/*", "arn:aws:elasticloadbalancing:*:*:targetgroup/*/*"]`),
		allowing(`["rds-db:connect"]`, `"arn:aws:rds-db:us-east-1:111122223333:dbuser:cluster-X/user"`),
		allowing(`["rds:DescribeDBInstances", "rds:CreateDBSnapshot", "rds:StartDBInstance"]`, `["arn:aws:rds:us-east-1:111122223333:db:x", "arn:aws:rds:us-east-1:111122223333:snapshot:*"]`),
		allowing(`["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms"]`, `"arn:aws:cloudwatch:us-east-1:111122223333:alarm:*"`),
		allowing(`["ecs:RunTask"]`, `"arn:aws:ecs:us-east-1:111122223333:task-definition/x:*"`),
		allowing(`["ecs:UpdateService", "ecs:DescribeServices"]`, `"arn:aws:ecs:us-east-1:111122223333:service/c/s"`),
		allowing(`["ecs:StopTask", "ecs:DescribeTasks", "ecs:ExecuteCommand"]`, `["arn:aws:ecs:us-east-1:111122223333:task/c/*", "arn:aws:ecs:us-east-1:111122223333:cluster/c"]`),
		allowing(`["es:ESHttpGet", "es:ESHttp*"]`, `"arn:aws:es:us-east-1:111122223333:domain/x/*"`),
		allowing(`["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:PutImage"]`, `"arn:aws:ecr:us-east-1:111122223333:repository/team/app"`),
		allowing(`["ecr:GetAuthorizationToken"]`, `"*"`),
		allowing(`["lambda:InvokeFunction"]`, `["arn:aws:lambda:us-east-1:111122223333:function:f", "arn:aws:lambda:us-east-1:111122223333:function:f:*"]`),
		allowing(`["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]`, `"arn:aws:sqs:us-east-1:111122223333:q"`),
		allowing(`["sns:Publish", "sns:Subscribe"]`, `"arn:aws:sns:us-east-1:111122223333:t"`),
		allowing(`["sns:Unsubscribe", "sns:GetSubscriptionAttributes"]`, `"arn:aws:sns:us-east-1:111122223333:t:*"`),
		allowing(`["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"]`, `"arn:aws:kms:us-east-1:111122223333:key/8f"`),
		allowing(`["kms:CreateAlias"]`, `["arn:aws:kms:us-east-1:111122223333:alias/a", "arn:aws:kms:us-east-1:111122223333:key/8f"]`),
		allowing(`["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]`, `"arn:aws:secretsmanager:us-east-1:111122223333:secret:a-??????"`),
		allowing(`["sts:AssumeRole"]`, `"arn:aws:iam::111122223333:role/x"`),
		allowing(`["cloudformation:CreateStack", "cloudformation:DescribeStacks", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"]`, `["arn:aws:cloudformation:us-east-1:111122223333:stack/x/*", "arn:aws:cloudformation:us-east-1:aws:transform/Serverless-2016-10-31"]`),
		allowing(`["codecommit:GitPull", "codebuild:StartBuild", "codebuild:BatchGetBuilds"]`, `["arn:aws:codecommit:us-east-1:111122223333:r", "arn:aws:codebuild:us-east-1:111122223333:project/p"]`),
		allowing(`["cognito-idp:AdminGetUser", "cognito-idp:AdminCreateUser"]`, `"arn:aws:cognito-idp:us-east-1:111122223333:userpool/x"`),
		allowing(`["firehose:PutRecord", "firehose:PutRecordBatch"]`, `"arn:aws:firehose:us-east-1:111122223333:deliverystream/x"`),
		allowing(`["wisdom:QueryAssistant", "wisdom:GetRecommendations"]`, `["arn:aws:wisdom:us-east-1:111122223333:assistant/a", "arn:aws:wisdom:us-east-1:111122223333:session/a/*"]`),
		allowing(`["kinesisvideo:GetMedia", "kinesisvideo:GetDataEndpoint", "kinesisvideo:ListFragments"]`, `"arn:aws:kinesisvideo:us-east-1:111122223333:stream/x/*"`),
		allowing(`["backup:StartBackupJob"]`, `"arn:aws:backup:us-east-1:111122223333:backup-vault:v"`),
		allowing(`["organizations:DescribeOrganization", "organizations:ListAccounts"]`, `"*"`),
		allowing(`["ses:SendEmail", "ses:SendRawEmail"]`, `["arn:aws:ses:us-east-1:111122223333:identity/example.com", "arn:aws:ses:us-east-1:111122223333:configuration-set/x"]`),
		allowing(`["scheduler:CreateSchedule", "scheduler:GetSchedule"]`, `"arn:aws:scheduler:us-east-1:111122223333:schedule/default/*"`),
		allowing(`["elasticache:DescribeCacheClusters", "elasticache:Connect"]`, `["arn:aws:elasticache:us-east-1:111122223333:cluster:x", "arn:aws:elasticache:us-east-1:111122223333:user:x"]`),
		allowing(`["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]`, `"arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-1"`),
		allowing(`["autoscaling:SetDesiredCapacity"]`, `"arn:aws:autoscaling:us-east-1:111122223333:autoScalingGroup:*:autoScalingGroupName/x"`),
		allowing(`["transcribe:StartTranscriptionJob", "polly:SynthesizeSpeech", "comprehend:DetectSentiment"]`, `"*"`),
		allowing(`["lex:RecognizeText", "lex:PutSession"]`, `"arn:aws:lex:us-east-1:111122223333:bot-alias/B/A"`),
		allowing(`["iam:GetRole", "iam:PassRole"]`, `"arn:aws:iam::111122223333:role/service-role/x"`),
		allowing(`["tag:GetResources", "resource-groups:ListGroups"]`, `"*"`),
	} {
		for _, f := range lint.Run(iam.Parse([]byte(policy(statement))), lint.Options{}) {
			if strings.HasPrefix(f.Check.Code, "TL_") && f.Severity > lint.Suggestion {
				t.Errorf("got %s: %s\n%s", f.Check.Code, f.Message, statement)
			}
		}
	}
}
