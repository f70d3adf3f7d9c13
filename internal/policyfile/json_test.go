package policyfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
)

const (
	onePolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	oneTrust  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	oneBucket = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}]}`
)

// quoted is a JSON text as a string in another.
func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

func TestScan(t *testing.T) {
	tests := []struct {
		title, name, data string
		want              []string
	}{
		{"a policy", "a.json", onePolicy, []string{"identity: " + onePolicy}},
		{"a trust policy", "a.json", oneTrust, []string{"trust: " + oneTrust}},
		{"a bucket policy", "a.json", oneBucket, []string{"resource AWS::S3::Bucket: " + oneBucket}},
		{"behind a byte order mark", "a.json", "\ufeff" + onePolicy, []string{"identity: " + onePolicy}},
		{"by its content", "-", onePolicy, []string{"identity: " + onePolicy}},
		{"some other object", "a.json", `{"name": "x", "Resources": 1}`, []string{"error: a.json: no policy found: it holds neither a policy, nor a CloudFormation template, Terraform plan or Markdown page with one"}},
		{"UTF-16", "a.json", "\xff\xfe{\x00", []string{"error: a.json: UTF-16; save it as UTF-8"}},
		{"a binary plan", "plan", "PK\x03\x04...", []string{"error: plan: a Terraform plan in its binary form; write it as JSON: terraform show -json PLAN > plan.json"}},
		{"configuration", "main.tf", `resource "aws_iam_role" "a" {}`, []string{"error: main.tf: configuration of Terraform is not read; plan it, and write the plan as JSON: terraform plan -out PLAN && terraform show -json PLAN > plan.json"}},
		{"broken YAML", "a.yaml", "Resources:\n  A: [b\n", []string{"error: a.yaml:1: not YAML, here or in the next lines: did not find expected ',' or ']'"}},
		{
			"a policy in YAML", "-", "Version: 2012-10-17\nStatement:\n- Effect: Allow\n  Action: s3:GetObject\n  Resource: '*'\n",
			[]string{"identity: " + onePolicy},
		},
		{
			"a template in JSON", "a.template", `{"Resources": {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": ` + onePolicy + `}},
				"Q": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"PolicyDocument": {"Statement": {"Resource": {"Fn::Sub": "arn:aws:sqs:*:${AWS::AccountId}:\"${!x}"}}}}},
				"S": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": ` + quoted(onePolicy) + `}}}}`,
			[]string{
				"Resources.P.PolicyDocument identity: " + onePolicy,
				`Resources.Q.PolicyDocument resource AWS::SQS::Queue: {"Statement":{"Resource":"arn:aws:sqs:*:<account-id>:\"${x}"}}`,
				"Resources.S.PolicyDocument resource: " + onePolicy,
			},
		},
		{
			"a plan", "plan.json", `{"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": [
				{"address": "aws_iam_role.a", "type": "aws_iam_role", "change": {"actions": ["create"], "after": {"assume_role_policy": ` + quoted(oneTrust) + `, "inline_policy": [{"policy": ` + quoted(onePolicy) + `}]}, "after_unknown": {"arn": true}}},
				{"address": "module.m.aws_s3_bucket_policy.b[0]", "type": "aws_s3_bucket_policy", "change": {"actions": ["update"], "after": {"bucket": "b"}, "after_unknown": {"policy": true}}},
				{"address": "aws_iam_policy.gone", "type": "aws_iam_policy", "change": {"actions": ["delete"], "before": {"policy": ` + quoted(onePolicy) + `}, "after": null}},
				{"address": "aws_organizations_policy.r", "type": "aws_organizations_policy", "change": {"after": {"type": "RESOURCE_CONTROL_POLICY", "content": ` + quoted(oneBucket) + `}}},
				{"address": "aws_organizations_policy.t", "type": "aws_organizations_policy", "change": {"after": {"type": "TAG_POLICY", "content": "{}"}}},
				{"address": "random_id.x", "type": "random_id", "change": {"after": {"policy": "x"}}}]}`,
			[]string{
				"aws_iam_role.a.assume_role_policy trust: " + oneTrust,
				"aws_iam_role.a.inline_policy[0].policy identity: " + onePolicy,
				"aws_organizations_policy.r.content rcp: " + oneBucket,
				"error: plan.json:3: module.m.aws_s3_bucket_policy.b[0].policy: known after apply only",
			},
		},
		{
			"a state", "state.json", `{"format_version": "1.0", "values": {"root_module": {"child_modules": [{"resources": [{"address": "module.k.aws_kms_key.k", "type": "aws_kms_key", "values": {"policy": ` + quoted(oneBucket) + `}}]}]}}}`,
			[]string{"module.k.aws_kms_key.k.policy resource AWS::KMS::Key: " + oneBucket},
		},
		{
			"configuration in JSON", "a.tf.json", `{"resource": {"aws_iam_policy": {"p": {"policy": ` + quoted(strings.Replace(onePolicy, "*", "$${aws:username}", 1)) + `}, "q": {"policy": "${data.x.json}"}}}}`,
			[]string{
				"aws_iam_policy.p.policy identity: " + strings.Replace(onePolicy, "*", "${aws:username}", 1),
				"error: a.tf.json:1: aws_iam_policy.q.policy: an expression; lint the plan instead: terraform show -json PLAN > plan.json",
			},
		},
		{"an answer", "a.json", `{"PolicyVersion": {"Document": ` + onePolicy + `}}`, []string{"PolicyVersion.Document identity: " + onePolicy}},
		{"an answer with a text", "a.json", `{"Policy": ` + quoted(oneBucket) + `}`, []string{"Policy resource AWS::S3::Bucket: " + oneBucket}},
		{"hidden functions", "a.json", `{"Resources": {"P": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": {"Ref": "X"}}}}}}`, []string{"error: a.json:1: Resources.P.PolicyDocument: not known before the template is deployed"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(scanAll(test.name, test.data), test.want); diff != "" {
			t.Errorf("%s, %s: %q: got (-), want (+):\n%s", test.title, test.name, test.data, diff)
		}
	}
}

