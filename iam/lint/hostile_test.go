package lint_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// However long and strange a policy is, the checks end soon, and none reports more than MaxFindings.
func TestHostile(t *testing.T) {
	const (
		size = 64 << 10
		soon = 30 * time.Second // many times what is needed, also on a busy machine
	)
	filled := func(head, item, tail string) string {
		n := (size - len(head) - len(tail)) / (len(item) + 6)
		var b strings.Builder
		b.WriteString(head)
		for i := range n {
			b.WriteString(strings.ReplaceAll(item, "#", fmt.Sprintf("%06d", i)))
		}
		b.WriteString(tail)
		return b.String()
	}
	const head = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": ["sts:AssumeRole"`
	for name, policy := range map[string]string{
		"the same Sid":             filled(`{"Statement": [{}`, `, {"Sid": "A"}`, `]}`),
		"Sids with a hyphen":       filled(`{"Statement": [{}`, `, {"Sid": "A-#"}`, `]}`),
		"actions":                  filled(head, `, "sts:AssumeRole"`, `]}]}`),
		"principals and actions":   filled(filled(head, `, "sts:AssumeRole"`, ``)[:size/2]+`"], "Principal": {"Federated": [`+saml, `, `+saml, `]}}]}`),
		"keys":                     filled(head+`], "Condition": {"StringEquals": {"a:b": "c"`, `, "a:b#": "*"`, `}}}]}`),
		"operators":                filled(head+`], "Condition": {"Null": {}`, `, "StringEqual#s": {"a:b": "*"}`, `}}]}`),
		"elements":                 filled(head+`]`, `, "NotActio#": 1`, `}]}`),
		"variables":                filled(head+`, "\n`, `${a}`, `"]}]}`),
		"variables in a resource":  filled(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "\né`, `${`, `"}]}`),
		"wildcards":                filled(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": "iam:`, `*P`, `"}]}`),
		"resources":                filled(head+`, "*"], "NotResource": ["*"`, `, "arn:aws:iam::1:role/*"`, `]}]}`),
		"services":                 filled(head, `, "ec#:Describe"`, `]}]}`),
		"patterns":                 filled(head, `, "ec2:*a*#"`, `]}]}`),
		"open variables":           filled(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": ["a"`, `, "arn:aws:s3:::${"`, `]}]}`),
		"openers":                  strings.Repeat("[{", size/2),
		"addresses in one address": filled(head+`], "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.1"`, `, "10.0.0.1"`, `]}}}]}`),
	} {
		doc := iam.Parse([]byte(policy))
		for _, policyType := range []iam.Type{iam.IdentityPolicy, iam.TrustPolicy, iam.ResourceControlPolicy} {
			start := time.Now()
			findings := lint.Run(doc, lint.Options{Type: policyType})
			if took := time.Since(start); took > soon {
				t.Errorf("%s, as %s: took %v, want less than %v", name, policyType, took, soon)
			}
			counts := map[string]int{}
			for _, finding := range findings {
				if counts[finding.Check.Code]++; counts[finding.Check.Code] > lint.MaxFindings {
					t.Errorf("%s: more than %d findings of %s", name, lint.MaxFindings, finding.Check.Code)
					break
				}
			}
		}
	}
}
