package fanout

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package. The values of their features: stream, the stream's ARN; consumer, the ARN of the consumer,
// or a pattern of it where only registering it tells the ARN, which ends in ten digits; application, the consumer's name then.
func Calls() []call.Call {
	both := []string{"source.kinesis.consumer=fanout", "source.kinesis.consumer=arn"}
	return []call.Call{
		{
			Operation: "kinesis:DescribeStreamConsumer", Features: both,
			Why:   "the consumer is not found, and nothing starts",
			Asks:  []call.Ask{{Action: "kinesis:DescribeStreamConsumer", Resources: []string{"${ConsumerARN}", "${StreamARN}/consumer/${ConsumerName}:??????????"}}},
			Scope: map[string][]string{"ConsumerARN": {"${consumer}"}, "StreamARN": {"${stream}"}, "ConsumerName": {"${application}"}},
		},
		{
			Operation: "kinesis:RegisterStreamConsumer", Features: both[:1],
			When:  "if the stream has no consumer of that name",
			Why:   "the consumer has to be registered by hand",
			Asks:  []call.Ask{{Action: "kinesis:RegisterStreamConsumer", Resources: []string{"${StreamARN}"}}},
			Scope: map[string][]string{"StreamARN": {"${stream}"}},
		},
		{
			Operation: "kinesis:SubscribeToShard", Features: both,
			Why:   "no shard is read",
			Asks:  []call.Ask{{Action: "kinesis:SubscribeToShard", Resources: []string{"${ConsumerARN}"}}},
			Scope: map[string][]string{"ConsumerARN": {"${consumer}"}},
		},
	}
}
