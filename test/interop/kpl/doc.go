// Package kpl takes aggregates of the Kinesis Producer Library apart beside AWS's own code: those that AWS's aggregator makes
// (com.amazonaws:amazon-kinesis-aggregator) and hostile ones, each by our package and by the Kinesis Client Library
// (software.amazon.kinesis:amazon-kinesis-client). No difference is left that is not explained.
package kpl
