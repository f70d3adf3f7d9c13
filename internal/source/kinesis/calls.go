package kinesis

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package; those of packages fanout and shards stand there. The value of their features: stream, the
// stream's ARN. A stream that is encrypted with a key of its own needs kms:Decrypt on it too.
func Calls() []call.Call {
	features := []string{"source.kinesis"} // replay reads by polling, however the collector does
	scope := map[string][]string{"StreamARN": {"${stream}"}}
	of := func(action string) []call.Ask {
		return []call.Ask{{Action: action, Resources: []string{"${StreamARN}"}}}
	}
	return []call.Call{
		{
			Operation: "kinesis:GetShardIterator", Features: features, Scope: scope,
			Why:  "no shard is read, nor a dead letter that holds a position only",
			Asks: of("kinesis:GetShardIterator"),
		},
		{
			Operation: "kinesis:GetRecords", Features: features, Scope: scope,
			Why:  "no shard is read, nor a dead letter that holds a position only",
			Asks: of("kinesis:GetRecords"),
		},
	}
}
