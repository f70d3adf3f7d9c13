package lint

import (
	"fmt"
	"strings"
)

var (
	invalidGlobalKey = &Check{
		Code: "INVALID_GLOBAL_CONDITION_KEY", Severity: Error, Title: "Global condition key does not exist",
		Detail: "The condition key {{key}} does not exist. Use a valid condition key.",
		Doc: `No request carries this key. A condition on it never matches; negated, or with IfExists, it always does. IAM stores the policy all
the same.

The key may be newer than the catalogue. The finding is therefore a warning with the catalogue's date, where Access Analyzer has an error;
its output format keeps the error.

Silent: placeholders; tag keys without the name of a tag, which MISSING_TAG_KEY_IN_CONDITION reports; aws:ARN, which has checks of its own;
aws:SourceOwner, which services still send although the reference no longer lists it.

Source: IAM User Guide, AWS global condition context keys.`,
		Bad: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"ArnLike": {"aws:PrincipleArn": "arn:aws:iam::111122223333:role/reader"}}}`,
		Good: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/reader"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if k.known != nil || k.Placeholder || !strings.HasPrefix(k.Name, "aws:") || strings.Contains(k.Name, "${") {
					continue
				}
				switch name, tag, _ := strings.Cut(k.Name, "/"); name {
				case "aws:arn", "aws:sourceowner":
				case "aws:requesttag", "aws:resourcetag", "aws:principaltag":
					if tag == "" {
						continue
					}
					fallthrough
				default:
					p.ReportKey(k.Key, fmt.Sprintf("There was no key %s as of %s, so no request carries it: check the spelling.", k.Key.Text, p.asOf()), "key", k.Key.Text).Severity = Warning
				}
			}
		},
	}
	invalidServiceKey = &Check{
		Code: "INVALID_SERVICE_CONDITION_KEY", Severity: Error, Title: "Condition key of a service does not exist",
		Detail: "The condition key {{key}} does not exist in the service {{service}}. Use a valid condition key.",
		Doc: `The service has no such key, so no request carries it. A condition on it never matches; negated, or with IfExists, it always
does. IAM stores the policy all the same.

The key may be newer than the catalogue. The finding is therefore a warning with the catalogue's date, where Access Analyzer has an error;
its output format keeps the error.

The fix writes the key that was probably meant. It changes what the policy grants, so it is not made unasked.

Silent: placeholders; claims of identity providers.

Source: Service Authorization Reference, tables "Condition keys".`,
		Bad: `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
 "Condition": {"StringLike": {"s3:prefixes": "home/*"}}}`,
		Good: `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
 "Condition": {"StringLike": {"s3:prefix": "home/*"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				prefix := k.prefix()
				if k.known != nil || k.Placeholder || k.claim() || prefix == "aws" || len(prefix) == len(k.Name) || strings.HasSuffix(k.Name, "tag/") || strings.Contains(k.Name, "${") {
					continue
				}
				service, ok := p.Catalog.Service(prefix)
				if !ok {
					continue // INVALID_SERVICE
				}
				if p.full() {
					return
				}
				var names []string
				for j := range service.Keys {
					if !service.Keys[j].Open() {
						names = append(names, service.Keys[j].Name)
					}
				}
				message := fmt.Sprintf("%s had no key %s as of %s, so no request carries it", prefix, k.Key.Text, p.asOf())
				near := closest(k.Key.Text, names)
				if near == "" {
					p.ReportKey(k.Key, message+": check the spelling.", "key", k.Key.Text, "service", prefix).Severity = Warning
					continue
				}
				finding := p.ReportKey(k.Key, message+": write "+near+" if that is meant.", "key", k.Key.Text, "service", prefix)
				finding.Severity = Warning
				edits, ok := replace(k.Key, near)
				finding.riskyFix("write "+near, edits, ok && !hasMember(k.Key.Parent, near))
			}
		},
	}
)
