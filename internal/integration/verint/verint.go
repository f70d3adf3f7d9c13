// Package verint describes Verint Interaction Capture with Amazon Connect: what the recorder needs to capture calls after they end, while
// they last, and to recover those that it missed.
//
//	contact records, agent events ─▶ Kinesis ─▶ adapters of the recorder, each a consumer with a lease table in DynamoDB
//	post-call:  recordings ─▶ S3 ─▶ recorder
//	real-time:  audio ─▶ Kinesis Video Streams ─▶ recorder
//	recovery:   what is in S3 and not in the recorder ─▶ Connect's API, S3
//
// The vendor's page lists 34 permissions without saying, in any copy at hand, which is for what. The three policies say it: each row of
// the page stands in those that use it, with its reason, and features that are switched off leave their rows out.
package verint

import (
	"embed"

	"trunkline/iam"
	"trunkline/internal/integration"
)

//go:embed policies/*.json published.tsv questions.txt
var files embed.FS

// Integration describes it.
func Integration() *integration.Integration {
	return &integration.Integration{
		Name:  "verint",
		Title: "Verint Interaction Capture",
		About: "Capture of calls after they end from S3, while they last from Kinesis Video Streams, and recovery of missed ones; two adapters read contact records and agent events, each with a lease table.",
		Guide: "the recorder permissions page: IAM user permissions",
		Files: files, Parameters: parameters(), Tables: tables(),
		Policies: []*integration.Policy{postCall(), realTime(), recovery(), makeTables()},
	}
}

func parameters() []integration.Parameter {
	word := func(example string) integration.Form {
		return integration.Word("letters, digits, ., _ and -", `[A-Za-z0-9._-]+`, 100, example)
	}
	table := integration.Word("3 to 255 letters, digits, ., _ and -", `[A-Za-z0-9._-]{3,}`, 255, "verintEvents")
	return []integration.Parameter{
		{Name: "instance", About: "the instance of the data source; streams and tables stand in its account and Region", Form: integration.Instance()},
		{Name: "buckets", About: "buckets of the recordings", Form: integration.Bucket(), List: true},
		{Name: "records_stream", About: "stream of contact records", Form: integration.Stream()},
		{Name: "agents_stream", About: "stream of agent events, where the Agent Event Stream Adapter is used", Form: integration.ARN("a Kinesis data stream", "kinesis", `stream/[A-Za-z0-9_.-]+`, "stream/connect-agent-events")},
		{Name: "application", About: "Application Name of the Connect Adapter", Form: word("verintCTREvents")},
		{Name: "agents_application", About: "Application Name of the Agent Event Stream Adapter", Form: word("verintAgentEvents")},
		{Name: "host", About: "host name of the server that runs the Agent Event Stream Adapter", Form: word("verintris")},
		{Name: "adapter", About: "id of that adapter: in the server's RIS logs, or in IntegrationService.xml below %IMPACT360SOFTWAREDIR%\\Conf", Form: integration.Word("a number", `\d{1,6}`, 64, "2")},
		{Name: "records_table", About: "lease table of the Connect Adapter, which also names its metrics and its consumer", Form: table, Default: "${application}"},
		{Name: "agents_table", About: "lease table of the Agent Event Stream Adapter, likewise", Form: table, Default: "${agents_application}_${host}.${adapter}"},
		{Name: "video_prefix", About: "how the names of the instance's video streams begin", Form: word("connect-example-contact-")},
		{Name: "log_group", About: "log group of the adapters, where they log to CloudWatch", Form: integration.Word("the name of a log group", `[A-Za-z0-9._/#-]+`, 512, "verint-adapters")},
		{Name: "bucket_keys", About: "customer keys of the buckets", Form: integration.Key(), List: true},
		{Name: "stream_keys", About: "customer keys of the streams", Form: integration.Key(), List: true},
		{Name: "video_key", About: "customer key of live media streaming", Form: integration.ARN("a KMS key, not of an alias", "kms", `key/[A-Za-z0-9-]+`, "key/5678dcba-34cd-12ab-56ef-0987654321ba")},
		{Name: "table_key", About: "customer key of the lease tables", Form: integration.Key()},
		{Name: "fan_out", About: "the adapters use enhanced fan-out (Kinesis Client Library 2)", Form: integration.Switch()},
		{Name: "tables_made", About: "the lease tables are made by hand: the adapters may not make any", Form: integration.Switch()},
		{Name: "metrics", About: "the adapters send metrics; they run without", Form: integration.Switch(), Default: "on"},
		{Name: "list", About: "tell an object that is missing from one that is forbidden", Form: integration.Switch()},
		{Name: "discover", About: "read from the instance where it stores recordings and streams", Form: integration.Switch()},
		{Name: "pause", About: "pause and resume recording on demand", Form: integration.Switch()},
		{Name: "users", About: "look agents up by their ARN", Form: integration.Switch()},
		{Name: "contacts", About: "look contacts up while they last", Form: integration.Switch()},
		{Name: "settings", About: "check the instance's settings before a recovery", Form: integration.Switch()},
	}
}

