package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"trunkline/internal/contactcentre"
)

// canaries are texts that must come to light nowhere but where a config says so.
type canaries struct {
	made  int
	where map[string]string // canary → where it was planted
}

// plant makes a canary. It looks like a word, so that nothing takes it for personal data and hides it by luck.
func (c *canaries) plant(where string) string {
	c.made++
	text := fmt.Sprintf("kanarienvogel%dzz", c.made)
	c.where[text] = where
	return text
}

// find returns where the canaries that stand in a text were planted. One that stands there encoded is not told by name.
func (c *canaries) find(text []byte) (found []string) {
	for _, canary := range plainCanary.FindAll(text, -1) {
		found = append(found, c.where[string(canary)])
	}
	for _, form := range encodings(common)[1:] {
		if bytes.Contains(text, []byte(form)) {
			found = append(found, "one written as "+form)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// common is what all canaries begin with.
const common = "kanarienvogel"

var plainCanary = regexp.MustCompile(common + "[0-9]+zz")

// encodings of a text that may stand inside a longer one.
func encodings(text string) (all []string) {
	var escaped strings.Builder
	for _, r := range text {
		fmt.Fprintf(&escaped, `\u%04x`, r)
	}
	all = []string{text, strings.ToUpper(text), hex.EncodeToString([]byte(text)), fmt.Sprintf("%X", text), escaped.String(), url.QueryEscape(text), fmt.Sprint([]byte(text))[1:20]}
	var percent strings.Builder
	for _, b := range []byte(text) {
		fmt.Fprintf(&percent, "%%%02X", b)
	}
	all = append(all, percent.String())
	for before := range 3 {
		whole := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + text))
		// Without the characters that depend on what stands around it.
		all = append(all, whole[(before*8+5)/6:len(whole)-1])
	}
	return all
}

// plantAll replaces every text in a JSON value by a canary, but for the members that say what a record is, and adds a canary to
// each name of an attribute.
func (c *canaries) plantAll(path string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			at := strings.TrimPrefix(path+"."+name, ".")
			switch at {
			case "AWSContactTraceRecordFormatVersion", "ContactId", "LastUpdateTimestamp", "Channel", "EventId", "EventType", "EventTimestamp", "AgentARN", "Version":
				out[name] = inner
				continue
			}
			if path == "Attributes" {
				name += c.plant("the name of an attribute")
			}
			out[name] = c.plantAll(at, inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = c.plantAll(path, inner)
		}
		return out
	case string:
		return c.plant(path)
	}
	return value
}

// TestCanaries plants canaries in every field of contact records and agent events, in broken records, in the secrets that the config
// names and in what the receiver answers, makes everything fail that can, and looks for them in all that the program writes.
func TestCanaries(t *testing.T) {
	for i, format := range []string{"text", "json"} {
		for j, letters := range []string{"sealed", "without content", "in S3", "in SQS"} {
			if (i+j)%2 > 0 && os.Getenv("TRUNKLINE_SOAK") == "" {
				continue // each form of the log and each place for letters once
			}
			t.Run(fmt.Sprintf("log as %s, dead letters %s", format, letters), func(t *testing.T) { canaryRun(t, format, letters) })
		}
	}
}

