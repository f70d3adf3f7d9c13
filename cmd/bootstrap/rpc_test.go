package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"trunkline/internal/contactcentre"
	"trunkline/test/emulators/runtimeapi"
)

// TestRPC calls the same code in another way than the Runtime API, which the tests play themselves: through the server of aws-lambda-go
// for the older runtime, that a build without the tag lambda.norpc has. Pipe batches and event source mapping batches are answered alike,
// errors are the same, and the endpoint is sent the same.
func TestRPC(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "trunkline/cmd/bootstrap")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	endpoint := &recorder{refuse: `"ContactId":"refused"`}
	server := httptest.NewServer(endpoint)
	defer server.Close()
	files := deliverTo(server.URL)
	byAPI, byRPC := startFunction(t, files, keys...), startRPC(t, binary, files)

	centre := contactcentre.New(7, time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC), contactcentre.Options{})
	records := make([]string, 60)
	for i := range records {
		text, _ := centre.AppendEvent(nil)
		records[i] = string(text)
	}
	records = append(records, string(kplAggregate(records[:3]...)))
	refused := contactRecord("refused", "VOICE")
	for _, c := range []struct {
		name    string
		payload []byte
		answer  string // what it holds; "": any
		fails   string // what its error holds
		sends   bool
	}{
		{"pipe", pipeEvent(records...), `"Channel":"VOICE"`, "", false},
		{"pipe, one", pipeEvent(contactRecord("c", "VOICE")), "[" + redacted("c", "VOICE") + "]", "", false},
		{"pipe, none stays", pipeEvent(contactRecord("c", "CHAT")), "[]", "", false},
		{"pipe, broken", pipeEvent(records[0], "{"), "", "record " + shard + ":" + sequence(1) + ", decode: ", false},
		{"mapping", mappingEvent(records...), allSettled, "", true},
		{"mapping, one refused", mappingEvent(contactRecord("a", "VOICE"), refused), unsettled(1), "", true},
		{"mapping, broken", mappingEvent(contactRecord("a", "VOICE"), "{"), unsettled(1), "", true},
		{"neither", []byte(`{"source":"aws.events"}`), "", "neither the JSON array", false},
		{"nothing", nil, "", "the event: ", false},
	} {
		answer, err := byAPI.invoke(c.payload, 20*time.Second)
		sent := endpoint.take()
		got, gotErr := byRPC.invoke(c.payload, 20*time.Second)
		gotSent := endpoint.take()
		if string(got) != string(answer) || fmt.Sprint(gotErr) != fmt.Sprint(err) {
			t.Errorf("%s:\nby RPC         %s, %v\nby Runtime API %s, %v", c.name, got, gotErr, answer, err)
		}
		if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) || !strings.Contains(string(answer), c.answer) {
			t.Errorf("%s: got %s, %v; want %s, %s", c.name, answer, err, c.answer, c.fails)
		}
		if !slices.Equal(gotSent, sent) || (len(sent) > 0) != c.sends {
			t.Errorf("%s: by RPC %d records were sent, by Runtime API %d:\n%s\n%s", c.name, len(gotSent), len(sent), gotSent, sent)
		}
	}
}

// recorder refuses some records and keeps the others, with their keys.
type recorder struct {
	refuse string
	mu     sync.Mutex
	sent   []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil || strings.Contains(string(body), r.refuse) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, request.Header.Get("Idempotency-Key")+" "+string(body))
}

// take returns what was sent since it was called last. Different contacts are sent in any order.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.sent
	r.sent = nil
	slices.Sort(sent)
	return sent
}

// rpcFunction is a bootstrap that is called through net/rpc.
type rpcFunction struct {
	t      *testing.T
	client *rpc.Client
	last   int
}

// startRPC starts the binary, again where another process was quicker to take the port that was free.
func startRPC(t *testing.T, binary string, files map[string]string) *rpcFunction {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		listener, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		listener.Close()
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		var said output
		cmd := exec.Command(binary)
		cmd.Env = append([]string{"_LAMBDA_SERVER_PORT=" + port, "LAMBDA_TASK_ROOT=" + root, "AWS_REGION=eu-west-2"}, keys...)
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		exited := make(chan struct{})
		go func() {
			cmd.Wait()
			close(exited)
		}()
		t.Cleanup(func() {
			cmd.Process.Kill()
			<-exited
		})
		if client := connect(t, address, exited); client != nil {
			t.Cleanup(func() { client.Close() })
			return &rpcFunction{t: t, client: client}
		}
		t.Logf("the function ended: %s", &said)
	}
	t.Fatal("the function does not start")
	return nil
}

// connect waits until the function answers; nil when it has ended.
func connect(t *testing.T, address string, exited <-chan struct{}) *rpc.Client {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		select {
		case <-exited:
			return nil
		case <-time.After(10 * time.Millisecond):
		}
		client, err := rpc.Dial("tcp", address)
		if err != nil {
			continue
		}
		if err := client.Call("Function.Ping", &messages.PingRequest{}, &messages.PingResponse{}); err == nil {
			return client
		}
		client.Close()
	}
	t.Fatal("the function does not answer")
	return nil
}

// invoke returns the answer, or the *runtimeapi.Failure that the function reported.
func (f *rpcFunction) invoke(payload []byte, timeout time.Duration) ([]byte, error) {
	f.t.Helper()
	f.last++
	deadline := time.Now().Add(timeout)
	request := &messages.InvokeRequest{
		Payload: payload, RequestId: fmt.Sprintf("00000000-0000-0000-0001-%012d", f.last),
		Deadline:           messages.InvokeRequest_Timestamp{Seconds: deadline.Unix(), Nanos: int64(deadline.Nanosecond())},
		InvokedFunctionArn: "arn:aws:lambda:eu-west-2:111122223333:function:trunkline",
	}
	var response messages.InvokeResponse
	if err := f.client.Call("Function.Invoke", request, &response); err != nil {
		f.t.Fatalf("Function.Invoke: %v", err)
	}
	if e := response.Error; e != nil {
		return nil, &runtimeapi.Failure{Type: e.Type, Message: e.Message}
	}
	if !json.Valid(response.Payload) {
		f.t.Fatalf("the answer is not JSON: %q", response.Payload)
	}
	return response.Payload, nil
}
