package config

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"trunkline/contact"
)

const day = 24 * time.Hour

func (c *Config) keys() []key {
	return []key{
		{"version", integer(&c.Version, 1, 1, ""), true, "The form of this file: 1."},
		{"source", section{&c.Source, true}, true, "Where records come from: exactly one source."},
		{"filter", list[Pattern]{&c.Filter, pattern, 1}, false, `EventBridge event patterns in the form that a pipe takes, {"data": {"Channel": ["VOICE"]}}, as YAML or as a text that holds JSON. A record is kept when any of them matches. Without the key, every record is kept.`},
		{"deduplicate", optional[Deduplicate, *Deduplicate]{&c.Deduplicate}, false, "Drops versions of a contact that were delivered already: equal ones as duplicate, older ones as superseded. Without the key, none is dropped."},
		{"enrich", section{keyed: &c.Enrich}, false, "Adds to records what they lack."},
		{"redact", section{keyed: &c.Redact}, false, "What leaves, and in which form. For each path deny decides first, then a rule, then allow, then the set of keep; among paths of one kind the longer one. Without the key, the minimum set is kept."},
		{"destination", section{&c.Destination, true}, true, "Where records go: exactly one destination."},
		{"dead_letter", section{keyed: &c.DeadLetter}, false, "Where records go that could not be decoded, enriched, redacted or delivered, for trunkline replay."},
		{"state", section{keyed: &c.State}, false, "Where positions, the window of deduplicate and the index of dead letters are kept."},
		{"aws", section{keyed: &c.AWS}, false, "How AWS services are called, where the config names something there. What is not said here, the SDK finds as every AWS tool does: environment variables, its configuration files, the role of the machine."},
		{"observe", section{keyed: &c.Observe}, false, "How the running program can be watched. Nothing of it shows personal data or secrets."},
		{"integration", optional[Integration, *Integration]{&c.Integration}, false, "The published integration that the records are for, for trunkline deploy: it gives names to what is deployed. A Lambda's config that names one leaves source and destination to the pipe."},
		{"deploy", optional[Deploy, *Deploy]{&c.Deploy}, false, "How trunkline deploy makes what the rest of the config does not decide. It needs integration."},
	}
}

func (s *Source) keys() []key {
	return []key{
		{"kinesis", optional[Kinesis, *Kinesis]{&s.Kinesis}, false, "Reads the records of a Kinesis data stream, alone or, with state.dynamodb, together with other workers."},
		{"file", optional[File, *File]{&s.File}, false, "Reads JSON records from files: a record a line, one after the other, or in arrays; plain, gzip or zstd."},
	}
}

func (k *Kinesis) keys() []key {
	return []key{
		{"stream", matching(&k.Stream, "the ARN of a stream such as arn:aws:kinesis:eu-west-2:111122223333:stream/NAME", streamARN), true, "The ARN of the stream."},
		{"start", beginning(&k.Start), false, "Where reading begins in a shard without a checkpoint: trim_horizon, the oldest record that the stream still has; latest; or a time such as 2026-11-22T08:00:00Z."},
		{"consumer", consumer(&k.Consumer), false, "polling shares the stream's 2 MiB/s a shard with its other readers. fanout has its own, for a price, as a registered consumer that bears the application's name; the ARN of a consumer takes one that somebody has registered."},
		{"application", application(&k.Application, "trunkline"), false, "Names the lease table, the fan-out consumer and the namespace of the CloudWatch metrics, as the Kinesis Client Library does."},
		{"cloudwatch", choice(&k.CloudWatch, "level of metrics", MetricsNone, MetricsNone, MetricsSummary, MetricsDetailed), false, "Sends the metrics that the Kinesis Client Library sends, under its names, to CloudWatch: none, summary or detailed. The run goes on where they are refused."},
	}
}

