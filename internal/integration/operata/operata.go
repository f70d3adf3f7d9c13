// Package operata describes Operata's Cloud Collector, version 3: a pipe that reads contact records from a Kinesis stream, has a
// function redact them, and sends them to Operata.
//
//	Kinesis stream ─▶ EventBridge pipe ─▶ function (redacts) ─▶ API destination ─▶ api.operata.io
//	                  │ pipe-trust          │ function-trust        │ its connection holds the API key
//	                  │ pipe-role           │ function-role
//	                  └─ boundary caps both; deployer makes all of it, verify looks at it
package operata

import (
	"embed"
	"fmt"
	"slices"

	"trunkline/iam"
	"trunkline/internal/integration"
)

//go:embed policies/*.json published.tsv questions.txt
var files embed.FS

// Integration describes it.
func Integration() *integration.Integration {
	return &integration.Integration{
		Name:  "operata",
		Title: "Operata Cloud Collector v3",
		About: "An EventBridge pipe reads contact records from a Kinesis stream, a function redacts them, and an API destination sends them to Operata.",
		Guide: "the collector guide: IAM roles and policies for service execution and manual installation",
		Files: files, Parameters: parameters(), Resources: resources(), Policies: policies(),
		GuideValues: map[string]string{
			"function": "CloudCollectorV3Stack-cloudcollectorv3redactor-1a2b3c", "pipe": "operataEventsPipe-example-amazonConnect",
			"function_role": "CloudCollectorV3Stack-redactor",
		},
	}
}

func parameters() []integration.Parameter {
	name := func(longest int, example string) integration.Form {
		return integration.Word(fmt.Sprintf("a name of letters, digits, ., _ and -, at most %d characters", longest), `[A-Za-z0-9._-]+`, longest, example)
	}
	queue := integration.ARN("an SQS queue", "sqs", `[A-Za-z0-9_-]+(\.fifo)?`, "operata-dead-letters")
	return []integration.Parameter{
		{Name: "stream", About: "the stream of contact records; pipe and function stand in its account and Region", Form: integration.Stream()},
		{Name: "group", About: "the group's id at Operata, which is part of every name", Form: integration.Word("letters, digits and -, at most 36 characters", `[A-Za-z0-9-]+`, 36, "5f0c7a1e-2b3d-4c5e-8f90-a1b2c3d4e5f6")},
		{Name: "pipe", About: "name of the pipe", Form: name(64, "operataEventsPipe-GROUP"), Default: "operataEventsPipe-${group}"},
		{Name: "pipe_role", About: "name of the pipe's role", Form: name(64, "operataEventBridgePipeRole-GROUP"), Default: "operataEventBridgePipeRole-${group}"},
		{Name: "function", About: "name of the function", Form: name(64, "operataRedactor-GROUP"), Default: "operataRedactor-${group}"},
		{Name: "function_role", About: "name of the function's role", Form: name(64, "CloudCollectorV3Stack-GROUP"), Default: "CloudCollectorV3Stack-${group}"},
		{Name: "boundary", About: "name of the permissions boundary of both roles", Form: name(128, "operataBoundary-GROUP"), Default: "operataBoundary-${group}"},
		{Name: "connection", About: "name of the connection", Form: name(64, "operataAPIgroup-GROUP"), Default: "operataAPIgroup-${group}"},
		{Name: "destination", About: "name of the API destination", Form: name(64, "operataEndpointGroup-GROUP"), Default: "operataEndpointGroup-${group}"},
		{Name: "secret", About: "name of the secret with the API key", Form: integration.Word("the name of a secret", `[A-Za-z0-9/_+=.@-]+`, 128, "cloud-collector-v3/ctr/GROUP/apiToken"), Default: "cloud-collector-v3/ctr/${group}/apiToken"},
		{Name: "stream_key", About: "key of a stream that is encrypted with a customer key", Form: integration.Key()},
		{Name: "secret_key", About: "key of a secret that is encrypted with a customer key", Form: integration.Key()},
		{Name: "dead_letter_queue", About: "queue for what cannot be delivered", Form: queue},
		{Name: "dead_letter_key", About: "key of a queue that is encrypted with a customer key", Form: integration.Key()},
		{Name: "agent_bucket", About: "bucket of the agents' data", Form: integration.Bucket()},
		{Name: "agent_object", About: "key of the file in it", Form: integration.Word("the key of an object", `[A-Za-z0-9!_.'()/-]+`, 512, "agents.csv"), Default: "agents.csv"},
		{Name: "agent_key", About: "key of a bucket that is encrypted with a customer key", Form: integration.Key()},
		{Name: "vpc", About: "the function runs in a VPC", Form: integration.Switch()},
		{Name: "trust_source", About: "the function's role trusts this function alone; leave it off if Lambda answers that it cannot assume the role", Form: integration.Switch()},
		{Name: "pipe_logs", About: "the pipe logs; never with its data, which is not redacted yet", Form: integration.Switch()},
		{Name: "code_bucket", About: "bucket from which the function's code is taken, when it is not uploaded", Form: integration.Bucket()},
		{Name: "code_object", About: "key of the code in it", Form: integration.Word("the key of an object", `[A-Za-z0-9!_.'()/-]+`, 512, "redactor-1.2.3.zip")},
		{Name: "code_account", About: "account that owns that bucket", Form: integration.Account()},
		{Name: "instance", About: "the instance whose records these are", Form: integration.Instance()},
		{Name: "test_record", About: "verify writes a test record to the stream", Form: integration.Switch()},
	}
}

