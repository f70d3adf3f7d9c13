package need

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam/generate"
	"trunkline/internal/config"
	"trunkline/internal/permission/call"
	"trunkline/internal/permission/declared"
)

// TestFeaturesAreKnown: what packages declare their calls for, a config can turn on.
func TestFeaturesAreKnown(t *testing.T) {
	for _, c := range declared.Calls() {
		for _, feature := range c.Features {
			if !slices.Contains(known(), feature) {
				t.Errorf("%s is declared for the feature %q, which no config turns on; let Features of internal/permission/need list it with the values that Scope names", c.Operation, feature)
			}
		}
	}
}

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("trunkline.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

const files = `version: 1
source: {file: {path: in}}
redact: {key: "aws-secretsmanager:team/pseudonym-key"}
enrich: {agents: {from: "s3://agents/${x}*.csv", match: Agent.Username}}
dead_letter: {sqs: "https://sqs.eu-west-1.amazonaws.com/444455556666/letters", s3: "s3://letters/dead", recipient: ` + recipient + `}
destination: {http: {url: "https://api.example.com/", header: X-Key, key: "aws-secretsmanager:arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/api-AbCdEf#token"}}
aws: {region: eu-west-2, role: "arn:aws:iam::111122223333:role/collector"}
`

// TestOf: each action with what it is limited to.
func TestOf(t *testing.T) {
	c := parse(t, files)
	at := Place{Partition: "aws", Region: "eu-west-2", Account: "111122223333"}
	needs, err := Of(declared.Calls(), Features(c), at)
	if err != nil {
		t.Fatal(err)
	}
	base, err := Of(declared.Calls(), Assume(c), at)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range slices.Concat(needs, base) {
		var line strings.Builder
		line.WriteString(n.Action + " " + strings.Join(n.Resources, " "))
		for _, c := range n.Conditions {
			line.WriteString(" " + c.Operator + " " + c.Key + " " + strings.Join(c.Values, " "))
		}
		got = append(got, line.String())
	}
	want := []string{
		"secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/pseudonym-key-??????",
		"secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/api-AbCdEf",
		"s3:GetObject arn:aws:s3:::agents/${$}{x}${*}.csv",
		"s3:PutObject arn:aws:s3:::letters/dead/*/*",
		"s3:GetObject arn:aws:s3:::letters/dead/*/*",
		"s3:DeleteObject arn:aws:s3:::letters/dead/*/*",
		"s3:DeleteObject arn:aws:s3:::letters/dead/*/*",
		"s3:ListBucket arn:aws:s3:::letters StringLike s3:prefix dead/*/",
		"sqs:GetQueueAttributes arn:aws:sqs:eu-west-1:444455556666:letters",
		"sqs:SendMessage arn:aws:sqs:eu-west-1:444455556666:letters",
		"sqs:ReceiveMessage arn:aws:sqs:eu-west-1:444455556666:letters",
		"sqs:DeleteMessage arn:aws:sqs:eu-west-1:444455556666:letters",
		"sts:AssumeRole arn:aws:iam::111122223333:role/collector StringEquals sts:RoleSessionName trunkline",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("needs (- want, + got):\n%s", diff)
	}
	result, err := generate.Policies(needs, generate.Options{})
	if err != nil || len(result.Policies) != 1 || len(result.Warnings) > 0 {
		t.Errorf("%d policies, warnings %q (%v), want 1 and none", len(result.Policies), result.Warnings, err)
	}
}

// TestStream: what a stream turns on follows how it is read.
func TestStream(t *testing.T) {
	const stream = "arn:aws:kinesis:eu-west-2:111122223333:stream/records"
	for _, c := range []struct{ source, more, want string }{
		{"", "", "source.kinesis source.kinesis.consumer=polling"},
		{", consumer: fanout", "", "source.kinesis source.kinesis.consumer=fanout"},
		{", consumer: \"" + stream + "/consumer/x:1795000000\"", "", "source.kinesis source.kinesis.consumer=arn"},
		{"", "state: {dynamodb: {create: never}}\nredact: {key: \"env:KEY\"}", "source.kinesis source.kinesis.consumer=polling state.dynamodb state.dynamodb.create=never state.dynamodb.kcl3"},
	} {
		features := Features(parse(t, "version: 1\nsource: {kinesis: {stream: \""+stream+"\""+c.source+"}}\ndestination: {file: {path: out}}\naws: {region: eu-west-2}\n"+c.more+"\n"))
		var names []string
		for _, f := range features {
			names = append(names, f.Name)
			if !slices.Contains(known(), f.Name) {
				t.Errorf("feature %s is not known", f.Name)
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.source, c.more, got, c.want)
		}
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{queueARN("https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q"), "arn:aws-cn:sqs:cn-north-1:111122223333:q"},
		{queueARN("http://127.0.0.1:4566/000000000000/q"), "http://127.0.0.1:4566/000000000000/q"},
		{queueARN("arn:aws:sqs:eu-west-2:111122223333:q"), "arn:aws:sqs:eu-west-2:111122223333:q"},
		{secretPattern("arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/key"), "arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/key-??????"},
		{secretPattern("team/key"), "team/key"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

// TestOfNothing: a declaration that a feature cannot fill is an error, unless it says in which cases the call is made.
func TestOfNothing(t *testing.T) {
	declaration := call.Call{Operation: "s3:GetObject", Features: []string{"f"}, Asks: []call.Ask{{Action: "s3:GetObject", Resources: []string{"arn:aws:s3:::${Bucket}"}}}, Scope: map[string][]string{"Bucket": {"${bucket}"}}}
	if _, err := Of([]call.Call{declaration}, []Feature{{Name: "f"}}, Place{}); err == nil || err.Error() != "s3:GetObject for f: no template of its resources can be filled" {
		t.Errorf("got %v, want an error", err)
	}
	declaration.When = "if there is a bucket"
	if needs, err := Of([]call.Call{declaration}, []Feature{{Name: "f"}}, Place{}); err != nil || len(needs) > 0 {
		t.Errorf("got %v (%v), want nothing", needs, err)
	}
}
