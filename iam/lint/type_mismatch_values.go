package lint

import (
	"encoding/base64"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"trunkline/iam"
)

var (
	typeMismatchBoolean = &Check{
		Code: "TYPE_MISMATCH_BOOLEAN", Severity: Warning, Title: "Value is neither true nor false",
		Detail: "Add a valid Boolean value (true or false) for the condition operator {{operator}}.",
		Doc: `Bool and Null compare with true or false. With another value the condition never matches.

Silent: policy variables, which INVALID_VARIABLE_FOR_OPERATOR reports; placeholders.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
		Bad:  typedExample(`"Bool": {"aws:SecureTransport": "no"}`),
		Good: typedExample(`"Bool": {"aws:SecureTransport": "false"}`),
		run: func(p *Pass) {
			for c, n := range p.typedValues(BoolFamily, NullFamily) {
				if !strings.EqualFold(n.Text, "true") && !strings.EqualFold(n.Text, "false") {
					p.Report(n, fmt.Sprintf("%s compares with true or false: this never matches.", c.Base), "operator", c.Condition.Operator.Text)
				}
			}
		},
	}
	typeMismatchNumber = &Check{
		Code: "TYPE_MISMATCH_NUMBER", Severity: Warning, Title: "Value is no number",
		Detail: "Add a valid numeric value for the condition operator {{operator}}.",
		Doc: `Numeric… operators compare with an integer or a decimal number. With another value the condition never matches, and a negated one
always.

Silent: policy variables, which INVALID_VARIABLE_FOR_OPERATOR reports; placeholders.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
		Bad:  typedExample(`"NumericGreaterThan": {"aws:MultiFactorAuthAge": "1h"}`),
		Good: typedExample(`"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}`),
		run: func(p *Pass) {
			for c, n := range p.typedValues(NumericFamily, NumericFamily) {
				if _, err := strconv.ParseFloat(n.Text, 64); err != nil || n.Kind == iam.Bool || strings.ContainsAny(n.Text, "xX_iInN") {
					p.Report(n, fmt.Sprintf("%s compares with a number: write one.", c.Base), "operator", c.Condition.Operator.Text)
				}
			}
		},
	}
	typeMismatchDate = &Check{
		Code: "TYPE_MISMATCH_DATE", Severity: Warning, Title: "Value is no date",
		Detail: "The date condition operator is used with an invalid value. Specify a valid date using YYYY-MM-DD or other ISO 8601 date/time format.",
		Doc: `Date… operators compare with a date or a time of ISO 8601, such as 2026-01-31 or 2026-01-31T12:00:00Z. IAM refuses another value.

Silent: seconds since 1970, which work and INVALID_DATE_VALUE reports; policy variables; placeholders.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
		Bad:  typedExample(`"DateLessThan": {"aws:CurrentTime": "31.01.2026"}`),
		Good: typedExample(`"DateLessThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}`),
		run: func(p *Pass) {
			for _, n := range p.typedValues(DateFamily, DateFamily) {
				if !isDate(n.Text) && !isEpoch(n) {
					p.Report(n, "This is no date: write it as 2026-01-31 or 2026-01-31T12:00:00Z.")
				}
			}
		},
	}
	invalidDateValue = &Check{
		Code: "INVALID_DATE_VALUE", Severity: Warning, Title: "Date in seconds since 1970",
		Detail: "The date {{date}} might not resolve as expected. We recommend that you use the YYYY-MM-DD format.",
		Doc: `A number of seconds since 1970 works as a date, but nobody sees which date it is, and a slip of one digit makes another. Write the
date.

Silent: conditions on aws:EpochTime, which is such a number.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
		Bad:  typedExample(`"DateLessThan": {"aws:CurrentTime": "1769817600"}`),
		Good: typedExample(`"DateLessThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}`),
		run: func(p *Pass) {
			for c, n := range p.typedValues(DateFamily, DateFamily) {
				if c.Name == "aws:epochtime" || !isEpoch(n) {
					continue
				}
				finding := p.Report(n, fmt.Sprintf("%s counts seconds since 1970: write the date.", n.Text), "date", n.Text)
				if seconds, err := strconv.ParseInt(n.Text, 10, 64); err == nil && seconds < maxSeconds {
					date := time.Unix(seconds, 0).UTC().Format(time.RFC3339)
					edits, ok := replace(n, date)
					finding.safeFix("write "+date, edits, ok)
				}
			}
		},
	}
	typeMismatchString = &Check{
		Code: "TYPE_MISMATCH_STRING", Severity: Warning, Title: "Value is no Base64",
		Detail: "Add a valid base64-encoded string value for the condition operator {{operator}}.",
		Doc: `BinaryEquals compares bytes with a value in Base64. A value that cannot be decoded never matches.

Silent: policy variables, which INVALID_VARIABLE_FOR_OPERATOR reports; placeholders.

Source: IAM User Guide, IAM JSON policy elements: Condition operators.`,
		Bad:  typedExample(`"BinaryEquals": {"example:key": "not base64!"}`),
		Good: typedExample(`"BinaryEquals": {"example:key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}`),
		run: func(p *Pass) {
			for c, n := range p.typedValues(BinaryFamily, BinaryFamily) {
				if _, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(n.Text, "=")); err != nil || n.Kind != iam.String {
					p.Report(n, fmt.Sprintf("%s compares with Base64, and this is none.", c.Base), "operator", c.Condition.Operator.Text)
				}
			}
		},
	}
)

// maxSeconds is the beginning of the year 10000, from which on a date has no four-digit year.
const maxSeconds = 253402300800

func typedExample(condition string) string {
	return `{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {` + condition + `}}`
}

// typedValues goes through the values of conditions of two families about which something can be said.
func (p *Pass) typedValues(one, other Family) iter.Seq2[*Condition, *iam.Node] {
	return func(yield func(*Condition, *iam.Node) bool) {
		for s := range p.Each() {
			for i := range s.Tests {
				c := &s.Tests[i]
				if c.Family != one && c.Family != other {
					continue
				}
				for _, n := range c.Values {
					if strings.Contains(n.Text, "${") || hasBrackets(n.Text) {
						continue
					}
					if !yield(c, n) {
						return
					}
				}
			}
		}
	}
}

// isEpoch tells whether a value counts seconds since 1970; a string of four digits is a year.
func isEpoch(n *iam.Node) bool {
	return digits(n.Text) && (n.Kind == iam.Number || len(n.Text) > 4)
}

// dateLayouts are the forms of ISO 8601 that IAM takes. Go takes a fraction of a second behind any seconds.
var dateLayouts = [...]string{
	"2006-01-02", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01", "2006", "2006-01-02T15Z07:00",
}

func isDate(text string) bool {
	for _, layout := range dateLayouts {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return false
}
