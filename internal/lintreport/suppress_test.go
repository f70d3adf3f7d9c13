package lintreport

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/internal/policyfile"
)

const commented = `Statement:
  Effect: Allow
  # trunkline:ignore INVALID_EFFECT,MISSING_VERSION nothing of it is here
  Action: "s3:Gett" # trunkline:ignore TL_SUPPRESSION_UNUSED
  # trunkline:ignore NO_SUCH_CODE it is long gone
  Resource: "*"
  # trunkline:ignore
`

func TestSuppressions(t *testing.T) {
	dir := t.TempDir()
	ignores := filepath.Join(dir, "ignores.yaml")
	err := os.WriteFile(ignores, []byte("ignore:\n- {code: INVALID_ACTION, file: other.yaml, reason: x}\n- {code: MISSING_VERSION, file: '*.yaml', reason: old}\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	external, err := policyfile.ReadIgnores(ignores)
	if err != nil {
		t.Fatal(err)
	}
	results := sample(t, filepath.Join(dir, "a.yaml"), commented)
	results[0].Check = Lookup("MISSING_VERSION") // at the action
	var s Suppressions
	s.Add(external)
	s.Apply(results[0].Policy, results)
	var got []string
	for _, r := range results {
		reason := "none"
		if r.Ignore != nil {
			reason = r.Ignore.Reason
		}
		got = append(got, r.Check.Code+": "+reason)
	}
	for _, r := range s.Defects() {
		got = append(got, fmt.Sprintf("%s:%d: %s: %s: %s", filepath.Base(r.File), r.Start.Line, Name(r.Severity), r.Check.Code, r.Message))
	}
	want := []string{
		"MISSING_VERSION: nothing of it is here",
		"TL_OWN: none",
		"a.yaml:3: warning: TL_SUPPRESSION_UNUSED: INVALID_EFFECT is not found here. Remove the suppression.",
		"a.yaml:4: error: TL_SUPPRESSION_WITHOUT_REASON: The suppression of TL_SUPPRESSION_UNUSED gives no reason, and suppresses nothing. Write the reason behind the code.",
		"a.yaml:5: error: TL_SUPPRESSION_OF_UNKNOWN_CODE: No check has the code NO_SUCH_CODE. The codes are listed by: trunkline policy lint --explain all",
		"a.yaml:7: error: TL_SUPPRESSION_OF_UNKNOWN_CODE: The suppression names no code. Write: trunkline:ignore CODE reason",
		"ignores.yaml:3: warning: TL_SUPPRESSION_UNUSED: MISSING_VERSION is not found here. Remove the suppression.",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s: got (-), want (+):\n%s", commented, diff)
	}
}

func TestMend(t *testing.T) {
	const (
		broken = "# Policies\n\n> ```json\n> {\"Version\": \"2012-10-17\", \"Statement\": [\n>   {\"Effect\": \"Allow\", \"Action\": \"s3:ListBucket\", \"Resource\": \"*\",},\n> ]\n> ```\n"
		whole  = "# Policies\n\n> ```json\n> {\"Version\": \"2012-10-17\", \"Statement\": [\n>   {\"Effect\": \"Allow\", \"Action\": \"s3:ListBucket\", \"Resource\": \"*\"}\n> ]\n> }\n> ```\n"
	)
	got, fixes := Mend("a.md", []byte(broken), policyfile.Options{}, nil, &Suppressions{})
	if diff := cmp.Diff(string(got), whole); diff != "" || fixes != 3 {
		t.Errorf("%s: %d fixes, want 3; got (-), want (+):\n%s", broken, fixes, diff)
	}
	again, fixes := Mend("a.md", got, policyfile.Options{}, nil, &Suppressions{})
	if string(again) != whole || fixes != 0 {
		t.Errorf("mended again: %d fixes and %q, want none", fixes, again)
	}
	accepted := "<!-- trunkline:ignore JSON_SYNTAX_ERROR as published -->\n" + broken[len("# Policies\n\n"):]
	if got, fixes := Mend("a.md", []byte(accepted), policyfile.Options{}, nil, &Suppressions{}); string(got) != accepted || fixes != 0 {
		t.Errorf("suppressed: %d fixes and %q, want none", fixes, got)
	}
	yaml := "Statement: {Effect: Allow, Action: \"s3:\", Resource: \"*\"}\n"
	if got, fixes := Mend("a.yaml", []byte(yaml), policyfile.Options{}, nil, &Suppressions{}); string(got) != yaml || fixes != 0 {
		t.Errorf("YAML: %d fixes and %q, want none", fixes, got)
	}
	template := `{"Resources": {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "%s", "Resource": "arn:aws:s3:::b/*"}}}}}}`
	got, fixes = Mend("a.json", fmt.Appendf(nil, template, "s3::GetObject"), policyfile.Options{}, nil, &Suppressions{})
	if want := fmt.Sprintf(template, "s3:GetObject"); string(got) != want || fixes != 1 {
		t.Errorf("a template in JSON: %d fixes and %s, want one, and %s", fixes, got, want)
	}
}
