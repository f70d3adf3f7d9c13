// Package config reads trunkline.yaml.
//
//	text ─ YAML ─▶ nodes with positions ─ the table of keys ─▶ Config ─ rules across keys ─▶ Config, or Problems
//	                                           │
//	                                           └─▶ JSON Schema, doc/config.md
//
// One table (keys.go) binds each key to a field and says what it means; reading, defaults, the JSON Schema and the reference all
// follow it. Its promises: an unknown key, a wrong type or a contradiction is an error with line and column, all of them are
// reported at once, and no message shows a secret. What needs other packages to decide (patterns, what redaction does with a
// path) is left to them: [Config.Errorf] gives their errors a position too.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"trunkline/contact"
	"trunkline/internal/secret"
)

// Config is a trunkline.yaml that was found valid, with defaults filled in. It is not changed after Parse and may be read by
// several goroutines. Paths of files are as written: relative to the working directory.
type Config struct {
	Version     int          // 1
	Source      Source       //
	Filter      []Pattern    // a record is kept when any matches; none keeps all
	Deduplicate *Deduplicate // nil: off
	Enrich      Enrich       //
	Redact      Redact       //
	Destination Destination  //
	DeadLetter  DeadLetter   //
	State       State        //
	AWS         AWS          //
	Observe     Observe      //
	Integration *Integration // nil: none is named
	Deploy      *Deploy      // nil: as the integration has it

	name  string
	where map[string]Position
}

// Source is where records come from: exactly one field is set.
type Source struct {
	Kinesis *Kinesis
	File    *File
}

// Kinesis reads the records of a Kinesis data stream.
type Kinesis struct {
	Stream      string // its ARN
	Start       Start  // where reading begins in a shard without a checkpoint, default StartOldest
	Consumer    string // Polling (the default), FanOut, or the ARN of a registered consumer of the stream
	Application string // names the lease table, the fan-out consumer and the namespace of the metrics, default trunkline
	CloudWatch  string // MetricsNone (the default), MetricsSummary or MetricsDetailed
}

// How a stream is read.
const (
	Polling = "polling" // GetRecords
	FanOut  = "fanout"  // SubscribeToShard, as a consumer that bears the name of the application
)

// Which CloudWatch metrics are sent.
const (
	MetricsNone     = "none"
	MetricsSummary  = "summary"
	MetricsDetailed = "detailed"
)

// Start is a place in a stream: one of the words below, or "" and a time.
type Start struct {
	Word string
	Time time.Time
}

// The words of Start.
const (
	StartOldest = "trim_horizon" // the oldest record that the stream still has
	StartLatest = "latest"       // what comes from now on
)

// File reads records from files.
type File struct {
	Path      string        // a file, a folder, a glob, or - for standard input
	Follow    bool          // wait for more at the end; never with standard input
	MaxRecord Size          // bytes of the largest record, 1KiB to 100MiB, default 10MiB
	Poll      time.Duration // how often to look for more, 10ms to 1h, default 250ms
}

// Stdin tells whether the source is standard input, which cannot be read again.
func (f *File) Stdin() bool { return f.Path == "-" }

// Deduplicate drops versions of a contact that were delivered already.
type Deduplicate struct {
	Window time.Duration // how long a delivered version is remembered, 1m to 3650d, default 7d
	Max    int           // how many are remembered at most, 1,000 to 8,000,000, default 1,000,000
}

// Enrich adds to records what they lack.
type Enrich struct {
	Agents *Agents // nil: off
}

// Agents adds an agent's row of a CSV or JSON file.
type Agents struct {
	From    string        // the file, or s3://BUCKET/KEY
	Match   contact.Path  // of the record, without *: what is looked up
	Column  string        // the file's column to look it up in, default the last name of Match
	Into    contact.Path  // of the record, without *: where the row goes, default AgentData
	Refresh time.Duration // how often the file is looked at, 1s to 7d, default 5m
}

// Keep names the set of fields that redaction starts from.
type Keep string

// The keep sets.
const (
	KeepMinimum Keep = "minimum" // the documented mandatory fields of the record's kind
	KeepNone    Keep = "none"    // nothing
	KeepAll     Keep = "all"     // everything
)

// Action is what a redaction rule does with a value.
type Action string

// The actions.
const (
	ActionRemove       Action = "remove"
	ActionNull         Action = "null"
	ActionMask         Action = "mask"
	ActionHash         Action = "hash"
	ActionPseudonymize Action = "pseudonymize"
	ActionEncrypt      Action = "encrypt"
	ActionTruncate     Action = "truncate"
	ActionScrub        Action = "scrub"
)

// Redact says what leaves, and in which form. Either Keep, Allow and Deny decide or Privacy does; Keep is then "".
type Redact struct {
	Keep      Keep           // default KeepMinimum
	Allow     []contact.Path // on top of the keep set
	Deny      []contact.Path // taken away from it; no path stands in both
	Rules     []Rule         // no two for one path, none for a denied path
	Region    string         // ISO 3166 code of numbers that are not in E.164 form; "": those stay as they are
	Key       secret.Ref     // of hash and pseudonymize; zero: none
	Recipient string         // age recipient of encrypt; "": none
	Privacy   *Privacy       // nil: none
}

// Rule transforms the values at a path.
type Rule struct {
	Path   contact.Path
	Action Action
	First  int    // mask: characters that stay at the front, 0 to 64
	Last   int    // mask: characters that stay at the end, 0 to 64
	To     string // truncate: year, month, day, hour or minute for times, or a whole number to round numbers towards zero to a multiple of
	With   string // scrub: placeholder or token; "": placeholder
}