func (f *File) keys() []key {
	return []key{
		{"path", text(&f.Path), true, "A file, a folder, a glob such as in/*.jsonl, or - for standard input (which needs dead_letter.recipient, because it cannot be read again)."},
		{"follow", boolean(&f.Follow), false, "Waits for more at the end and follows rotation, until stopped. Not with standard input, which is always read to its end."},
		{"max_record", size(&f.MaxRecord, 1<<10, 100<<20, "10MiB"), false, "The largest record, 1KiB to 100MiB. A larger one is dead-lettered."},
		{"poll", duration(&f.Poll, 10*time.Millisecond, time.Hour, "250ms"), false, "How often follow looks for more, 10ms to 1h."},
	}
}

func (d *Deduplicate) keys() []key {
	return []key{
		{"window", duration(&d.Window, time.Minute, 3650*day, "7d"), false, "How long a delivered version is remembered, 1m to 3650d. Connect has been seen to send a contact again after six days."},
		{"max", integer(&d.Max, 1_000, 8_000_000, "1000000"), false, "How many versions are remembered at most, 1000 to 8000000; beyond, the oldest is forgotten."},
	}
}

func (e *Enrich) keys() []key {
	return []key{
		{"agents", optional[Agents, *Agents]{&e.Agents}, false, "Adds an agent's row of a file. A record whose agent is not in the file passes as it is. What is added is kept like an allowed path; deny and rules reach into it."},
	}
}

func (a *Agents) keys() []key {
	return []key{
		{"from", fileOrObject(&a.From), true, "A CSV file with a header row, or a JSON array of objects; on this machine, or s3://BUCKET/KEY. It is read again when it changes; a broken new file leaves the old rows in force."},
		{"match", path(&a.Match, true, ""), true, "The path of the record that is looked up, e.g. Agent.Username."},
		{"column", text(&a.Column), false, "The file's column to look it up in. Without the key, the last name of match."},
		{"into", path(&a.Into, true, "AgentData"), false, "The path where the row is put, as an object by column names."},
		{"refresh", duration(&a.Refresh, time.Second, 7*day, "5m"), false, "How often the file is looked at, 1s to 7d."},
	}
}

func (d *Redact) keys() []key {
	paths := func(into *contact.Path) value { return path(into, false, "") }
	return []key{
		{"keep", choice(&d.Keep, "keep set", string(KeepMinimum), KeepMinimum, KeepNone, KeepAll), false, "The set to start from. minimum: the documented mandatory fields of the record's kind; none: nothing; all: everything."},
		{"allow", list[contact.Path]{&d.Allow, paths, 0}, false, `Paths to send besides the set. Names are joined by dots, * stands for any name, arrays are transparent, a backslash makes a dot part of a name.`},
		{"deny", list[contact.Path]{&d.Deny, paths, 0}, false, "Paths never to send. No path may stand in allow too."},
		{"rules", list[Rule]{&d.Rules, func(r *Rule) value { return section{keyed: r} }, 0}, false, "Paths to send in another form. A rule keeps its path: it need not be allowed."},
		{"region", matching(&d.Region, "a country code such as GB", expression(`^[A-Z]{2}$`)), false, "The country of phone numbers that are not in E.164 form (+44…), for pseudonymize. Without the key, such numbers are taken as they stand."},
		{"key", reference(&d.Key), false, "The secret key of hash, pseudonymize and scrub with tokens, and of idempotency keys, at least 16 bytes. The same key gives the same tokens."},
		{"recipient", recipient(&d.Recipient), false, "The age recipient (age1…) of encrypt. Only the holder of its identity can read the values."},
		{"privacy", privacyValue{&d.Privacy}, false, `The published privacy object, {"type": "WHITELIST" or "BLACKLIST", "fields": […]}, or the path of a JSON file with it. In place of keep, allow and deny.`},
	}
}

