package lint_test

import (
	"os"
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// example makes a policy of an example, which may be one of its statements.
func example(text string) string {
	if strings.Contains(text, `"Version"`) || strings.Contains(text, `"Statement"`) {
		return text
	}
	return `{"Version": "2012-10-17", "Statement": [` + text + `]}`
}

// run asks some checks, or all, about an example of a check.
func run(check *lint.Check, text string, codes ...string) []lint.Finding {
	return lint.Run(iam.Parse([]byte(example(text))), lint.Options{Type: check.Type, ResourceType: check.Resource, Codes: codes})
}

// Every check finds what it is about in its Bad example, and nothing in its Good one.
func TestExamples(t *testing.T) {
	for _, check := range lint.Checks() {
		t.Run(check.Code, func(t *testing.T) {
			bad := run(check, check.Bad, check.Code)
			if len(bad) == 0 {
				t.Errorf("bad example has no finding:\n%s", example(check.Bad))
			}
			for _, finding := range bad {
				if finding.Check != check || finding.Message == "" {
					t.Errorf("got finding %+v, want one of %s with a message", finding, check.Code)
				}
				if text := finding.Detail(); strings.Contains(text, "{{") && !strings.Contains(text, "{{{") {
					t.Errorf("detail %q: placeholders without a value", text)
				}
			}
			for _, finding := range run(check, check.Good, check.Code) {
				t.Errorf("good example has a finding: %s\n%s", finding.Message, example(check.Good))
			}
		})
	}
}

// What a check calls good is good: no check finds an error in it or something to worry about.
func TestGoodExamplesAreGood(t *testing.T) {
	for _, check := range lint.Checks() {
		for _, finding := range run(check, check.Good) {
			if finding.Severity > lint.Warning {
				t.Errorf("good example of %s: %s: %s\n%s", check.Code, finding.Check.Code, finding.Message, example(check.Good))
			}
		}
	}
}

// A safe fix leaves a policy in which the finding is gone and which still parses without a problem.
func TestFixes(t *testing.T) {
	fixes := 0
	for _, check := range lint.Checks() {
		for _, finding := range run(check, check.Bad, check.Code) {
			if finding.Fix == nil {
				continue
			}
			fixes++
			mended, err := iam.Apply([]byte(example(check.Bad)), finding.Fix.Edits)
			if err != nil {
				t.Errorf("%s: fix %q: %v", check.Code, finding.Fix.Message, err)
			}
			doc := iam.Parse(mended)
			if len(doc.Problems) > 0 {
				t.Errorf("%s: fix %q leaves %v\n%s", check.Code, finding.Fix.Message, doc.Problems, mended)
			}
			if left := lint.Run(doc, lint.Options{Type: check.Type, ResourceType: check.Resource, Codes: []string{check.Code}}); len(left) > 0 && finding.Fix.Safe {
				t.Errorf("%s: fix %q leaves %q\n%s", check.Code, finding.Fix.Message, left[0].Message, mended)
			}
		}
	}
	if fixes < 20 {
		t.Errorf("got %d fixes in all bad examples, want at least 20", fixes)
	}
}

// The Version goes into a line of its own where the elements have theirs.
func TestMissingVersionLines(t *testing.T) {
	const policy = "{\n    \"Statement\": []\n}"
	findings := lint.Run(iam.Parse([]byte(policy)), lint.Options{Codes: []string{"MISSING_VERSION"}})
	if len(findings) != 1 || findings[0].Fix == nil || !findings[0].Fix.Safe {
		t.Fatalf("got %+v, want a finding with a safe fix", findings)
	}
	got, err := iam.Apply([]byte(policy), findings[0].Fix.Edits)
	if want := "{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": []\n}"; string(got) != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// A fix that changes what a policy means is not safe.
func TestRiskyFixes(t *testing.T) {
	for _, tt := range []finds{
		{"MISSING_VERSION", 1, `{"Statement": [` + resource("arn:aws:s3:::b/${aws:username}") + `]}`},
		{"INVALID_VERSION", 1, `{"Version": "2012", "Statement": [` + resource("arn:aws:s3:::b/${aws:username}") + `]}`},
		{"VARIABLE_UNSUPPORTED_IN_VERSION", 1, `{"Version": "2008-10-17", "Statement": [` + resource("arn:aws:s3:::b/${aws:username}") + `]}`},
		{"WILDCARD_WITHOUT_LIKE_OPERATOR", 1, condition(`"StringEquals": {"s3:prefix": "a*"}`)},
		{"INVALID_ARN_PREFIX", 1, resource("aws:s3:::b/*")},
		{"INVALID_ARN_ACCOUNT", 1, resource("arn:aws:sqs:eu-west-2:1111-2222-3333:q")},
		{"INVALID_CONDITION_OPERATOR", 1, condition(`"StringEqual": {"s3:prefix": "a"}`)},
	} {
		findings := lint.Run(iam.Parse([]byte(example(tt.policy))), lint.Options{Codes: []string{tt.code}})
		if len(findings) != tt.want || findings[0].Fix == nil || findings[0].Fix.Safe {
			t.Errorf("%s: got %+v, want a finding with a fix that is not safe, in %s", tt.code, findings, tt.policy)
		}
	}
}

func TestCheckData(t *testing.T) {
	seen := map[string]bool{}
	for _, check := range lint.Checks() {
		if seen[check.Code] || check.Code != strings.ToUpper(check.Code) {
			t.Errorf("code %s: want one check with it, in upper case", check.Code)
		}
		seen[check.Code] = true
		if own := strings.HasPrefix(check.Code, "TL_"); own != (check.Detail == "") {
			t.Errorf("%s: detail %q: want Access Analyzer's for its checks and none for ours", check.Code, check.Detail)
		}
		if n := len(check.Title); n == 0 || n > 72 || strings.HasSuffix(check.Title, ".") {
			t.Errorf("%s: title %q: want a few words without a full stop", check.Code, check.Title)
		}
		if !strings.Contains(check.Doc, "Source: ") {
			t.Errorf("%s: doc names no source", check.Code)
		}
		if lint.Lookup(check.Code) != check {
			t.Errorf("Lookup(%q) is another check", check.Code)
		}
	}
	if got := lint.Lookup("NO_SUCH_CODE"); got != nil {
		t.Errorf(`Lookup("NO_SUCH_CODE") = %v, want nil`, got)
	}
}

// The checks are those of Access Analyzer's reference page, all of them, with its types.
func TestCatalogue(t *testing.T) {
	data, err := os.ReadFile("testdata/access-analyzer-checks.tsv")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	counts := map[string]int{}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSpace(line), "\t")
		code, severity := fields[0], fields[1]
		want[code] = true
		counts[severity]++
		check := lint.Lookup(code)
		if check == nil {
			t.Errorf("no check %s", code)
			continue
		}
		if got := check.Severity.String(); got != severity {
			t.Errorf("%s is %s, want %s", code, got, severity)
		}
	}
	if len(want) != 153 || counts["ERROR"] != 79 || counts["SECURITY_WARNING"] != 19 || counts["WARNING"] != 26 || counts["SUGGESTION"] != 29 {
		t.Errorf("the list has %d codes, %v: want 153, 79 errors, 19 security warnings, 26 warnings, 29 suggestions", len(want), counts)
	}
	for _, check := range lint.Checks() {
		if !strings.HasPrefix(check.Code, "TL_") && !want[check.Code] {
			t.Errorf("Access Analyzer has no code %s", check.Code)
		}
	}
}

