package subscribetoshard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/schemas"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/google/go-cmp/cmp"

	"trunkline/test/emulators"
)

const shardID = "shardId-000000000000"

// TestModel: what the model does not allow is found, each with its path.
func TestModel(t *testing.T) {
	model := LoadModel(t)
	arn := StreamARN + "/consumer/a:1"
	for _, c := range []struct{ shape, value, want string }{
		{"SubscribeToShardInput", `{"ConsumerARN":"` + arn + `","ShardId":"s","StartingPosition":{"Type":"LATEST"}}`, ""},
		{"SubscribeToShardInput", `{"ConsumerARN":"` + arn + `","ShardId":"s","StartingPosition":{}}`, "$.StartingPosition: Type is missing"},
		{"SubscribeToShardInput", `{"ConsumerARN":"` + arn + `","ShardId":"s","StartingPosition":null}`, "$: StartingPosition is missing"},
		{"StartingPosition", `{"Type":"NOW"}`, `$.Type: "NOW" is none of`},
		{"StartingPosition", `{"Type":"LATEST","Timestamp":"today"}`, "$.Timestamp: a string, want timestamp"},
		{"StartingPosition", `{"Type":"AT_SEQUENCE_NUMBER","SequenceNumber":"01"}`, `$.SequenceNumber: "01" does not match`},
		{"StartingPosition", `{"Type":"LATEST","Colour":"red"}`, `$: StartingPosition has no member "Colour"`},
		{"RegisterStreamConsumerInput", `{"StreamARN":"` + StreamARN + `","ConsumerName":"` + strings.Repeat("x", 129) + `"}`, "$.ConsumerName: length 129 is not within"},
		{"RegisterStreamConsumerInput", `{"StreamARN":"` + StreamARN + `","ConsumerName":"a b"}`, `$.ConsumerName: "a b" does not match`},
		{"RegisterStreamConsumerInput", `{"StreamARN":"` + StreamARN + `","ConsumerName":"a","Tags":{"":"b"}}`, "$.Tags.: length 0 is not within"},
		{"SubscribeToShardEvent", `{"Records":[{"SequenceNumber":"1","Data":"YQ"}],"ContinuationSequenceNumber":"1","MillisBehindLatest":0}`, "$.Records[0].Data: not base64"},
		{"SubscribeToShardEvent", `{"Records":{},"ContinuationSequenceNumber":"1","MillisBehindLatest":0}`, "$.Records: an object, want list"},
		{"SubscribeToShardEvent", `{"Records":[],"ContinuationSequenceNumber":"1","MillisBehindLatest":-1}`, "$.MillisBehindLatest: number -1 is not within"},
		{"SubscribeToShardEvent", `{"Records":[],"ContinuationSequenceNumber":1,"MillisBehindLatest":1.5}`, "$.ContinuationSequenceNumber: a number, want string"},
		{"MillisBehindLatest", `1.5`, "$: 1.5 is no integer"},
		{"BooleanObject", `true`, ""},
		{"ShardId", `true`, "$: a boolean, want string"},
		{"Nothing", `1`, `$: the model has no shape "Nothing"`},
	} {
		got := strings.Join(model.Check(c.shape, decode(t, c.value)), "; ")
		if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s: got %q, want %q", c.shape, c.value, got, c.want)
		}
	}
}

