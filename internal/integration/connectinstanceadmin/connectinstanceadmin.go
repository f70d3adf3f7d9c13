// Package connectinstanceadmin describes the administrators of one Amazon Connect instance: everything on that instance in the console,
// nothing on another, and as modules what stands around it: data storage, flow logs, recordings, functions, bots, Customer Profiles,
// Voice ID, tasks and assistants, phone numbers, quotas.
//
// Of the 387 actions of Amazon Connect 356 can be granted on an instance and what is below it; those are granted, by what they are
// about. Creating and deleting instances is not. The policy becomes several when all modules are on.
package connectinstanceadmin

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
		Name:  "connect-instance-admin",
		Title: "Amazon Connect: administrators of one instance",
		About: "For the administrators of one instance in the console, with the modules that they need.",
		Guide: "the instance-administrator article: a policy for the administrators of one instance",
		Files: files, Parameters: parameters(), Policies: []*integration.Policy{administrator()},
	}
}

func parameters() []integration.Parameter {
	return []integration.Parameter{
		{Name: "instance", About: "the instance", Form: integration.Instance()},
		{Name: "service_role", About: "the instance's service-linked role", Form: integration.ConnectRole()},
		{Name: "alias", About: "the instance's alias, which names its flow log", Form: integration.Word("lower-case letters, digits and -", `[a-z0-9-]+`, 62, "example")},
		{Name: "buckets", About: "buckets of recordings, reports and transcripts", Form: integration.Bucket(), List: true},
		{Name: "kms_keys", About: "customer keys of that data", Form: integration.Key(), List: true},
		{Name: "streams", About: "Kinesis streams that data can go to", Form: integration.Stream(), List: true},
		{Name: "delivery_streams", About: "Firehose streams that contact records can go to", Form: integration.ARN("a Firehose stream", "firehose", `deliverystream/[A-Za-z0-9_.-]+`, "deliverystream/connect-contact-records"), List: true},
		{Name: "functions", About: "functions that flows can call", Form: integration.ARN("a Lambda function, without a version", "lambda", `function:[A-Za-z0-9_-]+`, "function:example-lookup"), List: true},
		{Name: "bot_aliases", About: "aliases of Lex V2 bots that flows can use", Form: integration.ARN("a bot's alias", "lex", `bot-alias/[A-Z0-9]+/[A-Z0-9]+`, "bot-alias/EXAMPLEBOT/EXAMPLEALS"), List: true},
		{Name: "profile_domain", About: "the instance's Customer Profiles domain", Form: integration.ARN("a Customer Profiles domain", "profile", `domains/[A-Za-z0-9_-]+`, "domains/amazon-connect-example")},
		{Name: "recordings", About: "hear what is in the buckets", Form: integration.Switch()},
		{Name: "voice_id", About: "look at Voice ID", Form: integration.Switch()},
		{Name: "tasks", About: "set up tasks and assistants", Form: integration.Switch()},
		{Name: "phone_numbers", About: "claim, move and release phone numbers, and distribute traffic; these are the account's, not the instance's", Form: integration.Switch()},
		{Name: "console", About: "choose buckets, streams, keys, functions and bots from lists in the console", Form: integration.Switch()},
		{Name: "quotas", About: "look at quotas, and ask for higher ones of Amazon Connect", Form: integration.Switch()},
	}
}

