package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const voice = `version: 1
filter: [{"data": {"Channel": ["VOICE"]}, "sequenceNumber": [{"prefix": "4959"}]}]
`

// TestPipe is a pipe's enrichment: array in, array out.
func TestPipe(t *testing.T) {
	f := startFunction(t, map[string]string{"trunkline.yaml": voice})
	call, chat, second := contactRecord("c-1", "VOICE"), contactRecord("c-2", "CHAT"), contactRecord("c-3", "VOICE")
	for _, c := range []struct {
		name  string
		event string
		want  string
	}{
		{"one", string(pipeEvent(call)), "[" + redacted("c-1", "VOICE") + "]"},
		{"several keep their order", string(pipeEvent(call, chat, second, call)), "[" + redacted("c-1", "VOICE") + "," + redacted("c-3", "VOICE") + "," + redacted("c-1", "VOICE") + "]"},
		{"all dropped", string(pipeEvent(chat, chat)), "[]"},
		{"none", "[]", "[]"},
		{"with white space", " [ ] \n", "[]"},
		{"decoded by an input template", fmt.Sprintf(`[{"data":%s,"sequenceNumber":"4959"}]`, call), "[" + redacted("c-1", "VOICE") + "]"},
		{"decoded into quotes", fmt.Sprintf(`[{"data":%s,"sequenceNumber":"4959"}]`, marshal(call)), "[" + redacted("c-1", "VOICE") + "]"},
	} {
		if got := f.mustInvoke([]byte(c.event)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
	big := make([]string, 2000)
	for i := range big {
		big[i] = contactRecord(fmt.Sprint("c-", i), "VOICE")
	}
	var ids []struct {
		ContactID string `json:"ContactId"`
	}
	if err := json.Unmarshal([]byte(f.mustInvoke(pipeEvent(big...))), &ids); err != nil || len(ids) != len(big) {
		t.Fatalf("%d records, %v; want %d", len(ids), err, len(big))
	}
	for i := range ids {
		if want := fmt.Sprint("c-", i); ids[i].ContactID != want {
			t.Fatalf("record %d is %s, want %s", i, ids[i].ContactID, want)
		}
	}
}

// TestWithoutConfig sends the minimum set, also of a record that an input template <$.data> leaves bare.
func TestWithoutConfig(t *testing.T) {
	f := startFunction(t, nil, "OPERATA_API_KEY=cloud-collector-v3/ctr/group/apiToken", "OPERATA_GROUP_ID=group")
	want := "[" + redacted("c-1", "CHAT") + "]"
	for _, event := range []string{string(pipeEvent(contactRecord("c-1", "CHAT"))), "[" + contactRecord("c-1", "CHAT") + "]"} {
		if got := f.mustInvoke([]byte(event)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if got := f.stderr.String(); got != "" {
		t.Errorf("the function said %s; want nothing", got)
	}
}

// TestPrivacyObject takes the published object as the config, bare and as it is handed out.
func TestPrivacyObject(t *testing.T) {
	const object = `{"type":"WHITELIST","fields":["Attributes.name"]}`
	want := strings.Replace("["+redacted("c-1", "CHAT")+"]", `"Channel"`, `"Attributes":{"name":"name-canary"},"Channel"`, 1)
	for _, text := range []string{object, `{"key":"REDACTION_CONFIG","value":` + object + `}`} {
		f := startFunction(t, map[string]string{"privacy.json": text})
		if got := f.mustInvoke(pipeEvent(contactRecord("c-1", "CHAT"))); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// TestEnvelope keeps what stood beside data, for targets that report partial failures.
func TestEnvelope(t *testing.T) {
	f := startFunction(t, map[string]string{"trunkline.yaml": voice}, "TRUNKLINE_ANSWER=envelope")
	got := f.mustInvoke(pipeEvent(contactRecord("c-2", "CHAT"), contactRecord("c-1", "VOICE")))
	want := `[{"kinesisSchemaVersion":"1.0","partitionKey":"key","sequenceNumber":"SEQ","approximateArrivalTimestamp":1545084650.987,` +
		`"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"SHARD:SEQ","eventName":"aws:kinesis:record","awsRegion":"eu-west-2",` +
		`"eventSourceARN":"arn:aws:kinesis:eu-west-2:111122223333:stream/records","data":RECORD}]`
	want = strings.NewReplacer("SEQ", sequence(1), "SHARD", shard, "RECORD", redacted("c-1", "VOICE")).Replace(want)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
