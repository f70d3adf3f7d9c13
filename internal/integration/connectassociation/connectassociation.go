// Package connectassociation describes who may choose where an Amazon Connect instance stores and streams its data, and which functions
// and bots it uses, so that only what is named can be chosen.
//
// What an association names (the bucket, the stream) is no resource of connect:AssociateInstanceStorageConfig: that is authorized on the
// instance, and by connect:StorageResourceType on the kind of data. The restriction comes from the calls that Connect makes as the
// caller, s3:GetBucketAcl on the bucket, kinesis:DescribeStream on the stream:
//
//	the caller ─▶ connect:Associate… on the instance, for a kind of data
//	              ├▶ s3:GetBucketAcl, kinesis:DescribeStream, … on what is named      ◀─ allowed here, denied everywhere else
//	              ├▶ iam:PutRolePolicy on the instance's own service-linked role
//	              ├▶ kms:DescribeKey, kms:CreateGrant on the key
//	              └▶ ds:DescribeDirectories
//
// An Allow on the bucket alone restricts nothing for who may read buckets by another policy, as most people may. So each policy denies
// these calls on everything else.
package connectassociation

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
		Name:  "connect-association",
		Title: "Amazon Connect: which buckets, streams, functions and bots an instance can use",
		About: "For who may choose where an instance stores its data, and what it may be given: nothing but what is named.",
		Guide: "the association guide: restrict AWS resources that can be associated with Amazon Connect",
		Files: files, Parameters: parameters(),
		Policies: []*integration.Policy{s3Storage(), streamStorage(), videoStorage(), function(), functionGuard(), lexBot()},
	}
}

// S3Types are the kinds of data that an instance stores in S3; StreamTypes those that it streams. With MEDIA_STREAMS they are all 13.
func S3Types() []string {
	return []string{
		"CALL_RECORDINGS", "CHAT_TRANSCRIPTS", "SCHEDULED_REPORTS", "ATTACHMENTS", "CONTACT_EVALUATIONS", "SCREEN_RECORDINGS", "EMAIL_MESSAGES",
	}
}

// StreamTypes are the kinds of data that an instance sends to a stream.
func StreamTypes() []string {
	return []string{
		"CONTACT_TRACE_RECORDS", "AGENT_EVENTS", "REAL_TIME_CONTACT_ANALYSIS_SEGMENTS", "REAL_TIME_CONTACT_ANALYSIS_CHAT_SEGMENTS",
		"REAL_TIME_CONTACT_ANALYSIS_VOICE_SEGMENTS",
	}
}

func parameters() []integration.Parameter {
	return []integration.Parameter{
		{Name: "instance", About: "the instance", Form: integration.Instance()},
		{Name: "service_role", About: "the instance's service-linked role", Form: integration.ConnectRole()},
		{Name: "s3_types", About: "kinds of data that may be stored", Form: integration.OneOf(S3Types()...), List: true},
		{Name: "buckets", About: "buckets that may be chosen", Form: integration.Bucket(), List: true},
		{Name: "stream_types", About: "kinds of data that may be streamed", Form: integration.OneOf(StreamTypes()...), List: true},
		{Name: "streams", About: "Kinesis streams that may be chosen", Form: integration.Stream(), List: true},
		{Name: "delivery_streams", About: "Firehose streams that may be chosen, for contact records only", Form: integration.ARN("a Firehose stream", "firehose", `deliverystream/[A-Za-z0-9_.-]+`, "deliverystream/connect-contact-records"), List: true},
		{Name: "functions", About: "functions that may be added", Form: integration.ARN("a Lambda function, without a version", "lambda", `function:[A-Za-z0-9_-]+`, "function:example-lookup"), List: true},
		{Name: "bot_aliases", About: "aliases of Lex V2 bots that may be added", Form: integration.ARN("a bot's alias", "lex", `bot-alias/[A-Z0-9]+/[A-Z0-9]+`, "bot-alias/EXAMPLEBOT/EXAMPLEALS"), List: true},
		{Name: "kms_key", About: "key with which the data is encrypted", Form: integration.Key()},
		{Name: "console", About: "the choice is made in the console, which lists what there is", Form: integration.Switch()},
		{Name: "others", About: "leave out the statements that deny everything else; then who may read buckets or streams by another policy can choose those too", Form: integration.Switch()},
	}
}

func associate(kinds, guide string) integration.Statement {
	return integration.Statement{
		Sid: "Associate", Why: "Sets, for " + kinds + ", where the data goes. AWS authorizes it on the instance and the kind of data, not on what is named.",
		Without: "Nothing can be set.", Differs: "It is for the kinds of data asked for; the guide shows " + guide + ".",
	}
}

