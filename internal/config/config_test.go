package config

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trunkline/contact"
	"trunkline/internal/secret"
)

var update = flag.Bool("update", false, "write doc/config.md anew")

const recipientText = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

// sameConfig compares configs by what they say, not by where it stands.
var sameConfig = cmp.Options{
	cmpopts.IgnoreUnexported(Config{}, Pattern{}),
	cmp.AllowUnexported(secret.Ref{}),
}

// good are texts that Parse takes. Together they hold every key.
var good = map[string]string{
	"smallest":        whole,
	"letters in SQS":  whole + "dead_letter: {sqs: 'https://sqs.eu-west-2.amazonaws.com/111122223333/dead', s3: 's3://letters', recipient: " + recipientText + "}\n",
	"letters in FIFO": whole + "dead_letter: {sqs: 'arn:aws:sqs:eu-west-2:111122223333:dead.fifo', folder: back, recipient: " + recipientText + "}\n",
	"letters in S3":   whole + "dead_letter: {s3: 's3://letters/dead/', recipient: " + recipientText + "}\n",
	"agents in S3":    whole + "enrich: {agents: {from: 's3://agent-data/a/b.csv', match: Agent.Username}}\n",
	"managed secrets": whole + "redact: {key: 'aws-secretsmanager:arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/key-AbCdEf#token'}\n",
	"http": `
version: 1
source:
  file: {path: 'in/*.jsonl', follow: true, max_record: 64KiB, poll: 1s}
filter:
  - {"data":{"Channel":["VOICE"], "Agent": {"AgentInteractionDuration": [{"numeric": [">", 1e1, "<=", 3.50]}]}}}
  - '{"data": {"EventType": [{"exists": true}]}}'
  - data:
      Channel: [CHAT, null]
      "ünï": [true, "null", '5']
deduplicate: {window: 1d12h, max: 5000}
enrich:
  agents: {from: agents.csv, match: Agent.Username, column: Login, into: Agent.Data, refresh: 90s}
redact:
  keep: none
  allow: [Channel, Attributes.*]
  deny:
  - Attributes.first\.last
  rules:
  - {path: A1, action: remove}
  - {path: A2, action: null}
  - {path: A3, action: "null"}
  - {path: A4, action: mask, first: 3, last: 2}
  - {path: A5, action: hash}
  - {path: A6, action: pseudonymize}
  - {path: A7, action: encrypt}
  - {path: A8, action: truncate, to: hour}
  - {path: A9, action: truncate, to: 60}
  - {path: A10, action: truncate, to: "60"}
  - {path: A11, action: scrub}
  - {path: A12, action: scrub, with: token}
  region: GB
  key: env:TRUNKLINE_KEY
  recipient: ` + recipientText + `
destination:
  http:
    url: http://api.example.com/v1/records?x=1
    plaintext: true
    header: X-Api-Key
    key: file:/run/secrets/api key
    rate: 300/s
    timeout: 1m500ms
    concurrency: 64
    batch: 10
    ca_file: ca.pem
dead_letter: {folder: dead, recipient: ` + recipientText + `}
state: {file: /var/lib/trunkline/state.db}
aws:
  region: us-gov-west-1
  profile: collector
  role: arn:aws:iam::111122223333:role/path/collector
  endpoints: {cloudwatch: "http://127.0.0.1:1", dynamodb: "http://127.0.0.1:2", kinesis: "http://127.0.0.1:3", s3: "http://127.0.0.1:9000", secretsmanager: "https://vpce.example.com", sqs: "http://[::1]:1", sts: "http://localhost"}
observe:
  listen: "[::1]:9750"
  log: debug
  format: json
  traces: {otlp: "http://127.0.0.1:4318"}
`,
	"a stream": "version: 1\nsource: {kinesis: {stream: 'arn:aws:kinesis:eu-west-2:111122223333:stream/records'}}\ndestination: {stdout: {}}\n",
	"a shared stream": "version: 1\nsource: {kinesis: {stream: 'arn:aws-us-gov:kinesis:us-gov-west-1:111122223333:stream/records', start: 2026-11-22T08:00:00.5+01:00, consumer: 'arn:aws-us-gov:kinesis:us-gov-west-1:111122223333:stream/records/consumer/x:1700000000', application: recorder_host.1, cloudwatch: detailed}}\n" +
		"destination: {stdout: {}}\nredact: {key: env:K}\nstate: {dynamodb: {table: leases, create: never, failover: 3s}}\n",
	"deployed": deployed("{tags: {Team: 'contact centre', 'cost:centre': ''}, vpc: {subnets: [subnet-12345678], security_groups: [sg-0123456789abcdef0]}, kms_key: 'arn:aws:kms:eu-west-2:111122223333:key/1-a', " +
		"dead_letter_queue: 'arn:aws:sqs:eu-west-2:111122223333:dead', permissions_boundary: 'arn:aws:iam::aws:policy/PowerUserAccess'}"),
	"an instance":    stream(aStream, "") + "integration: {name: operata, group: g, instance: 'arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222'}\n",
	"standard input": "version: 1\nsource: {file: {path: '-'}}\ndestination: {file: {path: out.jsonl, rotate: 1GiB, keep: 7}}\ndead_letter: {recipient: " + recipientText + "}\n",
	"privacy inside": whole + "redact: {privacy: {type: WHITELIST, fields: [Attributes.language, 'Recordings.#.Status', Attributes.7]}}\nobserve: {listen: off}\n",
	"privacy outside": whole + `redact: {privacy: privacy.json, rules: [{path: A, action: mask}]}
`,
	"JSON":       `{"version":1,"source":{"file":{"path":"a\ud83d\ude00\u00e9\n"}},"destination":{"stdout":{}},"redact":{"allow":[],"rules":[]},"enrich":{}}`,
	"block text": "---\n" + whole + "filter:\n- |\n  {\"data\": {\"Channel\": [\"VOICE\"]}}\n...\n",
}

