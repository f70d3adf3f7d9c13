package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// whole is a config that is right but for what a test adds: its lines begin at line 4.
const whole = "version: 1\nsource: {file: {path: in}}\ndestination: {stdout: {}}\n"

const aStream = "arn:aws:kinesis:eu-west-2:111122223333:stream/records"

// stream is a config that reads a stream; more are further keys of source.kinesis.
// deployed is a config with a deploy section, in line 5.
func deployed(section string) string {
	return stream(aStream, "") + "integration: {name: operata, group: g}\ndeploy: " + section + "\n"
}

func stream(name, more string) string {
	return "version: 1\nsource: {kinesis: {stream: '" + name + "'" + more + "}}\ndestination: {stdout: {}}\n"
}

// bad are texts that Parse refuses, and what it says.
var bad = []struct{ name, text, want string }{
	// what is no config at all
	{"empty", "", "c:1:1: is empty; write a config with: trunkline init"},
	{"comments", "# x\n\n", "c:1:1: is empty; write a config with: trunkline init"},
	{"a list", "- version: 1\n", "c:1:1: want a mapping, have a list"},
	{"a text", "version 1\n", "c:1:1: want a mapping, have a text"},
	{"two documents", whole + "---\nversion: 1\n", "c:4:1: a second document begins; a config is one document"},
	{"two documents, the second empty", whole + "---\n", "c:4:1: a second document begins; a config is one document"},
	{"tab", "version: 1\nsource:\n\tfile: {path: in}\n", "c:3:1: not YAML: a tab; YAML wants spaces here"},
	{"UTF-16", "\xff\xfev\x00", "c:1:1: is UTF-16; save it as UTF-8"},
	{"Latin 1", "version: 1\n# caf\xe9\n", "c:2:6: is not UTF-8 here"},
	{"NUL", "version: 1\n#ü\x00", "c:2:3: control character U+0000; is it a config?"},
	{"size", strings.Repeat("#\n", maxSize/2+1), "c:1:1: is larger than 1048576 bytes; is it a config?"},
	{"tokens", strings.Repeat("- a\n", maxTokens/2+1), "c:1:1: has more than 100000 keys and values; is it a config?"},
	{"depth of brackets", "a: " + strings.Repeat("[", 50000), "c:1:68: is nested too deeply"},
	{"depth of dashes", strings.Repeat("- ", 40000), "c:1:129: is nested too deeply"},
	{"depth of lines", whole + "filter:\n- data:\n" + staircase(80), "c:68:66: filter[0].data" + strings.Repeat(".a", 62) + ": is nested too deeply"},
	{"open bracket", "version: [1\n", "c:1:10: not YAML: sequence end token ']' not found"},
	{"closing bracket", "version:\n]\n", "c:2:1: not YAML: could not find '[' character corresponding to ']'"},
	{"anchor bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "c:1:4: anchors, aliases and merge keys are not supported; write the value out"},
	{"merge key", whole + "<<: {state: {file: x}}\n", "c:4:1: anchors, aliases and merge keys are not supported; write the value out"},
	{"tag", "version: !!int 1\n", "c:1:10: tags are not supported; put a text in quotes instead"},
	{"directive", "%YAML 1.2\n---\n" + whole, "c:1:1: directives are not supported; remove the line"},
	{"question mark", "? version\n: 1\n", "c:1:1: write a key as name: value"},

	// keys
	{"nothing", "{}", "c:1:1: version: is missing\nc:1:1: source: is missing\nc:1:1: destination: is missing"},
	{"near key", whole + "dedupliate: {}\n", `c:4:1: dedupliate: unknown key; did you mean "deduplicate"?`},
	{"swapped letters", whole + "redact: {\n  rules: [{paht: A, action: null}]}\n", "c:5:11: redact.rules[0].path: is missing\n" + `c:5:12: redact.rules[0].paht: unknown key; did you mean "path"?`},
	{"another case", whole + "State: {}\n", `c:4:1: State: unknown key; did you mean "state"?`},
	{"far key", whole + "zzz: 1\n", "c:4:1: zzz: unknown key; known: version, source, filter, deduplicate, enrich, redact, destination, dead_letter, state, aws, observe, integration, deploy"},
	{"key of another section", whole + "redact:\n  batch: 2\n", "c:5:3: redact.batch: unknown key here; it belongs to destination.http"},
	{"key of the top level", whole + "observe: {enrich: 2}\n", "c:4:11: observe.enrich: unknown key here; it belongs to the top level"},
	{"key of a section without keys", "version: 1\nsource: {file: {path: in}}\ndestination: {stdout: {colour: red}}\n", "c:3:24: destination.stdout.colour: unknown key; destination.stdout has none"},
	{"key in quotes", whole + "\"a b\": 1\n", `c:4:1: "a b": unknown key; known: version, source, filter, deduplicate, enrich, redact, destination, dead_letter, state, aws, observe, integration, deploy`},
	{"twice", whole + "state: {file: a}\nstate: {file: b}\n", "c:5:1: state: stands twice; the first is in line 4"},
	{"twice inside", whole + "state: {file: a, file: b}\n", "c:4:18: state.file: stands twice; the first is in line 4"},
	{"two destinations", "version: 1\nsource: {file: {path: in}}\ndestination:\n  stdout: {}\n  file: {path: out}\n", "c:5:3: destination.file: destination has stdout already; keep one"},
	{"no destination", "version: 1\nsource: {file: {path: in}}\ndestination: {}\n", "c:3:14: destination: want one of http, file, stdout"},
	{"a key of later", whole + "record: {}\n", "c:4:1: record: this version of trunkline does not have it; it collects records, not call audio"},
	{"a deployment of nothing", whole + "deploy: {}\n", "c:4:9: deploy: needs integration: {name: operata, group: GROUP}, which names what is deployed"},
	{"a deployment beside files", whole + "integration: {name: operata, group: g}\n", "c:4:14: integration: is deployed beside a Kinesis data stream: write source.kinesis in place of source.file"},
	{"an integration", stream(aStream, "") + "integration: {name: oprata, group: g}\n", `c:4:21: integration.name: unknown integration "oprata"; did you mean "operata"?`},
	{"a group", stream(aStream, "") + "integration: {name: operata, group: a_b}\n", `c:4:37: integration.group: "a_b" is not the id of a group: letters, digits and -, at most 36`},
	{"no group", stream(aStream, "") + "integration: {name: operata}\n", "c:4:14: integration.group: is missing"},
	{"an instance", stream(aStream, "") + "integration: {name: operata, group: g, instance: i}\n", `c:4:50: integration.instance: "i" is not the ARN of an instance such as arn:aws:connect:eu-west-2:111122223333:instance/ID`},
	{"tags as a list", deployed("{tags: [a]}"), "c:5:16: deploy.tags: want a mapping of tags, have a list"},
	{"AWS's own tag", deployed("{tags: {'aws:x': y}}"), `c:5:17: deploy.tags.aws:x: begins with aws:, which AWS keeps for itself; choose another name`},
	{"no name of a tag", deployed("{tags: {'a#b': y}}"), `c:5:17: deploy.tags.a#b: is no name of a tag: 1 to 128 letters, digits, spaces and _.:/=+-@`},
	{"a tag's number", deployed("{tags: {a: 1}}"), "c:5:20: deploy.tags.a: want the value of a tag: at most 256 letters, digits, spaces and _.:/=+-@, have a number; put it in quotes"},
	{"a VPC without subnets", deployed("{vpc: {subnets: [], security_groups: [sg-12345678]}}"), "c:5:25: deploy.vpc.subnets: is empty; name at least 1, or leave the key out"},
	{"a VPC without groups", deployed("{vpc: {subnets: [subnet-12345678]}}"), "c:5:15: deploy.vpc.security_groups: is missing"},
	{"a subnet", deployed("{vpc: {subnets: [net], security_groups: [sg-12345678]}}"), `c:5:26: deploy.vpc.subnets[0]: "net" is not the id of a subnet such as subnet-0123456789abcdef0`},
	{"an alias of a key", deployed("{kms_key: 'arn:aws:kms:eu-west-2:111122223333:alias/x'}"), `c:5:19: deploy.kms_key: "arn:aws:kms:eu-west-2:111122223333:alias/x" is not the ARN of a key such as arn:aws:kms:eu-west-2:111122223333:key/ID, not of an alias`},
	{"a queue's URL", deployed("{dead_letter_queue: 'https://sqs.eu-west-2.amazonaws.com/1/q'}"), `c:5:29: deploy.dead_letter_queue: "https://sqs.eu-west-2.amazonaws.com/1/q" is not the ARN of a queue such as arn:aws:sqs:eu-west-2:111122223333:NAME`},
	{"a boundary's name", deployed("{permissions_boundary: bound}"), `c:5:32: deploy.permissions_boundary: "bound" is not the ARN of a policy such as arn:aws:iam::111122223333:policy/NAME`},
	{"a region", whole + "aws: {region: London}\n", `c:4:15: aws.region: "London" is not a region such as eu-west-2`},
	{"a role", whole + "aws: {role: collector}\n", `c:4:13: aws.role: "collector" is not the ARN of a role`},
	{"an endpoint", whole + "aws: {endpoints: {s3: 127.0.0.1}}\n", "c:4:23: aws.endpoints.s3: is no URL; write one such as https://api.example.com/records"},
	{"an unknown service", whole + "aws: {endpoints: {sqss: \"http://127.0.0.1\"}}\n", `c:4:19: aws.endpoints.sqss: unknown key; did you mean "sqs"?`},
	{"a stream by its name", stream("records", ""), `c:2:28: source.kinesis.stream: "records" is not the ARN of a stream such as arn:aws:kinesis:eu-west-2:111122223333:stream/NAME`},
	{"no stream", "version: 1\nsource: {kinesis: {}}\ndestination: {stdout: {}}\n", "c:2:19: source.kinesis.stream: is missing"},
	{"a consumer", stream(aStream, ", consumer: poling"), `c:2:95: source.kinesis.consumer: unknown consumer "poling"; did you mean "polling"?`},
	{"another stream's consumer", stream(aStream, ", consumer: 'arn:aws:kinesis:eu-west-2:111122223333:stream/other/consumer/x:1'"), "c:2:95: source.kinesis.consumer: is a consumer of another stream than source.kinesis.stream"},
	{"a long name of a consumer", stream(aStream, ", consumer: fanout, application: "+strings.Repeat("a", 129)), "c:2:116: source.kinesis.application: is too long for a fan-out consumer, whose name has at most 128 characters"},
	{"a start", stream(aStream, ", start: yesterday"), `c:2:92: source.kinesis.start: unknown start "yesterday"; known: trim_horizon, latest, a time such as 2026-11-22T08:00:00Z`},
	{"an application", stream(aStream, ", application: a b"), `c:2:98: source.kinesis.application: "a b" is not a name of 3 to 255 letters, digits, dots, - and _`},
	{"shared files", whole + "state: {dynamodb: {}}\n", "c:4:19: state.dynamodb: is for source.kinesis: files are read by one worker; remove it"},
	{"shared without a key", stream(aStream, "") + "state: {dynamodb: {}}\n", "c:4:19: state.dynamodb: needs redact.key, the same for all workers: each must give a record the same Idempotency-Key"},
	{"letters in a queue, in clear", whole + "dead_letter: {sqs: 'arn:aws:sqs:eu-west-2:111122223333:dead'}\n", "c:4:20: dead_letter.sqs: needs dead_letter.recipient: records leave this machine encrypted only; make a key pair with: age-keygen"},
	{"letters in no queue", whole + "dead_letter: {sqs: dead, recipient: " + recipientText + "}\n", "c:4:20: dead_letter.sqs: is neither the URL nor the ARN of a queue"},
	{"letters in two places", whole + "dead_letter: {folder: x, s3: 's3://bucket', recipient: " + recipientText + "}\n", "c:4:23: dead_letter.folder: dead_letter has s3 already; keep one"},
	{"letters in clear", whole + "dead_letter: {s3: 's3://bucket/dead'}\n", "c:4:19: dead_letter.s3: needs dead_letter.recipient: records leave this machine encrypted only; make a key pair with: age-keygen"},
	{"letters in no bucket", whole + "dead_letter: {s3: 's3://B', recipient: " + recipientText + "}\n", "c:4:19: dead_letter.s3: want s3://BUCKET or s3://BUCKET/PREFIX"},

	// values
	{"a section without keys", whole + "state:\n", "c:4:1: state: want a mapping, have nothing; write its keys below it, or {}"},
	{"a key without value", whole + "state: {file: }\n", "c:4:9: state.file: want a path, have nothing; write a value, or leave the key out"},
	{"a number for a text", whole + "state: {file: 12}\n", "c:4:15: state.file: want a path, have a number; put it in quotes"},
	{"a text for a number", whole + "deduplicate: {max: \"5000\"}\n", "c:4:20: deduplicate.max: want a whole number, have a text; take the quotes off"},
	{"a text for a boolean", "version: 1\nsource: {file: {path: in, follow: yes}}\ndestination: {stdout: {}}\n", "c:2:35: source.file.follow: want true or false, have a text"},
	{"a text for a list", whole + "redact: {allow: Channel}\n", "c:4:17: redact.allow: want a list of field paths, have a text"},
	{"a fraction", whole + "deduplicate: {max: 1.5}\n", "c:4:20: deduplicate.max: want a whole number"},
	{"out of range", whole + "deduplicate: {max: 10}\n", "c:4:20: deduplicate.max: is out of range: from 1000 to 8000000"},
	{"another version", strings.Replace(whole, "1", "2", 1), "c:1:10: version: want 1"},
	{"duration without unit", whole + "deduplicate: {window: 168}\n", "c:4:23: deduplicate.window: want a duration such as 7d, have a number"},
	{"duration of no unit", whole + "deduplicate: {window: 1w}\n", `c:4:23: deduplicate.window: "1w" is no duration; write one such as 250ms, 5s, 168h or 7d`},
	{"duration out of range", whole + "deduplicate: {window: 5s}\n", "c:4:23: deduplicate.window: is out of range: from 1m to 3650d"},
	{"duration beyond all", whole + "deduplicate: {window: 999999999d}\n", "c:4:23: deduplicate.window: is longer than 290 years"},
	{"size without unit", strings.Replace(whole, "path: in", "path: in, max_record: 1000", 1), "c:2:39: source.file.max_record: want a size such as 10MiB, have a number"},
	{"size out of range", strings.Replace(whole, "path: in", "path: in, max_record: 1GB", 1), "c:2:39: source.file.max_record: is out of range: from 1KiB to 100MiB"},
	{"size beyond all", strings.Replace(whole, "path: in", "path: in, max_record: 999999999999GiB", 1), "c:2:39: source.file.max_record: is too large"},
	{"word", whole + "redact:\n  rules:\n  - path: A\n    action: maks\n", `c:7:13: redact.rules[0].action: unknown action "maks"; did you mean "mask"?`},
	{"word far off", whole + "redact: {keep: everything}\n", `c:4:16: redact.keep: unknown keep set "everything"; known: minimum, none, all`},
	{"level", whole + "observe: {log: warning}\n", `c:4:16: observe.log: unknown level "warning"; did you mean "warn"?`},
	{"path", whole + "redact:\n  deny:\n  - Attributes.\n", `c:6:5: redact.deny[0]: path "Attributes.": empty name at character 11`},
	{"path of many", whole + "enrich: {agents: {from: a.csv, match: Agent.*}}\n", "c:4:39: enrich.agents.match: want the path of one field, without *"},
	{"agents of a bucket", whole + "enrich: {agents: {from: s3://bucket, match: Agent.ARN}}\n", "c:4:25: enrich.agents.from: want s3://BUCKET/KEY"},
	{"agents of a folder", whole + "enrich: {agents: {from: s3://bucket/x/, match: Agent.ARN}}\n", "c:4:25: enrich.agents.from: want s3://BUCKET/KEY"},
	{"state in S3", whole + "state: {file: s3://bucket/x}\n", "c:4:15: state.file: want a file of this machine; s3: does not stand here"},
	{"region", whole + "redact: {region: uk}\n", `c:4:18: redact.region: "uk" is not a country code such as GB`},
	{"listen", whole + "observe: {listen: 9750}\n", "c:4:19: observe.listen: want an address or off such as 127.0.0.1:9750, have a number"},
	{"listen without host", whole + "observe: {listen: localhost}\n", `c:4:19: observe.listen: "localhost" is no address; write host:port such as 127.0.0.1:9750, or off`},
	{"pattern", whole + "filter: [VOICE]\n", `c:4:10: filter[0]: is not JSON; write a pattern such as {"data": {"Channel": ["VOICE"]}}`},
	{"pattern of no kind", whole + "filter: [[a]]\n", `c:4:10: filter[0]: want an event pattern such as {"data": {"Channel": ["VOICE"]}}, have a list`},
	{"pattern with a number of YAML", whole + "filter: [{data: {x: [0x10]}}]\n", `c:4:22: filter[0]: "0x10": write numbers as JSON does, or put a text in quotes`},
	{"no pattern", whole + "filter: []\n", "c:4:9: filter: is empty; name at least 1, or leave the key out"},
	{"rate", strings.Replace(whole, "stdout: {}", "http: {url: \"http://[::1]\", rate: 0/s}", 1), "c:3:49: destination.http.rate: nothing would ever be sent; leave the key out for no limit"},
	{"secret without name", strings.Replace(whole, "stdout: {}", "http: {url: \"http://[::1]\", header: K, key: \"aws-secretsmanager:\"}", 1), "c:3:59: destination.http.key: behind aws-secretsmanager: stands the name or the ARN of a secret and, where it is a JSON object, # and a field"},

	// one key and another
	{"follow standard input", "version: 1\nsource: {file: {path: \"-\", follow: true}}\ndestination: {stdout: {}}\ndead_letter: {recipient: " + recipientText + "}\n", "c:2:36: source.file.follow: standard input is always read to its end; remove follow"},
	{"standard input", "version: 1\nsource: {file: {path: \"-\"}}\ndestination: {stdout: {}}\n", "c:2:23: source.file.path: standard input cannot be read again: add dead_letter.recipient, so that dead letters can hold the record"},
	{"allow and deny", whole + "redact:\n  allow: [A.b, C]\n  deny: [D, A.b]\n", "c:5:11: redact.allow[0]: A.b is denied by redact.deny[1] (line 6); remove one of them"},
	{"rule and deny", whole + "redact:\n  deny: [A]\n  rules: [{path: A, action: mask}]\n", "c:6:18: redact.rules[0].path: A is denied by redact.deny[0] (line 5); remove one of them"},
	{"two rules", whole + "redact:\n  rules:\n  - {path: A, action: mask}\n  - {path: A, action: null}\n", "c:7:12: redact.rules[1].path: A has a rule already, in line 6"},
	{"rule and privacy", whole + "redact:\n  privacy: {type: BLACKLIST, fields: [A]}\n  rules: [{path: A, action: mask}]\n", "c:6:18: redact.rules[0].path: A is denied by redact.privacy (line 5); remove one of them"},
	{"hash without key", whole + "redact: {rules: [{path: A, action: hash}]}\n", "c:4:36: redact.rules[0].action: hash needs a key: add redact.key, env:NAME, file:PATH or aws-secretsmanager:NAME"},
	{"tokens without key", whole + "redact: {rules: [{path: A, action: scrub, with: token}]}\n", "c:4:36: redact.rules[0].action: scrub token needs a key: add redact.key, env:NAME, file:PATH or aws-secretsmanager:NAME"},
	{"with of another action", whole + "redact: {rules: [{path: A, action: mask, with: token}]}\n", "c:4:48: redact.rules[0].with: is for the action scrub, not for mask"},
	{"encrypt without recipient", whole + "redact: {rules: [{path: A, action: encrypt}]}\n", "c:4:36: redact.rules[0].action: encrypt needs a recipient: add redact.recipient, age1…"},
	{"truncate to what", whole + "redact: {rules: [{path: A, action: truncate}]}\n", "c:4:36: redact.rules[0].action: truncate needs to: year, month, day, hour, minute or a whole number"},
	{"truncate to week", whole + "redact: {rules: [{path: A, action: truncate, to: week}]}\n", `c:4:50: redact.rules[0].to: unknown step "week"; known: year, month, day, hour, minute`},
	{"option of another action", whole + "redact: {rules: [{path: A, action: scrub, last: 2}]}\n", "c:4:49: redact.rules[0].last: is for the action mask, not for scrub"},
	{"privacy and keep", whole + "redact: {keep: all, privacy: {type: WHITELIST, fields: []}}\n", "c:4:16: redact.keep: redact.privacy decides this already; remove one of them"},
	{"privacy of gjson", whole + "redact: {privacy: {type: BLACKLIST, fields: [\"Recordings.#(Status)\"]}}\n", `c:4:46: redact.privacy.fields[0]: field "Recordings.#(Status)": the gjson syntax '(' is not read here; write names joined by dots`},
	{"privacy of one element", whole + "redact: {privacy: {type: BLACKLIST, fields: [Recordings.0.Location]}}\n", `c:4:46: redact.privacy.fields[0]: field "Recordings.0.Location": one element of an array cannot be named; leave the index out to mean all`},
	{"plain http", strings.Replace(whole, "stdout: {}", "http: {url: http://127.0.0.2.example.com/}", 1), "c:3:27: destination.http.url: http would send records and key readable over the network; use https, or allow it with destination.http.plaintext: true"},
	{"header without key", strings.Replace(whole, "stdout: {}", "http: {url: \"http://[::1]\", header: K}", 1), "c:3:51: destination.http.header: add key: the secret that the header carries"},
	{"key without header", strings.Replace(whole, "stdout: {}", "http: {url: \"http://[::1]\", key: \"env:K\"}", 1), "c:3:48: destination.http.key: add header: the name of the header that carries the key"},
}

func TestProblems(t *testing.T) {
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("c", []byte(c.text))
			if got := fmt.Sprint(err); got != c.want {
				t.Errorf("%.300s\ngot:\n%s\nwant:\n%s", c.text, got, c.want)
			}
		})
	}
}