func (u *Rule) keys() []key {
	return []key{
		{"path", path(&u.Path, false, ""), true, "The path of the values."},
		{"action", choice(&u.Action, "action", "", ActionRemove, ActionNull, ActionMask, ActionHash, ActionPseudonymize, ActionEncrypt, ActionTruncate, ActionScrub), true, "remove: like deny. null: the value becomes null. mask: characters become *. hash: keyed hash. pseudonymize: keyed token, the same for the same person in every field. encrypt: readable for the recipient only. truncate: a coarser time or number. scrub: what looks like personal data inside a text is replaced, the rest stays."},
		{"first", integer(&u.First, 0, 64, ""), false, "mask: how many characters stay at the front, up to 64. A text that is not longer than twice first and last together is masked whole."},
		{"last", integer(&u.Last, 0, 64, ""), false, "mask: how many characters stay at the end, up to 64."},
		{"to", step(&u.To), false, "truncate: year, month, day, hour or minute for times; or a whole number, to round numbers towards zero to a multiple of it."},
		{"with", choice(&u.With, "replacement", "", "placeholder", "token"), false, "scrub: placeholder, which also holds without the key, puts the kind in place, such as [EMAIL]; token puts a keyed token, which needs redact.key."},
	}
}

var wholeNumber = expression(`^[1-9][0-9]{0,8}$`)

// step is what truncate truncates to: a unit of time, or a number.
func step(into *string) value {
	units := []string{"year", "month", "day", "hour", "minute"}
	return &scalar[string]{
		into: into, takes: []kind{aText, aNumber}, word: "year, month, day, hour, minute or a whole number",
		more: object{{"anyOf", []any{
			object{{"enum", units}},
			object{{"type", "integer"}, {"minimum", 1}, {"maximum", 999_999_999}},
			object{{"type", "string"}, {"pattern", wholeNumber.String()}},
		}}},
		parse: func(t string) (string, error) {
			switch {
			case wholeNumber.MatchString(t) || slices.Contains(units, t):
				return t, nil
			case jsonNumber(t):
				return "", errors.New("want a whole number from 1 to 999999999")
			}
			return "", fmt.Errorf("unknown step %s; %s", quote(t), didYouMean(t, units))
		},
		print: func(t string) string { return t },
	}
}

func (d *Destination) keys() []key {
	return []key{
		{"http", optional[HTTP, *HTTP]{&d.HTTP}, false, "Posts records to a URL, each with an Idempotency-Key."},
		{"file", optional[Output, *Output]{&d.File}, false, "Appends records to a file, one a line."},
		{"stdout", optional[Stdout, *Stdout]{&d.Stdout}, false, "Writes records to standard output, one a line: stdout: {}."},
	}
}

func (h *HTTP) keys() []key {
	return []key{
		{"url", address(&h.URL), true, "Where records are posted: https, or http to this machine. A redirect is not followed."},
		{"plaintext", boolean(&h.Plaintext), false, "Allows http to other machines than this one: records and key then cross the network readable."},
		{"header", matching(&h.Header, "the name of a header", expression("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")), false, "The header that carries the key, e.g. Authorization."},
		{"key", reference(&h.Key), false, "The secret that the header carries. It is read again when the receiver answers 401, 403 or 407."},
		{"rate", rate(&h.Rate), false, "The most requests in a second, minute or hour, e.g. 300/s. Without the key, there is no limit."},
		{"timeout", duration(&h.Timeout, 100*time.Millisecond, 5*time.Minute, "5s"), false, "How long one request may take, 100ms to 5m."},
		{"concurrency", integer(&h.Concurrency, 1, 1024, "16"), false, "How many requests are in flight at once. Records of one contact never are."},
		{"batch", integer(&h.Batch, 1, 1000, "1"), false, "How many records one request carries at most: 1 posts the record itself, more post a JSON array."},
		{"ca_file", localFile(&h.CAFile, ""), false, "A PEM file of certificates to trust besides the system's."},
	}
}

func (o *Output) keys() []key {
	return []key{
		{"path", localFile(&o.Path, ""), true, "The file."},
		{"rotate", size(&o.Rotate, 1<<10, 1<<40, "100MB"), false, "A new file is begun before one grows beyond this, 1KiB to 1024GiB."},
		{"keep", integer(&o.Keep, 0, 1_000_000, ""), false, "How many rotated files stay; the oldest is removed first. 0, which also holds without the key, keeps all."},
	}
}

