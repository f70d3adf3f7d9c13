package lint

import (
	"fmt"
	"strings"

	"trunkline/iam/catalog"
)

var (
	typeMismatch = &Check{
		Code: "TYPE_MISMATCH", Severity: Warning, Title: "Operator is not for the type of the key",
		Detail: "Use the operator type {{allowed}} instead of operator {{operator}} for the condition key {{key}}.",
		Doc: `The key's values are of another type than the operator compares: StringEquals on a number compares its digits, IpAddress on a name
never matches.

Silent: Null; tags and other keys with a part of your choosing, whose values may be anything; ARN operators on keys that hold ARNs and are
called String in the reference; StringEquals and StringNotEquals on ARNs, which is exact; Numeric operators on aws:EpochTime. StringLike on ARNs is STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS.

Source: Service Authorization Reference, tables "Condition keys"; IAM User Guide, Condition operators.`,
		Bad: `{"Effect": "Deny", "Action": "s3:*", "Resource": "*",
 "Condition": {"StringEquals": {"aws:SecureTransport": "false"}}}`,
		Good: `{"Effect": "Deny", "Action": "s3:*", "Resource": "*",
 "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if k.known == nil || compares(k) || k.known.Open() || k.claim() {
					continue
				}
				allowed := operatorTypes[k.known.Type]
				p.ReportKey(k.Condition.Condition.Operator, fmt.Sprintf("%s is of type %s: use one of the %s operators, not %s.", k.Key.Text, k.known.Type, allowed, k.Base),
					"allowed", allowed, "operator", k.Base, "key", k.Key.Text)
			}
		},
	}
	stringLikeWithARN = &Check{
		Code: "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", Severity: SecurityWarning, Title: "StringLike on an ARN",
		Detail: "Use the operator type {{allowed}} instead of operator {{operator}} for the condition key {{key}}.",
		Doc: `Under StringLike a * runs across colons, so arn:aws:sns:*:111122223333:orders also matches an ARN of another account whose name has
":111122223333:orders" in it. ArnLike compares field by field.

The fix writes ArnLike. It matches less, so it is not made unasked.

Silent: values without a wildcard.

Source: IAM User Guide, Condition operators, ARN condition operators.`,
		Bad: `{"Effect": "Deny", "Action": "sns:Publish", "Resource": "*",
 "Condition": {"StringNotLike": {"aws:SourceArn": "arn:aws:s3:*:111122223333:*"}}}`,
		Good: `{"Effect": "Deny", "Action": "sns:Publish", "Resource": "*",
 "Condition": {"ArnNotLike": {"aws:SourceArn": "arn:aws:s3:*:111122223333:*"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if k.known == nil || k.known.Type != catalog.ARN || k.Family != StringFamily || !k.Like || !k.patterned() {
					continue
				}
				better := strings.Replace(k.Base, "String", "Arn", 1)
				finding := p.ReportKey(k.Condition.Condition.Operator, fmt.Sprintf("%s is an ARN: under %s a * runs across colons, use %s.", k.Key.Text, k.Base, better),
					"allowed", better, "operator", k.Base, "key", k.Key.Text)
				p.fixOperator(finding, k, strings.Replace(k.Condition.Condition.Operator.Text, k.Base, better, 1))
			}
		},
	}
)

// operatorTypes are the families of operators by the type of key they are for, as Access Analyzer names them.
var operatorTypes = [...]string{
	catalog.String: "String", catalog.ARN: "ARN", catalog.Bool: "Boolean", catalog.Numeric: "Numeric", catalog.Date: "Date",
	catalog.IPAddress: "IP address", catalog.Binary: "Binary",
}

// compares tells whether an operator may be used on a key.
func compares(k *testedKey) bool {
	switch k.Family {
	case UnknownFamily, NullFamily:
		return true
	case NumericFamily:
		return k.known.Type == catalog.Numeric || k.Name == "aws:epochtime"
	case DateFamily:
		return k.known.Type == catalog.Date
	case BoolFamily:
		return k.known.Type == catalog.Bool
	case BinaryFamily:
		return k.known.Type == catalog.Binary
	case IPFamily:
		return k.known.Type == catalog.IPAddress
	case ARNFamily:
		return k.known.Type == catalog.ARN || k.known.Type == catalog.String && (strings.HasSuffix(k.Name, "arn") || looksLikeARN(k))
	}
	return k.known.Type == catalog.String || k.known.Type == catalog.ARN
}

func looksLikeARN(k *testedKey) bool {
	for _, value := range k.Values {
		if !strings.HasPrefix(value.Text, "arn:") {
			return false
		}
	}
	return true
}

// patterned tells whether a value is a pattern. "*" alone is none: it asks only whether the key is there.
func (k *testedKey) patterned() bool {
	for _, value := range k.Values {
		if value.Text != "*" && Wild(value.Text) {
			return true
		}
	}
	return false
}
