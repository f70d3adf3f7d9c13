package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/test/emulators/runtimeapi"
)

// built is the folder of the binaries under test: the real ones, as they are shipped.
var built string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "bootstrap-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	built = folder
	for _, build := range [][]string{
		{"build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", folder, "trunkline/cmd/bootstrap"},
		{"build", "-o", folder, "trunkline/cmd/trunkline"},
	} {
		cmd := exec.Command("go", build...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as make lambda and make build do
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go %s: %v\n%s", strings.Join(build, " "), err, out)
			return 1
		}
	}
	return m.Run()
}

// lambdaFunction is a bootstrap that runs against a Runtime API of its own.
type lambdaFunction struct {
	t      testing.TB
	api    *runtimeapi.Server
	cmd    *exec.Cmd
	stderr output
	exited chan struct{}
}

// output collects what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// startFunction starts the binary with files beside it. It is killed when the test ends.
func startFunction(t testing.TB, files map[string]string, env ...string) *lambdaFunction {
	t.Helper()
	return startBinary(t, filepath.Join(built, "bootstrap"), files, env...)
}

func startBinary(t testing.TB, binary string, files map[string]string, env ...string) *lambdaFunction {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	api, err := runtimeapi.Start()
	if err != nil {
		t.Fatal(err)
	}
	f := &lambdaFunction{t: t, api: api, cmd: exec.Command(binary), exited: make(chan struct{})}
	f.cmd.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + api.Address(), "LAMBDA_TASK_ROOT=" + root, "AWS_REGION=eu-west-2", "AWS_SESSION_TOKEN=token-of-the-function",
	}, env...)
	f.cmd.Stdout, f.cmd.Stderr = &f.stderr, &f.stderr
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		f.cmd.Wait()
		close(f.exited)
	}()
	t.Cleanup(func() {
		f.cmd.Process.Kill()
		<-f.exited
		api.Close()
	})
	return f
}

// invoke returns the answer, or the *runtimeapi.Failure that the function reported.
func (f *lambdaFunction) invoke(payload []byte, timeout time.Duration) ([]byte, error) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), timeout+10*time.Second)
	defer cancel()
	go func() {
		select {
		case <-f.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	answer, err := f.api.Invoke(ctx, payload, timeout)
	if err != nil {
		if _, reported := errors.AsType[*runtimeapi.Failure](err); !reported {
			f.t.Fatalf("invocation: %v; the function said:\n%s", err, &f.stderr)
		}
	}
	return answer, err
}

// mustInvoke returns the answer as text.
func (f *lambdaFunction) mustInvoke(payload []byte) string {
	f.t.Helper()
	answer, err := f.invoke(payload, 20*time.Second)
	if err != nil {
		f.t.Fatalf("invocation failed: %v; the function said:\n%s", err, &f.stderr)
	}
	return string(answer)
}

// contactRecord is a contact record with personal data.
func contactRecord(id, channel string) string {
	return fmt.Sprintf(`{"AWSContactTraceRecordFormatVersion":"2017-03-10","Agent":{"Username":"user-canary","ARN":"arn:canary"},`+
		`"Attributes":{"name":"name-canary"},"Channel":%q,"ContactId":%q,"CustomerEndpoint":{"Address":"+447700900canary","Type":"TELEPHONE_NUMBER"},`+
		`"LastUpdateTimestamp":"2026-11-22T10:00:05Z","Weight":1.50}`, channel, id)
}

// redacted is what the minimum set leaves of it.
func redacted(id, channel string) string {
	return fmt.Sprintf(`{"AWSContactTraceRecordFormatVersion":"2017-03-10","Agent":{"Username":"user-canary"},"Channel":%q,"ContactId":%q,`+
		`"LastUpdateTimestamp":"2026-11-22T10:00:05Z"}`, channel, id)
}

const shard = "shardId-000000000006"

func sequence(i int) string {
	return fmt.Sprintf("4959033827149025660855969253836157095992157598613%04d", i)
}

// pipeEvent is what a pipe sends to its enrichment.
func pipeEvent(records ...string) []byte {
	list := make([]map[string]any, len(records))
	for i, r := range records {
		list[i] = map[string]any{
			"kinesisSchemaVersion": "1.0", "partitionKey": "key", "sequenceNumber": sequence(i), "data": base64.StdEncoding.EncodeToString([]byte(r)),
			"approximateArrivalTimestamp": 1545084650.987, "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": shard + ":" + sequence(i),
			"eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:aws:iam::111122223333:role/pipe", "awsRegion": "eu-west-2",
			"eventSourceARN": "arn:aws:kinesis:eu-west-2:111122223333:stream/records", "unknown": "dropped",
		}
	}
	return marshal(list)
}

// mappingEvent is what an event source mapping sends.
func mappingEvent(records ...string) []byte {
	list := make([]map[string]any, len(records))
	for i, r := range records {
		list[i] = map[string]any{
			"kinesis": map[string]any{
				"kinesisSchemaVersion": "1.0", "partitionKey": "key", "sequenceNumber": sequence(i),
				"data": base64.StdEncoding.EncodeToString([]byte(r)), "approximateArrivalTimestamp": 1545084650.987,
			},
			"eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": shard + ":" + sequence(i), "eventName": "aws:kinesis:record",
			"invokeIdentityArn": "arn:aws:iam::111122223333:role/function", "awsRegion": "eu-west-2",
			"eventSourceARN": "arn:aws:kinesis:eu-west-2:111122223333:stream/records",
		}
	}
	return marshal(map[string]any{"Records": list})
}

func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// receiver answers with status, and counts what it took.
type receiver struct {
	status func(body string) int // nil: 200; called by one goroutine at a time
	mu     sync.Mutex
	bodies []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var body bytes.Buffer
	body.ReadFrom(request.Body)
	w.WriteHeader(r.take(body.String()))
}

func (r *receiver) take(body string) (status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	status = http.StatusOK
	if r.status != nil {
		status = r.status(body)
	}
	if status == http.StatusOK {
		r.bodies = append(r.bodies, body)
	}
	return status
}

func (r *receiver) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.bodies...)
}
