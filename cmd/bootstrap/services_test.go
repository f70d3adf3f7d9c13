package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"trunkline/internal/collector/deadletter"
	"trunkline/test/emulators"
)

// serviceEnv lets a process call emulators, and nothing else.
var serviceEnv = []string{
	"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
	"AWS_CONFIG_FILE=none", "AWS_SHARED_CREDENTIALS_FILE=none", "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT=1",
}

// buildAWS builds the function with the SDK, once for all tests.
var buildAWS = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(built, "bootstrap-aws")
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc,aws", "-ldflags", "-s -w", "-o", binary, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return binary, nil
})

func awsBinary(t *testing.T) string {
	t.Helper()
	binary, err := buildAWS()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// TestServices runs the build with the SDK, without the extension: the key of redaction from Secrets Manager, the agents from S3, a dead
// letter to SQS. Nothing is called before the first invocation.
func TestServices(t *testing.T) {
	binary := awsBinary(t)
	caller := credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", "")
	vault := emulators.Moto(t)
	_, err := secretsmanager.New(secretsmanager.Options{Region: "eu-west-2", BaseEndpoint: &vault, Credentials: caller}).CreateSecret(t.Context(),
		&secretsmanager.CreateSecretInput{Name: aws.String("team/redact"), SecretString: aws.String(strings.Repeat("k", 32))})
	if err != nil {
		t.Fatal(err)
	}
	queues := emulators.Fauxqs(t)
	sdk := sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &queues, Credentials: caller})
	queue, err := sdk.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("letters")})
	if err != nil {
		t.Fatal(err)
	}
	backend := s3mem.New()
	for _, bucket := range []string{"agent-data", "letters"} {
		if err := backend.CreateBucket(bucket); err != nil {
			t.Fatal(err)
		}
	}
	agents := "Username,Team\nuser-canary,Retentions\n"
	if _, err := backend.PutObject("agent-data", "agents.csv", nil, strings.NewReader(agents), int64(len(agents)), nil); err != nil {
		t.Fatal(err)
	}
	objects := httptest.NewServer(gofakes3.New(backend).Server())
	defer objects.Close()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	f := startBinary(t, binary, map[string]string{"trunkline.yaml": `version: 1
enrich: {agents: {from: "s3://agent-data/agents.csv", match: Agent.Username}}
redact: {key: "aws-secretsmanager:team/redact"}
dead_letter: {sqs: "` + *queue.QueueUrl + `", s3: "s3://letters/kept", recipient: ` + identity.Recipient().String() + `}
aws: {region: eu-west-2, endpoints: {secretsmanager: "` + vault + `", sqs: "` + queues + `", s3: "` + objects.URL + `"}}
`}, serviceEnv...)
	broken := `{"ContactId":"name-canary"`
	got := f.mustInvoke(pipeEvent(contactRecord("c", "VOICE"), broken))
	want := "[" + strings.TrimSuffix(redacted("c", "VOICE"), "}") + `,"AgentData":{"Username":"user-canary","Team":"Retentions"}}]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	out, err := sdk.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: 1})
	if err != nil || len(out.Messages) != 1 {
		t.Fatalf("%d dead letters in the queue, %v; want 1; the function said:\n%s", len(out.Messages), err, &f.stderr)
	}
	body := *out.Messages[0].Body
	if strings.Contains(body, "canary") || !strings.Contains(body, shard+":"+sequence(1)) || !strings.Contains(body, `"stage":"decode"`) {
		t.Errorf("the letter is %s", body)
	}
	var letter deadletter.Letter
	if err := json.Unmarshal([]byte(body), &letter); err != nil {
		t.Fatal(err)
	}
	if record, err := letter.Decrypt(identity); err != nil || string(record) != broken {
		t.Errorf("the letter holds %s, %v; want %s", record, err, broken)
	}
	if strings.Contains(f.stderr.String(), "canary") {
		t.Errorf("the log shows a value:\n%s", &f.stderr)
	}

	// A letter that no message can hold is kept in the bucket, and the queue says where.
	if got := f.mustInvoke(pipeEvent(broken + strings.Repeat("a", 2<<20))); got != "[]" {
		t.Errorf("got %s, want []", got)
	}
	out, err = sdk.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: 1})
	if err != nil || len(out.Messages) != 1 || !strings.Contains(*out.Messages[0].Body, `"stored":`) || strings.Contains(*out.Messages[0].Body, "canary") {
		t.Fatalf("%d messages, %v; want one that says where the letter is; the function said:\n%s", len(out.Messages), err, &f.stderr)
	}
	prefix := gofakes3.NewPrefix(aws.String("kept/"), nil)
	if kept, err := backend.ListBucket("letters", &prefix, gofakes3.ListBucketPage{}); err != nil || len(kept.Contents) != 1 || kept.Contents[0].Size < 2<<20 {
		t.Errorf("the bucket holds %+v, %v; want one object with the letter", kept, err)
	}

	// The queue is gone: the record is not left out of an answer.
	if _, err := sdk.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: queue.QueueUrl}); err != nil {
		t.Fatal(err)
	}
	if answer, err := f.invoke(pipeEvent(broken), 20*time.Second); err == nil || !strings.Contains(err.Error(), "sqs:SendMessage") {
		t.Errorf("without the queue: got %s, %v; want an error of sqs:SendMessage", answer, err)
	}
}

// TestConfigInS3 fetches the config with the first invocation, as s3:GetObject, and fails until there is one.
func TestConfigInS3(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("configs"); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	server := gofakes3.New(backend).Server()
	objects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		server.ServeHTTP(w, r)
	}))
	defer objects.Close()
	f := startBinary(t, awsBinary(t), nil, append(serviceEnv, "TRUNKLINE_CONFIG=s3://configs/team/trunkline.yaml", "AWS_ENDPOINT_URL_S3="+objects.URL)...)
	<-f.api.Started()
	if n := asked.Load(); n != 0 {
		t.Errorf("S3 was asked %d times before the first invocation", n)
	}
	event := pipeEvent(contactRecord("c", "VOICE"))
	if got, err := f.invoke(event, 20*time.Second); err == nil || !strings.Contains(err.Error(), "fetch the config from s3://configs/team/trunkline.yaml: s3:GetObject") {
		t.Errorf("without a config: got %s, %v", got, err)
	}
	config := "version: 1\nredact: {allow: [Attributes.name]}\n"
	if _, err := backend.PutObject("configs", "team/trunkline.yaml", nil, strings.NewReader(config), int64(len(config)), nil); err != nil {
		t.Fatal(err)
	}
	want := strings.Replace("["+redacted("c", "VOICE")+"]", `"Channel"`, `"Attributes":{"name":"name-canary"},"Channel"`, 1)
	before := asked.Load()
	for range 3 {
		if got := f.mustInvoke(event); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if n := asked.Load() - before; n != 1 {
		t.Errorf("the config was fetched %d times in three invocations, want once", n)
	}
}

// TestPartMissing names the command that makes a build with the part that a config needs.
func TestPartMissing(t *testing.T) {
	const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	for _, c := range []struct{ config, want string }{
		{`enrich: {agents: {from: "s3://agent-data/agents.csv", match: Agent.Username}}`, "enrich.agents.from: "},
		{`dead_letter: {s3: "s3://letters", recipient: ` + recipient + "}\nredact: {key: env:REDACT_KEY}", "dead_letter: "},
		{`redact: {key: "aws-secretsmanager:team/redact"}`, "redact.key: "},
	} {
		f := startFunction(t, map[string]string{"trunkline.yaml": "version: 1\n" + c.config + "\n"}, keys...)
		select {
		case report := <-f.api.InitErrors():
			if !strings.Contains(report.Message, c.want) || !strings.Contains(report.Message, "make lambda PARTS=aws") {
				t.Errorf("%s: reported %q, want %q and the command", c.config, report.Message, c.want)
			}
		case <-f.api.Started():
			t.Errorf("%s: the function started", c.config)
		case <-time.After(20 * time.Second):
			t.Fatal("neither an error nor a start")
		}
	}
}
