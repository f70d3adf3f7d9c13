package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// policy4K is a realistic identity policy of about 4 KB without a finding worse than a warning.
func policy4K() []byte {
	var b strings.Builder
	b.WriteString("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n")
	for i := range 7 {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `    {
      "Sid": "Stack%d",
      "Effect": "Allow",
      "Action": [
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:PutRecord*"
      ],
      "Resource": [
        "arn:aws:kinesis:eu-west-2:111122223333:stream/connect-records-%[1]d",
        "arn:aws:kinesis:eu-west-2:111122223333:stream/${aws:PrincipalTag/team}-%[1]d"
      ],
      "Condition": {
        "StringEquals": {"aws:ResourceTag/environment": ["production", "staging"]},
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}
      }
    }`, i)
	}
	b.WriteString("\n  ]\n}\n")
	return []byte(b.String())
}

func BenchmarkRun(b *testing.B) {
	src := policy4K()
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		lint.Run(iam.Parse(src), lint.Options{})
	}
}
