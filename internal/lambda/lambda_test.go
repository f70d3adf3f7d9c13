package lambda

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/config"
)

// bench holds a Handler's settings and log for a test.
type bench struct {
	log bytes.Buffer
	mu  sync.Mutex
}

func (b *bench) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(p)
}

func (b *bench) options() SettingsOptions {
	return SettingsOptions{Extension: &Extension{Port: "1"}, Log: slog.New(slog.NewTextHandler(b, nil)), Now: time.Now}
}

func parse(t testing.TB, text string) *config.Config {
	t.Helper()
	c, err := config.ParseLambda("trunkline.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func record1(id, more string) string {
	return fmt.Sprintf(`{"AWSContactTraceRecordFormatVersion":"2017-03-10","ContactId":%q,"Channel":"VOICE",%s"LastUpdateTimestamp":"2026-11-22T10:00:05Z"}`, id, more)
}

// origin hands out what it is told to.
type origin struct {
	text, version string
	err           error
	asked         []string
}

func (o *origin) Fetch(_ context.Context, inForce string) ([]byte, string, error) {
	o.asked = append(o.asked, inForce)
	switch {
	case o.err != nil:
		return nil, "", o.err
	case inForce != "" && inForce == o.version:
		return nil, inForce, nil
	}
	return []byte(o.text), o.version, nil
}

func (*origin) String() string { return "https://example.com/config" }

// TestRefresh follows a fetched config over hours: it is fetched again when it is older than 30 minutes, and when that fails, what the
// last one let through is cut to the minimum set, whatever the last one was.
func TestRefresh(t *testing.T) {
	in := "[" + record1("c", `"CustomerEndpoint":{"Address":"+447700900123"},"Agent":{"Username":"ann","ARN":"arn"},"SystemEndpoint":{"Address":"+44207"},`) + "]"
	for _, c := range []struct{ name, config, good, cut string }{
		{
			"allow and rules", "version: 1\nredact: {allow: [Agent.ARN], deny: [SystemEndpoint], rules: [{path: CustomerEndpoint.Address, action: mask, last: 3}, {path: Agent.Username, action: null}]}\n",
			record1("c", `"CustomerEndpoint":{"Address":"**********123"},"Agent":{"Username":null,"ARN":"arn"},`), record1("c", `"Agent":{"Username":null},`),
		},
		{"keep all", "version: 1\nredact: {keep: all}\n", strings.Trim(in, "[]"), record1("c", `"Agent":{"Username":"ann"},"SystemEndpoint":{"Address":"+44207"},`)},
		{"keep none sends no more than before", "version: 1\nredact: {keep: none, allow: [ContactId, CustomerEndpoint]}\n", `{"ContactId":"c","CustomerEndpoint":{"Address":"+447700900123"}}`, `{"ContactId":"c"}`},
		{"an empty BLACKLIST", `{"type":"BLACKLIST","fields":[]}`, strings.Trim(in, "[]"), record1("c", `"Agent":{"Username":"ann"},"SystemEndpoint":{"Address":"+44207"},`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bench{}
				o := &origin{text: c.config, version: "v1"}
				h := New(Options{Settings: Fetched(o, b.options())})
				step := func(what string, pause time.Duration, fetches int, want string) {
					t.Helper()
					time.Sleep(pause)
					before := len(o.asked)
					got, err := h.Handle(t.Context(), []byte(in))
					if err != nil || string(got) != "["+want+"]" {
						t.Errorf("%s:\ngot  %s, %v\nwant [%s]", what, got, err, want)
					}
					if n := len(o.asked) - before; n != fetches {
						t.Errorf("%s: fetched %d times, want %d", what, n, fetches)
					}
				}
				step("first", 0, 1, c.good)
				step("29 minutes later", 29*time.Minute, 0, c.good)
				step("at 30 minutes, unchanged", time.Minute, 1, c.good)
				o.err = errors.New("status 503")
				step("failed", 30*time.Minute, 1, c.cut)
				step("not tried again at once", 59*time.Second, 0, c.cut)
				step("failed again", time.Second, 1, c.cut)
				o.err = nil
				step("back, unchanged", time.Minute, 1, c.good)
				o.text, o.version = "version: 1\nredact: {kepe: all}\n", "v2"
				step("no config", 30*time.Minute, 1, c.cut)
				step("still no config: asked for it whole", time.Minute, 1, c.cut)
				if last := o.asked[len(o.asked)-1]; last != "v1" {
					t.Errorf("asked with version %q, want that of the config in force, v1", last)
				}
				o.text, o.version = "version: 1\n", "v3"
				step("mended", time.Minute, 1, record1("c", `"Agent":{"Username":"ann"},"SystemEndpoint":{"Address":"+44207"},`))
				if strings.Contains(b.log.String(), "+44") {
					t.Errorf("the log shows a value:\n%s", &b.log)
				}
			})
		})
	}
}

