package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// where writes a finding's place as Access Analyzer's path, its text, and line:column.
func where(src string, doc *iam.Document, finding *lint.Finding) string {
	var path strings.Builder
	for _, element := range finding.Path {
		switch element.Kind {
		case lint.Key:
			fmt.Fprintf(&path, "/key:%s", element.Name)
		case lint.Value:
			fmt.Fprintf(&path, "/%s", element.Name)
		case lint.Index:
			fmt.Fprintf(&path, "/%d", element.Index)
		case lint.Substring:
			fmt.Fprintf(&path, "/[%d+%d]", element.Start, element.Length)
		}
	}
	at := doc.Position(finding.Span.Start)
	return fmt.Sprintf("%s %d:%d %s", path.String(), at.Line, at.Column, src[finding.Span.Start:finding.Span.End])
}

func TestPlaces(t *testing.T) {
	for _, tt := range []struct{ name, policy, code, want string }{
		{"an item", `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Deny", "Action": "s3:*", "Resource": ["*", "bucket"]}]}`, "INVALID_ARN_PREFIX", `/Statement/0/Resource/1 2:57 "bucket"`},
		{"a string without a list", `{"Version": "2012-10-17", "Statement": {"Effect": "allow", "Action": "s3:*", "Resource": "*"}}`, "INVALID_EFFECT", `/Statement/Effect 1:51 "allow"`},
		{
			"a name", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bul": {"aws:SecureTransport": "false"}}}]}`,
			"INVALID_CONDITION_OPERATOR", `/Statement/0/Condition/key:Bul 1:109 "Bul"`,
		},
		{
			"a part", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:${x}", "Resource": "*"}]}`,
			"VARIABLE_UNSUPPORTED_IN_ELEMENT", `/Statement/0/Action/[3+4] 1:74 ${x}`,
		},
		{
			"a part behind escapes and other characters", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "é\u00e9\ud83d\ude00\n${x}", "Resource": "*"}]}`,
			"VARIABLE_UNSUPPORTED_IN_ELEMENT", `/Statement/0/Action/[4+4] 1:92 ${x}`,
		},
		{
			"a part with escapes", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:\u0024{\u0078}", "Resource": "*"}]}`,
			"VARIABLE_UNSUPPORTED_IN_ELEMENT", `/Statement/0/Action/[3+4] 1:74 \u0024{\u0078}`,
		},
		{
			"the statement", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*"}]}`,
			"MISSING_RESOURCE", `/Statement/0 1:41 {"Effect": "Deny", "Action": "s3:*"}`,
		},
		{
			"the policy", `{"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}`,
			"MISSING_VERSION", ` 1:1 {"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}`,
		},
		{
			"in a policy that lacks its end", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "bucket"`,
			"INVALID_ARN_PREFIX", `/Statement/0/Resource 1:90 "bucket"`,
		},
		{
			"in a policy that lacks its beginning", `"Effect": "Deny", "Action": "s3:*", "Resource": "bucket"`,
			"INVALID_ARN_PREFIX", `/Statement/0/Resource 1:49 "bucket"`,
		},
		{"no JSON", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*",}]}`, "JSON_SYNTAX_ERROR", ` 1:93 ,`},
	} {
		doc := iam.Parse([]byte(tt.policy))
		findings := lint.Run(doc, lint.Options{Codes: []string{tt.code}})
		if len(findings) != 1 {
			t.Errorf("%s: got %d findings, want one\n%s", tt.name, len(findings), tt.policy)
			continue
		}
		if got := where(tt.policy, doc, &findings[0]); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Findings come in order of position, the worst first where several share one.
func TestOrder(t *testing.T) {
	const policy = `{"Statement": [
 {"Sid": "a-b", "Effect": "Allow", "Principal": {}, "Action": "iam:PassRole", "Resource": ["*", "bucket"]},
 {"Effect": "Allow"}]}`
	var got []string
	for _, finding := range lint.Run(iam.Parse([]byte(policy)), lint.Options{}) {
		if !strings.HasPrefix(finding.Check.Code, "TL_") {
			got = append(got, finding.Check.Code)
		}
	}
	want := []string{
		"MISSING_VERSION", "UNSUPPORTED_SID", "UNSUPPORTED_PRINCIPAL", "EMPTY_OBJECT_PRINCIPAL", "PASS_ROLE_WITH_STAR_IN_RESOURCE",
		"INVALID_ARN_PREFIX", "MISSING_ACTION", "MISSING_RESOURCE",
	}
	got = keep(got, want)
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// keep leaves out what is not wanted: checks of other groups may find more in the same policy.
func keep(got, want []string) []string {
	var kept []string
	for _, code := range got {
		if slices.Contains(want, code) {
			kept = append(kept, code)
		}
	}
	return kept
}

// A grant that is too wide is one finding at its action, with the resources as further places.
func TestAlso(t *testing.T) {
	const policy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "iam:PassRole"],
 "Resource": ["arn:aws:iam::111122223333:role/a*", "arn:aws:iam::111122223333:role/one", "arn:aws:iam::111122223333:role/b*"]}]}`
	doc := iam.Parse([]byte(policy))
	findings := lint.Run(doc, lint.Options{Codes: []string{"PASS_ROLE_WITH_STAR_IN_RESOURCE"}})
	if len(findings) != 1 {
		t.Fatalf("got %d findings, want one", len(findings))
	}
	if got, want := where(policy, doc, &findings[0]), `/Statement/0/Action/1 1:88 "iam:PassRole"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var also []string
	for _, place := range findings[0].Also {
		also = append(also, policy[place.Span.Start:place.Span.End])
	}
	if got, want := strings.Join(also, " "), `"arn:aws:iam::111122223333:role/a*" "arn:aws:iam::111122223333:role/b*"`; got != want {
		t.Errorf("further places are %s, want %s", got, want)
	}
}

// What Access Analyzer says is there, filled in.
func TestDetail(t *testing.T) {
	findings := lint.Run(iam.Parse([]byte("{\n \"Version\": \"2012-10-17\",, \"Statement\": []}")), lint.Options{Codes: []string{"JSON_SYNTAX_ERROR"}})
	if len(findings) != 1 {
		t.Fatalf("got %d findings, want one", len(findings))
	}
	if got, want := findings[0].Detail(), "Fix the JSON syntax error at index 27 line 2 column 25."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever the text, every finding stands in it, and fixes can be applied.
func FuzzRun(f *testing.F) {
	for _, check := range lint.Checks() {
		f.Add([]byte(example(check.Bad)), uint8(check.Type))
	}
	f.Fuzz(func(t *testing.T, src []byte, policyType uint8) {
		doc := iam.Parse(src)
		for _, finding := range lint.Run(doc, lint.Options{Type: iam.Type(policyType % 8)}) {
			if finding.Span.Start < 0 || finding.Span.End < finding.Span.Start || finding.Span.End > len(src) {
				t.Errorf("%s: span %v is not in the text of %d bytes", finding.Check.Code, finding.Span, len(src))
			}
			if finding.Fix == nil {
				continue
			}
			if _, err := iam.Apply(src, finding.Fix.Edits); err != nil {
				t.Errorf("%s: fix %q: %v", finding.Check.Code, finding.Fix.Message, err)
			}
		}
	})
}
