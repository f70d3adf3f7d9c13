package verint

import "trunkline/internal/integration"

// A row is a statement in the policies that have it, with what turns it on in each: "" for always.
type row struct {
	integration.Statement
	in map[string]string // policy → switch
}

// statements are the rows of a policy.
func statements(policy string) (all []integration.Statement) {
	for _, r := range rows() {
		on, there := r.in[policy]
		if !there {
			continue
		}
		s := r.Statement
		if on != "" {
			s.When = append([]string{on}, s.When...)
		}
		all = append(all, s)
	}
	return all
}

// rows is the permission matrix, in the order of the templates.
func rows() []row {
	const both, always = "capture", ""
	in := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for n := 0; n < len(pairs); n += 2 {
			if pairs[n] == both {
				m["post-call"], m["real-time"] = pairs[n+1], pairs[n+1]
			} else {
				m[pairs[n]] = pairs[n+1]
			}
		}
		return m
	}
	agents := []string{"agents_stream"}
	const leases = "The adapter takes leases of shards, renews them and keeps its place in its table."
	return []row{
		{integration.Statement{Sid: "Video", Why: "Audio is read while the call lasts.", Without: "No call is captured.", Differs: "PutMedia is for producers."}, in("real-time", always)},
		{integration.Statement{Sid: "DecryptVideo", When: []string{"video_key"}, Why: "Video streams are always encrypted; with a customer key, Kinesis Video decrypts with the reader's permissions.", Without: "GetMedia is denied by KMS.", Differs: "It is for this key through Kinesis Video alone; Encrypt and GenerateDataKey are for writers."}, in("real-time", always)},
		{integration.Statement{Sid: "Objects", Why: "The recording is fetched.", Without: "No recording arrives.", Differs: "It names the buckets' objects."}, in("post-call", always, "recovery", always)},
		{integration.Statement{Sid: "ListObjects", Why: "Recovery lists the bucket for a period; elsewhere it tells an object that is missing from one that is forbidden.", Without: "Recovery finds nothing; elsewhere a missing object answers 403 instead of 404.", Differs: "It names the bucket; the page says N/A although ListBucket takes it (O7)."}, in("post-call", "list", "recovery", always)},
		{integration.Statement{Sid: "DecryptObjects", When: []string{"bucket_keys"}, Why: "S3 decrypts with the reader's permissions.", Without: "GetObject is denied by KMS.", Differs: "It is for these keys through S3 alone; Encrypt and GenerateDataKey are for writers."}, in("post-call", always, "recovery", always)},
		{integration.Statement{Sid: "Records", Why: "The Connect Adapter reads contact records; real-time capture needs them too.", Without: "The adapter does not start.", Differs: "It is for the stream of contact records; PutRecord is for writers."}, in(both, always)},
		{integration.Statement{Sid: "AgentEvents", When: agents, Why: "The Agent Event Stream Adapter reads agent events.", Without: "The adapter does not start.", Differs: "It is for the stream of agent events; PutRecord is for writers."}, in(both, always)},
		{integration.Statement{Sid: "DecryptStreams", When: []string{"stream_keys"}, Why: "Kinesis decrypts records with the reader's permissions.", Without: "GetRecords is denied by KMS.", Differs: "It is for these keys through Kinesis alone; Encrypt and GenerateDataKey are for writers."}, in(both, always)},
		{integration.Statement{Sid: "FanOutRecords", When: []string{"fan_out"}, Why: "The adapter registers its consumer, and looks the stream up.", Without: "The adapter does not start with enhanced fan-out.", Differs: "The page lacks RegisterStreamConsumer (M9), without which somebody else has to register the consumer."}, in(both, always)},
		{integration.Statement{Sid: "FanOutRecordsConsumer", When: []string{"fan_out"}, Why: "The adapter subscribes as its consumer.", Without: "The adapter receives nothing.", Differs: "It is on the consumer, which these actions take; limited to the stream, as the page says of Kinesis, they are denied (E24)."}, in(both, always)},
		{integration.Statement{Sid: "FanOutAgentEvents", When: []string{"fan_out", "agents_stream"}, Why: "The adapter registers its consumer, and looks the stream up.", Without: "The adapter does not start with enhanced fan-out.", Differs: "As FanOutRecords (M9)."}, in(both, always)},
		{integration.Statement{Sid: "FanOutAgentEventsConsumer", When: []string{"fan_out", "agents_stream"}, Why: "The adapter subscribes as its consumer.", Without: "The adapter receives nothing.", Differs: "As FanOutRecordsConsumer (E24)."}, in(both, always)},
		{integration.Statement{Sid: "RecordLeases", Why: leases, Without: "The adapter reads nothing.", Differs: "It names the table; the page says N/A although all seven actions take it (O8)."}, in(both, always)},
		{integration.Statement{Sid: "AgentLeases", When: agents, Why: leases, Without: "The adapter reads nothing.", Differs: "It names the table (O8)."}, in(both, always)},
		{integration.Statement{Sid: "MakeRecordLeases", When: []string{"!tables_made"}, Why: "The adapter makes its table at the first start.", Without: "The table has to be made by hand.", Differs: "It names the table (O8)."}, in(both, always)},
		{integration.Statement{Sid: "MakeAgentLeases", When: []string{"!tables_made", "agents_stream"}, Why: "The adapter makes its table at the first start.", Without: "The table has to be made by hand.", Differs: "It names the table (O8)."}, in(both, always)},
		{integration.Statement{Sid: "MakeNoTable", When: []string{"tables_made"}, Why: "The tables are made by hand, and the adapters may make none, whatever other policies allow.", Without: "An adapter with a wrong name makes a table of its own, and reads everything again.", Differs: "The page says that it can be denied; here it is."}, in(both, always)},
		{integration.Statement{Sid: "DecryptLeases", When: []string{"table_key"}, Why: "DynamoDB decrypts with the caller's permissions.", Without: "Every call on the table is denied by KMS.", Differs: "The page has nothing for tables with a customer key."}, in(both, always)},
		{integration.Statement{Sid: "RecordMetrics", When: []string{"metrics"}, Why: "The adapter sends its metrics. It takes no resource; the namespace, which is the application's name, limits it.", Without: "There are no metrics, and errors in the adapter's log; it runs on.", Differs: "It is for this namespace alone."}, in(both, always)},
		{integration.Statement{Sid: "AgentMetrics", When: []string{"metrics", "agents_stream"}, Why: "The adapter sends its metrics, in a namespace of its own.", Without: "There are no metrics, and errors in the adapter's log; it runs on.", Differs: "It is for this namespace alone."}, in(both, always)},
		{integration.Statement{Sid: "LogGroup", When: []string{"log_group"}, Why: "The adapters make their log group.", Without: "It has to be made by hand.", Differs: "It is the log group with and without what follows its name: CreateLogGroup is authorized on either."}, in(both, always)},
		{integration.Statement{Sid: "Logs", When: []string{"log_group"}, Why: "The adapters log.", Without: "There are no logs in CloudWatch.", Differs: "It is apart from CreateLogGroup."}, in(both, always)},
		{integration.Statement{Sid: "Settings", Why: "Checks the instance's settings: is recording, is streaming on?", Without: "A setting that is off is noticed by missing calls only.", Differs: "It is apart from the actions on contacts."}, in(both, always, "recovery", "settings")},
		{integration.Statement{Sid: "StorageSettings", Why: "Finds bucket, prefix, stream and key as the instance has them.", Without: "They have to be configured by hand, and recovery does not know where to look.", Differs: "It names the instance; the page says N/A."}, in(both, "discover", "recovery", always)},
		{integration.Statement{Sid: "PauseRecording", Why: "Recording is paused and resumed on demand.", Without: "It goes on while card numbers are spoken.", Differs: "It is on contacts; limited to the instance, as the page says, it is denied (E25)."}, in(both, "pause")},
		{integration.Statement{Sid: "Users", Why: "The agent's ARN becomes a user.", Without: "Calls have no agent's name.", Differs: "It names the instance's users; the page says N/A although DescribeUser takes them (O9)."}, in("post-call", "users", "real-time", always, "recovery", always)},
		{integration.Statement{Sid: "Contacts", Why: "Recovery asks for the metadata of each missing call; real-time capture may ask while the call lasts.", Without: "Recovered calls have no metadata.", Differs: "It names the instance's contacts; the page says N/A (E25)."}, in("real-time", "contacts", "recovery", always)},
	}
}