func rolePolicy() integration.Statement {
	return integration.Statement{
		Sid: "RolePolicy", Why: "Connect writes into the instance's own role, as the caller, that it may use what was chosen.", Without: "The association is denied.",
		Differs: "It names the instance's role. The guide's ends in *, every instance's role of the account: who may change one could have any bucket or stream written into another's (S6).",
	}
}

func directory() integration.Statement {
	return integration.Statement{
		Sid: "Directory", Why: "Connect looks the instance's directory up, as the caller. It takes no resource.", Without: "The association is denied.",
		Differs: "The guide lacks it (M8).",
	}
}

func key() []integration.Statement {
	return []integration.Statement{
		{Sid: "Key", When: []string{"kms_key"}, Why: "Connect looks the key up, as the caller.", Without: "The association with this key is denied.", Differs: "The guide lacks it (M8). That a key is used at all cannot be asked for by a policy."},
		{Sid: "KeyGrant", When: []string{"kms_key"}, Why: "Connect is given the use of the key by a grant, as the caller; only AWS services can be given one.", Without: "The association with this key is denied.", Differs: "The guide lacks it (M8)."},
	}
}

// otherCases accepts that the linter lists what the other kinds of storage need.
func otherCases(cases map[string]string) []integration.Accepted {
	return []integration.Accepted{{Code: "TL_MISSING_DEPENDENT", Sid: "Associate", Cases: cases, Why: "The data shows which kinds of storage are meant: the others' permissions are not needed. The instance has its role, which is named, so none is created."}}
}

func s3Storage() *integration.Policy {
	p := &integration.Policy{
		Name: "s3-storage", Title: "Which buckets recordings, transcripts, reports and attachments go to", Attached: "who may change the instance's data storage", Type: iam.IdentityPolicy,
		Published: []string{"restrict-s3-buckets"},
		Statements: []integration.Statement{
			associate("one of the seven kinds of data that go to S3", "CALL_RECORDINGS"),
			{Sid: "Bucket", Why: "Connect looks at the bucket, as the caller: this is what restricts the choice.", Without: "The association is denied.", Differs: "The guide has it beside iam:PutRolePolicy, in one statement."},
			rolePolicy(), directory(),
		},
		Omissions: []integration.Omission{
			{From: "restrict-s3-buckets", Actions: []string{"s3:ListAllMyBuckets"}, Why: "Only the console lists buckets; with --set console=on it is there."},
		},
		Accepted: otherCases(map[string]string{"if it stores in S3": "", "if it is encrypted": "!kms_key"}),
	}
	p.Statements = append(append(p.Statements, key()...),
		integration.Statement{Sid: "ChooseBucket", When: []string{"console"}, Why: "The console shows the buckets to choose from.", Without: "The name has to be typed, or the call made outside of the console."},
		integration.Statement{
			Sid: "OtherBuckets", When: []string{"!others"}, Why: "Whoever may look at buckets by another policy, as most people may, could choose any. A Deny holds whatever other policies allow.",
			Without: "The restriction holds only for who has no other policy that reads buckets.",
			Differs: "The guide restricts by Allow alone, which any policy with s3:GetBucketAcl opens.",
		})
	return p
}

func streamStorage() *integration.Policy {
	const either = "Whoever may look at streams by another policy could choose any. A Deny holds whatever other policies allow."
	const without = "The restriction holds only for who has no other policy that reads streams."
	return &integration.Policy{
		Name: "stream-storage", Title: "Which streams contact records, agent events and analysis go to", Attached: "who may change the instance's data streaming", Type: iam.IdentityPolicy,
		Published: []string{"restrict-kinesis-streams"},
		Statements: []integration.Statement{
			associate("one of the five kinds of data that are streamed", "CONTACT_TRACE_RECORDS"),
			{Sid: "Stream", When: []string{"streams"}, Why: "Connect looks at the stream, as the caller: this is what restricts the choice. A stream that is encrypted with a customer key works only with the key of the instance's recordings or reports.", Without: "The association is denied.", Differs: "It names the Region, and stands apart from iam:PutRolePolicy."},
			{Sid: "DeliveryStream", When: []string{"delivery_streams"}, Why: "Connect looks at the Firehose stream, as the caller. Contact records can go to one.", Without: "The association is denied.", Differs: "The guide has no Firehose streams."},
			rolePolicy(), directory(),
			{Sid: "ChooseStream", When: []string{"console"}, Why: "The console shows the streams to choose from.", Without: "The call has to be made outside of the console."},
			{Sid: "ChooseDeliveryStream", When: []string{"console", "delivery_streams"}, Why: "The console shows the Firehose streams to choose from.", Without: "The call has to be made outside of the console."},
			{Sid: "OtherStreams", When: []string{"!others", "streams"}, Why: either, Without: without, Differs: "The guide restricts by Allow alone, which any policy with kinesis:DescribeStream opens."},
			{Sid: "NoStreams", When: []string{"!others", "!streams"}, Why: either, Without: without, Differs: "No stream is to be chosen, only Firehose streams."},
			{Sid: "OtherDeliveryStreams", When: []string{"!others", "delivery_streams"}, Why: either, Without: without, Differs: "The guide forgets that contact records can also go to a Firehose stream."},
			{Sid: "NoDeliveryStreams", When: []string{"!others", "!delivery_streams"}, Why: either, Without: without, Differs: "The guide forgets that contact records can also go to a Firehose stream: the same call, with any policy that reads those, leaves the streams that it names."},
		},
		Omissions: []integration.Omission{
			{From: "restrict-kinesis-streams", Actions: []string{"kinesis:ListStreams"}, Why: "Only the console lists streams; with --set console=on it is there."},
			{From: "restrict-kinesis-streams", Actions: []string{"kinesis:DescribeStream"}, Why: "No Kinesis stream is given; with --set streams=ARN it is there."},
		},
		Accepted: otherCases(map[string]string{"if it stores in a Kinesis stream": "!streams", "if it stores in a Firehose stream": "!delivery_streams"}),
	}
}

