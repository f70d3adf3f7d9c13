package s3

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package. The values of their feature: bucket; prefix, with its slash, or empty; owner, * where
// the state file is not known.
func Calls() []call.Call {
	features := []string{"dead_letter.s3"}
	object := []string{"arn:${Partition}:s3:::${Bucket}/${Key}"}
	scope := map[string][]string{"Bucket": {"${bucket}"}, "Key": {"${prefix}${owner}/*"}}
	return []call.Call{
		{
			Operation: "s3:PutObject", Features: features, Scope: scope,
			Why: "no dead letter is stored, and the run ends with the first",
			Asks: []call.Ask{{Action: "s3:PutObject", Resources: object, Keys: []call.Key{
				{Name: "s3:x-amz-acl", From: []string{"${ACL}"}},
				{Name: "s3:x-amz-server-side-encryption", From: []string{"${ServerSideEncryption}"}},
				{Name: "s3:x-amz-server-side-encryption-aws-kms-key-id", From: []string{"${SSEKMSKeyId}"}},
				{Name: "s3:x-amz-storage-class", From: []string{"${StorageClass}"}},
				{Name: "s3:if-match", From: []string{"${IfMatch}"}},
				{Name: "s3:if-none-match", From: []string{"${IfNoneMatch}"}},
				{Name: "s3:x-amz-website-redirect-location", From: []string{"${WebsiteRedirectLocation}"}},
			}}},
		},
		{
			Operation: "s3:GetObject", Features: features, Scope: scope, When: "for replay",
			Why:  "no dead letter can be replayed",
			Asks: []call.Ask{{Action: "s3:GetObject", Resources: object}},
		},
		{
			Operation: "s3:DeleteObject", Features: features, Scope: scope, When: "for replay, if dead letters are handed to a queue too",
			Why:  "letters that a message was too small for stay in the bucket when they were replayed",
			Asks: []call.Ask{{Action: "s3:DeleteObject", Resources: object}},
		},
		{
			Operation: "s3:DeleteObjects", Features: features,
			Scope: map[string][]string{"Bucket": {"${bucket}"}, "Delete.Objects.Key": {"${prefix}${owner}/*"}},
			Why:   "letters that were replayed stay in the bucket",
			Asks:  []call.Ask{{Action: "s3:DeleteObject", Resources: []string{"arn:${Partition}:s3:::${Bucket}/${Delete.Objects.Key}"}}},
		},
		{
			Operation: "s3:ListObjectsV2", Features: features,
			Scope: map[string][]string{"Bucket": {"${bucket}"}, "Prefix": {"${prefix}${owner}/"}},
			Why:   "letters that were replayed stay in the bucket",
			Asks: []call.Ask{{Action: "s3:ListBucket", Resources: []string{"arn:${Partition}:s3:::${Bucket}"}, Keys: []call.Key{
				{Name: "s3:prefix", From: []string{"${Prefix}"}, Scope: true},
				{Name: "s3:delimiter", From: []string{"${Delimiter}"}},
				{Name: "s3:max-keys", From: []string{"${MaxKeys}"}},
			}}},
		},
	}
}