func TestLink(t *testing.T) {
	const page = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-"
	for code, want := range map[string]string{
		"INVALID_EFFECT":           page + "error-invalid-effect",
		"MISSING_VERSION":          page + "general-warning-missing-version",
		"ALLOW_WITH_NOT_PRINCIPAL": page + "security-warning-allow-with-not-principal",
		"EMPTY_SID_VALUE":          page + "suggestion-empty-sid-value",
	} {
		if got := lint.Lookup(code).Link(); got != want {
			t.Errorf("link of %s is %s, want %s", code, got, want)
		}
	}
	if got := (&lint.Check{Code: "TL_X"}).Link(); got != "" {
		t.Errorf("link of a check of our own is %q, want none", got)
	}
}

func TestParseSeverity(t *testing.T) {
	for name, want := range map[string]lint.Severity{"error": lint.Error, "security-warning": lint.SecurityWarning, "WARNING": lint.Warning, "Suggestion": lint.Suggestion} {
		if got, err := lint.ParseSeverity(name); got != want || err != nil {
			t.Errorf("ParseSeverity(%q) = %v, %v, want %v", name, got, err, want)
		}
	}
	if _, err := lint.ParseSeverity("fatal"); err == nil {
		t.Error(`ParseSeverity("fatal") has no error`)
	}
}
