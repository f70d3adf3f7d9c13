package diagnose

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const denial = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: %s on resource: %s because no identity-based policy allows the %[1]s action"

// report reads inputs and returns the report, printed.
func report(t *testing.T, o Options, inputs ...io.Reader) (*Report, string) {
	t.Helper()
	d := New(o)
	for i, in := range inputs {
		if err := d.Read(t.Context(), fmt.Sprint("input", i+1), in); err != nil {
			t.Fatal(err)
		}
	}
	r, err := d.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return r, b.String()
}

// TestMeaning: for each kind of denial the verdict, and the place and text of what is to be added.
func TestMeaning(t *testing.T) {
	const (
		user  = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: "
		queue = "arn:aws:sqs:eu-west-2:111122223333:q"
		send  = user + "sqs:SendMessage on resource: " + queue
		allow = `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + queue + `"}`
	)
	for _, c := range []struct{ text, verdict, want string }{
		{send + " because no identity-based policy allows the sqs:SendMessage action", allowMissing, "the identity policy of user ann in account 111122223333: " + allow},
		{send + " because no permissions boundary allows the sqs:SendMessage action", allowMissing, "the permissions boundary of user ann in account 111122223333: " + allow},
		{send + " because no session policy allows the sqs:SendMessage action", allowMissing, "the session policy that is passed when the session of user ann in account 111122223333 is made: " + allow},
		{send + " because no service control policy allows the sqs:SendMessage action", allowMissing, "the service control policies of account 111122223333, at each level that lacks it: " + allow},
		{send + " because no resource-based policy allows the sqs:SendMessage action", allowMissing, "the resource policy of " + queue + `: {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":"sqs:SendMessage","Resource":"` + queue + `"}`},
		{send + " because no VPC endpoint policy allows the sqs:SendMessage action", allowMissing, `the policy of the VPC endpoint that the request came through: {"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"` + queue + `","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/ann"}}}`},
		{send, notSaid, "the identity policy of user ann in account 111122223333: " + allow},
		{send + " with an explicit deny in an identity-based policy", denyMustGo, ""},
		{send + " with an explicit deny in a service control policy", denyMustGo, ""},
		{send + " with an explicit deny", denyMustGo, ""},
		{user + "sts:AssumeRole on resource: arn:aws:iam::111122223333:role/r because no role trust policy allows the sts:AssumeRole action", allowMissing, `the trust policy of arn:aws:iam::111122223333:role/r: {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":"sts:AssumeRole"}`},
		{user + `s3:GetObject on resource: "arn:aws:s3:::example/a*b" because no resource-based policy allows the s3:GetObject action`, allowMissing, `the bucket policy for the bucket of arn:aws:s3:::example/a${*}b: {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::example/a${*}b"}`},
		{user + "kms:Decrypt on resource: arn:aws:kms:eu-west-2:444455556666:key/1 because no resource-based policy allows the kms:Decrypt action", allowMissing, `the key policy of arn:aws:kms:eu-west-2:444455556666:key/1: {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":"kms:Decrypt","Resource":"*"}`},
		{user + "kms:Decrypt on this resource" + kmsCauses, notSaid, `the identity policy of user ann in account 111122223333: {"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-2:111122223333:key/*"}; the key policy: {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":"kms:Decrypt","Resource":"*"}`},
		{user + "SNS:Publish on resource: arn:aws:sns:eu-west-2:111122223333:t", notSaid, `the identity policy of user ann in account 111122223333: {"Effect":"Allow","Action":"sns:Publish","Resource":"arn:aws:sns:eu-west-2:111122223333:t"}`},
		{user + "kinesis:ListStreams because no identity-based policy allows the kinesis:ListStreams action", allowMissing, `the identity policy of user ann in account 111122223333: {"Effect":"Allow","Action":"kinesis:ListStreams","Resource":"*"}`},
		{user + "secretsmanager:GetSecretValue on resource: team/key because no identity-based policy allows the secretsmanager:GetSecretValue action", allowMissing, `the identity policy of user ann in account 111122223333: {"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/key-??????"}`},
		{user + "iam:PassRole on resource: arn:aws:iam::111122223333:role/r because no identity-based policy allows the iam:PassRole action", allowMissing, `the identity policy of user ann in account 111122223333: {"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/r","Condition":{"StringEquals":{"iam:PassedToService":["lambda.amazonaws.com","pipes.amazonaws.com"]}}}`},
		{user + "connect:* on resource: * with an explicit deny", notSaid, ""},
		{"operation error Connect: DescribeInstance, https response error StatusCode: 403, RequestID: 1, AccessDeniedException: " + user + "connect:* on resource: * with an explicit deny", notSaid, `the identity policy of user ann in account 111122223333: {"Effect":"Allow","Action":"connect:DescribeInstance","Resource":"arn:aws:connect:eu-west-2:111122223333:instance/*"}`},
		{"arn:aws:iam::111122223333:user/ann is not authorized to access this resource", notSaid, ""},
		{"The provided execution role does not have permissions to call CreateNetworkInterface on EC2", allowMissing, `the identity policy of the role of the function: {"Effect":"Allow","Action":"ec2:CreateNetworkInterface","Resource":"*"}`},
	} {
		r, text := report(t, Options{Region: "eu-west-2"}, strings.NewReader(c.text))
		if len(r.Findings) != 1 {
			t.Errorf("%s: got %d findings", c.text, len(r.Findings))
			continue
		}
		f := r.Findings[0]
		var adds []string
		for _, a := range f.Add {
			adds = append(adds, a.To+": "+string(a.Statement))
		}
		if got := strings.Join(adds, "; "); got != c.want || f.Verdict != c.verdict {
			t.Errorf("%s\ngot  %q: %s\nwant %q: %s\n%s", c.text, f.Verdict, got, c.verdict, c.want, text)
		}
	}
}

