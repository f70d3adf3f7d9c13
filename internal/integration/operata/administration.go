package operata

import (
	"trunkline/iam"
	"trunkline/internal/integration"
)

func deployer() *integration.Policy {
	return &integration.Policy{
		Name: "deployer", Title: "What it takes to install, change and remove all of it", Attached: "whoever deploys", Type: iam.IdentityPolicy, MaySplit: true,
		Published: []string{"deployer"},
		Statements: []integration.Statement{
			{
				Sid: "CreateRoles", Why: "Makes the two roles and writes their policies, only with the boundary: whatever is written into them, they cannot do more than boundary allows.",
				Without: "There are no roles.",
				Differs: "The guide's policy may create any role of a name pattern, attach AdministratorAccess to it and assume it: full administrator (S1, S2). Here the roles are named, and the boundary caps them.",
			},
			{Sid: "Roles", Why: "Reads, tags and removes the two roles.", Without: "A change cannot be planned, and nothing can be removed.", Differs: "The roles are named, and can be removed; the guide's policy has no action to remove anything."},
			{Sid: "PassPipeRole", Why: "CreatePipe is given the role.", Without: "CreatePipe is denied for want of iam:PassRole.", Differs: "It is this role, for EventBridge Pipes alone: the guide's lets any matching role be passed to any service, such as a function with code of one's own (S3)."},
			{Sid: "PassFunctionRole", Why: "CreateFunction is given the role.", Without: "CreateFunction is denied for want of iam:PassRole.", Differs: "It is this role, for Lambda alone (S3)."},
			{Sid: "ApiDestinationsServiceLinkedRole", Why: "The first connection of an account makes the role by which EventBridge reads its key.", Without: "CreateConnection is denied where nobody made a connection before.", Differs: "The guide lacks it (M2)."},
			{
				Sid: "Secret", Why: "Makes, changes and removes the secret with the API key. A secret that is being made has no suffix yet, so the name stands with and without.", Without: "There is no key.",
				Differs: "It names the secret, with its suffix as six characters (S5), and does not read the key: DescribeSecret verifies.",
			},
			{Sid: "EncryptSecret", When: []string{"secret_key"}, Why: "Secrets Manager encrypts with the writer's permissions.", Without: "The secret cannot be made with this key.", Differs: "The guide has nothing for a customer key."},
			{Sid: "SecretOfTheConnection", Why: "EventBridge keeps the key of a connection in a secret of its own, and writes it as the caller.", Without: "CreateConnection is denied.", Differs: "The guide has no grant on the connection's own secret, so the connection cannot be made (M1)."},
			{Sid: "Connection", Why: "Makes, changes and removes the connection; CreateApiDestination is authorized on the connection too.", Without: "There is no connection.", Differs: "It is named, and can be removed."},
			{Sid: "Destination", Why: "Makes, changes and removes the API destination.", Without: "There is no API destination.", Differs: "The guide writes destination/ for api-destination/, which is no resource type: the API destination cannot be made or changed (E2)."},
			{Sid: "Pipe", Why: "Makes, changes, starts, stops and removes the pipe.", Without: "There is no pipe.", Differs: "It is named, and can be removed."},
			{Sid: "Function", Why: "Makes, changes, tries and removes the function.", Without: "There is no function.", Differs: "It is named, and can be removed."},
			{Sid: "FunctionCode", When: []string{"code_bucket"}, Why: "Lambda fetches the code as the caller.", Without: "CreateFunction is denied.", Differs: "It names bucket and object, and whose account the bucket is of: names of buckets are shared by all accounts, and anybody could make one that the guide's pattern covers (S4)."},
			{Sid: "Network", When: []string{"vpc"}, Why: "Lambda checks subnets and security groups as the caller.", Without: "CreateFunction is denied.", Differs: "The guide lacks it (M4)."},
			{Sid: "Stream", Why: "Looks the stream up before the pipe is made.", Without: "A wrong ARN is noticed only when the pipe fails.", Differs: "It names the stream; the guide has * although DescribeStream takes the stream (O5)."},
			{Sid: "PipeLogs", When: []string{"pipe_logs"}, Why: "A pipe that logs sets up the delivery as the caller. None of these calls takes a resource.", Without: "CreatePipe is denied.", Differs: "The guide has nothing for a pipe that logs."},
		},
		Omissions: deployerOmissions(),
		Accepted: []integration.Accepted{
			{Code: "TL_MISSING_DEPENDENT", Sid: "Pipe", Why: "Of what CreatePipe and UpdatePipe may need, only the case applies that is switched on: the pipe logs (pipe_logs). It is not encrypted with a key of its own.", Cases: map[string]string{"if the pipe logs": "!pipe_logs"}},
			{Code: "TL_MISSING_DEPENDENT", Sid: "Function", Why: "Of what CreateFunction may need, only the cases apply that are switched on: code from a bucket (code_bucket), a VPC (vpc). It has no capacity provider.", Cases: map[string]string{"if the function is in a VPC": "!vpc", "if the code is in S3": "!code_bucket"}},
		},
	}
}

