package main

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// kplAggregate is an aggregate of the Kinesis Producer Library, in which record i has the partition key key-i.
func kplAggregate(records ...string) []byte {
	text := func(field byte, content string) []byte {
		return append(binary.AppendUvarint([]byte{field<<3 | 2}, uint64(len(content))), content...)
	}
	var message []byte
	for i := range records {
		message = append(message, text(1, fmt.Sprint("key-", i))...)
	}
	for i, r := range records {
		index := binary.AppendUvarint([]byte{1 << 3}, uint64(i))
		message = append(message, text(3, string(append(index, text(3, r)...)))...)
	}
	return kplMessage(message)
}

func kplMessage(message []byte) []byte {
	sum := md5.Sum(message)
	return slices.Concat([]byte("\xf3\x89\x9a\xc2"), message, sum[:])
}

// TestAggregatePipe answers with the records of an aggregate in its place, as long as the pipe's target takes them: it is not called with
// more than its batch size.
func TestAggregatePipe(t *testing.T) {
	call := func(id string) string { return contactRecord(id, "VOICE") }
	answer := func(ids ...string) string {
		for i, id := range ids {
			ids[i] = redacted(id, "VOICE")
		}
		return "[" + strings.Join(ids, ",") + "]"
	}
	chat := contactRecord("chat", "CHAT")
	event := string(pipeEvent(call("a"), string(kplAggregate(call("b"), chat, call("c"))), call("d")))
	const tooMany = "its aggregate holds more records than the pipe's target takes at once"
	for _, c := range []struct {
		name, env, event, want, fails string
	}{
		{"all but one are filtered", "", string(pipeEvent(string(kplAggregate(chat, call("b"), chat)))), answer("b"), ""},
		{"none stays", "", string(pipeEvent(string(kplAggregate(chat, chat)))), "[]", ""},
		{"of no record", "", string(pipeEvent(string(kplMessage([]byte("\x0a\x01k"))))), "[]", ""},
		{"as long as the event", "", string(pipeEvent(string(kplAggregate(call("a"), call("b"))), chat)), answer("a", "b"), ""},
		{"as long as is said", "TRUNKLINE_ANSWER_MAX=4", event, answer("a", "b", "c", "d"), ""},
		{"longer than is said", "TRUNKLINE_ANSWER_MAX=3", event, "", "record " + shard + ":" + sequence(2) + ", deliver: " + tooMany},
		{"longer than the event", "", string(pipeEvent(string(kplAggregate(call("a"), call("b"))))), "", "record " + shard + ":" + sequence(0) + "/1, deliver: " + tooMany},
	} {
		f := startFunction(t, map[string]string{"trunkline.yaml": "version: 1\nfilter: [{\"data\": {\"Channel\": [\"VOICE\"]}}]\n"}, c.env)
		got, err := f.invoke([]byte(c.event), 20*time.Second)
		if string(got) != c.want || (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s:\ngot  %s, %v\nwant %s, %s", c.name, got, err, c.want, c.fails)
		}
	}
}

// TestAggregateEnvelope gives each record of an aggregate its own partition key, and the position of the whole: for filters, and in answers.
func TestAggregateEnvelope(t *testing.T) {
	f := startFunction(t, map[string]string{"trunkline.yaml": "version: 1\nfilter: [{\"partitionKey\": [\"key-1\", \"key\"], \"sequenceNumber\": [\"" + sequence(0) + "\", \"" + sequence(1) + "\"]}]\n"},
		"TRUNKLINE_ANSWER=envelope")
	got := f.mustInvoke(pipeEvent(string(kplAggregate(contactRecord("a", "VOICE"), contactRecord("b", "VOICE"))), contactRecord("c", "VOICE")))
	envelope := func(key string, i int, id string) string {
		return strings.NewReplacer("KEY", key, "SEQ", sequence(i), "SHARD", shard, "RECORD", redacted(id, "VOICE")).Replace(
			`{"kinesisSchemaVersion":"1.0","partitionKey":"KEY","sequenceNumber":"SEQ","approximateArrivalTimestamp":1545084650.987,` +
				`"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"SHARD:SEQ","eventName":"aws:kinesis:record","awsRegion":"eu-west-2",` +
				`"eventSourceARN":"arn:aws:kinesis:eu-west-2:111122223333:stream/records","data":RECORD}`)
	}
	if want := "[" + envelope("key-1", 0, "b") + "," + envelope("key", 1, "c") + "]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestAggregateMapping names the aggregate of the first record that is not settled. What of it was delivered comes again under the same key.
func TestAggregateMapping(t *testing.T) {
	var mu sync.Mutex
	refuse := "nobody"
	keysOf := map[string][]string{} // contact: the Idempotency-Keys it came with, once taken
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		_, id, _ := strings.Cut(string(body), `"ContactId":"`)
		id, _, _ = strings.Cut(id, `"`)
		if id == refuse {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		keysOf[id] = append(keysOf[id], r.Header.Get("Idempotency-Key"))
	}))
	defer server.Close()
	f := startFunction(t, deliverTo(server.URL), keys...)
	call := func(id string) string { return contactRecord(id, "VOICE") }
	event := mappingEvent(call("a"), string(kplAggregate(call("b"), call("c"), call("d"))), call("e"))

	refuse = "c"
	if got := f.mustInvoke(event); got != unsettled(1) {
		t.Errorf("one of an aggregate is refused: got %s, want %s", got, unsettled(1))
	}
	mu.Lock()
	refuse = "nobody"
	if len(keysOf["a"]) != 1 || len(keysOf["c"]) != 0 {
		t.Errorf("taken so far: %v", keysOf)
	}
	first := slices.Clone(keysOf["b"])
	mu.Unlock()
	again := mappingEvent(string(kplAggregate(call("b"), call("c"), call("d"))), call("e"))
	if got := f.mustInvoke(again); got != allSettled {
		t.Errorf("the aggregate again: got %s, want %s", got, allSettled)
	}
	// A broken aggregate fails at its place.
	broken := kplMessage([]byte("\x1a\x0a\x08\x07\x1a\x06canary"))
	if got := f.mustInvoke(mappingEvent(call("f"), string(broken), call("g"))); got != unsettled(1) {
		t.Errorf("broken: got %s, want %s", got, unsettled(1))
	}

	mu.Lock()
	defer mu.Unlock()
	for _, id := range []string{"b", "c", "d", "e"} {
		all := keysOf[id]
		if len(all) == 0 || all[0] == "" || len(slices.Compact(slices.Clone(all))) != 1 {
			t.Errorf("%s came under the keys %q, want one", id, all)
		}
	}
	if len(first) == 0 || len(keysOf["b"]) <= len(first) {
		t.Errorf("b came under %q in the first batch, %q in all; want it again", first, keysOf["b"])
	}
}
