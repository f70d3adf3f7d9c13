package cloudwatch

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package. The value of their feature: application, the namespace of the metrics.
func Calls() []call.Call {
	return []call.Call{{
		Operation: "cloudwatch:PutMetricData",
		Features:  []string{"source.kinesis.cloudwatch"},
		Why:       "no metrics are published; all else goes on",
		Asks: []call.Ask{{Action: "cloudwatch:PutMetricData", Resources: []string{"*"}, Keys: []call.Key{
			{Name: "cloudwatch:namespace", From: []string{"${Namespace}"}, Scope: true},
		}}},
		Scope: map[string][]string{"Namespace": {"${application}"}},
	}}
}
