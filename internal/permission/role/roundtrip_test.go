package role_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"trunkline/iam"
	"trunkline/iam/arn"
	"trunkline/iam/catalog"
	"trunkline/iam/sim"
	"trunkline/internal/config"
	"trunkline/internal/integration"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/role"
)

const (
	account   = "111122223333"
	collector = "arn:aws:iam::111122223333:role/collector"
	starter   = "arn:aws:iam::111122223333:role/ops/starter"
	recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	theKey    = "arn:aws:kms:eu-west-2:111122223333:key/11111111-2222-3333-4444-555555555555"
)

// A request is one that AWS would ask policies about.
type request struct {
	action, resource string
	keys             map[string]string
}

// A drawn config, and what a run of it asks AWS, said once more without the declarations.
type drawn struct {
	text     string
	requests []request
}

func (d *drawn) ask(resource string, actions ...string) {
	for _, action := range actions {
		d.requests = append(d.requests, request{action: action, resource: resource})
	}
}

func drawConfig(t *rapid.T) *drawn {
	d := &drawn{}
	var b strings.Builder
	choose := func(label string) bool { return rapid.Bool().Draw(t, label) }
	word := rapid.StringMatching(`[a-z][a-z0-9-]{1,10}[a-z0-9]`)
	b.WriteString("version: 1\naws: {region: eu-west-2, role: \"" + collector + "\"}\n")
	stream := choose("stream")
	table := stream && choose("table")
	if stream {
		d.stream(t, &b, word, table)
	} else {
		b.WriteString("source: {file: {path: in}}\n")
	}
	if table || choose("pseudonym") {
		fmt.Fprintf(&b, "redact: {key: %q}\n", d.secret(t, word, "redact"))
	}
	if choose("agents") {
		key := rapid.StringMatching(`[a-z]{1,4}[*?$ {}/a-z]{0,6}\.csv`).Draw(t, "agents")
		fmt.Fprintf(&b, "enrich: {agents: {from: %q, match: Agent.Username}}\n", "s3://example-agents/"+key)
		d.ask("arn:aws:s3:::example-agents/"+key, "s3:GetObject")
	}
	d.letters(t, &b, word)
	if choose("http") {
		fmt.Fprintf(&b, "destination: {http: {url: \"https://api.example.com/\", header: X-Key, key: %q}}\n", d.secret(t, word, "http"))
	} else {
		b.WriteString("destination: {file: {path: out}}\n")
	}
	d.text = b.String()
	return d
}

func (d *drawn) secret(t *rapid.T, word *rapid.Generator[string], label string) string {
	// A name that ends like an ARN does cannot be told from one: AWS advises against it.
	name := word.Draw(t, label) + "/" + word.Filter(func(w string) bool { return len(w) < 8 || w[len(w)-7] != '-' }).Draw(t, label)
	whole := "arn:aws:secretsmanager:eu-west-2:" + account + ":secret:" + name
	d.ask(whole+"-Ab12Cd", "secretsmanager:GetSecretValue")
	return "aws-secretsmanager:" + rapid.SampledFrom([]string{name, whole, whole + "-Ab12Cd", whole + "-Ab12Cd#field"}).Draw(t, label)
}

func (d *drawn) letters(t *rapid.T, b *strings.Builder, word *rapid.Generator[string]) {
	bucket := rapid.SampledFrom([]string{"", "s3://example-letters", "s3://example-letters/dead", "s3://example-letters/a*b/c?"}).Draw(t, "bucket")
	queue := rapid.SampledFrom([]string{"", "https://sqs.eu-west-2.amazonaws.com/444455556666/letters", "arn:aws:sqs:eu-west-2:" + account + ":letters"}).Draw(t, "queue")
	var parts []string
	if queue != "" {
		parts = append(parts, fmt.Sprintf("sqs: %q", queue))
		name := queue
		if !strings.HasPrefix(queue, "arn:") {
			name = "arn:aws:sqs:eu-west-2:444455556666:letters"
		} else {
			d.ask(name, "sqs:GetQueueUrl")
		}
		d.ask(name, "sqs:GetQueueAttributes", "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage")
	}
	if bucket != "" {
		parts = append(parts, fmt.Sprintf("s3: %q", bucket))
		prefix := strings.TrimPrefix(strings.TrimPrefix(bucket, "s3://example-letters"), "/")
		if prefix != "" {
			prefix += "/"
		}
		prefix += word.Draw(t, "owner") + "/"
		d.ask("arn:aws:s3:::example-letters/"+prefix+"2026/11/23/x.age", "s3:PutObject", "s3:GetObject", "s3:DeleteObject")
		d.requests = append(d.requests, request{"s3:ListBucket", "arn:aws:s3:::example-letters", map[string]string{"s3:prefix": prefix}})
	}
	if parts != nil {
		fmt.Fprintf(b, "dead_letter: {%s, recipient: %s}\n", strings.Join(parts, ", "), recipient)
	}
}

