package files

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/internal/collector"
	"trunkline/internal/document"
)

// flat is a record as an EventBridge pipe hands it on; nested is one as a Lambda event source mapping does.
func flat(data string) string {
	return fmt.Sprintf(`{"kinesisSchemaVersion":"1.0","partitionKey":"k \"1\"","sequenceNumber":"4959","data":%s,`+
		`"approximateArrivalTimestamp":1545084650.987,"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000006:4959",`+
		`"eventName":"aws:kinesis:record","invokeIdentityArn":"arn:aws:iam::111122223333:role/r","awsRegion":"us-east-2",`+
		`"eventSourceARN":"arn:aws:kinesis:us-east-2:111122223333:stream/s"}`, data)
}

func nested(data string) string {
	return fmt.Sprintf(`{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"k \"1\"","sequenceNumber":"4959","data":%s,`+
		`"approximateArrivalTimestamp":1545084650.987},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000006:4959",`+
		`"eventName":"aws:kinesis:record","invokeIdentityArn":"arn:aws:iam::111122223333:role/r","awsRegion":"us-east-2",`+
		`"eventSourceARN":"arn:aws:kinesis:us-east-2:111122223333:stream/s"}`, data)
}

func encoded(text string) string {
	return `"` + base64.StdEncoding.EncodeToString([]byte(text)) + `"`
}

const wantMeta = `partitionKey="k \"1\"" sequenceNumber="4959" approximateArrivalTimestamp=1545084650.987 kinesisSchemaVersion="1.0"`

func metaText(in collector.Input) string {
	var texts []string
	for _, m := range in.Meta {
		texts = append(texts, m.Name+"="+string(m.Raw))
	}
	return strings.Join(texts, " ")
}

func TestEnvelopes(t *testing.T) {
	record := `{"ContactId":"c","x":"??>>~~"}`
	slashes := strings.ReplaceAll(encoded(record), "/", `\/`)
	if !strings.Contains(slashes, `\/`) {
		t.Fatalf("%s has no slash to escape", slashes)
	}
	indented := func(text string) string {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		b, _ := json.MarshalIndent(v, "", "  ")
		return string(b)
	}
	type want struct {
		Text, Problem string
		Meta          bool
	}
	ok, plainRecord := want{record, "", true}, want{record, "", false}
	problem := func(text, reason string) want { return want{text, "kinesis envelope: " + reason, false} }
	for _, c := range []struct {
		name, text string
		want       []want
	}{
		{"pipe", "[" + flat(encoded(record)) + "," + flat(encoded(" "+record+"\n")) + "]", []want{ok, ok}},
		{"pipe, a line each", "[" + flat(encoded(record)) + "]\n[" + flat(encoded(record)) + "]\n", []want{ok, ok}},
		{"Lambda", `{"Records":[` + nested(encoded(record)) + "," + nested(slashes) + "]}", []want{ok, ok}},
		{"Lambda, pretty, two", indented(`{"Records":[`+nested(encoded(record))+"]}") + "\n" + indented(`{"Records":[`+nested(encoded(record))+"]}"), []want{ok, ok}},
		{"envelopes on lines", flat(encoded(record)) + "\n" + nested(encoded(record)) + "\n" + record, []want{ok, ok, plainRecord}},
		{"decoded by an input template", flat(record), []want{ok}},
		{"array of records", "[" + record + "," + record + "]", []want{plainRecord, plainRecord}},
		{"bad base64", "[" + flat(`"####"`) + "," + flat(encoded(record)) + "]", []want{problem(flat(`"####"`), "data is not base64"), ok}},
		{"no data", `{"Records":[{"eventSource":"aws:kinesis","kinesis":{}},` + nested(encoded(record)) + "]}", []want{problem(`{"eventSource":"aws:kinesis","kinesis":{}}`, "no data"), ok}},
		{"wrong data", `{"data":12,"eventSource":"aws:kinesis"}`, []want{problem(`{"data":12,"eventSource":"aws:kinesis"}`, "data is number, want a string")}},
		{"another service", `{"Records":[{"eventSource":"aws:s3"}, 1]}`, []want{
			problem(`{"eventSource":"aws:s3"}`, "an element of Records whose eventSource is not aws:kinesis"),
			problem(`1`, "an element of Records whose eventSource is not aws:kinesis"),
		}},
		{"no JSON", `{"Records":[{"eventSource":"aws:kinesis" 1}]}`, []want{problem(`{"eventSource":"aws:kinesis" 1}]}`, "invalid JSON at byte 29: want ',' or '}' after a member of an object")}},
		{"another record with such a member", `{"data":"e30=","eventSource":"me"}`, []want{{`{"data":"e30=","eventSource":"me"}`, "", false}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, Options{Path: "-", Stdin: strings.NewReader(c.text)})
			defer s.Close()
			var got []want
			for {
				b, err := s.Read(t.Context())
				if err != nil {
					break
				}
				for _, in := range b.Records {
					w := want{Text: string(in.Data), Meta: metaText(in) == wantMeta}
					if !w.Meta && len(in.Meta) > 0 {
						t.Errorf("got members %s, want %s", metaText(in), wantMeta)
					}
					if in.Problem != nil {
						w.Problem = in.Problem.Error()
						if _, ok := errors.AsType[*EnvelopeError](in.Problem); !ok {
							t.Errorf("got a problem of type %T", in.Problem)
						}
					}
					got = append(got, w)
				}
				b.Release()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: -want +got\n%s", c.text, diff)
			}
		})
	}
}

