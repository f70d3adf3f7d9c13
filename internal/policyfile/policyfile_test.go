package policyfile

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
)

// scanAll is what Scan yields, in short: "Where type resource: text", and its errors.
func scanAll(name, data string) (lines []string) {
	for f, err := range Scan(name, []byte(data), Options{}) {
		if err != nil {
			lines = append(lines, "error: "+err.Error())
			continue
		}
		lines = append(lines, summary(f))
	}
	return lines
}

func summary(f *Found) string {
	what := strings.TrimSpace(f.Where + " " + f.Type.String() + " " + f.ResourceType)
	return strings.TrimSpace(what) + ": " + string(f.Document.Source)
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTemplate(t *testing.T) {
	got := scanAll("template.yaml", read(t, "testdata/template.yaml"))
	want := []string{
		`Resources.Pipe.AssumeRolePolicyDocument trust: {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"pipes.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
		`Resources.Pipe.Policies[0].PolicyDocument identity: {"Version":"2012-10-17","Statement":[` +
			`{"Sid":"Read","Effect":"Allow","Action":["kinesis:GetRecords","kinesis:GetShardIterator"],"Resource":"arn:<partition>:kinesis:<region>:<account-id>:stream/<Stream>"},` +
			`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"<Key.Arn>"}]}`,
		`Resources.Pipe.Policies[1].PolicyDocument identity: {"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject",` +
			`"Resource":"arn:<partition>:s3:::<Bucket>/home/${aws:username}/*",` +
			`"Condition":{"NumericLessThan":{"s3:max-keys":10},"Bool":{"aws:SecureTransport":true}}}}`,
		"Resources.Bucket.PolicyDocument resource AWS::S3::Bucket: {\n" + `  "Statement": [{"Effect": "Deny", "Principal": "*",` + "\n" + `    "Action": "s3:*", "Resource": "arn:aws:s3:::<Bucket>/*"}]` + "\n}\n",
		`Resources.Function.Policies[2] identity: {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}]}`,
		`Resources.Guard.Content rcp: {"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}`,
		`error: template.yaml:79: Resources.Later.PolicyDocument: not known before the template is deployed`,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("testdata/template.yaml: got (-), want (+):\n%s", diff)
	}
}

// The strings of every policy stand in the file where Position says, letter by letter.
func TestPositions(t *testing.T) {
	for _, name := range []string{"testdata/template.yaml"} {
		data := read(t, name)
		checked := 0
		for f, err := range Scan(name, []byte(data), Options{}) {
			if err != nil {
				continue
			}
			for _, word := range []string{"Effect", "kinesis:GetRecords", "kinesis:GetShardIterator", "stream/", "kms:Decrypt", "/home/", "{aws:username}", "s3:max-keys", "s3:*", "sts:AssumeRole", "SecureTransport"} {
				at := strings.Index(string(f.Document.Source), word)
				if at < 0 {
					continue
				}
				checked++
				p := f.Position(at)
				if word == "{aws:username}" {
					word = "{"
				}
				if got := data[p.Offset:]; !strings.HasPrefix(got, word) {
					t.Errorf("%s: %s: %q stands at %d:%d, where the file has %.20q", name, f.Where, word, p.Line, p.Column, got)
				}
				start, end := f.Span(iam.Span{Start: at, End: at + len(word)})
				if got := data[start.Offset:end.Offset]; got != word {
					t.Errorf("%s: %s: the span of %q is %q", name, f.Where, word, got)
				}
			}
		}
		if checked < 10 {
			t.Errorf("%s: %d positions checked, want at least 10", name, checked)
		}
	}
}

func ExampleRead() {
	for f, err := range Read(context.Background(), []string{"testdata/template.yaml"}, nil, Options{}) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(f.File, f.Where)
	}
}