// letters keeps dead letters in memory.
type letters struct {
	mu   sync.Mutex
	kept []collector.Letter
	err  error
}

func (l *letters) Store(_ context.Context, letter collector.Letter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	letter.Record = bytes.Clone(letter.Record)
	l.kept = append(l.kept, letter)
	return nil
}

// TestDeadLetters leaves a record out of the answer only when its dead letter is stored.
func TestDeadLetters(t *testing.T) {
	event := []byte(`[` + record1("a", "") + `,{"eventSource":"aws:kinesis","eventID":"shardId-1:7","sequenceNumber":"7","eventSourceARN":"arn:aws:kinesis:eu-west-2:111122223333:stream/s","data":"eyJBIjp9"},` + record1("b", "") + `]`)
	b, l := &bench{}, &letters{}
	h := New(Options{Settings: Bundled(parse(t, "version: 1\n"), b.options()), Letters: l, Log: b.options().Log})
	got, err := h.Handle(t.Context(), event)
	if want := "[" + record1("a", "") + "," + record1("b", "") + "]"; err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	if len(l.kept) != 1 || l.kept[0].Place != "shardId-1:7" || l.kept[0].At != "7" || l.kept[0].Stage != "decode" || string(l.kept[0].Record) != `{"A":}` {
		t.Errorf("dead letters: %+v", l.kept)
	}
	l.err = errors.New("the queue is not there")
	if got, err := h.Handle(t.Context(), event); err == nil || !strings.Contains(err.Error(), "the queue is not there") {
		t.Errorf("without a stored dead letter: got %s, %v", got, err)
	}
	if log := b.log.String(); strings.Count(log, "record dead-lettered") != 1 || !strings.Contains(log, "shardId-1:7") {
		t.Errorf("the log says:\n%s", log)
	}
}

