package cloudwatch

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/test/emulators"
)

// boto sends each line of standard input, the arguments of put_metric_data, and answers with "ok" or the code of the error. It does
// not look at the arguments itself: the server is to.
const boto = `
import json, sys, boto3, botocore.config, botocore.exceptions, botocore.model
botocore.model.ServiceModel.resolved_protocol = "smithy-rpc-v2-cbor" # it can, and prefers JSON
client = boto3.client("cloudwatch", endpoint_url=sys.argv[1], region_name="eu-central-1", aws_access_key_id="AKIDEXAMPLE",
    aws_secret_access_key="secret", config=botocore.config.Config(parameter_validation=False, retries={"max_attempts": 0}))
for line in sys.stdin:
    try:
        client.put_metric_data(**json.loads(line))
        print("ok")
    except botocore.exceptions.ClientError as e:
        print(e.response["Error"]["Code"])
`

// call runs boto3 on requests and returns an answer for each.
func call(t *testing.T, s *Server, requests []string) []string {
	t.Helper()
	cmd := exec.Command(emulators.Install(t).Python, "-c", boto, s.URL)
	// Settings of this machine have no say.
	cmd.Env = append(os.Environ(), "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
	cmd.Stdin = strings.NewReader(strings.Join(requests, "\n") + "\n")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	answers := strings.Fields(string(out))
	if err != nil || len(answers) != len(requests) {
		t.Fatalf("boto3 gave %d answers to %d requests: %v\n%s", len(answers), len(requests), err, complaints.String())
	}
	return answers
}

// TestBoto: another client of AWS's than the one that the server is for.
func TestBoto(t *testing.T) {
	const (
		value, combination, missing = "InvalidParameterValueException", "InvalidParameterCombinationException", "MissingRequiredParameterException"
		serial                      = "SerializationException"
	)
	s := Start(t)
	metric := func(text string) string { return `{"Namespace": "calls", "MetricData": [` + text + `]}` }
	tests := []struct{ request, want string }{
		{metric(`{"MetricName": "m", "Value": 2.5, "Unit": "Count", "Dimensions": [{"Name": "Operation", "Value": "ProcessTask"}]}`), "ok"},
		{metric(`{"MetricName": "m", "StatisticValues": {"SampleCount": 3, "Sum": 6, "Minimum": -1, "Maximum": 4}}`), "ok"},
		{metric(`{"MetricName": "m", "Values": [1, 5], "Counts": [2, 1], "Unit": "Milliseconds"}`), "ok"},
		{`{"MetricData": [{"MetricName": "m", "Value": 1}]}`, missing},
		{`{"Namespace": "calls"}`, missing},
		{`{"Namespace": ":calls", "MetricData": [{"MetricName": "m", "Value": 1}]}`, value},
		{`{"Namespace": "AWS/Kinesis", "MetricData": [{"MetricName": "m", "Value": 1}]}`, value},
		{`{"Namespace": "` + strings.Repeat("n", 256) + `", "MetricData": [{"MetricName": "m", "Value": 1}]}`, value},
		{metric(`{"Value": 1}`), missing},
		{metric(`{"MetricName": "", "Value": 1}`), value},
		{metric(`{"MetricName": "m"}`), combination},
		{metric(`{"MetricName": "m", "Value": 1, "Values": [1]}`), combination},
		{metric(`{"MetricName": "m", "Values": [1, 2], "Counts": [1]}`), combination},
		{metric(`{"MetricName": "m", "Value": 1, "Unit": "Parsecs"}`), value},
		{metric(`{"MetricName": "m", "Value": 1e120}`), value},
		{metric(`{"MetricName": "m", "Value": NaN}`), value},
		{metric(`{"MetricName": "m", "Value": 1, "StorageResolution": 0}`), value},
		{metric(`{"MetricName": "m", "Value": 1, "Timestamp": "2020-01-01T00:00:00Z"}`), value},
		{metric(`{"MetricName": "m", "Value": 1, "Dimensions": [{"Name": "ShardId"}]}`), missing},
		{metric(`{"MetricName": "m", "Value": 1, "Dimensions": [{"Name": "ShardId", "Value": ""}]}`), value},
		{metric(`{"MetricName": "m", "Value": 1, "Dimensions": [{"Name": "ShardId", "Value": "ä"}]}`), value},
		{metric(`{"MetricName": "m", "Value": 1, "Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]}`), value},
		{metric(`{"MetricName": "m", "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1}}`), missing},
		{metric(`{"MetricName": "m", "StatisticValues": {"SampleCount": 0, "Sum": 0, "Minimum": 0, "Maximum": 0}}`), value},
		{metric(strings.Repeat(`{"MetricName": "m", "Value": 1},`, 1000) + `{"MetricName": "m", "Value": 1}`), value},
		{metric(strings.Repeat(`{"MetricName": "m", "Value": 1},`, 999) + `{"MetricName": "m", "Value": 1}`), "ok"}, // gzipped
	}
	var requests []string
	for _, test := range tests {
		if !json.Valid([]byte(strings.ReplaceAll(test.request, "NaN", "0"))) {
			t.Fatalf("request %s", test.request)
		}
		requests = append(requests, test.request)
	}
	for i, got := range call(t, s, requests) {
		if got != tests[i].want {
			t.Errorf("%.200s: got %s, want %s", tests[i].request, got, tests[i].want)
		}
	}
	all := s.Requests()
	if len(all) != 4 || len(all[3]) != 1000 {
		t.Fatalf("accepted %d requests, want 4, the last with 1000 metrics", len(all))
	}
	want := [][]Datum{
		{{"calls", "m", "Count", map[string]string{"Operation": "ProcessTask"}, 1, 2.5, 2.5, 2.5}},
		{{"calls", "m", "None", map[string]string{}, 3, 6, -1, 4}},
		{{"calls", "m", "Milliseconds", map[string]string{}, 3, 7, 1, 5}},
	}
	if diff := cmp.Diff(all[:3], want); diff != "" {
		t.Errorf("accepted, got - want +:\n%s", diff)
	}
	for _, text := range s.Refused() {
		if strings.HasPrefix(text, serial) || strings.HasPrefix(text, "Unknown") || strings.HasPrefix(text, "InternalServiceFault") {
			t.Errorf("refused for a reason of the server's own: %s", text)
		}
	}
	s.Fail(&Fault{403, "AccessDenied", "you may not"})
	if got := call(t, s, requests[:1]); got[0] != "AccessDenied" {
		t.Errorf("a fault: got %s, want AccessDenied", got[0])
	}
}
