package shards

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package. The value of their feature: stream, the stream's ARN.
func Calls() []call.Call {
	features := []string{"source.kinesis"}
	scope := map[string][]string{"StreamARN": {"${stream}"}}
	of := func(action string) []call.Ask {
		return []call.Ask{{Action: action, Resources: []string{"${StreamARN}"}}}
	}
	return []call.Call{
		{
			Operation: "kinesis:DescribeStreamSummary", Features: features, Scope: scope,
			Why:  "a stream that was deleted and made again is not known from the one before, and nothing starts",
			Asks: of("kinesis:DescribeStreamSummary"),
		},
		{
			Operation: "kinesis:ListShards", Features: features, Scope: scope,
			Why:  "no lease is made for a shard, and nothing starts",
			Asks: of("kinesis:ListShards"),
		},
	}
}