// FuzzEnvelope checks that any record comes out of an envelope as it was put in, and that of anything else a record or a problem
// comes out, with the text itself where it is no envelope.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"a":1}`), "key", true)
	f.Add([]byte(flat(`"e30="`)), "\"", false)
	f.Add([]byte(nested(`"e30\u003d"`)), "\x00", false)
	f.Add([]byte(`{"data":"=","eventSource":"aws:kinesis"}`), "", true)
	f.Fuzz(func(t *testing.T, data []byte, key string, pipe bool) {
		var e envelope
		b := &batch{}
		name, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		wrapped := fmt.Sprintf(`{"kinesis":{"partitionKey":%s,"data":"%s"},"eventSource":"aws:kinesis"}`, name, base64.StdEncoding.EncodeToString(data))
		if pipe {
			wrapped = fmt.Sprintf(`{"partitionKey":%s,"eventSource":"aws:kinesis","data":"%s"}`, name, base64.StdEncoding.EncodeToString(data))
		}
		in := e.open(b, record{at: place{0, array}, data: []byte(wrapped)}, 1<<20)
		if want := strings.Trim(string(data), " \t\r\n"); string(in.Data) != want || in.Problem != nil || metaText(in) != "partitionKey="+string(name) {
			t.Fatalf("%s: got %q, %s, %v, want %q", wrapped, in.Data, metaText(in), in.Problem, want)
		}
		if len(data) == 0 {
			return
		}
		for _, m := range []mode{plain, entries} {
			in := e.open(b, record{at: place{0, m}, data: data}, 1<<20)
			var d document.Document
			isEnvelope := d.Parse(data) == nil && d.TextIs(d.Member(d.Root(), "eventSource"), "aws:kinesis")
			switch {
			case !isEnvelope && m == plain && (in.Problem != nil || string(in.Data) != string(data)):
				t.Fatalf("%q: got %q, %v, want it as it is", data, in.Data, in.Problem)
			case !isEnvelope && m == entries && in.Problem == nil:
				t.Fatalf("%q among Records: got no problem", data)
			case in.Problem != nil && string(in.Data) != string(data):
				t.Fatalf("%q: got %q with the problem %v", data, in.Data, in.Problem)
			}
		}
	})
}