// staircase is a mapping in a mapping in … of n lines.
func staircase(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%*sa:\n", i+3, "")
	}
	return b.String()
}

// TestAllProblems: all problems are reported, in the file's order, up to the limit.
func TestAllProblems(t *testing.T) {
	var text strings.Builder
	text.WriteString(whole + "redact:\n  allow:\n")
	for range 300 {
		text.WriteString("  - a..b\n")
	}
	_, err := Parse("c", []byte(text.String()))
	var all *Problems
	if !errors.As(err, &all) || len(all.List) != MaxProblems || all.More != 300-MaxProblems {
		t.Fatalf("got %v", err)
	}
	for i, p := range all.List {
		if want := (Position{6 + i, 5}); p.At != want || p.Key != element("redact.allow", i) {
			t.Errorf("problem %d is %s at %v, want redact.allow[%d] at %v", i, p.Key, p.At, i, want)
		}
	}
	if !strings.HasSuffix(err.Error(), "\nand 280 more") {
		t.Errorf("got %s", err)
	}
}

// TestSecretsStayOut: what was written where a reference belongs may be the secret itself.
func TestSecretsStayOut(t *testing.T) {
	const canary = "canary-5f2c9"
	for _, text := range []string{
		whole + "redact: {key: " + canary + "}\n",
		whole + "redact: {key: [" + canary + "]}\n",
		whole + "redact: {key: \"vault:" + canary + "\"}\n",
		whole + "redact: {recipient: AGE-SECRET-KEY-1" + canary + "}\n",
		whole + "redact: {recipient: age1" + canary + "}\n",
		strings.Replace(whole, "stdout: {}", "http: {url: \"https://me:"+canary+"@h/\"}", 1),
		strings.Replace(whole, "stdout: {}", "http: {url: \"https://h:"+canary+"/\"}", 1),
		strings.Replace(whole, "stdout: {}", "http: {url: \""+canary+"\"}", 1),
		strings.Replace(whole, "stdout: {}", "http: {url: https://h, header: K, key: "+canary+"}", 1),
		whole + "redact:\n  key: \"" + canary + "\n",
		whole + "redact:\n  key: " + canary + ": x: y\n",
		whole + "redact:\n  key: [" + canary + "\n",
	} {
		if _, err := Parse("c", []byte(text)); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s\ngives: %v", text, err)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct{ path, want string }{
		{filepath.Join(dir, "none.yaml"), "no such file or directory; write a config with: trunkline init"},
		{dir, "is a folder; name a file in it"},
		{write("large.yaml", strings.Repeat("#", maxSize+1)), "large.yaml:1:1: is larger than 1048576 bytes"},
		{write("bad.yaml", whole+"x: 1\n"), "bad.yaml:4:1: x: unknown key"},
		{write("p1.yaml", whole+"redact: {privacy: "+filepath.Join(dir, "none.json")+"}\n"), "p1.yaml:4:19: redact.privacy: open"},
		{write("p2.yaml", whole+"redact: {privacy: "+write("p2.json", `{"type":"GREYLIST","fields":[]}`)+"}\n"), `p2.json:1:9: type: unknown type "GREYLIST"; known: WHITELIST, BLACKLIST`},
		{write("p3.yaml", whole+"redact: {privacy: "+write("p3.json", `{"type":"BLACKLIST","fields":["Channel"]}`)+", rules: [{path: Channel, action: mask}]}\n"), "redact.rules[0].path: Channel is denied by redact.privacy (line 4)"},
	} {
		if _, err := Load(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Load(%s) = %v, want %q", c.path, err, c.want)
		}
	}
	if _, err := Load(write("good.yaml", "\ufeff"+strings.ReplaceAll(whole, "\n", "\r\n"))); err != nil {
		t.Errorf("with a byte order mark and CRLF: %v", err)
	}
}