func tables() []*integration.Table {
	const why = "Made by hand, so that the adapters can be denied dynamodb:CreateTable (--set tables_made=on)."
	return []*integration.Table{
		{Name: "records-table", Title: "Lease table of the Connect Adapter", Why: why, Table: "${records_table}", Key: "leaseKey", Read: 10, Write: 10, Region: "${instance.region}"},
		{Name: "agents-table", Title: "Lease table of the Agent Event Stream Adapter", Why: why, Table: "${agents_table}", Key: "leaseKey", Read: 10, Write: 10, Region: "${instance.region}"},
	}
}

const page = "permissions-page"

func postCall() *integration.Policy {
	return &integration.Policy{
		Name: "post-call", Title: "Capture of calls after they end", Attached: "the recorder's IAM user or role", Type: iam.IdentityPolicy, Published: []string{page}, MaySplit: true,
		Statements: statements("post-call"),
		Omissions: append(common(),
			omit("Only real-time capture reads video streams.", "kinesisvideo:GetDataEndpoint", "kinesisvideo:GetMedia"),
			omit("What is known of the contact stands in its record.", "connect:DescribeContact", "connect:GetContactAttributes"),
			omit("Agents are not looked up; with --set users=on it is there.", "connect:DescribeUser"),
			omit("A missing object answers like a forbidden one; with --set list=on it is there.", "s3:ListBucket"),
		),
		Accepted: accepted(),
	}
}

func realTime() *integration.Policy {
	return &integration.Policy{
		Name: "real-time", Title: "Capture of calls while they last", Attached: "the recorder's IAM user or role", Type: iam.IdentityPolicy, Published: []string{page}, MaySplit: true,
		Statements: statements("real-time"),
		Omissions: append(common(),
			omit("Audio comes from video streams, not from S3.", "s3:GetObject", "s3:ListBucket"),
			omit("What is known of the contact stands in its record; with --set contacts=on they are there.", "connect:DescribeContact", "connect:GetContactAttributes"),
		),
		Accepted: accepted(),
	}
}

func recovery() *integration.Policy {
	return &integration.Policy{
		Name: "recovery", Title: "Recovery of calls that were missed", Attached: "the recorder's IAM user or role", Type: iam.IdentityPolicy, Published: []string{page},
		Statements: statements("recovery"),
		Omissions: []integration.Omission{
			writes(),
			omit("No customer key is given; with --set bucket_keys=ARN it is there.", "kms:Decrypt"),
			omit("Recovery starts from what is in S3; it reads no stream and holds no lease.", "kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards",
				"kinesis:DescribeStreamConsumer", "kinesis:DescribeStreamSummary", "kinesis:SubscribeToShard", "dynamodb:CreateTable", "dynamodb:DeleteItem",
				"dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem", "cloudwatch:PutMetricData"),
			omit("It reads no video streams.", "kinesisvideo:GetDataEndpoint", "kinesisvideo:GetMedia"),
			omit("The page has no log permissions for recovery.", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
			omit("It pauses nothing.", "connect:ResumeContactRecording", "connect:SuspendContactRecording"),
			omit("The settings are not checked; with --set settings=on it is there.", "connect:ListInstanceAttributes"),
		},
	}
}

func makeTables() *integration.Policy {
	return &integration.Policy{
		Name: "tables", Title: "What it takes to make the lease tables by hand", Attached: "whoever makes them", Type: iam.IdentityPolicy,
		Statements: []integration.Statement{
			{Sid: "MakeRecordLeases", Why: "Makes the lease table of the Connect Adapter, and waits until it is there.", Without: "The adapter has to make it."},
			{Sid: "MakeAgentLeases", When: []string{"agents_stream"}, Why: "Makes the lease table of the Agent Event Stream Adapter, and waits until it is there.", Without: "The adapter has to make it."},
		},
	}
}

func omit(why string, actions ...string) integration.Omission {
	return integration.Omission{From: page, Actions: actions, Why: why}
}

// writes are what only a producer does.
func writes() integration.Omission {
	return omit("A reader neither encrypts nor writes; these are for tools that make test records or test calls.", "kms:Encrypt", "kms:GenerateDataKey", "kinesis:PutRecord", "kinesisvideo:PutMedia")
}

// common are what both kinds of capture leave out.
func common() []integration.Omission {
	return []integration.Omission{
		writes(),
		omit("No customer key is given; with --set bucket_keys=ARN, stream_keys=ARN, video_key=ARN it is there.", "kms:Decrypt"),
		omit("The adapters poll; with --set fan_out=on they are there.", "kinesis:DescribeStreamConsumer", "kinesis:DescribeStreamSummary", "kinesis:SubscribeToShard"),
		omit("The lease tables are made by hand: policy show verint records-table, agents-table, tables.", "dynamodb:CreateTable"),
		omit("Metrics are off.", "cloudwatch:PutMetricData"),
		omit("The adapters do not log to CloudWatch; with --set log_group=NAME they are there.", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
		omit("Recording is not paused on demand; with --set pause=on they are there.", "connect:ResumeContactRecording", "connect:SuspendContactRecording"),
		omit("Buckets and streams are configured by hand; with --set discover=on it is there.", "connect:ListInstanceStorageConfigs"),
	}
}

func accepted() []integration.Accepted {
	return []integration.Accepted{{Code: "TL_MISSING_DEPENDENT", Sid: "Records", Why: "The adapters poll unless fan_out is on, and no stream has a customer key unless stream_keys is given.", Cases: map[string]string{"kinesis:SubscribeToShard": "!fan_out", "kms:Decrypt": "!stream_keys"}}}
}