// canaryRun is one run and what follows it. Where dead letters are in S3 or SQS, the secrets are in AWS Secrets Manager.
func canaryRun(t *testing.T, format, letters string) {
	dir := t.TempDir()
	birds := &canaries{where: map[string]string{}}

	// The input lies outside the folder that is searched in the end.
	input := filepath.Join(t.TempDir(), "in")
	write(t, input, canaryRecords(t, birds))

	// The receiver answers with everything that a run handles in its own way, and with canaries.
	var mu sync.Mutex
	var arrived [][]byte
	number := 0
	answer := birds.plant("the receiver's answer")
	watch := newWatcher(t, birds.plant("the refusal of spans"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		mu.Lock()
		number++
		n := number
		arrived = append(arrived, body)
		mu.Unlock()
		if n%25 == 0 {
			watch.look()
		}
		w.Header().Set("X-Canary", answer)
		w.Header().Set("Retry-After", answer)
		switch n % 12 {
		case 1, 5:
			w.WriteHeader(422)
			fmt.Fprintf(w, "%s %s", r.Header.Get("X-Key"), body)
			return
		case 2, 3:
			w.WriteHeader(500)
		case 4:
			w.Header().Set("Location", "http://"+answer+".example/")
			w.WriteHeader(302)
			return
		case 6:
			if n < 20 {
				w.WriteHeader(401)
			}
		}
		io.WriteString(w, answer)
	}))
	defer server.Close()

	destinationKey, redactKey := birds.plant("destination.http.key"), birds.plant("redact.key")+strings.Repeat("k", 16)
	write(t, filepath.Join(dir, "secret", "destination.key"), []byte(destinationKey+"\n"))
	env := append([]string{"TRUNKLINE_TEST_KEY=" + redactKey}, awsKey...)
	redactRef, destinationRef, stored, cloud := "env:TRUNKLINE_TEST_KEY", "file:secret/destination.key", "", "aws: {}"
	var far *bucket
	var messages *queue
	switch letters {
	case "sealed":
		stored = "dead_letter: {recipient: " + recipient + "}"
	case "in S3", "in SQS":
		far = newBucket(t)
		v := newVault(t)
		v.create(t, "redact", redactKey)
		v.create(t, "destination", fmt.Sprintf(`{"token": %q, "other": %q}`, destinationKey, birds.plant("another field of a secret")))
		redactRef, destinationRef = "aws-secretsmanager:redact", "aws-secretsmanager:destination#token"
		stored = fmt.Sprintf("dead_letter: {s3: %q, recipient: %s}", far.place, recipient)
		cloud = fmt.Sprintf("aws: {region: us-east-1, endpoints: {s3: %q, secretsmanager: %q}}", far.url, v.url)
		if letters == "in SQS" {
			// Messages are so small that some letters are in S3. The replay puts all of them into the folder.
			queue := newQueue(t, 3000)
			stored = fmt.Sprintf("dead_letter: {sqs: %q, s3: %q, recipient: %s}", queue.place, far.place, recipient)
			cloud = fmt.Sprintf("aws: {region: us-east-1, endpoints: {s3: %q, secretsmanager: %q, sqs: %q}}", far.url, v.url, queue.url)
			defer func() {
				if queue.bodies == 0 || queue.stored == 0 {
					t.Errorf("%d letters were messages, %d pointed to S3: the test shows less than it should", queue.bodies, queue.stored)
				}
			}()
			messages = queue
		}
	}
	configure(t, dir,
		fmt.Sprintf("source: {file: {path: %q}}", input),
		"deduplicate: {window: 1h}", stored, cloud,
		fmt.Sprintf("redact: {key: %q, keep: minimum, rules: [%s]}", redactRef, strings.Join([]string{
			"{path: CustomerEndpoint.Address, action: pseudonymize}", "{path: Attributes.*, action: truncate, to: day}",
			"{path: Agent.Username, action: hash}", "{path: Queue.Name, action: mask}",
		}, ", ")),
		fmt.Sprintf("destination: {http: {url: %q, header: X-Key, key: %q, timeout: 2s}}", server.URL+"/path", destinationRef),
		watch.config(format))
	var said bytes.Buffer
	finish := func(p *process) {
		said.WriteString(p.stdout.String())
		said.WriteString(p.stderr.String())
	}
	run := call{Dir: dir, Args: []string{"run"}, Env: env}.run(t)
	run.want(t, 0)
	finish(run)
	if messages != nil {
		for _, body := range messages.peek(t) {
			if found := birds.find([]byte(body)); len(found) > 0 {
				t.Errorf("a message shows %d canaries: %.2000q", len(found), found)
			}
		}
	}
	for _, args := range [][]string{
		{"status"}, {"status", "--output", "json"}, {"replay", "--list"}, {"replay", "--list", "--output", "json"}, {"replay"},
	} {
		p := call{Dir: dir, Args: args, Env: env}.start(t)
		select {
		case <-p.exited:
		case <-time.After(5 * time.Second): // a replay may wait for the receiver
			p.signal(t, syscall.SIGTERM)
			p.wait(t, 30*time.Second)
		}
		finish(p)
	}

	if found := birds.find(said.Bytes()); len(found) > 0 {
		t.Errorf("what the commands print shows %d canaries: %.2000q", len(found), found)
		for line := range bytes.Lines(said.Bytes()) {
			if len(birds.find(line)) > 0 {
				t.Errorf("such as in: %.600s", line)
				break
			}
		}
	}
	watch.check(t, birds)
	searched := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.Contains(path, "/secret/") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		searched++
		if found := birds.find(text); len(found) > 0 {
			t.Errorf("%s shows %d canaries: %.2000q", path, len(found), found)
		}
		return nil
	})
	if far != nil {
		objects := far.dump(t)
		searched += len(objects)
		for key, text := range objects {
			if found := append(birds.find([]byte(key)), birds.find(text)...); len(found) > 0 {
				t.Errorf("%s in S3 shows %d canaries: %.2000q", key, len(found), found)
			}
		}
	}
	if err != nil || searched < 4 || letters == "in S3" && searched < 20 {
		t.Errorf("searched %d files (%v), want the config, the state file, its lock and dead letters", searched, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(arrived) < 50 {
		t.Errorf("only %d requests arrived: the test shows less than it should", len(arrived))
	}
	for _, body := range arrived {
		for _, found := range birds.find(body) {
			if field, _, _ := strings.Cut(found, " "); !mayLeave(field) {
				t.Errorf("a request carries what stood in %s: %.300s", found, body)
			}
		}
	}
	for _, outcome := range []string{"delivered=", "dead_letter="} {
		text := run.stderr.String()
		if format == "json" {
			outcome = `"` + strings.TrimSuffix(outcome, "=") + `":`
		}
		if !strings.Contains(text, outcome) || strings.Contains(text, outcome+"0") {
			t.Errorf("the run had no %s: the test shows less than it should:\n%s", outcome, text)
		}
	}
}

// canaryRecords are records full of canaries: decodable ones, on some of which redaction fails, and broken ones.
func canaryRecords(t *testing.T, birds *canaries) []byte {
	t.Helper()
	var input bytes.Buffer
	centre := contactcentre.New(5, time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC), contactcentre.Options{})
	for i := range 200 {
		raw, _ := centre.AppendEvent(nil)
		value, ok := decode(raw)
		if !ok {
			t.Fatalf("the generator writes what is no JSON: %s", raw)
		}
		if i%3 > 0 {
			delete(value, "Attributes") // their texts fail the redaction
		}
		text, err := json.Marshal(birds.plantAll("", value))
		if err != nil {
			t.Fatal(err)
		}
		input.Write(text)
		input.WriteByte('\n')
		bird := birds.plant("a broken record")
		switch i % 10 {
		case 0:
			input.Write(append(text[:len(text)/2], '\n'))
		case 1:
			fmt.Fprintf(&input, "%s\n", bird)
		case 2:
			fmt.Fprintf(&input, "{%q:\"%s\xff\"}\n", bird, bird)
		case 3:
			fmt.Fprintf(&input, "{%q:%q,\"ContactId\":%q}\n", bird, bird, bird)
		case 4:
			fmt.Fprintf(&input, `{"ContactId":"x","ContactId":%q,"AWSContactTraceRecordFormatVersion":%q}`+"\n", bird, bird)
		case 5:
			fmt.Fprintf(&input, `{"ContactId":"c%d","AWSContactTraceRecordFormatVersion":"1","LastUpdateTimestamp":%q}`+"\n", i, bird)
		}
	}
	return input.Bytes()
}

// mayLeave tells of a documented field whether the minimum set or the rules of the test send it, in some form that shows it: only
// what identifies and times a contact, never a member of Attributes, an address or a name of a person.
func mayLeave(field string) bool {
	for _, never := range []string{"Attributes", "CustomerEndpoint.Address", "Agent.Username", "the", "a", "redact.key", "destination.http.key", "References", "SegmentAttributes", "Tags", "Recording"} {
		if field == never || strings.HasPrefix(field, never+".") {
			return false
		}
	}
	return true
}
