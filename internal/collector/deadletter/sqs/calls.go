package sqs

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package. The values of their feature: queue, its URL or its ARN; queue_arn, only
// where the config names the queue so.
func Calls() []call.Call {
	features := []string{"dead_letter.sqs"}
	of := func(action string) []call.Ask {
		return []call.Ask{{Action: action, Resources: []string{"arn:${Partition}:sqs:${Region}:${QueueUrl/-2}:${QueueUrl/-1}"}}}
	}
	scope := map[string][]string{"QueueUrl": {"${queue}"}}
	return []call.Call{
		{
			Operation: "sqs:GetQueueUrl", Features: features, When: "if the queue is named by its ARN",
			Why: "the queue is not found, and nothing starts",
			Asks: []call.Ask{{Action: "sqs:GetQueueUrl", Resources: []string{
				"arn:${Partition}:sqs:${Region}:${QueueOwnerAWSAccountId}:${QueueName}",
				"arn:${Partition}:sqs:${Region}:${Account}:${QueueName}",
			}}},
			Scope: map[string][]string{"QueueName": {"${queue_arn}"}, "QueueOwnerAWSAccountId": {"${queue_arn}"}},
		},
		{
			Operation: "sqs:GetQueueAttributes", Features: features, Scope: scope,
			Why:  "how large a message may be is not known, and nothing starts",
			Asks: of("sqs:GetQueueAttributes"),
		},
		{
			Operation: "sqs:SendMessage", Features: features, Scope: scope,
			Why:  "no dead letter is stored, and the run ends with the first",
			Asks: of("sqs:SendMessage"),
		},
		{
			Operation: "sqs:ReceiveMessage", Features: features, Scope: scope, When: "for replay",
			Why:  "no dead letter can be replayed",
			Asks: of("sqs:ReceiveMessage"),
		},
		{
			Operation: "sqs:DeleteMessage", Features: features, Scope: scope, When: "for replay",
			Why:  "letters that were taken out of the queue come back to it",
			Asks: of("sqs:DeleteMessage"),
		},
	}
}
