package s3

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package. The values of their features: bucket and key, of the agent file or of the Lambda's config,
// where they are in S3.
func Calls() []call.Call {
	return []call.Call{{
		Operation: "s3:GetObject",
		Features:  []string{"enrich.agents", "config"},
		When:      "if the file is in S3",
		Why:       "the file is not read, and nothing starts that needs it",
		Asks:      []call.Ask{{Action: "s3:GetObject", Resources: []string{"arn:${Partition}:s3:::${Bucket}/${Key}"}}},
		Scope:     map[string][]string{"Bucket": {"${bucket}"}, "Key": {"${key}"}},
	}}
}