func resources() []integration.Resource {
	tags := func() map[string]string {
		return map[string]string{
			"CreatedBy": "trunkline", "Environment": "production", "ManagedBy": "Operata-CloudCollector", "OperataGroupId": "${group}", "Version": "v3",
		}
	}
	return []integration.Resource{
		{Kind: "secret", Name: "${secret}", Tags: tags()},
		{Kind: "role of the pipe", Name: "${pipe_role}", Tags: tags()},
		{Kind: "role of the function", Name: "${function_role}", Tags: tags()},
		{Kind: "permissions boundary", Name: "${boundary}", Tags: tags()},
		{Kind: "function", Name: "${function}", Tags: tags()},
		{Kind: "connection (takes no tags)", Name: "${connection}"},
		{Kind: "API destination (takes no tags)", Name: "${destination}"},
		{Kind: "pipe", Name: "${pipe}", Tags: tags()},
	}
}

func policies() []*integration.Policy {
	return []*integration.Policy{pipeTrust(), pipeRole(), functionTrust(), functionRole(), boundary(), deployer(), verify()}
}

func pipeTrust() *integration.Policy {
	return &integration.Policy{
		Name: "pipe-trust", Called: "${pipe_role}", Title: "Who may assume the pipe's role", Attached: "the pipe's role, as its trust policy", Type: iam.TrustPolicy,
		Boundary:  "arn:${stream.partition}:iam::${stream.account}:policy/${boundary}",
		Published: []string{"pipe-role-trust"},
		Statements: []integration.Statement{{
			Sid:     "ThisPipe",
			Why:     "EventBridge Pipes reads the stream, invokes the function and calls the destination with this role; the conditions let it do so for this pipe of this account alone.",
			Without: "CreatePipe is refused; without the conditions, another account's pipe could be made to act with this role.",
			Differs: "The partition is the stream's, the pipe's name has the group's id in it, so that two groups on one instance do not collide, and the ARN is compared as an ARN.",
		}},
	}
}

func pipeRole() *integration.Policy {
	return &integration.Policy{
		Name: "pipe-role", Title: "What the pipe may do", Attached: "the pipe's role", Type: iam.IdentityPolicy,
		Published:  []string{"pipe-role-kinesis-source", "pipe-role-lambda-invocation", "pipe-role-api-destination"},
		Statements: pipeStatements(),
		Omissions: []integration.Omission{
			{From: "pipe-role-kinesis-source", Actions: []string{"kinesis:ListStreams"}, Defects: []string{"E1"}, Why: "It has no resource type: on the ARN of a stream it grants nothing, and a pipe that is given its stream does not list any."},
			{From: "pipe-role-lambda-invocation", Actions: []string{"lambda:InvokeFunctionUrl"}, Defects: []string{"O1"}, Why: "A pipe invokes its enrichment with InvokeFunction; the function has no URL."},
		},
		Accepted: acceptedStream("!stream_key"),
	}
}