func administrator() *integration.Policy {
	const star = "Only what takes no resource is left on *."
	on := func(names ...string) []string { return names }
	return &integration.Policy{
		Name: "administrator", Title: "Everything on one instance, with modules", Attached: "the administrators' role or group", Type: iam.IdentityPolicy, MaySplit: true,
		Published: []string{"instance-administrator"},
		Statements: []integration.Statement{
			{Sid: "Areas", Why: "What the console does on the instance, by what it is about: queues, flows' modules, profiles, prompts, evaluations and so on. What AWS adds to these areas comes with it, on this instance alone.", Without: "Most pages of the console are empty.", Differs: "connect:* also covers 29 actions that are not authorized on an instance alone and so are never granted (E21), and DeleteInstance."},
			{Sid: "ContactsAndUsers", Why: "Contacts, flows, users, and emergency access, action by action.", Without: "Users and flows cannot be changed.", Differs: "connect:* also covers 29 actions that are not authorized on an instance alone and so are never granted (E21), and DeleteInstance."},
			{Sid: "Instances", Why: "The console's list of instances, and the directory of the instance. These take no resource.", Without: "The console's first page is empty.", Differs: star},
			{Sid: "Role", Why: "Connect writes into the instance's own role, as the caller, what it may use.", Without: "Data storage, bots and Customer Profiles cannot be changed.", Differs: "The article lacks iam:AttachRolePolicy (M13)."},
			{Sid: "StorageBuckets", When: on("buckets"), Why: "Connect looks at a bucket that is chosen, as the caller.", Without: "Recordings cannot be sent to these buckets.", Differs: "It names the two actions; s3:Get* on a bucket covers dozens that are never granted (E23)."},
			{Sid: "StorageStreams", When: on("streams"), Why: "Connect looks at a stream that is chosen, as the caller.", Without: "Contact records cannot be sent to these streams.", Differs: "It names the streams instead of *."},
			{Sid: "StorageDeliveryStreams", When: on("delivery_streams"), Why: "Connect looks at a Firehose stream that is chosen, as the caller.", Without: "Contact records cannot be sent to these streams.", Differs: "It names the streams instead of *."},
			{Sid: "StorageKeys", When: on("kms_keys"), Why: "Connect looks at a key that is chosen, as the caller.", Without: "Data cannot be encrypted with these keys.", Differs: "It names the keys instead of *, and only DescribeKey."},
			{Sid: "StorageKeyGrants", When: on("kms_keys"), Why: "Connect is given the use of the key by a grant; only AWS services can be given one.", Without: "Data cannot be encrypted with these keys.", Differs: "The article lacks it (M13)."},
			{Sid: "FlowLogs", When: on("alias"), Why: "Reads the instance's flow log.", Without: "Flows cannot be debugged.", Differs: "It lists what reads this log: of logs:Describe* and logs:Get* 28 of 37 actions are never granted on a log group (E22)."},
			{Sid: "MakeFlowLog", When: on("alias"), Why: "Turning flow logs on makes the log group, as the caller.", Without: "Flow logs cannot be turned on.", Differs: "It names Region and account."},
			{Sid: "FindFlowLogs", When: on("alias"), Why: "The console's list of log groups. It takes no resource.", Without: "The log group has to be typed.", Differs: star},
			{Sid: "FindRecordings", When: on("buckets", "recordings"), Why: "Finds recordings.", Without: "One has to know the key.", Differs: "It is one action; s3:List* covers others that are never granted (E23)."},
			{Sid: "HearRecordings", When: on("buckets", "recordings"), Why: "Fetches recordings.", Without: "Recordings cannot be heard outside of Connect.", Differs: "It is two actions; s3:Get* covers others that are never granted (E23)."},
			{Sid: "DecryptRecordings", When: on("buckets", "recordings", "kms_keys"), Why: "S3 decrypts with the reader's permissions.", Without: "GetObject is denied by KMS.", Differs: "It is for these keys through S3 alone; the article decrypts with every key of the account (S15)."},
			{Sid: "Functions", When: on("functions"), Why: "Adding a function lets Connect invoke it, as the caller.", Without: "The function cannot be added.", Differs: "It names the functions, and lets in Connect and nobody else; the article's lets the caller open any function to anybody (S7)."},
			{Sid: "RemoveFunctions", When: on("functions"), Why: "Removing a function takes Connect's permission away, as the caller.", Without: "Connect can still invoke a function that was removed.", Differs: "The article lacks it."},
			{Sid: "Bots", When: on("bot_aliases"), Why: "Adding and removing a bot changes its alias's policy, as the caller.", Without: "The bot cannot be added or removed.", Differs: "It names the aliases, and can remove."},
			{Sid: "ProfileDomain", When: on("profile_domain"), Why: "The instance's Customer Profiles.", Without: "Customer Profiles cannot be set up.", Differs: "It names the domain; the article's covers those of every instance, and GetDomain and GetProfileObjectType are on * beside it (O15)."},
			{Sid: "ProfileRole", When: on("profile_domain"), Why: "A domain acts by a role of its own, which is made with it, as the caller.", Without: "CreateDomain is denied.", Differs: "The article lacks it."},
			{Sid: "ProfileLists", When: on("profile_domain"), Why: "The console's lists. These take no resource.", Without: "The domain is not found.", Differs: star},
			{Sid: "VoiceID", When: on("voice_id"), Why: "Looks at Voice ID's domains.", Without: "Voice ID is not shown.", Differs: "It names the domains instead of *."},
			{Sid: "VoiceIDLists", When: on("voice_id"), Why: "The console's lists. These take no resource.", Without: "No domain is found.", Differs: star},
			{Sid: "Tasks", When: on("tasks"), Why: "Connects an event integration to the instance, for tasks.", Without: "Tasks cannot be set up.", Differs: "The article says that tasks can be configured, and grants nothing for them (M14)."},
			{Sid: "RemoveTasks", When: on("tasks"), Why: "Disconnects an event integration.", Without: "Tasks cannot be taken away.", Differs: "See Tasks (M14)."},
			{Sid: "Assistants", When: on("tasks"), Why: "Looks at assistants and knowledge bases, to connect one to the instance.", Without: "Assistants cannot be set up.", Differs: "The article says that Wisdom can be configured, and grants nothing for it (M14)."},
			{Sid: "TasksAndAssistantsLists", When: on("tasks"), Why: "The console's lists to choose from. These take no resource.", Without: "Nothing can be chosen.", Differs: "See Tasks (M14)."},
			{Sid: "PhoneNumbers", When: on("phone_numbers"), Why: "Claims, moves and releases phone numbers. These are resources of the account; with flows and the instance in the same call.", Without: "Phone numbers cannot be managed.", Differs: "The article has only the instance, so that no phone number can be managed (E21)."},
			{Sid: "TrafficDistribution", When: on("phone_numbers"), Why: "Traffic distribution groups, which are resources of the account.", Without: "Traffic cannot be distributed.", Differs: "The article has only the instance (E21)."},
			{Sid: "ConsoleLists", When: on("console"), Why: "What there is to choose from. These take no resource.", Without: "Names have to be typed.", Differs: star},
			{Sid: "Quotas", When: on("quotas"), Why: "Looks at quotas and how much of them is used. These take no resource.", Without: "Quotas are not shown.", Differs: "It lists the actions; servicequotas:List* and Get* also cover the organization's templates."},
			{Sid: "ConnectQuotas", When: on("quotas"), Why: "Asks for a higher quota of Amazon Connect.", Without: "Support has to be asked.", Differs: "It names Region and account, and looks at Connect's quotas one by one."},
		},
		Omissions: omissions(),
		Accepted: []integration.Accepted{
			{Code: "TL_MISSING_DEPENDENT", Sid: "Areas", Why: "What these actions need beside them comes with the modules that are switched on.", Cases: map[string]string{
				"if it stores in S3": "!buckets", "if it stores in a Kinesis stream": "!streams", "if it stores in a Firehose stream": "!delivery_streams",
				"if it is encrypted": "!kms_keys",
			}},
			{Code: "TL_MISSING_DEPENDENT", Sid: "ContactsAndUsers", Why: "What these actions need beside them comes with the modules that are switched on."},
			{Code: "TL_MISSING_DEPENDENT", Sid: "Tasks", Why: "Rules that bring an integration's events are made by AppIntegrations' own role."},
			{Code: "TL_MISSING_DEPENDENT", Sid: "RemoveTasks", Why: "Rules that bring an integration's events are removed by AppIntegrations' own role."},
			{Code: "TL_MISSING_DEPENDENT", Sid: "ProfileDomain", Why: "Data integrations are the matter of connect-identity external-applications; the domain is encrypted with AWS's key unless kms_keys is given."},
			{Code: "TL_MISSING_DEPENDENT", Sid: "PhoneNumbers", Why: "Numbers are claimed from AWS, not imported from other services."},
			{Code: "TL_MISSING_DEPENDENT", Sid: "Quotas", Why: "The use of other services' quotas is not looked at."},
			{Code: "TL_MISSING_DEPENDENT", Sid: "ConnectQuotas", Why: "The use of other services' quotas is not looked at."},
			{Code: "TL_ASSOCIATION_NOT_LIMITED", Sid: "Areas", Why: "That other functions are not open to Connect is the matter of connect-association function-guard."},
		},
	}
}