func videoStorage() *integration.Policy {
	statements := append([]integration.Statement{associate("MEDIA_STREAMS", "none"), rolePolicy(), directory()}, key()...)
	for n := range statements { // nothing is published for this, and it always takes a key
		statements[n].When, statements[n].Differs = nil, ""
	}
	return &integration.Policy{
		Name: "video-storage", Title: "Live media streaming, with which key", Attached: "who may change the instance's live media streaming", Type: iam.IdentityPolicy,
		Statements: statements, Accepted: otherCases(map[string]string{"if it is encrypted": ""}),
	}
}

func function() *integration.Policy {
	return &integration.Policy{
		Name: "function", Title: "Which functions an instance's flows can call", Attached: "who may add functions to the instance", Type: iam.IdentityPolicy,
		Published: []string{"restrict-lambda-functions"},
		Statements: []integration.Statement{
			{Sid: "Associate", Why: "Adds a function to the instance. AWS authorizes it on the instance alone; what restricts it is who may open functions to Connect.", Without: "No function can be added.", Differs: "It is authorized on the instance alone: the function that the guide names beside it restricts nothing (S8)."},
			{Sid: "OpenToConnect", Why: "The function's own policy has to let Connect invoke it: the association adds that, as the caller.", Without: "The association is denied, unless the function was opened before.", Differs: "It lets Connect in and nobody else; the guide's lets the caller open the function to anybody, also in other accounts (S7). It names Region and account."},
			{Sid: "OtherFunctions", When: []string{"!others"}, Why: "Whoever may change functions by another policy could open any of them to Connect.", Without: "The restriction holds only for who has no other policy with lambda:AddPermission."},
		},
		Accepted: []integration.Accepted{
			{Code: "TL_ASSOCIATION_NOT_LIMITED", Sid: "Associate", Why: "That other functions are not open to Connect is the matter of function-guard, which keeps everybody in the account from opening them."},
		},
	}
}

func functionGuard() *integration.Policy {
	return &integration.Policy{
		Name: "function-guard", Title: "No other function of the account can be opened to Connect", Attached: "the account, as a service control policy", Type: iam.ServiceControlPolicy,
		Statements: []integration.Statement{{
			Sid: "OtherFunctions", Why: "connect:AssociateLambdaFunction takes every function whose own policy lets Connect in, whoever opened it. With this, nobody in the account can open another one. Functions that are open already have to be closed by hand.",
			Without: "A developer opens a function to Connect, and who may add functions adds it, whatever function says.",
		}},
	}
}

func lexBot() *integration.Policy {
	return &integration.Policy{
		Name: "lex-bot", Title: "Which bots an instance's flows can use", Attached: "who may add bots to the instance", Type: iam.IdentityPolicy,
		Statements: []integration.Statement{
			{Sid: "Associate", Why: "Adds the alias of a Lex V2 bot to the instance. AWS authorizes it on the instance alone.", Without: "No bot can be added."},
			{Sid: "BotAlias", Why: "Connect writes into the alias's own policy, as the caller, that it may use it: this is what restricts the choice.", Without: "The association is denied."},
			{Sid: "RolePolicy", Why: "Connect writes into the instance's own role, as the caller, that it may use the bot.", Without: "The association is denied."},
			{Sid: "OtherBotAliases", When: []string{"!others"}, Why: "Whoever may change bots by another policy could choose any.", Without: "The restriction holds only for who has no other policy that changes bots' policies."},
		},
		Accepted: []integration.Accepted{
			{Code: "TL_MISSING_DEPENDENT", Sid: "Associate", Why: "lex:GetBot is for bots of Lex V1. The instance has its role, which is named, so none is created and no policy attached."},
		},
	}
}