func pipeStatements() []integration.Statement {
	return []integration.Statement{
		{
			Sid: "ReadStream", Why: "The pipe finds the stream's shards and reads their records.",
			Without: "CreatePipe succeeds and the pipe then ends in CREATE_FAILED, or stops reading.",
		},
		{
			Sid: "DecryptStream", When: []string{"stream_key"}, Why: "Kinesis decrypts records with the reader's permissions.",
			Without: "GetRecords is denied by KMS and the pipe does not start.",
			Differs: "The guide has no kms:Decrypt, so the pipe cannot read a stream that is encrypted with a customer key (M5).",
		},
		{
			Sid: "InvokeFunction", Why: "Each batch goes through the function that redacts it.", Without: "No record is delivered.",
			Differs: "It names the function; the guide's name ends in *, which covers every function whose name begins so.",
		},
		{
			Sid: "SendToDestination", Why: "The redacted record goes to Operata through the API destination. AWS writes its ARN with and without the id behind the name; with both, the policy outlives a destination that is made anew.",
			Without: "No record is delivered.",
			Differs: "It names the destination by name instead of by an ARN that is known only after it was made.",
		},
		{
			Sid: "DeadLetters", When: []string{"dead_letter_queue"}, Why: "What fails for good is kept in the queue and does not block its shard.",
			Without: "The pipe cannot be made with this queue.", Differs: "The guide's pipe has no queue: by default it retries a record that fails until it expires, and the shard waits.",
		},
		{
			Sid: "EncryptDeadLetters", When: []string{"dead_letter_queue", "dead_letter_key"}, Why: "SQS encrypts messages with the sender's permissions.",
			Without: "Dead letters are refused, and lost.", Differs: "See DeadLetters.",
		},
	}
}

// acceptedStream is what the linter cannot know about a stream.
func acceptedStream(when ...string) []integration.Accepted {
	return []integration.Accepted{{Code: "TL_MISSING_DEPENDENT", Sid: "ReadStream", When: when, Why: "The stream is not encrypted with a customer key; give stream_key if it is."}}
}

func functionTrust() *integration.Policy {
	return &integration.Policy{
		Name: "function-trust", Called: "${function_role}", Title: "Who may assume the function's role", Attached: "the function's role, as its trust policy", Type: iam.TrustPolicy,
		Boundary:  "arn:${stream.partition}:iam::${stream.account}:policy/${boundary}",
		Published: []string{"lambda-role-trust"},
		Statements: []integration.Statement{
			{Sid: "AnyFunction", When: []string{"!trust_source"}, Why: "Lambda runs the function with this role. Whoever makes a function with it needs iam:PassRole on it, so a function of another account cannot.", Without: "CreateFunction is refused: the role cannot be assumed by Lambda."},
			{Sid: "ThisFunction", When: []string{"trust_source"}, Why: "Lambda runs the function with this role, and no other function.", Without: "CreateFunction is refused: the role cannot be assumed by Lambda.", Differs: "It is for this function alone; the guide's trusts Lambda without a condition. Whether Lambda always sends these keys is disputed, so this is a choice."},
		},
	}
}

func functionRole() *integration.Policy {
	return &integration.Policy{
		Name: "function-role", Title: "What the function may do", Attached: "the function's role", Type: iam.IdentityPolicy,
		Published:  []string{"basic-execution", "lambda-role-secrets-manager", "lambda-role-ec2-network-interface", "lambda-role-s3-agent-data"},
		Statements: functionStatements(),
		Omissions: []integration.Omission{
			{From: "lambda-role-ec2-network-interface", Actions: []string{"ec2:AttachNetworkInterface", "ec2:DescribeInstances"}, Defects: []string{"O2"}, Why: "Lambda neither attaches interfaces with the function's role nor looks at instances; AWSLambdaVPCAccessExecutionRole has neither."},
			{From: "lambda-role-ec2-network-interface", Actions: []string{"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces"}, Why: "The function is not in a VPC; with --set vpc=on they are there."},
			{From: "lambda-role-s3-agent-data", Actions: []string{"s3:GetObject"}, Why: "No bucket of agents' data is given; with --set agent_bucket=NAME it is there."},
			{From: "lambda-role-s3-agent-data", Actions: []string{"s3:ListBucket"}, Why: "One file whose key is known is read. Listing would only turn the 403 for a file that is not there into a 404."},
		},
		Accepted: networkAccepted(),
	}
}

