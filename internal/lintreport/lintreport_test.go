package lintreport

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
	"trunkline/iam/lint"
	"trunkline/internal/policyfile"
)

// A finding of each kind that the forms tell apart.
var (
	badAction = lint.Check{
		Code: "INVALID_ACTION", Severity: lint.Error, Title: "Action does not exist", Doc: "An action.\n",
		Detail: "The action {{action}} does not exist. Did you mean {{valid_action}}?", Bad: "{}", Good: "[]",
	}
	ownCheck = lint.Check{Code: "TL_OWN", Severity: lint.SecurityWarning, Title: "Our own", Doc: "Ours.", Type: iam.TrustPolicy, Bad: "{}"}
)

const (
	fileName = "dir é/100%,a:b.json"
	source   = "{\n\t\"Statement\": {\"Sid\": \"é\", \"Action\": \"s3:Gett\"}\n}\n"
)

// sample is the text of a file as a policy, and two findings about it.
func sample(t *testing.T, name, text string) []Result {
	t.Helper()
	for found, err := range policyfile.Scan(name, []byte(text), policyfile.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(found.Document.Source, []byte(`"s3:Gett"`))
		span := iam.Span{Start: at, End: at + len(`"s3:Gett"`)}
		whole := iam.Span{Start: 0, End: bytes.LastIndexByte(found.Document.Source, '}') + 1}
		findings := []lint.Finding{
			{
				Check: &badAction, Severity: lint.Error, Message: "s3:Gett does not exist:\nwrite s3:Get*, 100%", Span: span,
				Values: map[string]string{"action": "s3:Gett", "valid_action": "s3:Get*"},
				Path:   []lint.Element{{Kind: lint.Value, Name: "Statement"}, {Kind: lint.Index, Index: 0}, {Kind: lint.Key, Name: "Action"}, {Kind: lint.Substring, Start: 3, Length: 4}},
				Fix:    &lint.Fix{Message: "write s3:Get*", Safe: true, Edits: []iam.Edit{{Span: span, Text: `"s3:Get*"`}}},
			},
			{Check: &ownCheck, Severity: lint.Suggestion, Message: "ours", Span: whole},
		}
		results := make([]Result, len(findings))
		for i, f := range findings {
			results[i] = place(found, f)
		}
		return results
	}
	t.Fatalf("no policy in %q", text)
	return nil
}

