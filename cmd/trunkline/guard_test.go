package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// allowed is one action of a policy.
type allowed struct{ action, resource, condition string }

// policy is an identity policy of grants, one statement each.
func policy(grants []allowed) []byte {
	var statements []string
	for _, g := range grants {
		statements = append(statements, fmt.Sprintf(`{"Effect": "Allow", "Action": %q, "Resource": %q%s}`, g.action, g.resource, g.condition))
	}
	return fmt.Appendf(nil, `{"Version": "2012-10-17", "Statement": [%s]}`, strings.Join(statements, ",\n"))
}

// A guardedJob is a collector and a replay of its dead letters behind the guard.
type guardedJob struct {
	dir     string
	account string
	lenient *atomic.Bool // the receiver takes records
	reset   func()       // puts the services back to where they were before
}

// do runs the collector against a receiver that refuses all, and then a replay. It returns what both said and their exit statuses.
func (j *guardedJob) do(t *testing.T, policy []byte) (said string, statuses []int) {
	t.Helper()
	if err := os.RemoveAll(j.dir + "/trunkline.db"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(j.dir + "/dead-letters"); err != nil {
		t.Fatal(err)
	}
	j.reset()
	write(t, j.dir+"/role.json", policy)
	for _, args := range [][]string{{"run"}, {"replay", "--identity", "key.txt"}} {
		j.lenient.Store(args[0] == "replay")
		args = append(args, "--guard", "role.json", "--guard-principal", "arn:aws:iam::"+j.account+":role/collector", "--guard-report", args[0]+"-report.json")
		p := call{Dir: j.dir, Args: args, Env: awsKey}.run(t)
		said += p.stderr.String() + p.stdout.String()
		statuses = append(statuses, p.status())
	}
	return said, statuses
}

// unused are the grants that neither the run nor the replay used, and refused is whether one of them was refused something.
func (j *guardedJob) unused(t *testing.T) (unused []string, refused bool) {
	t.Helper()
	times := map[string]int{}
	for _, name := range []string{"run", "replay"} {
		var report struct {
			Used, Unused []struct {
				Statement int
				Action    string
			}
			Refused []any
		}
		text, err := os.ReadFile(j.dir + "/" + name + "-report.json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &report); err != nil {
			t.Fatal(err)
		}
		for _, g := range report.Unused {
			times[fmt.Sprintf("%d %s", g.Statement, g.Action)]++
		}
		refused = refused || len(report.Refused) > 0
	}
	for action, n := range times {
		if n == 2 {
			unused = append(unused, action)
		}
	}
	slices.Sort(unused)
	return unused, refused
}

// generated is the policy that the config needs, as the command prints it.
func (j *guardedJob) generated(t *testing.T) []byte {
	t.Helper()
	p := call{Dir: j.dir, Args: []string{"policy", "generate", "--account", j.account, "--region", "us-east-1"}}.run(t)
	if p.status() != 0 {
		t.Fatalf("policy generate: status %d: %s", p.status(), p.stderr.String())
	}
	return []byte(p.stdout.String())
}

// prove shows that the grants are enough, that all of them are used, and that each is missed, by its name. What is generated from the
// config is enough, and all used, too.
func (j *guardedJob) prove(t *testing.T, grants []allowed) {
	t.Helper()
	for _, text := range [][]byte{policy(grants), j.generated(t)} {
		said, statuses := j.do(t, text)
		if unused, refused := j.unused(t); refused || len(unused) > 0 || !slices.Equal(statuses, []int{0, 0}) {
			t.Fatalf("with all grants: statuses %v, refused %v, unused %q, want 0, none and none:\n%s\n%s", statuses, refused, unused, said, text)
		}
	}
	for i, removed := range grants {
		said, statuses := j.do(t, policy(slices.Delete(slices.Clone(grants), i, i+1)))
		if slices.Equal(statuses, []int{0, 0}) {
			t.Errorf("without %s on %s: both commands ended with status 0, want a failure:\n%s", removed.action, removed.resource, said)
		}
		// Of a list of objects S3 says which it did not delete, and no more.
		complaint := regexp.MustCompile(`(?m)^.*` + removed.action + ` on .*: AccessDenied(Exception: User|: User|; allow it)`)
		if !complaint.MatchString(said) {
			t.Errorf("without %s no command says %s:\n%s", removed.action, complaint, said)
		}
		if _, refused := j.unused(t); !refused {
			t.Errorf("without %s no report has a refusal", removed.action)
		}
	}
}

// newGuardedJob makes a folder with records and a receiver.
func newGuardedJob(t *testing.T, sections ...string) *guardedJob {
	j := &guardedJob{dir: t.TempDir(), account: "111122223333", lenient: &atomic.Bool{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !j.lenient.Load() {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	}))
	t.Cleanup(server.Close)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	write(t, j.dir+"/in", goods(3))
	write(t, j.dir+"/key.txt", []byte(identity.String()+"\n"))
	for i := range sections {
		sections[i] = strings.ReplaceAll(sections[i], "RECIPIENT", identity.Recipient().String())
	}
	configure(t, j.dir, append(sections, fmt.Sprintf("destination: {http: {url: %q, concurrency: 1}}", server.URL))...)
	return j
}

// TestGuardedBucket: secrets, an agent file and dead letters in S3.
func TestGuardedBucket(t *testing.T) {
	t.Parallel()
	v, b := newVault(t), newBucket(t)
	v.create(t, "team/pseudonym-key", strings.Repeat("k", 32))
	agents := "Agent.Username,Team\nanna,voice\n"
	j := newGuardedJob(t,
		fmt.Sprintf("aws: {region: us-east-1, endpoints: {secretsmanager: %q, s3: %q}}", v.url, b.url),
		fmt.Sprintf("dead_letter: {s3: %q, recipient: RECIPIENT}", b.place),
		`redact: {key: "aws-secretsmanager:team/pseudonym-key", rules: [{path: ContactId, action: hash}]}`,
		"enrich: {agents: {from: \"s3://letters/agents.csv\", match: Agent.Username, column: Agent.Username, into: AgentData}}")
	j.reset = func() {
		for key := range b.dump(t) {
			if _, err := b.sdk.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucketName), Key: &key}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.sdk.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucketName), Key: aws.String("agents.csv"), Body: bytes.NewReader([]byte(agents))}); err != nil {
			t.Fatal(err)
		}
	}
	j.prove(t, []allowed{
		{"secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:111122223333:secret:team/pseudonym-key-??????", ""},
		{"s3:GetObject", "arn:aws:s3:::letters/agents.csv", ""},
		{"s3:PutObject", "arn:aws:s3:::letters/dead/*", ""},
		{"s3:GetObject", "arn:aws:s3:::letters/dead/*", ""},
		{"s3:DeleteObject", "arn:aws:s3:::letters/dead/*", ""},
		{"s3:ListBucket", "arn:aws:s3:::letters", `, "Condition": {"StringLike": {"s3:prefix": "dead/*"}}`},
	})
}

// TestGuardedQueue: dead letters in SQS, in a queue that is named by its ARN.
func TestGuardedQueue(t *testing.T) {
	t.Parallel()
	q := newQueue(t, 256<<10)
	out, err := q.sdk.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &q.place, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	if err != nil {
		t.Fatal(err)
	}
	arn := out.Attributes[string(types.QueueAttributeNameQueueArn)]
	j := newGuardedJob(t,
		fmt.Sprintf("aws: {region: us-east-1, endpoints: {sqs: %q}}", q.url),
		fmt.Sprintf("dead_letter: {sqs: %q, recipient: RECIPIENT}", arn))
	j.reset = func() {
		if _, err := q.sdk.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: &q.place}); err != nil {
			t.Fatal(err)
		}
	}
	j.account = strings.Split(arn, ":")[4]
	var grants []allowed
	for _, action := range []string{"GetQueueUrl", "GetQueueAttributes", "SendMessage", "ReceiveMessage", "DeleteMessage"} {
		grants = append(grants, allowed{"sqs:" + action, arn, ""})
	}
	j.prove(t, grants)
}