func TestParse(t *testing.T) {
	path := func(text string) contact.Path {
		p, err := contact.ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	ref := func(text string) secret.Ref {
		r, err := secret.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	defaults := Config{
		Version:     1,
		Source:      Source{File: &File{Path: "in", MaxRecord: 10 << 20, Poll: 250 * time.Millisecond}},
		Redact:      Redact{Keep: KeepMinimum},
		Destination: Destination{Stdout: &Stdout{}},
		DeadLetter:  DeadLetter{Folder: "dead-letters"},
		State:       State{File: "trunkline.db"},
		Observe:     Observe{Listen: "off", Format: "text"},
	}
	with := func(change func(*Config)) Config {
		c := defaults
		change(&c)
		return c
	}
	for name, want := range map[string]Config{
		"smallest": defaults,
		"http": {
			Version: 1,
			Source:  Source{File: &File{Path: "in/*.jsonl", Follow: true, MaxRecord: 64 << 10, Poll: time.Second}},
			Filter: []Pattern{
				{JSON: []byte(`{"data":{"Channel":["VOICE"],"Agent":{"AgentInteractionDuration":[{"numeric":[">",1e1,"<=",3.50]}]}}}`)},
				{JSON: []byte(`{"data": {"EventType": [{"exists": true}]}}`)},
				{JSON: []byte(`{"data":{"Channel":["CHAT",null],"ünï":[true,"null","5"]}}`)},
			},
			Deduplicate: &Deduplicate{Window: 36 * time.Hour, Max: 5000},
			Enrich:      Enrich{Agents: &Agents{From: "agents.csv", Match: path("Agent.Username"), Column: "Login", Into: path("Agent.Data"), Refresh: 90 * time.Second}},
			Redact: Redact{
				Keep:  KeepNone,
				Allow: []contact.Path{path("Channel"), path("Attributes.*")},
				Deny:  []contact.Path{path(`Attributes.first\.last`)},
				Rules: []Rule{
					{Path: path("A1"), Action: ActionRemove},
					{Path: path("A2"), Action: ActionNull},
					{Path: path("A3"), Action: ActionNull},
					{Path: path("A4"), Action: ActionMask, First: 3, Last: 2},
					{Path: path("A5"), Action: ActionHash},
					{Path: path("A6"), Action: ActionPseudonymize},
					{Path: path("A7"), Action: ActionEncrypt},
					{Path: path("A8"), Action: ActionTruncate, To: "hour"},
					{Path: path("A9"), Action: ActionTruncate, To: "60"},
					{Path: path("A10"), Action: ActionTruncate, To: "60"},
					{Path: path("A11"), Action: ActionScrub},
					{Path: path("A12"), Action: ActionScrub, With: "token"},
				},
				Region:    "GB",
				Key:       ref("env:TRUNKLINE_KEY"),
				Recipient: recipientText,
			},
			Destination: Destination{HTTP: &HTTP{
				URL: "http://api.example.com/v1/records?x=1", Plaintext: true, Header: "X-Api-Key", Key: ref("file:/run/secrets/api key"),
				Rate: Rate{300, time.Second}, Timeout: time.Minute + 500*time.Millisecond, Concurrency: 64, Batch: 10, CAFile: "ca.pem",
			}},
			DeadLetter: DeadLetter{Folder: "dead", Recipient: recipientText},
			State:      State{File: "/var/lib/trunkline/state.db"},
			AWS:        AWS{"us-gov-west-1", "collector", "arn:aws:iam::111122223333:role/path/collector", Endpoints{"http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3", "http://127.0.0.1:9000", "https://vpce.example.com", "http://[::1]:1", "http://localhost"}},
			Observe:    Observe{Listen: "[::1]:9750", Log: slog.LevelDebug, Format: "json", Traces: &Traces{OTLP: "http://127.0.0.1:4318"}},
		},
		"standard input": with(func(c *Config) {
			c.Source.File = &File{Path: "-", MaxRecord: 10 << 20, Poll: 250 * time.Millisecond}
			c.Destination = Destination{File: &Output{Path: "out.jsonl", Rotate: 1 << 30, Keep: 7}}
			c.DeadLetter.Recipient = recipientText
		}),
		"letters in FIFO": with(func(c *Config) {
			c.DeadLetter = DeadLetter{Folder: "back", SQS: "arn:aws:sqs:eu-west-2:111122223333:dead.fifo", Recipient: recipientText}
		}),
		"letters in S3": with(func(c *Config) { c.DeadLetter = DeadLetter{S3: "s3://letters/dead", Recipient: recipientText} }),
		"privacy inside": with(func(c *Config) {
			c.Redact = Redact{Privacy: &Privacy{Type: Whitelist, Fields: []contact.Path{path("Attributes.language"), path("Recordings.Status"), path("Attributes.7")}}}
			c.Observe.Listen = "off"
		}),
		"privacy outside": with(func(c *Config) {
			c.Redact = Redact{Privacy: &Privacy{File: "privacy.json"}, Rules: []Rule{{Path: path("A"), Action: ActionMask}}}
		}),
		"JSON": with(func(c *Config) {
			c.Source.File = &File{Path: "a😀é\n", MaxRecord: 10 << 20, Poll: 250 * time.Millisecond}
			c.Redact.Allow, c.Redact.Rules = []contact.Path{}, []Rule{}
		}),
		"block text": with(func(c *Config) { c.Filter = []Pattern{{JSON: []byte("{\"data\": {\"Channel\": [\"VOICE\"]}}\n")}} }),
	} {
		got, err := Parse(name, []byte(good[name]))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(&want, got, sameConfig); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestEveryKey: the good configs leave no key of the table out.
func TestEveryKey(t *testing.T) {
	seen := map[string]bool{}
	for name, text := range good {
		c, err := Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for key := range c.where {
			for i := strings.IndexByte(key, '['); i >= 0; i = strings.IndexByte(key, '[') {
				key = key[:i] + key[i+strings.IndexByte(key[i:], ']')+1:]
			}
			seen[key] = true
		}
	}
	walk("", section{keyed: &Config{}}, func(at string, _ value, keys []key) {
		for _, k := range keys {
			key := join(strings.TrimSuffix(at, "[]"), k.name)
			if !seen[key] {
				t.Errorf("no good config has %s", key)
			}
			if k.doc == "" || !strings.HasSuffix(k.doc, ".") {
				t.Errorf("%s: the table says %q, want sentences", key, k.doc)
			}
		}
	})
}

// TestMarshal: a config that is written and read again is the same, defaults are written out, secrets are not.
func TestMarshal(t *testing.T) {
	t.Setenv("TRUNKLINE_KEY", "canary-5f2c9")
	for name, text := range good {
		c, err := Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		checkRoundTrip(t, c)
	}
	c, err := Parse("smallest", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.MarshalJSON()
	want := `{"version":1,"source":{"file":{"path":"in","max_record":"10MiB","poll":"250ms"}},"redact":{"keep":"minimum"},"destination":{"stdout":{}},"dead_letter":{"folder":"dead-letters"},"state":{"file":"trunkline.db"},"observe":{"listen":"off","log":"info","format":"text"}}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func checkRoundTrip(t *testing.T, c *Config) {
	t.Helper()
	text, err := c.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("again", text)
	if err != nil {
		t.Fatalf("%s\nis written, but not read: %v", text, err)
	}
	if diff := cmp.Diff(c, again, sameConfig, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s\nreads as (-before +after):\n%s", text, diff)
	}
}

func TestWhere(t *testing.T) {
	c, err := Parse("trunkline.yaml", []byte(whole+"redact:\n  rules:\n  - path: A\n    action: mask\n  allow: [B,  C]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]Position{
		"":                       {1, 1},
		"version":                {1, 10},
		"redact":                 {5, 3},
		"redact.rules[0]":        {6, 5},
		"redact.rules[0].path":   {6, 11},
		"redact.rules[0].action": {7, 13},
		"redact.rules[0].last":   {6, 5},  // absent: the rule that lacks it
		"redact.rules[1]":        {6, 3},  // absent: the list
		"redact.allow[1]":        {8, 15}, //
		"redact.key":             {5, 3},  // absent: the section
		"observe.log":            {1, 1},  // absent, and the section too
	} {
		if got := c.Where(key); got != want {
			t.Errorf("Where(%q) = %v, want %v", key, got, want)
		}
	}
	err = c.Errorf("redact.rules[0].path", "matches nothing: %w", fs.ErrInvalid)
	if got, want := err.Error(), "trunkline.yaml:6:11: redact.rules[0].path: matches nothing: invalid argument"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("%v does not wrap %v", err, fs.ErrInvalid)
	}
}

// TestPatternAt finds the pieces of a pattern's JSON in the file.
func TestPatternAt(t *testing.T) {
	c, err := Parse("c", []byte(whole+"filter:\n- data:\n    Channel:   [ VOICE,\n      \"CHAT\" ]\n- '{\"data\": 1}'\n"))
	if err != nil {
		t.Fatal(err)
	}
	for piece, want := range map[string]Position{
		`{"data"`:   {5, 3},
		`"data"`:    {5, 3},
		`"Channel"`: {6, 5},
		`["VOICE"`:  {6, 16},
		`"VOICE"`:   {6, 18},
		`OICE"`:     {6, 18},
		`"CHAT"`:    {7, 7},
		`]}}`:       {7, 7},
	} {
		if got := c.Filter[0].At(strings.Index(string(c.Filter[0].JSON), piece)); got != want {
			t.Errorf("%s is at %v, want %v", piece, got, want)
		}
	}
	if got, want := c.Filter[1].At(9), (Position{8, 3}); got != want {
		t.Errorf("inside a text: at %v, want %v", got, want)
	}
	offset := strings.Index(string(c.Filter[0].JSON), `"CHAT"`)
	if got, want := c.FilterErrorf(0, offset, "is %s", "odd").Error(), "c:7:7: filter[0]: is odd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := (&Pattern{}).At(3), (Position{1, 1}); got != want {
		t.Errorf("of the zero Pattern: at %v, want %v", got, want)
	}
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"250ms": 250 * time.Millisecond, "5s": 5 * time.Second, "1h30m": 90 * time.Minute, "7d": 168 * time.Hour, "168h": 168 * time.Hour,
		"1d1h1m1s1ms": 25*time.Hour + time.Minute + time.Second + time.Millisecond, "0s": 0,
	} {
		if got, err := parseDuration(text); got != want || err != nil {
			t.Errorf("parseDuration(%q) = %v, %v; want %v", text, got, err, want)
		}
		if back, err := parseDuration(formatDuration(want)); want != 0 && (back != want || err != nil) {
			t.Errorf("%v is written %q and read as %v, %v", want, formatDuration(want), back, err)
		}
	}
	for _, text := range []string{"", "5", "-5s", "5 s", "1.5h", "1us", "s", "106751d24h999999999h", "1w", "٣s"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("parseDuration(%q) = %v, want an error", text, got)
		}
	}
	for text, want := range map[string]Size{"1B": 1, "10kB": 10_000, "10KB": 10_000, "10KiB": 10_240, "100MB": 1e8, "10MiB": 10 << 20, "2GB": 2e9, "3GiB": 3 << 30} {
		if got, err := parseSize(text); got != want || err != nil {
			t.Errorf("parseSize(%q) = %v, %v; want %v", text, int64(got), err, int64(want))
		}
		if back, err := parseSize(want.String()); back != want || err != nil {
			t.Errorf("%d is written %q and read as %d, %v", want, want.String(), back, err)
		}
	}
	for _, text := range []string{"", "5", "-5MB", "5 MB", "1.5MB", "5mb", "9999999999999B", "999999999999GiB"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("parseSize(%q) = %d, want an error", text, got)
		}
	}
	for text, want := range map[string]float64{"300/s": 300, "600/m": 10, "1800/h": 0.5} {
		got, err := parseRate(text)
		if got.PerSecond() != want || err != nil || got.String() != text {
			t.Errorf("parseRate(%q) = %v a second, %v, written %q; want %v", text, got.PerSecond(), err, got, want)
		}
	}
	for _, text := range []string{"", "300", "0/s", "1.5/s", "1/d", "9999999999/s"} {
		if got, err := parseRate(text); err == nil {
			t.Errorf("parseRate(%q) = %v, want an error", text, got)
		}
	}
	if got := (Rate{}).PerSecond(); got != 0 {
		t.Errorf("the zero Rate is %v a second, want 0", got)
	}
}

func TestPrivacyFile(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"type":"WHITELIST","fields":["Attributes.myField"]}`, "WHITELIST [Attributes.myField]"},
		{"{\n\t\"key\": \"REDACTION_CONFIG\",\n\t\"value\": {\"type\": \"BLACKLIST\", \"fields\": [\"Attributes.myField\", \"Recordings.#.Location\"]}\n}\n", "BLACKLIST [Attributes.myField Recordings.Location]"},
		{`{"type":"BLACKLIST","fields":[]}`, "BLACKLIST []"},
		{`{"type":"blacklist","fields":[]}`, `f:1:9: type: unknown type "blacklist"; known: WHITELIST, BLACKLIST`},
		{`{"type":"BLACKLIST"}`, "f:1:1: fields: is missing"},
		{`{"type":"BLACKLIST","fields":null}`, "f:1:30: fields: want a list of field paths, have nothing"},
		{`{}`, "f:1:1: type: is missing\nf:1:1: fields: is missing"},
		{`{"type":"BLACKLIST","fields":[],"filds":[]}`, `f:1:33: filds: unknown key; did you mean "fields"?`},
		{`{"type":"BLACKLIST","fields":["A"],"fields":[]}`, "f:1:36: fields: stands twice; the first is in line 1"},
		{`{"type":"BLACKLIST","fields":[]} {}`, "f:1:34: not YAML: value is not allowed in this context"},
		{`{"type":"BLACKLIST","fields":[],"value":{"type":"WHITELIST","fields":[]}}`, "f:1:2: type: unknown key here; it belongs to redact.privacy\nf:1:21: fields: unknown key here; it belongs to redact.privacy"},
		{`{"type":"BLACKLIST","fields":["Attributes.pii*"]}`, `f:1:31: fields[0]: path "Attributes.pii*": * stands for a whole name; write \* for the character`},
		{`{"type":"BLACKLIST","fields":["Attributes|x"]}`, `f:1:31: fields[0]: field "Attributes|x": the gjson syntax '|' is not read here; write names joined by dots`},
		{`{"type":"BLACKLIST","fields":["#"]}`, `f:1:31: fields[0]: field "#": names no field`},
		{`{"type":"BLACKLIST","fields":[7]}`, "f:1:31: fields[0]: want a field path such as Agent.Username, have a number"},
		{`[]`, "f:1:1: want a mapping, have a list"},
		{``, "f:1:1: is empty"},
	} {
		p := &Privacy{File: "f"}
		err := p.parse([]byte(c.text))
		got := fmt.Sprint(p.Type, " ", p.Fields)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

// TestReference keeps doc/config.md current.
func TestReference(t *testing.T) {
	path := filepath.Join("..", "..", "doc", "config.md")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, Reference(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(Reference()), string(have)); diff != "" {
		t.Errorf("doc/config.md is not what the table says; run: go test ./internal/config -update\n(-table +file):\n%s", diff)
	}
}

// FuzzParse: whatever the text, Parse returns a config or problems with positions in it; a config, written and read again, is the
// same.
func FuzzParse(f *testing.F) {
	for _, text := range good {
		f.Add([]byte(text))
	}
	for _, text := range []string{"a: [", "a: &b 1", "? x", "a:\n\t- b", "\xff", "{}", "a: {b: c", "- - -", "a: |\n x\n", "a: 'b", "!!x y", "a: b: c"} {
		f.Add([]byte(text))
		f.Add([]byte(whole + text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("c", text)
		if err == nil {
			checkRoundTrip(t, c)
			return
		}
		var all *Problems
		if !errors.As(err, &all) || len(all.List) == 0 {
			t.Fatalf("%q gives %v, want problems", text, err)
		}
		lines := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + 2 // the parser may point behind the end
		for _, p := range all.List {
			if p.At.Line < 1 || p.At.Column < 1 || p.At.Line > lines {
				t.Errorf("%q: %v is outside the text", text, p)
			}
		}
	})
}