func deployerOmissions() []integration.Omission {
	const from = "deployer"
	return []integration.Omission{
		{From: from, Actions: []string{"iam:AttachRolePolicy"}, Defects: []string{"S1"}, Why: "Both roles have inline policies, so nothing is attached; without a condition on the policy it makes whoever has it an administrator."},
		{From: from, Actions: []string{"iam:UpdateAssumeRolePolicy"}, Defects: []string{"S2"}, Why: "Trust policies are written once, with the role; with it, whoever has it could become the role. To change one, make the role anew."},
		{From: from, Actions: []string{"iam:CreatePolicy", "iam:GetPolicy", "iam:GetPolicyVersion"}, Why: "The roles' policies are inline. The boundary is made by somebody else: who could change it could lift it."},
		{From: from, Actions: []string{"secretsmanager:GetSecretValue"}, Despite: []string{"SecretOfTheConnection"}, Defects: []string{"O6"}, Why: "The guide reads the secret to verify it; DescribeSecret verifies, and the deployer need not see the key again."},
		{From: from, Actions: []string{"events:ListConnections", "events:ListApiDestinations"}, Defects: []string{"E3", "E4"}, Why: "They have no resource type and were never granted by the guide's ARNs. With names that are known nothing is listed."},
		{From: from, Actions: []string{"events:TagResource"}, Defects: []string{"E5"}, Why: "Connections and API destinations take no tags."},
		{From: from, Actions: []string{"pipes:ListPipes"}, Defects: []string{"E6"}, Why: "It has no resource type and was never granted by the guide's ARN. With a name that is known nothing is listed."},
		{From: from, Actions: []string{"lambda:AddPermission", "lambda:RemovePermission"}, Defects: []string{"O4"}, Why: "A pipe of the same account invokes the function with its own role; the function's policy plays no part."},
		{From: from, Actions: []string{"lambda:ListVersionsByFunction"}, Why: "The function has one version."},
		{From: from, Actions: []string{"s3:GetObject", "s3:GetObjectVersion"}, Defects: []string{"S4"}, Why: "The code is uploaded; with --set code_bucket=NAME they are there, on the one object."},
		{From: from, Actions: []string{"kinesis:ListStreams"}, Why: "The stream is named, so none is looked for."},
		{From: from, Actions: []string{"cloudformation:DescribeStacks", "cloudformation:ListStacks"}, Defects: []string{"O3"}, Why: "The policy is for an installation outside of CloudFormation, which reads no stacks."},
	}
}

func verify() *integration.Policy {
	return &integration.Policy{
		Name: "verify", Title: "What it takes to check an installation and to find faults", Attached: "whoever runs verify or doctor", Type: iam.IdentityPolicy, MaySplit: true,
		Statements: []integration.Statement{
			{Sid: "Stream", Why: "Is the stream active, for how long does it keep records, with which key is it encrypted?", Without: "A wrong stream is not recognized."},
			{Sid: "TestRecord", When: []string{"test_record"}, Why: "Sends a record of its own through everything.", Without: "Only the parts are checked, not the way through."},
			{Sid: "Instance", When: []string{"instance"}, Why: "Does the instance send its records to this stream, and with which role?", Without: "A stream that stays empty cannot be explained."},
			{Sid: "InstanceDirectory", When: []string{"instance"}, Why: "DescribeInstance looks at the instance's directory as the caller. It takes no resource.", Without: "DescribeInstance is denied."},
			{Sid: "Roles", Why: "Do the roles have what is needed? The simulation answers without trying.", Without: "A missing permission is found by its failure only."},
			{Sid: "Secret", Why: "Is the secret there? Its value is not read.", Without: "A secret that is missing, or about to be deleted, is not recognized."},
			{Sid: "Connection", Why: "Is the connection authorized?", Without: "A connection without a valid key is not recognized."},
			{Sid: "Destination", Why: "Is the API destination active?", Without: "An inactive one is not recognized."},
			{Sid: "Pipe", Why: "Is the pipe running, and if not, why?", Without: "The reason of a pipe that stopped stays unknown."},
			{Sid: "Function", Why: "Is the function ready, on a runtime that is supported?", Without: "A function that fails to start is not recognized."},
			{Sid: "Logs", Why: "Errors of the function.", Without: "Its errors are not seen."},
			{Sid: "AccountWide", Why: "Denied calls (CloudTrail), counts (CloudWatch) and encoded messages of denials (STS). None of these calls takes a resource.", Without: "A denial is seen as a failure without its reason."},
			{Sid: "Network", When: []string{"vpc"}, Why: "Does the function reach the internet? None of these calls takes a resource.", Without: "A connection that times out cannot be explained."},
		},
	}
}
