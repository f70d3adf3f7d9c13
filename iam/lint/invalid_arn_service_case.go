package lint

import (
	"fmt"
	"strings"
)

var invalidARNServiceCase = &Check{
	Code: "INVALID_ARN_SERVICE_CASE", Severity: Error, Title: "Service in an ARN has capital letters",
	Detail: "Update the service name {{service}} in the resource ARN to use all lowercase letters.",
	Doc: `ARNs are compared with regard to case, and services have small letters in theirs: the pattern matches no resource.

The fix writes small letters. The pattern then matches what it did not match before, so the fix is not made unasked.

Silent: placeholders.

Source: AWS General Reference, Amazon Resource Names.`,
	Bad:  `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:S3:::amzn-s3-demo-bucket/*"}`,
	Good: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Resources {
				r := &s.Resources[i]
				if r.Fields < 6 || r.Prefix != "arn" || !hasUpper(r.Service) || special(r.Service) {
					continue
				}
				small := strings.ToLower(r.Service)
				if _, ok := p.Catalog.Service(small); !ok {
					continue
				}
				start, length := r.field(2)
				finding := p.ReportPart(r.Node, start, length, fmt.Sprintf("ARNs are compared with regard to case: write %s.", small), "service", r.Service)
				edits, ok := replace(r.Node, r.Text[:start]+small+r.Text[start+length:])
				finding.riskyFix("write "+small, edits, ok)
			}
		}
	},
}

func hasUpper(text string) bool {
	for i := range len(text) {
		if text[i] >= 'A' && text[i] <= 'Z' {
			return true
		}
	}
	return false
}