func (d *drawn) stream(t *rapid.T, b *strings.Builder, word *rapid.Generator[string], table bool) {
	owner := rapid.SampledFrom([]string{account, "444455556666"}).Draw(t, "owner of the stream")
	name, application := word.Draw(t, "stream"), "app-"+word.Draw(t, "application")
	stream := "arn:aws:kinesis:eu-west-2:" + owner + ":stream/" + name
	keys := []string{fmt.Sprintf("stream: %q", stream), "application: " + application}
	d.ask(stream, "kinesis:ListShards", "kinesis:DescribeStreamSummary", "kinesis:GetShardIterator", "kinesis:GetRecords")
	consumer := stream + "/consumer/" + application + ":1795000000"
	switch rapid.SampledFrom([]string{"polling", "fanout", "arn"}).Draw(t, "consumer") {
	case "fanout":
		keys = append(keys, "consumer: fanout")
		d.ask(consumer, "kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard")
		d.ask(stream, "kinesis:RegisterStreamConsumer")
	case "arn":
		keys = append(keys, fmt.Sprintf("consumer: %q", consumer))
		d.ask(consumer, "kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard")
	}
	if rapid.Bool().Draw(t, "metrics") {
		keys = append(keys, "cloudwatch: summary")
		d.requests = append(d.requests, request{"cloudwatch:PutMetricData", "*", map[string]string{"cloudwatch:namespace": application}})
	}
	fmt.Fprintf(b, "source: {kinesis: {%s}}\n", strings.Join(keys, ", "))
	if !table {
		return
	}
	leases, create := application, rapid.SampledFrom([]string{"on_demand", "provisioned", "never"}).Draw(t, "create")
	of := "create: " + create
	if rapid.Bool().Draw(t, "named") {
		leases = "leases." + word.Draw(t, "table")
		of += ", table: " + leases
	}
	fmt.Fprintf(b, "state: {dynamodb: {%s}}\n", of)
	at := "arn:aws:dynamodb:eu-west-2:" + account + ":table/"
	d.ask(at+leases, "dynamodb:DescribeTable", "dynamodb:Scan", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
	if create != "never" {
		d.ask(at+leases, "dynamodb:CreateTable")
	}
	d.ask(at+leases+"/index/LeaseOwnerToLeaseKeyIndex", "dynamodb:Query")
	d.ask(at+application+"-CoordinatorState", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
	d.ask(at+application+"-WorkerMetricStats", "dynamodb:Scan", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
}

func parse(t rapid.TB, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("trunkline.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return c
}

// policies renders a policy of a set; nil when there is none of that name.
func policies(t rapid.TB, set *role.Set, name string) (texts [][]byte) {
	t.Helper()
	for _, r := range rendered(t, set) {
		for _, d := range r.Documents {
			if r.Policy.Name == name {
				texts = append(texts, d.Text)
			}
		}
	}
	return texts
}

func compile(t rapid.TB, kind iam.Type, texts ...[]byte) (all []*sim.Policy) {
	t.Helper()
	for _, text := range texts {
		p, err := sim.Compile(iam.Parse(text), kind)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		all = append(all, p)
	}
	return all
}

// decide asks identity policies, of a caller in the account, about a request to a resource that the account owns.
func decide(t rapid.TB, identity []*sim.Policy, r request) sim.Outcome {
	t.Helper()
	caller, err := sim.ParseCaller(collector)
	if err != nil {
		t.Fatal(err)
	}
	question := sim.Request{Caller: caller, Action: r.action, Resource: r.resource, ResourceAccount: account}
	for key, value := range r.keys {
		question.Context.Set(key, value)
	}
	query, err := sim.NewQuery(question, catalog.Default())
	if err != nil {
		t.Fatal(err)
	}
	all := sim.Policies{Identity: identity}
	if strings.HasPrefix(r.action, "kms:") { // the key leaves it to the account
		all.Resource = compile(t, iam.ResourcePolicy, []byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "`+account+`"}, "Action": "kms:*", "Resource": "*"}}`))[0]
	}
	return all.Decide(query).Outcome
}

// TestRoundTrip: for random configs, what is generated allows every request that a run makes and none of their neighbours, is the same
// each time, and gives the linter nothing to say.
func TestRoundTrip(t *testing.T) {
	asked := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		d := drawConfig(t)
		c := parse(t, d.text)
		o := role.Options{Principal: starter}
		set, err := role.Policies(c, declared.Calls(), o)
		if err != nil {
			t.Fatalf("%v for\n%s", err, d.text)
		}
		mine := policies(t, set, role.Collector)
		identity := compile(t, iam.IdentityPolicy, mine...)
		again, err := role.Policies(parse(t, d.text), declared.Calls(), o)
		if err != nil || string(slices.Concat(policies(t, again, role.Collector)...)) != string(slices.Concat(mine...)) {
			t.Errorf("a second time: other policies (%v) for\n%s", err, d.text)
		}
		for _, r := range d.requests {
			asked[r.action+" "+strings.Join(slices.Sorted(maps.Keys(r.keys)), " ")] = true
			if got := decide(t, identity, r); got != sim.Allowed {
				t.Errorf("%s on %s with %v: got %v, want allowed; config\n%s\npolicies\n%s", r.action, r.resource, r.keys, got, d.text, slices.Concat(mine...))
			}
		}
		for range 20 {
			if r, ok := d.neighbour(t); ok {
				if got := decide(t, identity, r); got == sim.Allowed {
					t.Errorf("%s on %s with %v: got %v, want a denial; config\n%s\npolicies\n%s", r.action, r.resource, r.keys, got, d.text, slices.Concat(mine...))
				}
			}
		}
		lintAll(t, set)
	})
	// The oracle knows all calls, but for those that other roles and commands than the collector's make.
	others := []string{"aws.role", "doctor.decode"}
	for _, c := range declared.Calls() {
		for _, ask := range c.Asks {
			known := slices.ContainsFunc(slices.Collect(maps.Keys(asked)), func(k string) bool { return strings.HasPrefix(k, ask.Action+" ") })
			if !known && !slices.ContainsFunc(c.Features, func(f string) bool { return slices.Contains(others, f) }) {
				t.Errorf("no config asked for %s, of %q; let drawConfig ask for it", ask.Action, c.Features)
			}
		}
	}
}

// lintAll renders all policies of a set, and lints them as what they are.
func lintAll(t rapid.TB, set *role.Set) {
	t.Helper()
	for _, r := range rendered(t, set) {
		for _, d := range r.Documents {
			if _, err := iam.Strict(d.Text, r.Policy.Type); err != nil {
				t.Errorf("IAM would refuse %s: %v\n%s", d.Name, err, d.Text)
			}
		}
		for _, f := range r.Findings(catalog.Default()) {
			if f.Accepted == nil {
				t.Errorf("%s: the linter says %s: %s\n%s", r.Policy.Name, f.Check.Code, f.Message, r.Joined())
			}
		}
	}
}

// rendered are all policies of a set.
func rendered(t rapid.TB, set *role.Set) (all []*integration.Rendered) {
	t.Helper()
	i := set.Integration()
	for _, p := range i.Policies {
		r, err := i.Render(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// neighbour changes a request into one that no run makes; not ok when the draw says the same again.
func (d *drawn) neighbour(t *rapid.T) (r request, ok bool) {
	if len(d.requests) == 0 {
		return r, false
	}
	r = rapid.SampledFrom(d.requests).Draw(t, "of")
	fields, n := arn.Split(r.resource)
	way := rapid.SampledFrom([]string{"account", "region", "name", "front", "action", "key"}).Draw(t, "way")
	switch {
	case way == "action":
		service, _, _ := strings.Cut(r.action, ":")
		var all []string
		for a := range catalog.Default().Expand(service + ":*") {
			if a.Takes(r.resource) || r.resource == "*" && a.ResourceLess() {
				all = append(all, a.String())
			}
		}
		r.action = rapid.SampledFrom(all).Draw(t, "action")
	case way == "key" && r.keys != nil:
		r.keys = maps.Clone(r.keys)
		for key := range r.keys {
			r.keys[key] = "other"
		}
	case n < 6:
		return r, false
	case way == "account" && fields[4] != "":
		fields[4] = "999999999999"
	case way == "region" && fields[3] != "":
		fields[3] = "eu-west-1"
	case way == "front": // another bucket, table, queue
		fields[5] = "x" + fields[5]
		if kind, rest, found := strings.Cut(fields[5][1:], "/"); found && fields[2] != "s3" {
			fields[5] = kind + "/x" + rest
		}
	case way == "name" && fields[2] != "s3":
		fields[5] += "x"
	default:
		return r, false
	}
	if n == 6 {
		r.resource = strings.Join(fields[:], ":")
	}
	return r, !slices.ContainsFunc(d.requests, func(known request) bool {
		return known.action == r.action && known.resource == r.resource && maps.Equal(known.keys, r.keys)
	})
}