// A text inside a text is told letter by letter, over its escapes.
func TestEscapedPositions(t *testing.T) {
	data := `{"format_version": "1", "resource_changes": [{"address": "a", "type": "aws_iam_policy", "change": {"after":
  {"policy": "{\"Statement\": {\"Sid\": \"\u00e9\ud83d\ude00\\u0041\",\n\"Action\": \"s3:Get\"}}"}}}]}`
	for f, err := range Scan("plan.json", []byte(data), Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		want := "{\"Statement\": {\"Sid\": \"é😀\\u0041\",\n\"Action\": \"s3:Get\"}}"
		if got := string(f.Document.Source); got != want {
			t.Errorf("got the text %q, want %q", got, want)
		}
		start, end := f.Span(iam.Span{Start: strings.Index(want, "s3:"), End: strings.Index(want, "s3:") + 6})
		if got := data[start.Offset:end.Offset]; got != "s3:Get" || start.Line != 2 {
			t.Errorf("got the action %q in line %d, want s3:Get in line 2", got, start.Line)
		}
		if p := f.Position(strings.Index(want, "😀")); !strings.HasPrefix(data[p.Offset:], `\ud83d`) {
			t.Errorf("got the surrogate pair at %.10q, want it at its escape", data[p.Offset:])
		}
		if f.ReadOnly == "" {
			t.Error("got a policy in a plan that can be edited, want a reason why not")
		}
	}
}

// So are the texts of functions in a template in JSON.
func TestFunctionPositions(t *testing.T) {
	data := `{"Resources": {"P": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": [
  {"Effect": "Allow", "Action": ["s3:Get"], "Resource": {"Fn::Join": ["/", [{"Fn::GetAtt": ["B", "Arn"]}, "tail", {"Fn::Sub": ["x${A}-\"end", {"A": "value"}]}]]}},
  {"Fn::If": ["C", {"Effect": "Deny"}, {"Ref": "AWS::NoValue"}]}]}}}}}`
	for f, err := range Scan("a.json", []byte(data), Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		source := string(f.Document.Source)
		want := `{"Statement":[{"Effect":"Allow","Action":["s3:Get"],"Resource":"<B.Arn>/tail/xvalue-\"end"},{"Effect":"Deny"}]}`
		if source != want {
			t.Errorf("got the policy %s, want %s", source, want)
		}
		for _, word := range []string{"s3:Get", "tail", "value", "end", "Deny", "Effect"} {
			at := strings.Index(source, word)
			start, end := f.Span(iam.Span{Start: at, End: at + len(word)})
			if got := data[start.Offset:end.Offset]; got != word {
				t.Errorf("%q of the policy stands at %d:%d, where the file has %q", word, start.Line, start.Column, got)
			}
		}
		if p := f.Position(strings.Index(source, "<B.Arn>")); !strings.HasPrefix(data[p.Offset:], `{"Fn::GetAtt"`) {
			t.Errorf("got the placeholder at %.20q, want it at its function", data[p.Offset:])
		}
		if f.ReadOnly == "" {
			t.Error("got a policy with functions that can be edited, want a reason why not")
		}
	}
}

func TestTooLarge(t *testing.T) {
	large := `{"Statement": [{"Sid": "` + strings.Repeat("x", iam.MaxSize) + `"}]}`
	want := []string{"error: a.json:1: the policy: larger than 1048576 bytes; IAM takes much less"}
	if diff := cmp.Diff(scanAll("a.json", large), want); diff != "" {
		t.Errorf("a policy of %d bytes: got (-), want (+):\n%s", len(large), diff)
	}
}
