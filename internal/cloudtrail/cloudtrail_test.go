package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const event = `{"eventTime": "2026-11-20T08:00:00Z", "eventSource": "kinesis.amazonaws.com", "eventName": "GetRecords", "awsRegion": "eu-west-2",
 "recipientAccountId": "111122223333", "eventCategory": "Data", "errorCode": "AccessDenied", "readOnly": true, "additional": [1, {"x": null}],
 "userIdentity": {"arn": "arn:aws:sts::111122223333:assumed-role/r/s", "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/r"}}},
 "requestParameters": {"streamName": "records", "limit": 5, "more": {"streamName": "other"}},
 "resources": [{"ARN": "arn:aws:kinesis:eu-west-2:111122223333:stream/records"}, {"type": "AWS::X"}]}`

func all(text []byte) (events []*Event, err error) {
	for e, err := range Read(bytes.NewReader(text)) {
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestForms: in each form the same event.
func TestForms(t *testing.T) {
	want := &Event{
		Time: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), Source: "kinesis.amazonaws.com", Name: "GetRecords", Region: "eu-west-2", Account: "111122223333",
		Category: "Data", Error: "AccessDenied", Principal: "arn:aws:iam::111122223333:role/r",
		Resources: []string{"arn:aws:kinesis:eu-west-2:111122223333:stream/records"}, Parameters: map[string]string{"streamName": "records"},
	}
	for _, c := range []struct {
		name, text string
		n          int
	}{
		{"a file", `{"Records": [` + event + "," + event + `]}`, 2},
		{"a file with more", `{"version": 1, "Records": [` + event + `], "next": {}}`, 1},
		{"a file without events", `{"Records": []}`, 0},
		{"files one after another", `{"Records": [` + event + `]}` + "\n" + `{"Records": [` + event + `]}`, 2},
		{"events one after another", event + "\n" + event + "\n\n" + event + "\n", 3},
		{"nothing", "\n", 0},
		{"with a byte order mark", "\xef\xbb\xbf" + event, 1},
	} {
		for form, text := range map[string][]byte{"plain": []byte(c.text), "gzip": zipped(t, c.text)} {
			events, err := all(text)
			if err != nil || len(events) != c.n {
				t.Errorf("%s, %s: %d events (%v), want %d", c.name, form, len(events), err, c.n)
			}
			for _, e := range events {
				if diff := cmp.Diff(want, e); diff != "" || !e.Denied() {
					t.Errorf("%s, %s: denied %v; (- want, + got):\n%s", c.name, form, e.Denied(), diff)
				}
			}
		}
	}
}

// TestHostile: what is no log gives an error that names the event.
func TestHostile(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
	for text, want := range map[string]string{
		"[]":                             "event 1: a log is an object with Records",
		"true":                           "event 1: a log is an object",
		"{":                              "event 1: unexpected EOF",
		event[:300]:                      "event 1: unexpected EOF",
		`{"Records": [` + event:          "event 2: unexpected EOF",
		`{"Records": {}}`:                "event 1: records is no list",
		`{"Records": [1]}`:               "event 1: it is no object",
		`{"Records": [], "Records": []}`: `the key "Records" stands twice`,
		`{"eventName": "A", "eventN\u0061me": 1}`: `the key "eventName" stands twice`,
		`{"eventName": 1}`:                        "eventName is no text",
		`{"eventName": "A"}`:                      "it has no eventSource or no eventName",
		`{"EventSource": "s", "EventName": "A"}`:  "it has no eventSource",
		`{"eventTime": "yesterday"}`:              "eventTime is no time",
		`{"requestParameters": ` + deep + `}`:     "more than 100 objects and arrays inside each other",
		`{"requestParameters": {"a":1,"a":2}}`:    `the key "a" stands twice`,
		`{"x": "` + strings.Repeat("y", 5<<20):    "it is longer than 4194304 bytes",
		event + event + "}":                       "event 3: ",
		"\x1f\x8b\x08":                            "event 1: unexpected EOF",
	} {
		if _, err := all([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %s", text, err, want)
		}
	}
}

// endless is a file of events without an end, or as good as.
type endless struct {
	left int // bytes
	rest []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	if len(e.rest) == 0 {
		e.rest = []byte(event + "\n")
	}
	n := copy(p, e.rest)
	e.rest, e.left = e.rest[n:], e.left-n
	return n, nil
}

// TestMemory: a file far larger than what is kept of it.
func TestMemory(t *testing.T) {
	const size = 24 << 20
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, most := 0, uint64(0)
	for _, err := range Read(&endless{left: size - size%(len(event)+1)}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%5_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&during)
			most = max(most, during.HeapAlloc)
		}
	}
	if kept := int64(most) - int64(before.HeapAlloc); kept > 8<<20 || n < 20_000 {
		t.Errorf("%d events, %d bytes kept, want at most 8 MiB", n, kept)
	}
}

// TestStop: who wants no more gets no more, and no error.
func TestStop(t *testing.T) {
	n := 0
	for _, err := range Read(strings.NewReader(`{"Records": [` + event + "," + event + "," + "not JSON")) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			break
		}
	}
	if n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	failing := io.MultiReader(strings.NewReader(event), broken{})
	var last error
	for _, err := range Read(failing) {
		last = err
	}
	if !errors.Is(last, errRead) {
		t.Errorf("got %v, want the reader's error", last)
	}
}

var errRead = errors.New("the disk is gone")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errRead }

// FuzzRead: no text panics, events are complete, and what was read once is read alike when it is packed.
func FuzzRead(f *testing.F) {
	f.Add([]byte(event))
	f.Add([]byte(`{"Records": [` + event + `]}`))
	f.Add([]byte(`{"Records": [{"eventName": null}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		events, err := all(text)
		for _, e := range events {
			if e.Source == "" || e.Name == "" {
				t.Errorf("%q: an event without source or name: %+v", text, e)
			}
		}
		if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
			return
		}
		again, err2 := all(zipped(t, string(text)))
		if diff := cmp.Diff(events, again); diff != "" || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Errorf("%q: packed (%v, not packed %v):\n%s", text, err2, err, diff)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	file := []byte(`{"Records": [` + strings.Repeat(event+",", 999) + event + `]}`)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if events, err := all(file); err != nil || len(events) != 1000 {
			b.Fatal(len(events), err)
		}
	}
}