// Destination is where records go: exactly one field is set.
type Destination struct {
	HTTP   *HTTP
	File   *Output
	Stdout *Stdout
}

// HTTP posts records.
type HTTP struct {
	URL         string        // https, or http to this machine, without user and password
	Plaintext   bool          // http to other machines too
	Header      string        // that carries the key; "" exactly when Key is zero
	Key         secret.Ref    //
	Rate        Rate          // requests; zero: no limit
	Timeout     time.Duration // of one request, 100ms to 5m, default 5s
	Concurrency int           // requests in flight, 1 to 1,024, default 16
	Batch       int           // records of one request, 1 to 1,000, default 1: the record itself; above: a JSON array
	CAFile      string        // PEM certificates to trust besides the system's; "": none
}

// Output appends records to a file.
type Output struct {
	Path   string
	Rotate Size // a file is closed before it grows beyond, 1KiB to 1TiB, default 100MB
	Keep   int  // rotated files that stay, the oldest goes first; 0: all
}

// Stdout writes records to standard output.
type Stdout struct{}

// DeadLetter says where records go that could not be handled.
type DeadLetter struct {
	Folder    string // default dead-letters; "" exactly when S3 is set and SQS is not; with SQS, where replay takes letters from the queue
	S3        string // s3://BUCKET or s3://BUCKET/PREFIX: see SplitS3; "": none; with SQS, for letters that a message cannot hold
	SQS       string // URL or ARN of a queue; "": none
	Recipient string // age recipient that records are encrypted to; "": only what identifies a record is kept, never with S3 or SQS
}

// State is where positions, the window of deduplication and the index of dead letters are kept.
type State struct {
	File     string    // default trunkline.db
	DynamoDB *DynamoDB // nil: leases and positions of a stream are in File too
}

// DynamoDB is a lease table of the Kinesis Client Library, which several workers share.
type DynamoDB struct {
	Table    string        // default source.kinesis.application
	Create   string        // CreateOnDemand (the default), CreateProvisioned or CreateNever
	Failover time.Duration // for how long a worker may be silent until others take its shards, 1s to 5m, default 10s
}

// What is done where the lease table is not there.
const (
	CreateOnDemand    = "on_demand"   // it is made, and paid for by request
	CreateProvisioned = "provisioned" // it is made with 10 read and 10 write units
	CreateNever       = "never"       // the run ends
)

// AWS says how AWS services are called. Where it says nothing, the SDK's own environment variables and files do.
type AWS struct {
	Region    string    // such as eu-west-2; "": what the SDK finds
	Profile   string    // of the SDK's configuration files; "": what the SDK finds
	Role      string    // ARN of a role to assume; "": none
	Endpoints Endpoints //
}

// Endpoints are the URLs of services; "" is AWS's own.
type Endpoints struct {
	CloudWatch, DynamoDB, Kinesis, S3, SecretsManager, SQS, STS string
}

// Observe says how the program can be watched.
type Observe struct {
	Listen string     // host:port of /metrics, /healthz and /readyz, default "off": none
	Log    slog.Level // default info
	Format string     // text (the default) or json
	Traces *Traces    // nil: off
}

// Traces sends OpenTelemetry traces.
type Traces struct {
	OTLP string // URL of an OTLP receiver over HTTP
}

// Load reads and checks a config file, and the privacy file that it may name. The error is a *[Problems] or says why a file
// cannot be read.
func Load(path string) (*Config, error) {
	text, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; write a config with: trunkline init", err)
	}
	if err != nil {
		return nil, err
	}
	c, err := Parse(path, text)
	if err != nil {
		return nil, err
	}
	if err := c.loadPrivacy(); err != nil {
		return nil, err
	}
	return c, nil
}

// readFile reads a file of at most maxSize bytes, and one more of a larger one.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; name a file in it", path)
	}
	return io.ReadAll(io.LimitReader(file, maxSize+1))
}

// Parse checks the text of a config; name stands for it in messages. It opens no file: of a privacy file only the name is then
// known. The error is a *[Problems].
func Parse(name string, text []byte) (*Config, error) {
	r := &reader{name: name, ifEmpty: "; write a config with: trunkline init", where: map[string]Position{}}
	root, ok := r.parse(text)
	c := &Config{name: name, where: r.where}
	if ok {
		section{keyed: c}.read(r, "", root)
		c.check(r)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Where is the position of a key's value, e.g. of redact.rules[2].path. Of a key that is absent, it is that of the mapping or
// list that lacks it.
func (c *Config) Where(key string) Position { return where(c.where, key) }

func where(known map[string]Position, key string) Position {
	for {
		if at, found := known[key]; found {
			return at
		}
		if key == "" {
			return Position{1, 1}
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
}

// Errorf makes an error about a key, a *[Problem] with the key's position. The format may wrap an error with %w.
func (c *Config) Errorf(key, format string, args ...any) error {
	return &Problem{c.name, c.Where(key), key, fmt.Errorf(format, args...)}
}

// FilterErrorf makes an error about a place in the JSON text of a filter's pattern.
func (c *Config) FilterErrorf(filter, offset int, format string, args ...any) error {
	return &Problem{c.name, c.Filter[filter].At(offset), fmt.Sprintf("filter[%d]", filter), fmt.Errorf(format, args...)}
}

// MarshalJSON writes the config with all defaults filled in, as YAML that Parse reads: the same Config comes back. Secrets are
// named, not told.
func (c *Config) MarshalJSON() ([]byte, error) {
	v, _ := section{keyed: c}.dump()
	return marshal(v)
}