// TestReading: compressed input, long lines, documents, and what only looks like JSON.
func TestReading(t *testing.T) {
	one := fmt.Sprintf(denial, "sqs:SendMessage", "arn:aws:sqs:eu-west-2:111122223333:q")
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	fmt.Fprintf(w, `{"Records": [{"eventSource": "sqs.amazonaws.com", "eventName": "SendMessage", "errorCode": "AccessDenied", "errorMessage": %q}]}`, one)
	w.Close()
	pad := strings.Repeat("x", MaxLine)
	for _, c := range []struct {
		name, text string
		want       Input
	}{
		{"gzip", zipped.String(), Input{Form: trailForm, Lines: 1, Records: 1, Messages: 1}},
		{"CRLF and a byte order mark", "\ufeff" + one + "\r\n" + one + "\r\n", Input{Form: textForm, Lines: 2, Messages: 2}},
		{"no newline at the end", "a\n" + one, Input{Form: textForm, Lines: 2, Messages: 1}},
		{"long line", one + pad + "\n" + pad + one + "\n" + one + "\n", Input{Form: textForm, Lines: 3, Messages: 2, Cut: 2}},
		{"a document on a long line", `{"a": "` + pad + `", "b": "` + strings.ReplaceAll(one, `"`, `\"`) + `"}`, Input{Form: jsonForm, Lines: 1, Messages: 1}},
		{"looks like JSON", "{\n" + one + "\n}\n", Input{Form: textForm, Lines: 3, Messages: 1}},
		{"brackets", "[\n{\n" + strings.Repeat("[", 1000) + "\n" + one, Input{Form: textForm, Lines: 4, Messages: 1}},
		{"JSON between text", "START\n{\"a\": {\"b\": [\"" + one + "\"]}}\nEND", Input{Form: textForm + ", " + jsonForm, Lines: 3, Messages: 1}},
		{"NUL and invalid UTF-8", "\x00\xff" + one + "\xff\x00\n", Input{Form: textForm, Lines: 1, Messages: 1}},
		{"blank", "\n \n\n", Input{Lines: 3}},
	} {
		r, text := report(t, Options{}, strings.NewReader(c.text))
		c.want.Name = "input1"
		if diff := cmp.Diff(c.want, r.Inputs[0]); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", c.name, diff)
		}
		if len(text) > 4096 {
			t.Errorf("%s: the report has %d bytes", c.name, len(text))
		}
	}
}

// TestUnreadable: damaged gzip and endless documents are errors, and what was found before them is kept.
func TestUnreadable(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	fmt.Fprintln(w, fmt.Sprintf(denial, "sqs:SendMessage", "q"))
	w.Flush()
	d := New(Options{})
	if err := d.Read(t.Context(), "a.gz", &zipped); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut gzip: got %v, want unexpected EOF", err)
	}
	if r, err := d.Report(t.Context()); err != nil || len(r.Findings) != 1 {
		t.Errorf("cut gzip: got %+v (%v), want the finding before it", r, err)
	}
	if err := d.Read(t.Context(), "b.gz", strings.NewReader("\x1f\x8bx")); err == nil {
		t.Error("no gzip: no error")
	}
	if err := d.Read(t.Context(), "c.json", strings.NewReader("{\n\"Records\": [{},\n")); !errors.Is(err, errDocument) {
		t.Errorf("cut document: got %v, want %v", err, errDocument)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Read(ctx, "d.log", strings.NewReader("a\n")); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: got %v", err)
	}
}

