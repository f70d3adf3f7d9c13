package lint

import (
	"fmt"
	"strings"
)

var claimableBucketName = &Check{
	Code: "TL_CLAIMABLE_BUCKET_NAME", Severity: SecurityWarning, Title: "Bucket that anybody can create",
	Doc: `The name of the bucket begins with a wildcard. Names of buckets are shared by all accounts, so anybody can create a bucket that
matches and put into it what the principal will read, such as the code of a function, or receive what it writes.

To mend it, name the bucket, or add a condition on aws:ResourceAccount with the account that owns it.

Silent with a condition on aws:ResourceAccount, aws:ResourceOrgID, aws:ResourceOrgPaths or s3:ResourceAccount, and for all buckets ("*").

Source: Amazon S3 User Guide, "General purpose bucket naming rules" (names are unique in a partition); IAM User Guide, aws:ResourceAccount.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::*-releases/code.zip"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::*-releases/code.zip", "Condition": {"StringEquals": {"aws:ResourceAccount": "111122223333"}}}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		for s := range p.Each() {
			if !s.Allow || s.Resource == nil || s.tests("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "s3:resourceaccount") {
				continue
			}
			for i := range s.Resources {
				r := &s.Resources[i]
				if r.Service != "s3" || r.Region != "" || r.Account != "" || r.Fields < 6 {
					continue
				}
				bucket, _, _ := strings.Cut(r.Name, "/")
				if rest := strings.TrimLeft(bucket, "*?"); rest != bucket && rest != "" {
					p.Report(r.Node, fmt.Sprintf("names of buckets are shared by all accounts, and anybody can create one that matches %s: name the bucket, or add a condition on aws:ResourceAccount with its owner's account", bucket))
				}
			}
		}
	},
}
