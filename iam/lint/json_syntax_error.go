package lint

import (
	"strconv"

	"trunkline/iam"
)

var jsonSyntaxError = &Check{
	Code: "JSON_SYNTAX_ERROR", Severity: Error, Title: "Text is not JSON",
	Detail: "Fix the JSON syntax error at index {{index}} line {{line}} column {{column}}.",
	Doc: `The text cannot be read as JSON, so IAM refuses the whole policy. Every such place is reported, not only the first, and the
other checks go on with the policy as it was meant: without the comma too many, with the bracket that is missing.

Where only one repair is possible the finding carries it as a fix. A placeholder without quotes, or text that ends in the middle of
a value, needs a person.

Silent: a statement that stands alone, without Version and Statement around it, is sound JSON; MISSING_STATEMENT reports it.

Source: RFC 8259; IAM User Guide, Grammar of the IAM JSON policy language.`,
	Bad:  `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject",], "Resource": "*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]}`,
	run: func(p *Pass) {
		for _, problem := range p.Problems {
			if problem.Code == iam.BareStatement || problem.Code == iam.NoPolicy && p.Root != nil {
				continue // MISSING_STATEMENT, DATA_TYPE_MISMATCH
			}
			at := p.Position(problem.Span.Start)
			message := "This is no JSON: " + problem.Text + "."
			if problem.Code == iam.DuplicateKey {
				message = "IAM takes no name twice in an object: " + problem.Text + "."
			}
			p.ReportSpan(problem.Span, message,
				"index", strconv.Itoa(at.Offset), "line", strconv.Itoa(at.Line), "column", strconv.Itoa(at.Column-1)).
				safeFix(mending(problem.Code), problem.Edits, len(problem.Edits) > 0)
		}
	},
}

// mending says what the edits of a problem do.
func mending(code iam.ProblemCode) string {
	switch code {
	case iam.TrailingComma:
		return "remove the trailing comma"
	case iam.MissingComma:
		return "insert the comma"
	case iam.MissingColon:
		return "insert the colon"
	case iam.MissingCloser:
		return "close what is open"
	case iam.ExtraText:
		return "remove what does not belong to the policy"
	case iam.HeadlessText:
		return "put the beginning of a policy in front"
	case iam.BareStatement:
		return "make it a policy with this statement"
	case iam.DuplicateKey:
		return "write it once"
	case iam.Ellipsis:
		return "remove the ellipsis"
	case iam.PlaceholderText:
		return "put the placeholder in quotes"
	case iam.Comment:
		return "remove the comment"
	case iam.SmartQuote:
		return "use straight quotation marks"
	}
	return "write it as JSON"
}