// TestMany: repeated messages are one finding, and different ones are kept up to a bound.
func TestMany(t *testing.T) {
	var log strings.Builder
	for i := range 3 * maxFindings {
		fmt.Fprintf(&log, denial+"\n", "sqs:SendMessage", fmt.Sprint("arn:aws:sqs:eu-west-2:111122223333:q", i/2))
	}
	r, text := report(t, Options{}, strings.NewReader(log.String()))
	if len(r.Findings) != maxFindings+1 || r.Findings[0].Times != 2 {
		t.Errorf("got %d findings, the first %d times, want %d and 2", len(r.Findings), r.Findings[0].Times, maxFindings+1)
	}
	if want := fmt.Sprintf("there are more than %d different messages", maxFindings); !strings.Contains(text, want) {
		t.Errorf("the report does not say %q", want)
	}
}

// TestEffort: the longest line, full of beginnings of messages, takes a time that grows with its length alone. A bound of minutes tells that
// from one that grows with its square.
func TestEffort(t *testing.T) {
	for _, part := range []string{
		"User: arn:aws:iam::1:user/a is not authorized to perform: a:B on resource: ", "You are not authorized to perform this operation. User: ",
		"operation error a: B, ", "dial tcp : i/o timeout", "<Code>AccessDenied</Code>", "User: a is not authorized to perform: a:B on resource: \"",
		"Cannot access stream arn:aws:a:b:c:d", " (Service: a, Status Code: 1", "Unable to execute HTTP request: Connect to a",
	} {
		begin := time.Now()
		report(t, Options{}, strings.NewReader(strings.Repeat(part, MaxLine/len(part))))
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("%s…: took %v", part, took)
		}
	}
}

// TestCanary: of lines and records, the report shows the fields of messages and nothing else.
func TestCanary(t *testing.T) {
	const canary = "Jo Canary +447700900123"
	one := fmt.Sprintf(denial, "sqs:SendMessage", "arn:aws:sqs:eu-west-2:111122223333:q")
	short, _, _ := strings.Cut(one, " because")
	for _, text := range []string{
		canary + " " + one + " " + canary,
		short + " " + canary, short + ", " + canary, short + `" ` + canary, short + "; " + canary + "; " + one,
		"operation error " + canary + ": X, https response error StatusCode: 403, RequestID: 1, AccessDeniedException: " + canary,
		"An error occurred (AccessDenied) when calling the GetObject operation: " + canary,
		"Task timed out after 60.00 seconds " + canary,
		"The provided customer role does not have permissions to call GetRecords on Kinesis for " + canary,
		`{"name": "` + canary + `", "error": "` + short + ` ` + canary + `"}`,
		`{"eventSource": "sqs.amazonaws.com", "eventName": "Send ` + canary + `", "errorCode": "AccessDenied", "awsRegion": "` + canary + `", "errorMessage": "no ` + canary + `"}`,
		`{"LogicalResourceId": "` + canary + `", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "` + canary + `"}`,
		`{"Name": "` + canary + `", "CurrentState": "CREATE_FAILED", "DesiredState": "RUNNING", "StateReason": "` + canary + `", "RoleArn": "` + canary + `"}`,
		canary,
	} {
		if _, got := report(t, Options{}, strings.NewReader(text)); strings.Contains(got, "Canary") || strings.Contains(got, "447700900123") {
			t.Errorf("%s\nthe report shows what is none of a message's fields:\n%s", text, got)
		}
	}
}

// decoderFunc is a Decoder.
type decoderFunc func(encoded string) (string, error)

func (f decoderFunc) Decode(_ context.Context, encoded string) (string, error) { return f(encoded) }

// TestDecoded: what AWS decodes fills in the message; what it does not leaves it as it is.
func TestDecoded(t *testing.T) {
	const text = "You are not authorized to perform this operation. Encoded authorization failure message: AbC-_"
	decode := func(encoded string) (string, error) {
		if encoded != "AbC-_" {
			return "", errors.New("damaged")
		}
		return `{"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[]},"failures":{"items":[]},"context":{"principal":{"arn":"arn:aws:iam::111122223333:user/ann"},"action":"ec2:DescribeSubnets","resource":"*"}}`, nil
	}
	r, _ := report(t, Options{Decoder: decoderFunc(decode)}, strings.NewReader(text))
	if f := r.Findings[0]; f.Principal != "arn:aws:iam::111122223333:user/ann" || strings.Join(f.Actions, " ") != "ec2:DescribeSubnets" || f.Verdict != allowMissing || len(f.Add) != 1 {
		t.Errorf("decoded: got %+v", f)
	}
	r, _ = report(t, Options{Decoder: decoderFunc(decode)}, strings.NewReader(text+"x"))
	if f := r.Findings[0]; len(f.Actions) > 0 || !strings.Contains(strings.Join(f.Do, "\n"), "the encoded message was not decoded: damaged") {
		t.Errorf("not decoded: got %+v", f)
	}
}
