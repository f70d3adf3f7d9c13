package contact

import (
	"errors"
	"strings"
	"testing"
	"time"

	"trunkline/internal/document"
)

func TestParse(t *testing.T) {
	const ctr = `"AWSContactTraceRecordFormatVersion":"2017-03-10"`
	for _, c := range []struct {
		name, text         string
		kind               Kind
		id, order, channel string
		version            string
	}{
		{
			"voice, never recorded", `{` + ctr + `,"Agent":null,"Channel":"VOICE","ContactId":"c-1","InitialContactId":null,"LastUpdateTimestamp":"2026-11-22T10:00:01Z","Queue":null,"Recording":null,"Recordings":null,"References":[],"ContactDetails":{}}`,
			Contact, "c-1", "c-1", "VOICE", "2026-11-22T10:00:01Z",
		},
		{
			"an old record without later sections", `{"ContactId":"c-2",` + ctr + `,"LastUpdateTimestamp":"2019-03-04T05:06:07Z"}`,
			Contact, "c-2", "c-2", "", "2019-03-04T05:06:07Z",
		},
		{"no version", `{"ContactId":"c-3",` + ctr + `}`, Contact, "c-3", "c-3", "", ""},
		{"null version", `{"ContactId":"c-3",` + ctr + `,"LastUpdateTimestamp":null}`, Contact, "c-3", "c-3", "", ""},
		{"a channel of tomorrow", `{"ContactId":"c","Channel":"HOLOGRAM",` + ctr + `}`, Contact, "c", "c", "HOLOGRAM", ""},
		{"null channel", `{"ContactId":"c","Channel":null,` + ctr + `}`, Contact, "c", "c", "", ""},
		{"names in escapes", `{"\u0043ontactId":"c\u002d4",` + ctr + `}`, Contact, "c-4", "c-4", "", ""},
		{"names differing in case", `{"contactId":"x","ContactId":"c-5",` + ctr + `,"contactid":"y"}`, Contact, "c-5", "c-5", "", ""},
		{
			"login: both snapshots null", `{"AgentARN":"arn:agent","AWSAccountId":"1","CurrentAgentSnapshot":null,"EventId":"e-1","EventTimestamp":"2018-10-01T10:00:59.059Z","EventType":"LOGIN","PreviousAgentSnapshot":null,"Version":"2017-10-01"}`,
			AgentEvent, "e-1", "arn:agent", "", "2018-10-01T10:00:59.059Z",
		},
		{"an event type of tomorrow", `{"AgentARN":"a","EventId":"e","EventType":"NAP"}`, AgentEvent, "e", "a", "", ""},
		{"call notice", `{"trunkline":"call","ContactId":"c"}`, CallNotice, "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r Record
			if err := r.Parse([]byte(c.text)); err != nil {
				t.Fatal(err)
			}
			version := ""
			if !r.Version().IsZero() {
				version = r.Version().Format(time.RFC3339Nano)
			}
			got := []string{r.Kind().String(), string(r.ID()), string(r.OrderKey()), string(r.Channel()), version}
			want := []string{c.kind.String(), c.id, c.order, c.channel, c.version}
			if strings.Join(got, "|") != strings.Join(want, "|") {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, reason string }{
		{`[]`, "have a JSON array"},
		{`null`, "have a JSON null"},
		{`{}`, "neither a contact record"},
		{`{"ContactId":"secret"}`, "neither a contact record"},
		{`{"EventType":"LOGIN"}`, "neither a contact record"},
		{`{"trunkline":"tape"}`, "neither a contact record"},
		{`{"ContactId":null,"AWSContactTraceRecordFormatVersion":"1"}`, "ContactId of a contact record is not a text"},
		{`{"ContactId":5,"AWSContactTraceRecordFormatVersion":"1"}`, "ContactId of a contact record is not a text"},
		{`{"ContactId":"","AWSContactTraceRecordFormatVersion":"1"}`, "ContactId of a contact record is not a text"},
		{`{"ContactId":"a","ContactId":"b","AWSContactTraceRecordFormatVersion":"1"}`, "ContactId occurs more than once"},
		{`{"ContactId":"a","C\u006fntactId":"b","AWSContactTraceRecordFormatVersion":"1"}`, "ContactId occurs more than once"},
		{`{"ContactId":"a","LastUpdateTimestamp":"secret","AWSContactTraceRecordFormatVersion":"1"}`, "LastUpdateTimestamp is not an RFC 3339 time"},
		{`{"ContactId":"a","LastUpdateTimestamp":1700000000,"AWSContactTraceRecordFormatVersion":"1"}`, "LastUpdateTimestamp is not an RFC 3339 time"},
		{`{"AgentARN":"a","EventType":"LOGIN"}`, "EventId of an agent event"},
		{`{"AgentARN":null,"EventType":"LOGIN","EventId":"e"}`, "AgentARN of an agent event"},
	} {
		var r Record
		err := r.Parse([]byte(c.text))
		var kind *KindError
		if !errors.As(err, &kind) || !strings.Contains(kind.Reason, c.reason) {
			t.Errorf("Parse(%s) = %v, want %q", c.text, err, c.reason)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("Parse(%s) quotes a value: %v", c.text, err)
		}
		if r.Kind() != Unknown {
			t.Errorf("Parse(%s) failed but left the kind %v", c.text, r.Kind())
		}
	}
	var r Record
	var syntax *document.SyntaxError
	if err := r.Parse([]byte(`{"a":`)); !errors.As(err, &syntax) {
		t.Errorf("got %v, want a *document.SyntaxError", err)
	}
}

func TestTimes(t *testing.T) {
	var r Record
	err := r.Parse([]byte(`{"ContactId":"c","AWSContactTraceRecordFormatVersion":"1","Agent":{"AfterContactWorkEndTimestamp":"2026-01-02T03:04:05Z"},"DisconnectTimestamp":"2026-01-02T03:23:05Z","InitiationTimestamp":null}`))
	if err != nil {
		t.Fatal(err)
	}
	end, ok := r.Time("Agent", "AfterContactWorkEndTimestamp")
	gone, ok2 := r.Disconnected()
	if !ok || !ok2 || gone.Sub(end) != 19*time.Minute {
		t.Errorf("got %v %v and %v %v, want the disconnect 19 minutes after the work", end, ok, gone, ok2)
	}
	if at, ok := r.Initiated(); ok {
		t.Errorf("a null time read as %v", at)
	}
}

func TestWarmRecordDoesNotAllocate(t *testing.T) {
	text := []byte(`{"ContactId":"c\u002d1","AWSContactTraceRecordFormatVersion":"1","Channel":"VOICE","LastUpdateTimestamp":"2026-01-02T03:04:05Z"}`)
	var r Record
	if got := testing.AllocsPerRun(100, func() { _ = r.Parse(text) }); got != 0 {
		t.Errorf("%v allocations a record, want 0", got)
	}
}
