package lint

import (
	"fmt"
	"strings"

	"trunkline/iam/arn"
)

// kmsKeyKeys are the condition keys, in lower case, whose value is the ARN of a KMS key. S3 fills in the ARN whatever the caller wrote
// (Amazon S3 User Guide); those of Comprehend are of type ARN in the Service Authorization Reference. Which ones Access Analyzer
// looks at is not published.
var kmsKeyKeys = [...]string{
	"s3:x-amz-server-side-encryption-aws-kms-key-id", "comprehend:modelkmskey", "comprehend:outputkmskey", "comprehend:volumekmskey",
	"comprehend:datalakekmskey",
}

var invalidKMSKeyValue = &Check{
	Code: "INVALID_KMS_KEY_VALUE", Severity: Error, Title: "Value of a key condition is no key ARN",
	Detail: "The {{key}} condition key value must be a valid KMS key ARN.",
	Doc: `The key of a request is compared as an ARN, arn:aws:kms:REGION:ACCOUNT:key/ID. A bare key ID or the name of an alias never matches:
an Allow grants nothing, and a Deny with a negated operator hits every request.

Silent: wildcards, policy variables, placeholders; Null.

Source: Amazon S3 User Guide, Protecting data with server-side encryption.`,
	Bad: `{"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "alias/records"}}}`,
	Good: `{"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"ArnNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}}`,
	run: func(p *Pass) {
		keys := p.testedKeys()
		for i := range keys {
			k := &keys[i]
			if k.Family != StringFamily && k.Family != ARNFamily || !isKMSKey(k.Name) {
				continue
			}
			for _, value := range k.Values {
				if isKeyARN(value.Text) || Wild(value.Text) || strings.Contains(value.Text, "${") || hasPlaceholder(value.Text) {
					continue
				}
				p.Report(value, fmt.Sprintf("%s is compared with the ARN of a key: write arn:aws:kms:REGION:ACCOUNT:key/ID.", k.Key.Text), "key", k.Key.Text)
			}
		}
	},
}

func isKMSKey(name string) bool {
	for _, known := range kmsKeyKeys {
		if known == name {
			return true
		}
	}
	return false
}

func isKeyARN(text string) bool {
	parsed, err := arn.Parse(text)
	return err == nil && parsed.Service == "kms" && strings.HasPrefix(parsed.Resource, "key/") && len(parsed.Resource) > len("key/")
}