func networkAccepted() []integration.Accepted {
	return []integration.Accepted{
		{Code: "TL_STAR_WITH_RESOURCE_TYPE", Sid: "NetworkInterfaces", When: []string{"vpc"}, Why: "Lambda checks these permissions on every resource when the function is made, and refuses a role that has them on fewer; NotFromItsCode keeps them from the function's own code."},
		{Code: "TL_MISSING_DEPENDENT", Sid: "NetworkInterfaces", When: []string{"vpc"}, Why: "Lambda makes its network interfaces without tags, so ec2:CreateTags is not needed."},
	}
}

func functionStatements() []integration.Statement {
	return []integration.Statement{
		{Sid: "LogGroup", Why: "Lambda makes the function's log group at the first call.", Without: "The function runs and leaves no logs.", Differs: "It is for the function's own log group; AWSLambdaBasicExecutionRole, which the guide attaches, allows it on all."},
		{Sid: "Logs", Why: "The function's output goes to its log group.", Without: "The function runs and leaves no logs.", Differs: "It is for the function's own log group; AWSLambdaBasicExecutionRole allows it on all, so that the function could write into the logs of others."},
		{Sid: "ReadKey", Why: "The function fetches its redaction settings with the API key.", Without: "It falls back to the smallest set of fields.", Differs: "The suffix that Secrets Manager adds is written as six characters: the guide's * also covers secrets whose names go on, such as apiToken-other (S5)."},
		{Sid: "DecryptKey", When: []string{"secret_key"}, Why: "Secrets Manager decrypts with the reader's permissions.", Without: "GetSecretValue is denied by KMS.", Differs: "The guide has no kms:Decrypt for a secret with a customer key."},
		{
			Sid: "NetworkInterfaces", When: []string{"vpc"}, Why: "Lambda makes and removes the network interfaces of a function in a VPC with the function's role.", Without: "CreateFunction is refused, or the function cannot grow.",
			Differs: "It has ec2:DescribeSubnets, AssignPrivateIpAddresses and UnassignPrivateIpAddresses, which AWSLambdaVPCAccessExecutionRole has and the guide lacks (M6).",
		},
		{
			Sid: "NotFromItsCode", When: []string{"vpc"}, Why: "Lambda itself calls EC2 before the code runs; the code has no use for these calls. Calls from the code carry lambda:SourceFunctionArn, Lambda's own do not.",
			Without: "Code that somebody manages to put into the function could make and delete network interfaces of the account.",
		},
		{Sid: "AgentData", When: []string{"agent_bucket"}, Why: "The function adds what the file knows of the agent.", Without: "The function fails, or records lack these fields.", Differs: "It is for the one file, in a bucket of the own account; the guide's is for the whole bucket, whoever owns it."},
		{Sid: "DecryptAgentData", When: []string{"agent_bucket", "agent_key"}, Why: "S3 decrypts with the reader's permissions.", Without: "GetObject is denied by KMS.", Differs: "The guide has no kms:Decrypt for a bucket with a customer key."},
		{Sid: "DeadLetters", When: []string{"dead_letter_queue"}, Why: "The function keeps what it cannot redact in the queue, encrypted.", Without: "Such records fail the batch.", Differs: "The guide's function has no queue."},
		{Sid: "EncryptDeadLetters", When: []string{"dead_letter_queue", "dead_letter_key"}, Why: "SQS encrypts messages with the sender's permissions.", Without: "Dead letters are refused.", Differs: "See DeadLetters."},
	}
}

// boundary is what both roles may at most: whatever policy the deployer writes into them, nothing beyond this is granted.
func boundary() *integration.Policy {
	statements := slices.Clone(pipeStatements())
	for _, s := range functionStatements() {
		if s.Sid != "DeadLetters" && s.Sid != "EncryptDeadLetters" { // the pipe's are the same
			statements = append(statements, s)
		}
	}
	for n := range statements {
		s := &statements[n]
		s.Why, s.Differs = "A role with this boundary can be given it: "+s.Why, ""
		s.Without = "The role's own policy grants it in vain."
	}
	return &integration.Policy{
		Name: "boundary", Called: "${boundary}", Title: "What both roles can have at most", Attached: "a managed policy, named as the permissions boundary of both roles", Type: iam.PermissionsBoundary,
		Statements: statements,
	}
}