// TestMappingDeadLetters settles a record that the endpoint refuses for good, and one that cannot be decoded, once their dead letters are stored.
// What an outage or a refused key keeps back is no dead letter, nor is what a filter drops.
func TestMappingDeadLetters(t *testing.T) {
	var status atomic.Int32
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); bytes.Contains(body, []byte(`"ContactId":"bad"`)) {
			w.WriteHeader(int(status.Load()))
		}
	}))
	defer endpoint.Close()
	t.Setenv("REDACT_KEY", strings.Repeat("k", 32))
	config := "version: 1\nfilter: [{\"data\": {\"Channel\": [\"VOICE\"]}}]\nredact: {key: env:REDACT_KEY}\ndestination: {http: {url: " + endpoint.URL + "}}\n"
	element := func(sequence int, record string) string {
		return fmt.Sprintf(`{"eventSource":"aws:kinesis","eventID":"shardId-1:%d","eventSourceARN":"arn:aws:kinesis:eu-west-2:111122223333:stream/s","kinesis":{"sequenceNumber":"%d","data":%q}}`,
			sequence, sequence, base64.StdEncoding.EncodeToString([]byte(record)))
	}
	chat := strings.Replace(record1("chat", ""), "VOICE", "CHAT", 1)
	event := []byte(`{"Records":[` + strings.Join([]string{element(1, record1("a", "")), element(2, "{"), element(3, chat), element(4, record1("bad", "")), element(5, record1("b", ""))}, ",") + `]}`)
	for _, c := range []struct {
		status  int
		want    string
		letters []string
	}{
		{http.StatusUnprocessableEntity, `{"batchItemFailures":[]}`, []string{"shardId-1:2 decode", "shardId-1:4 deliver"}},
		{http.StatusBadRequest, `{"batchItemFailures":[]}`, []string{"shardId-1:2 decode", "shardId-1:4 deliver"}},
		{http.StatusUnauthorized, "", nil},
		{http.StatusForbidden, "", nil},
		{http.StatusProxyAuthRequired, "", nil},
	} {
		status.Store(int32(c.status))
		b, l := &bench{}, &letters{}
		h := New(Options{Settings: Bundled(parse(t, config), b.options()), Letters: l})
		got, err := h.Handle(t.Context(), event)
		if c.want == "" {
			// A refused key stops all: what stands before the record may be unsettled too, what stands behind it never makes up for it.
			found := regexp.MustCompile(`^\{"batchItemFailures":\[\{"itemIdentifier":"([1-4])"\}\]\}$`).FindSubmatch(got)
			if err != nil || found == nil {
				t.Errorf("%d: got %s, %v; want the first that is not settled, 4 at the latest", c.status, got, err)
				continue
			}
			if string(found[1]) > "2" || len(l.kept) > 0 { // it may be stored before its turn has come
				c.letters = []string{"shardId-1:2 decode"}
			}
		} else if err != nil || string(got) != c.want {
			t.Errorf("%d: got %s, %v; want %s", c.status, got, err, c.want)
		}
		var kept []string
		for _, letter := range l.kept {
			kept = append(kept, letter.Place+" "+letter.Stage)
		}
		slices.Sort(kept)
		if !slices.Equal(kept, c.letters) {
			t.Errorf("%d: dead letters of %q, want %q", c.status, kept, c.letters)
		}
	}
}

// TestAggregateTooLong answers with as many records of an aggregate as the pipe's target takes, and stores the others one by one, so that
// each can be sent again.
func TestAggregateTooLong(t *testing.T) {
	sub := func(id string) string {
		text := record1(id, "")
		return "\x1a" + string(binary.AppendUvarint(nil, uint64(len(text)+5))) + "\x08\x00\x1a" + string(binary.AppendUvarint(nil, uint64(len(text)))) + text
	}
	message := "\x0a\x03key" + sub("a") + sub("b") + sub("c")
	digest := md5.Sum([]byte(message))
	data := base64.StdEncoding.EncodeToString([]byte("\xf3\x89\x9a\xc2" + message + string(digest[:])))
	event := []byte(`[{"eventSource":"aws:kinesis","eventID":"shardId-1:7","sequenceNumber":"7","data":"` + data + `"}]`)
	for _, c := range []struct{ most, answered int }{{0, 1}, {2, 2}, {3, 3}, {10, 3}} {
		b, l := &bench{}, &letters{}
		h := New(Options{Settings: Bundled(parse(t, "version: 1\n"), b.options()), Letters: l, Most: c.most})
		all := []string{record1("a", ""), record1("b", ""), record1("c", "")}
		got, err := h.Handle(t.Context(), event)
		if want := "[" + strings.Join(all[:c.answered], ",") + "]"; err != nil || string(got) != want {
			t.Errorf("at most %d: got %s, %v\nwant %s", c.most, got, err, want)
		}
		for i, kept := range l.kept {
			at := c.answered + i
			if kept.Place != fmt.Sprint("shardId-1:7/", at) || kept.At != "7" || string(kept.Record) != all[at] || !errors.Is(kept.Reason, errRoom) {
				t.Errorf("at most %d: dead letter %d is of %s at %s, %s: %s", c.most, i, kept.Place, kept.At, kept.Reason, kept.Record)
			}
		}
		if len(l.kept) != 3-c.answered {
			t.Errorf("at most %d: %d dead letters, want %d", c.most, len(l.kept), 3-c.answered)
		}
	}
}

