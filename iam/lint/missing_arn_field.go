package lint

import (
	"strings"

	"trunkline/iam/arn"
)

var missingARNField = &Check{
	Code: "MISSING_ARN_FIELD", Severity: Error, Title: "ARN has too few fields",
	Detail: "Resource ARNs must include at least {{fields}} fields in the following structure: arn:partition:service:region:account:resource",
	Doc: `An ARN has six fields between colons; Region and account may be empty, their colons may not be left out. A pattern with fewer
fields matches no resource.

Silent: a pattern that ends in *, which runs on beyond the colons, unless a / stands where Region or account do; placeholders.

Source: AWS General Reference, Amazon Resource Names.`,
	Bad:  `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:amzn-s3-demo-bucket"}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket"}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			for i := range s.Resources {
				r := &s.Resources[i]
				if r.Fields < 2 || r.Fields > 5 || r.Prefix != "arn" || strings.Contains(r.Text, "${") || r.Placeholder() {
					continue
				}
				if strings.Contains(r.Text, "*") && !slashBeforeStar(r.Text) {
					continue
				}
				p.Report(r.Node, "An ARN has six fields, arn:partition:service:region:account:resource; leave Region and account empty where the service has none, but write their colons.", "fields", "6")
			}
		}
	},
}

// slashBeforeStar tells whether what stands in front of the first * has a / as its Region or account, which no ARN has.
func slashBeforeStar(pattern string) bool {
	head, _, _ := strings.Cut(pattern, "*")
	fields, _ := arn.Split(head)
	return strings.Contains(fields[3]+fields[4], "/")
}
