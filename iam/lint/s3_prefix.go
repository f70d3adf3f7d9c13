package lint

var s3Prefix = &Check{
	Code: "S3_PREFIX_IN_NEGATIVE_CONTEXT", Severity: SecurityWarning, Title: "s3:prefix does not keep a prefix from being listed",
	Detail: "Using the s3:prefix condition key in a Deny statement or with a negated string operator does not block listing the objects under the matching prefixes. A request that specifies a shorter prefix does not match the condition and can still list those objects. To restrict listing to specific prefixes, use s3:prefix with StringLike in an Allow statement, or use a Deny statement with StringNotLike.",
	Doc: `s3:prefix is what the request asks for. To deny s3:prefix "secret/*" keeps nobody from listing those objects: a request with the
prefix "s", or none, lists them too and does not match. The same holds for an Allow with a negated operator.

Allow with StringLike what may be listed, or deny with StringNotLike everything else.

Silent: Allow with a positive operator, Deny with a negated one; Null.

Source: Amazon S3 User Guide, Bucket policy examples using condition keys.`,
	Bad: `{"Effect": "Deny", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
 "Condition": {"StringLike": {"s3:prefix": "secret/*"}}}`,
	Good: `{"Effect": "Deny", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
 "Condition": {"StringNotLike": {"s3:prefix": "public/*"}}}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Tests {
				c := &s.Tests[i]
				if c.Name == "s3:prefix" && c.Family == StringFamily && (s.Deny && !c.Negated || s.Allow && c.Negated) {
					p.ReportKey(c.Key, "A request with a shorter prefix, or none, still lists these objects: allow the prefixes with StringLike, or deny with StringNotLike.")
				}
			}
		}
	},
}