func (*Stdout) keys() []key { return nil }

func (d *DeadLetter) keys() []key {
	return []key{
		{"folder", localFile(&d.Folder, "dead-letters"), false, "The folder of the dead letters. Beside sqs, where trunkline replay puts what it takes out of the queue; not beside s3 alone."},
		{"s3", bucketPrefix(&d.S3), false, "A bucket for the dead letters in place of a folder, s3://BUCKET/PREFIX; beside sqs, for those that are too large for a message. It needs recipient."},
		{"sqs", queue(&d.SQS), false, "The URL or the ARN of a queue for the dead letters. It needs recipient."},
		{"recipient", recipient(&d.Recipient), false, "The age recipient (age1…) that dead records are encrypted to; trunkline replay needs its identity. Without the key, a dead letter tells only which record it was and where it can be read again."},
	}
}

func (s *State) keys() []key {
	return []key{
		{"file", localFile(&s.File, "trunkline.db"), false, "The state file. One running collector holds it."},
		{"dynamodb", optional[DynamoDB, *DynamoDB]{&s.DynamoDB}, false, "A lease table, by which several workers share a stream, Java workers of the Kinesis Client Library among them: leases and positions are there, the window and the index of dead letters stay in file. It needs redact.key."},
	}
}

func (d *DynamoDB) keys() []key {
	return []key{
		{"table", application(&d.Table, ""), false, "The name of the table. Without the key, source.kinesis.application."},
		{"create", choice(&d.Create, "way to make a table", CreateOnDemand, CreateOnDemand, CreateProvisioned, CreateNever), false, "What to do where it is not there. on_demand: make it, paid for by request; provisioned: make it with 10 read and 10 write units; never: say how to make it, and end."},
		{"failover", duration(&d.Failover, time.Second, 5*time.Minute, "10s"), false, "For how long a worker may be silent until others take its shards, 1s to 5m. The same for all workers of a table."},
	}
}

func (a *AWS) keys() []key {
	return []key{
		{"region", matching(&a.Region, "a region such as eu-west-2", expression(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)), false, "The region of what the config names without one."},
		{"profile", text(&a.Profile), false, "A profile of the SDK's configuration files."},
		{"role", matching(&a.Role, "the ARN of a role", expression(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9/_+=,.@-]+$`)), false, "The ARN of a role to assume with the credentials found."},
		{"endpoints", section{keyed: &a.Endpoints}, false, "URLs to call in place of AWS's own: of emulators, or of endpoints in a VPC."},
	}
}

func (e *Endpoints) keys() []key {
	return []key{
		{"cloudwatch", address(&e.CloudWatch), false, "Of Amazon CloudWatch."},
		{"dynamodb", address(&e.DynamoDB), false, "Of Amazon DynamoDB."},
		{"kinesis", address(&e.Kinesis), false, "Of Amazon Kinesis Data Streams."},
		{"s3", address(&e.S3), false, "Of Amazon S3. Buckets are then named in the path."},
		{"secretsmanager", address(&e.SecretsManager), false, "Of AWS Secrets Manager."},
		{"sqs", address(&e.SQS), false, "Of Amazon SQS."},
		{"sts", address(&e.STS), false, "Of AWS STS, which assumes the role."},
	}
}

func (o *Observe) keys() []key {
	return []key{
		{"listen", listen(&o.Listen, "off"), false, "The address of /metrics, /healthz and /readyz, such as 127.0.0.1:9750; or off."},
		{"log", level(&o.Log), false, "The least level that is logged: debug, info, warn or error."},
		{"format", choice(&o.Format, "format", "text", "text", "json"), false, "The form of the log, on standard error: text or json."},
		{"traces", optional[Traces, *Traces]{&o.Traces}, false, "Sends OpenTelemetry traces. Without the key, there are none."},
	}
}

func (t *Traces) keys() []key {
	return []key{
		{"otlp", address(&t.OTLP), true, "The URL of an OTLP receiver over HTTP, e.g. http://127.0.0.1:4318."},
	}
}