func decode(t *testing.T, text string) (value any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

// complaints is a test that notes what it is told.
type complaints struct {
	testing.TB
	all []string
}

func (c *complaints) Errorf(format string, args ...any) {
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

// TestRequests: a request that the model does not allow is refused and fails the test.
func TestRequests(t *testing.T) {
	for _, c := range []struct{ target, kind, body, want string }{
		{"Kinesis_20131202.DescribeStreamConsumer", "application/x-amz-json-1.1", `{"ConsumerName":7}`, "a number, want string"},
		{"Kinesis_20131202.DescribeStreamConsumer", "application/x-amz-json-1.1", `{`, "unexpected EOF"},
		{"Kinesis_20131202.DescribeStreamConsumer", "application/json", `{}`, "is no call of Kinesis"},
		{"Kinesis_20131202.Describe", "application/x-amz-json-1.1", `{}`, "is no call of Kinesis"},
		{"Kinesis_20131202.DescribeStreamConsumer", "application/x-amz-json-1.1", `{}`, "not signed"},
	} {
		told := &complaints{TB: t}
		server := New(told, LoadModel(t))
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
		request.Header.Set("X-Amz-Target", c.target)
		request.Header.Set("Content-Type", c.kind)
		response := httptest.NewRecorder()
		server.ServeHTTP(response, request)
		if response.Code != http.StatusBadRequest || len(told.all) != 1 || !strings.Contains(told.all[0], c.want) {
			t.Errorf("%s with %s: got status %d and %q, want 400 and %q", c.target, c.body, response.Code, told.all, c.want)
		}
	}
}

// TestRules: who asks too soon is refused, who asks later takes over, and a stream has 20 consumers.
func TestRules(t *testing.T) {
	model := LoadModel(t)
	synctest.Test(t, func(t *testing.T) {
		server := New(t, model)
		client, stop := Pipe(server)
		defer stop()
		server.Shards(shardID)
		arn := server.Register("first")
		subscribe := func(arn string) (*kinesis.SubscribeToShardEventStream, string) {
			out, err := client.SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{
				ConsumerARN: &arn, ShardId: new(shardID), StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeLatest},
			}, func(o *kinesis.Options) {
				o.RetryMaxAttempts = 1
				o.Protocol = awsjson.New11(schemas.Kinesis_20131202) // streams that share one race: github.com/aws/smithy-go/issues/714
			})
			if err != nil {
				return nil, code(err)
			}
			return out.GetStream(), ""
		}
		if _, code := subscribe(arn); code != "ResourceInUseException" {
			t.Errorf("to a consumer that is CREATING: got %q, want ResourceInUseException", code)
		}
		time.Sleep(2 * time.Second)
		first, code1 := subscribe(arn)
		if code1 != "" {
			t.Fatalf("to a consumer that is ACTIVE: got %q", code1)
		}
		defer first.Close()
		time.Sleep(time.Second / 2)
		if _, code := subscribe(arn); code != "LimitExceededException" {
			t.Errorf("after half a second: got %q, want LimitExceededException", code)
		}
		time.Sleep(4 * time.Second)
		if _, code := subscribe(arn); code != "ResourceInUseException" {
			t.Errorf("after less than 5 seconds: got %q, want ResourceInUseException", code)
		}
		time.Sleep(time.Second)
		second, code2 := subscribe(arn)
		if code2 != "" {
			t.Fatalf("after 5 seconds: got %q, want success", code2)
		}
		defer second.Close()
		for range first.Events() {
		}
		if got := code(first.Err()); got != "ResourceInUseException" {
			t.Errorf("the first stream ended with %v, want ResourceInUseException", first.Err())
		}
		begin, beats := time.Now(), 0
		for range second.Events() {
			beats++
		}
		if lasted := time.Since(begin); second.Err() != nil || lasted != Lifetime || beats < 59 || beats > 60 {
			t.Errorf("the second stream ended after %s and %d events with %v, want %s, about 60 and nil", lasted, beats, second.Err(), Lifetime)
		}
		for i := range consumers - 1 {
			server.Register(fmt.Sprint("other-", i))
		}
		_, err := client.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{StreamARN: new(StreamARN), ConsumerName: new("more")},
			func(o *kinesis.Options) { o.RetryMaxAttempts = 1 })
		if code(err) != "LimitExceededException" {
			t.Errorf("consumer %d: got %v, want LimitExceededException", consumers+1, err)
		}
	})
}

func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// TestBoto: a client that nobody here wrote reads a shard to its end, and what it reads is what the model allows.
func TestBoto(t *testing.T) {
	tools, model := emulators.Install(t), LoadModel(t)
	server := New(t, model)
	server.Creation = 0
	web := httptest.NewServer(server)
	defer web.Close()
	server.Shards(shardID)
	server.Put(shardID, []byte("a"), []byte("b"), []byte("c"), []byte("d"))
	server.End(shardID, Child{ShardID: "shardId-000000000001", ParentShards: []string{shardID}, HashKeyRange: HashKeyRange{"0", "1"}})
	cmd := exec.Command(tools.Python, "testdata/read.py", web.URL, StreamARN, shardID)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_DEFAULT_REGION=eu-west-2")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	want := "ACTIVE\na b c " + number(2, 0).String() + "\nd None shardId-000000000001\n"
	if diff := cmp.Diff(string(out), want); diff != "" {
		t.Errorf("boto3 read (-got +want):\n%s", diff)
	}
	for from := range 4 {
		event := decode(t, string(server.shards[shardID].event(from, 4-from/2, 1)))
		if problems := model.Check("SubscribeToShardEvent", event); len(problems) > 0 && problems[0] != "$: ContinuationSequenceNumber is missing" {
			t.Errorf("event %v: %q", event, problems)
		}
	}
}
