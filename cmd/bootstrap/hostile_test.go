package main

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// TestHostile sends one function what nobody should: it reports each, shows nothing of it, and goes on.
func TestHostile(t *testing.T) {
	f := startFunction(t, map[string]string{"trunkline.yaml": "version: 1\nobserve: {log: debug}\nredact: {key: env:REDACT_KEY}\ndestination: {http: {url: https://127.0.0.1:1}}\n"}, append([]string{"TRUNKLINE_ANSWER_MAX=10"}, keys...)...)
	data := func(text string) string {
		return `[{"eventSource":"aws:kinesis","eventID":"` + shard + `:7","data":"` + base64.StdEncoding.EncodeToString([]byte(text)) + `"}]`
	}
	record := contactRecord("c-canary", "VOICE")
	deep := strings.Repeat("[", 100_000)
	for _, c := range []struct{ name, payload, want string }{
		{"nothing", "", "the event: "},
		{"no JSON", "canary", "the event: "},
		{"a number", "7", "neither the JSON array"},
		{"an object", `{"canary":"canary"}`, "neither the JSON array"},
		{"a text", `"canary"`, "neither the JSON array"},
		{"Records that is no list", `{"Records":{"canary":1}}`, "neither the JSON array"},
		{"deep", deep, "the event: "},
		{"NUL", "[\x00\"canary\"]", "the event: "},
		{"not UTF-8", "[\"canary\xff\"]", "the event: "},
		{"cut", `[{"data":"canary`, "the event: "},
		{"two events", `[] [{"canary":1}]`, "the event: "},
		{"elements of other types", `["canary"]`, "element 0, source: an element of the event is of type string"},
		{"null", `[null]`, "element 0, source: an element of the event is of type null"},
		{"another source", `[{"eventSource":"aws:sqs","body":"canary"}]`, "not from a Kinesis stream"},
		{"no data", `[{"eventSource":"aws:kinesis","eventID":"canary"}]`, "element 0, source: an element of the event has no data"},
		{"data twice", `[{"eventSource":"aws:kinesis","data":"e30=","d\u0061ta":"e30="}]`, "data occurs more than once"},
		{"not base64", `[{"eventSource":"aws:kinesis","eventID":"` + shard + `:7","data":"canary!"}]`, "record " + shard + ":7, source: data is not base64"},
		{"data of another type", `[{"eventSource":"aws:kinesis","data":[1]}]`, "data is of type array"},
		{"not JSON inside", data("canary"), "record " + shard + ":7, decode: "},
		{"empty inside", data(""), "decode: "},
		{"not a record", data(`{"canary":"canary"}`), "decode: neither a contact record"},
		{"an array inside", data("[" + record + "]"), "decode: want a record (a JSON object), have a JSON array"},
		{"deep inside", data(deep), "decode: "},
		{"not UTF-8 inside", data(strings.Replace(record, "name-canary", "\xff", 1)), "decode: "},
		{"a key twice", data(strings.Replace(record, "{", `{"C\u006fntactId":"canary",`, 1)), "decode: ContactId occurs more than once"},
		{"compressed", data("\x1f\x8bcanary"), "compressed with gzip"},
		{"an aggregate with another digest", data(strings.Replace(string(kplAggregate(record)), "c-canary", "d-canary", 1)), "record " + shard + ":7, decode: "},
		{"an aggregate that is broken", data(string(kplMessage([]byte("\x1a\x0a\x08\x07\x1a\x06canary")))), "record " + shard + ":7, source: aggregate, record 0: its partition key is beyond"},
		{"an aggregate of nothing much", data(string(kplMessage([]byte("\x0a\x00" + strings.Repeat("\x1a\x04\x08\x00\x1a\x00", 100))))), "source: data is an aggregate of 100 records in 622 bytes"},
		{"compressed in an aggregate", data(string(kplAggregate(record, "\x1f\x8bcanary"))), "record " + shard + ":7/1, source: data is compressed with gzip"},
		{"not JSON in an aggregate", data(string(kplAggregate(record, record, "canary"))), "record " + shard + ":7/2, decode: "},
		{"an aggregate in an aggregate", data(string(kplAggregate(string(kplAggregate(record))))), "record " + shard + ":7/0, decode: "},
		{"good ones before", strings.TrimSuffix(string(pipeEvent(record, record)), "]") + "," + data("canary")[1:], "decode: "},
		{"hostile places", `[{"eventSource":"aws:kinesis","eventID":"shardId-canary canary","sequenceNumber":"canary","data":"!"}]`, "record element 0, source: "},
	} {
		answer, err := f.invoke([]byte(c.payload), 20*time.Second)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %s, error %v; want an error with %q", c.name, answer, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error shows a value: %v", c.name, err)
		}
	}
	huge := strings.Replace(record, "1.50", strings.Repeat("9", 100_000), 1)
	if got, want := f.mustInvoke(pipeEvent(huge)), "["+redacted("c-canary", "VOICE")+"]"; got != want {
		t.Errorf("afterwards: got %s\nwant %s", got, want)
	}
	if strings.Contains(f.stderr.String(), "canary") {
		t.Errorf("the log shows a value:\n%s", &f.stderr)
	}
}