// TestPanics makes a stage panic with a value of the record: the invocation fails, nothing shows, and the next one is handled.
func TestPanics(t *testing.T) {
	b := &bench{}
	s := Bundled(parse(t, "version: 1\n"), b.options())
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	good := s.set.stages
	for _, p := range []any{"canary", errors.New("canary"), fmt.Errorf("%w: canary", errors.ErrUnsupported)} {
		s.set.stages = append([]*stage{{of: collector.Stage{Name: "bad", New: func() func(*collector.Record) error {
			return func(*collector.Record) error { panic(p) }
		}}}}, good...)
		h := New(Options{Settings: s, Log: b.options().Log})
		event := []byte("[" + record1("a", `"Attributes":{"x":"canary"},`) + "]")
		if got, err := h.Handle(t.Context(), event); err == nil || !strings.Contains(err.Error(), "element 0, bad: the stage panicked") || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %s, %v", got, err)
		}
		s.set.stages = good
		if got, err := h.Handle(t.Context(), event); err != nil || string(got) != "["+record1("a", "")+"]" {
			t.Errorf("afterwards: %s, %v", got, err)
		}
	}
	if log := b.log.String(); strings.Contains(log, "canary") || !strings.Contains(log, "a value of type string") || !strings.Contains(log, "lambda_test.go") {
		t.Errorf("the log says:\n%s", log)
	}
}

// TestAnswerTooLong fails instead of giving the service what it does not take.
func TestAnswerTooLong(t *testing.T) {
	b := &bench{}
	h := New(Options{Settings: Bundled(parse(t, "version: 1\nredact: {keep: all}\n"), b.options())})
	one := record1("a", `"Attributes":{"x":"`+strings.Repeat("x", 1<<20)+`"},`)
	event := []byte("[" + strings.Repeat(one+",", 5) + one + "]")
	if got, err := h.Handle(t.Context(), event); err == nil || !strings.Contains(err.Error(), "set a smaller BatchSize") {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

// TestTime answers a pipe with an error when the time is over.
func TestTime(t *testing.T) {
	b := &bench{}
	h := New(Options{Settings: Bundled(parse(t, "version: 1\n"), b.options())})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := h.Handle(ctx, []byte("["+record1("a", "")+"]")); !errors.Is(err, ErrTime) {
		t.Errorf("got %s, %v; want %v", got, err, ErrTime)
	}
}

// FuzzHandle: whatever comes, an answer is the array of whole records, and never holds more of them than the event.
func FuzzHandle(f *testing.F) {
	f.Add([]byte("[]"))
	f.Add([]byte(`{"Records":[]}`))
	f.Add([]byte("[" + record1("a", `"Attributes":{"x":1},`) + "]"))
	f.Add([]byte(`[{"eventSource":"aws:kinesis","data":"e30="}]`))
	f.Add([]byte(`[{"data":"{}"},{"data":{}}]`))
	f.Add([]byte(`[{"eventSource":"aws:kinesis","partitionKey":"k","data":"84mawgoBaxoHCAAaA3t9IBoGCAAaAnt95F/BHBef4wd428epcK53dg=="}]`))
	b := &bench{}
	l := &letters{}
	h := New(Options{Settings: Bundled(parse(f, "version: 1\n"), b.options()), Letters: l})
	f.Fuzz(func(t *testing.T, payload []byte) {
		l.kept = nil
		answer, err := h.Handle(t.Context(), payload)
		if err != nil {
			return
		}
		e, err := parseEvent(payload)
		if err != nil {
			t.Fatalf("answered %s to %q", answer, payload)
		}
		if e.mapping {
			return
		}
		again, err := parseEvent(answer)
		if err != nil || again.mapping {
			t.Fatalf("%q is answered with %q, which is no array of records: %v", payload, answer, err)
		}
		if len(again.records)+len(l.kept) > len(e.records) {
			t.Fatalf("%d records became %d and %d dead letters", len(e.records), len(again.records), len(l.kept))
		}
		for _, r := range again.records {
			if !bytes.HasPrefix(r.in.Data, []byte("{")) || bytes.ContainsAny(r.in.Data, "\n\r") {
				t.Fatalf("%q is answered with %q", payload, answer)
			}
		}
	})
}
