package lint

import (
	"fmt"
	"strings"
)

var secretSuffixWildcard = &Check{
	Code: "TL_SECRET_SUFFIX_WILDCARD", Severity: Warning, Title: "Wildcard for a secret's suffix covers other secrets",
	Doc: `Secrets Manager puts a hyphen and six random characters behind a secret's name in its ARN. Written as "name-*" they also
cover every secret whose name begins with "name-". Six question marks cover the suffix and nothing else.

To mend it, write "name-??????". The fix is not applied unasked, because a wildcard may be meant for a family of secrets: then put a slash
in front of it ("name/*"), or suppress the finding with that reason.

Source: AWS Secrets Manager User Guide, "What's in a Secrets Manager secret?" and the examples of permissions policies.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
  "Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:upload-key-*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
  "Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:upload-key-??????"}]}`,
	run: func(p *Pass) {
		for s := range p.Each() {
			if !s.Allow || s.Resource == nil {
				continue
			}
			for i := range s.Resources {
				r := &s.Resources[i]
				name, isSecret := strings.CutPrefix(r.Name, "secret:")
				stem, found := strings.CutSuffix(name, "-*")
				last := stem[strings.LastIndexByte(stem, '/')+1:]
				if r.Service != "secretsmanager" || !isSecret || !found || last == "" || strings.Trim(last, "*?-") == "" {
					continue
				}
				f := p.Report(r.Node, fmt.Sprintf("%s-* also covers every other secret whose name begins with %s-: the suffix that Secrets Manager adds has six characters, write %s-??????", last, last, last))
				edits, ok := replace(r.Node, strings.TrimSuffix(r.Text, "*")+"??????")
				f.riskyFix("cover the six characters of the suffix", edits, ok)
			}
		}
	},
}
