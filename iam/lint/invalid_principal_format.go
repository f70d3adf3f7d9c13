package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
	"trunkline/iam/arn"
)

var invalidPrincipalFormat = &Check{
	Code: "INVALID_PRINCIPAL_FORMAT", Severity: Error, Title: "Principal is a bare string",
	Detail: "The Principal element contents are not valid. Specify a key-value pair in the Principal element.",
	Doc: `Principal is "*" or an object that says of which kind each principal is: {"AWS": "111122223333"}, {"Service":
"lambda.amazonaws.com"}, {"Federated": …}, {"CanonicalUser": …}. A bare account, ARN or service is refused.

Where the kind is plain from the text it is proposed.

Source: IAM User Guide, AWS JSON policy elements: Principal.`,
	Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
	Bad: `{"Effect": "Allow", "Principal": "arn:aws:iam::111122223333:role/reader", "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	Good: `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/reader"}, "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	run: func(p *Pass) {
		if p.Identity() || p.Type == iam.ServiceControlPolicy || p.Type == iam.ResourceControlPolicy {
			return
		}
		for s := range p.Each() {
			for _, principal := range [...]*iam.Principal{s.Principal, s.NotPrincipal} {
				if principal == nil || principal.Node.Kind != iam.String || principal.Any {
					continue
				}
				n := principal.Node
				finding := p.Report(n, fmt.Sprintf(`%q stands alone: say of which kind it is, as in {"AWS": …} or {"Service": …}.`, n.Text))
				if kind := principalKind(n.Text); kind != "" && !n.Virtual {
					finding.riskyFix("name its kind, "+kind, []iam.Edit{{Span: n.Span, Text: `{"` + kind + `": ` + quote(n.Text) + `}`}}, true)
				}
			}
		}
	},
}

// principalKind is the key under which a principal belongs, empty when its text does not tell.
func principalKind(text string) string {
	switch {
	case strings.HasSuffix(text, ".amazonaws.com") || strings.HasSuffix(text, ".amazonaws.com.cn"):
		return "Service"
	case strings.Contains(text, ":saml-provider/") || strings.Contains(text, ":oidc-provider/"):
		return "Federated"
	case arn.IsAccount(text) || strings.HasPrefix(text, "arn:"):
		return "AWS"
	}
	return ""
}

// digits tells whether a text is made of digits and not empty.
func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
