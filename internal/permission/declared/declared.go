// Package declared is the list of all calls to AWS that the program makes, as the packages that make them declare it.
//
// Its test reads the code of the whole module and fails when a package calls an operation that it does not declare, declares one
// that it does not call, or is missing here. The Lambda does not link this package.
package declared

import (
	"slices"

	"trunkline/internal/awsclient"
	letterbucket "trunkline/internal/collector/deadletter/s3"
	letterqueue "trunkline/internal/collector/deadletter/sqs"
	agentfile "trunkline/internal/collector/enrich/s3"
	"trunkline/internal/diagnose/decode"
	"trunkline/internal/lease/dynamo"
	"trunkline/internal/permission/call"
	"trunkline/internal/secret/secretsmanager"
	"trunkline/internal/source/kinesis"
	"trunkline/internal/source/kinesis/fanout"
	"trunkline/internal/source/kinesis/shards"
	"trunkline/internal/telemetry/cloudwatch"
)

// Calls are the calls of all packages. An operation that several packages make stands there several times.
func Calls() []call.Call {
	return slices.Concat(
		agentfile.Calls(),
		awsclient.Calls(),
		cloudwatch.Calls(),
		decode.Calls(),
		dynamo.Calls(),
		fanout.Calls(),
		kinesis.Calls(),
		letterbucket.Calls(),
		letterqueue.Calls(),
		secretsmanager.Calls(),
		shards.Calls(),
	)
}