// write is what a form makes of the results of some policies.
func write(t *testing.T, format string, options Options, policies ...[]Result) string {
	t.Helper()
	var b bytes.Buffer
	w, err := New(format, &b, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, results := range policies {
		if err := w.Policy(results); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func suppressed(results []Result) []Result {
	results = slices.Clone(results)
	for i := range results {
		results[i].Ignore = &policyfile.Ignore{File: "x.yaml", Position: iam.Position{Line: 7, Column: 3}, Codes: []string{results[i].Check.Code}, Reason: "because"}
	}
	return results
}

func TestForms(t *testing.T) {
	results := sample(t, fileName, source)
	tests := []struct {
		format string
		want   string
	}{
		{"text", `dir é/100%,a:b.json:2:38: error INVALID_ACTION: s3:Gett does not exist:` + "\ufffd" + `write s3:Get*, 100%
    2 |  "Statement": {"Sid": "é", "Action": "s3:Gett"}
      |                                      ^~~~~~~~~
        fix: write s3:Get* (--fix does)
dir é/100%,a:b.json:1:1: suggestion TL_OWN: ours
    1 | {
      | ^
3 policies: 1 error, 1 suggestion; 2 suppressed
`},
		{"json", `{"file":"dir é/100%,a:b.json","policy_type":"IDENTITY_POLICY","code":"INVALID_ACTION","severity":"error","title":"Action does not exist","message":"s3:Gett does not exist:\nwrite s3:Get*, 100%","line":2,"column":38,"end_line":2,"end_column":47,"path":[{"value":"Statement"},{"index":0},{"key":"Action"},{"substring":{"start":3,"length":4}}],"link":"https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-invalid-action","fix":{"message":"write s3:Get*","safe":true,"edits":[{"offset":40,"length":9,"text":"\"s3:Get*\""}]}}
{"file":"dir é/100%,a:b.json","policy_type":"IDENTITY_POLICY","code":"TL_OWN","severity":"suggestion","title":"Our own","message":"ours","line":1,"column":1,"end_line":3,"end_column":2}
{"file":"dir é/100%,a:b.json","policy_type":"IDENTITY_POLICY","code":"INVALID_ACTION","severity":"error","title":"Action does not exist","message":"s3:Gett does not exist:\nwrite s3:Get*, 100%","line":2,"column":38,"end_line":2,"end_column":47,"path":[{"value":"Statement"},{"index":0},{"key":"Action"},{"substring":{"start":3,"length":4}}],"link":"https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-invalid-action","fix":{"message":"write s3:Get*","safe":true,"edits":[{"offset":40,"length":9,"text":"\"s3:Get*\""}]},"suppressed":{"reason":"because","file":"x.yaml","line":7}}
{"file":"dir é/100%,a:b.json","policy_type":"IDENTITY_POLICY","code":"TL_OWN","severity":"suggestion","title":"Our own","message":"ours","line":1,"column":1,"end_line":3,"end_column":2,"suppressed":{"reason":"because","file":"x.yaml","line":7}}
`},
		{"access-analyzer", `{"findings":[{"findingDetails":"The action s3:Gett does not exist. Did you mean s3:Get*?","findingType":"ERROR","issueCode":"INVALID_ACTION","learnMoreLink":"https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-invalid-action","locations":[{"path":[{"value":"Statement"},{"index":0},{"key":"Action"},{"substring":{"start":3,"length":4}}],"span":{"start":{"line":2,"column":37,"offset":39},"end":{"line":2,"column":46,"offset":48}}}]}]}
{"findings":[]}
{"findings":[]}
`},
		{"github", `::error file=dir é/100%25%2Ca%3Ab.json,line=2,col=38,endLine=2,endColumn=47,title=INVALID_ACTION::s3:Gett does not exist:%0Awrite s3:Get*, 100%25
::notice file=dir é/100%25%2Ca%3Ab.json,line=1,col=1,endLine=3,title=TL_OWN::ours
`},
	}
	for _, test := range tests {
		got := write(t, test.format, Options{}, results, suppressed(results), nil)
		if diff := cmp.Diff(got, test.want); diff != "" {
			t.Errorf("%s: got (-), want (+):\n%s", test.format, diff)
		}
	}
	if _, err := New("xml", &bytes.Buffer{}, Options{}); err == nil {
		t.Error("New(xml): got no error, want one")
	}
}

func TestText(t *testing.T) {
	long := `{"Statement": {"Sid": "` + strings.Repeat("x", 300) + `", "Action": "s3:Gett", "Resource": "` + strings.Repeat("y", 300) + `"}}`
	got := write(t, "text", Options{}, sample(t, "a.json", long))
	lines := strings.Split(got, "\n")
	line, mark := []rune(lines[1]), lines[2]
	first, last := strings.IndexByte(mark, '^'), strings.LastIndexByte(mark, '~')
	if marked := string(line[first : last+1]); marked != `"s3:Gett"` {
		t.Errorf("got the mark below %q, want it below the action:\n%s", marked, got)
	}
	if n := utf8.RuneCountInString(lines[1]); n > contextWidth+12 || !strings.Contains(lines[1], "| …") || !strings.HasSuffix(lines[1], "…") {
		t.Errorf("got a line of %d characters, want about %d with … at both ends:\n%s", n, contextWidth, lines[1])
	}
	if got := write(t, "text", Options{Color: true}, sample(t, "a.json", source)); !strings.Contains(got, red+"error"+plain) {
		t.Errorf("got no red error in %q, want one", got)
	}
	if got := write(t, "text", Options{}, sample(t, "a\x1b[2J.json", source)); strings.Contains(got, "\x1b") {
		t.Errorf("got an escape of the file's name in %q, want none", got)
	}
	readOnly := write(t, "text", Options{}, sample(t, "a.yaml", "Statement:\n  Action: \"s3:Gett\"\n"))
	if want := "fix: write s3:Get* (by hand: it is written in YAML; edit it there)"; !strings.Contains(readOnly, want) {
		t.Errorf("got %q, want it to say %q", readOnly, want)
	}
	if got, want := write(t, "text", Options{}, nil), "1 policy: no findings\n"; got != want {
		t.Errorf("nothing found: got %q, want %q", got, want)
	}
	if got := write(t, "text", Options{}); got != "" {
		t.Errorf("no policy: got %q, want nothing", got)
	}
}

// The SARIF log has what the standard asks for, and its fixes give the text that the edits give.
func TestSARIF(t *testing.T) {
	results := sample(t, fileName, source)
	got := write(t, "sarif", Options{Version: "1.2.3"}, results, suppressed(results), sample(t, "/a b/c.yaml", "Statement:\n  Action: \"s3:Gett\"\n"))
	var log sarifLog
	decoder := json.NewDecoder(strings.NewReader(got))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || log.Schema != sarifSchema || len(log.Runs) != 1 || log.Runs[0].ColumnKind != "unicodeCodePoints" {
		t.Errorf("got the log %+v, want version 2.1.0, its schema, one run that counts characters", log)
	}
	run := log.Runs[0]
	if n := len(run.Tool.Driver.Rules); n != 2 || run.Tool.Driver.Name != "trunkline" || run.Tool.Driver.Version != "1.2.3" {
		t.Errorf("got the driver %+v, want trunkline 1.2.3 with two rules", run.Tool.Driver)
	}
	wantURIs := []string{"dir%20%C3%A9/100%25,a:b.json", "dir%20%C3%A9/100%25,a:b.json", "dir%20%C3%A9/100%25,a:b.json", "dir%20%C3%A9/100%25,a:b.json", "file:///a%20b/c.yaml", "file:///a%20b/c.yaml"}
	for i, r := range run.Results {
		if rule := run.Tool.Driver.Rules[r.RuleIndex]; rule.ID != r.RuleID || rule.Help.Text == "" || rule.Configuration.Level == "" {
			t.Errorf("result %d is of %s, its index of %+v; want the same, with a help and a level", i, r.RuleID, rule)
		}
		if got := r.Locations[0].Physical.Artifact.URI; got != wantURIs[i] {
			t.Errorf("result %d: got the address %s, want %s", i, got, wantURIs[i])
		}
		if region := r.Locations[0].Physical.Region; region.StartLine < 1 || region.EndLine < region.StartLine || region.StartLine == region.EndLine && region.EndColumn < region.StartColumn {
			t.Errorf("result %d: got the region %+v, want one that ends behind its start", i, region)
		}
		if want := i == 2 || i == 3; len(r.Suppressions) > 0 != want || want && r.Suppressions[0].Justification != "because" {
			t.Errorf("result %d: got suppressions %+v, want one: %v", i, r.Suppressions, want)
		}
		if want := i == 0 || i == 2; len(r.Fixes) > 0 != want {
			t.Errorf("result %d: got fixes %+v, want one: %v", i, r.Fixes, want)
		}
	}
	change := run.Results[0].Fixes[0].Changes[0].Replacements[0]
	line := []rune(strings.Split(source, "\n")[change.Deleted.StartLine-1])
	fixed := string(line[:change.Deleted.StartColumn-1]) + change.Inserted.Text + string(line[change.Deleted.EndColumn-1:])
	if want := `	"Statement": {"Sid": "é", "Action": "s3:Get*"}`; fixed != want {
		t.Errorf("the fix makes %q, want %q", fixed, want)
	}
}

func TestExplain(t *testing.T) {
	want := "# INVALID_ACTION\n\nAction does not exist (error)\n\nAn action.\n\nReported:\n\n```json\n{}\n```\n\nNot reported:\n\n```json\n[]\n```\n\n" +
		"Access Analyzer: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-invalid-action\n"
	if diff := cmp.Diff(Explain(&badAction), want); diff != "" {
		t.Errorf("Explain(INVALID_ACTION): got (-), want (+):\n%s", diff)
	}
	if got := Explain(&ownCheck); !strings.Contains(got, "Reported with --type trust:") || strings.Contains(got, "Access Analyzer") {
		t.Errorf("Explain(TL_OWN) = %q, want its type, and no page of Access Analyzer", got)
	}
	for _, c := range Checks() {
		if c.Code == "" || c.Title == "" || strings.TrimSpace(c.Doc) == "" || Lookup(strings.ToLower(c.Code)) != c {
			t.Errorf("check %q: title %q, page %q, Lookup finds it: %v; want all of them", c.Code, c.Title, c.Doc, Lookup(c.Code) == c)
		}
	}
}
