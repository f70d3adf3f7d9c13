package deploy_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/lint"
	"trunkline/internal/config"
	"trunkline/internal/deploy"
	"trunkline/internal/deploy/deploytest"
	"trunkline/internal/integration/operata"
)

// TestPoliciesAreTheIntegrations renders the integration's policies with the same values, in every combination, and compares.
func TestPoliciesAreTheIntegrations(t *testing.T) {
	d := deploytest.Describe(t, "pipe")
	i := operata.Integration()
	property := map[string]string{"boundary": "PolicyDocument", "pipe_policy": "PolicyDocument", "function_policy": "PolicyDocument", "pipe_role": "AssumeRolePolicyDocument", "function_role": "AssumeRolePolicyDocument"}
	named := map[string]string{"boundary": "boundary", "pipe_policy": "pipe-role", "function_policy": "function-role", "pipe_role": "pipe-trust", "function_role": "function-trust"}
	facts := catalog.Default()
	seen := map[string]bool{}
	for _, set := range deploytest.Combinations(t, d) {
		given := map[string]string{"stream": "arn:aws:kinesis:eu-west-2:111122223333:stream/" + set["stream_name"], "group": set["group"]}
		for _, name := range []string{"api_key_kms_key", "stream_kms_key", "dead_letter_kms_key", "agent_kms_key", "dead_letter_queue", "agent_bucket"} {
			if set[name] != "" {
				given[strings.NewReplacer("api_key_kms_key", "secret_key", "_kms_key", "_key").Replace(name)] = set[name]
			}
		}
		if set["subnet_ids"] != "" {
			given["vpc"] = "on"
		}
		for id, name := range named {
			p, _ := i.Policy(name)
			rendered, err := i.Render(p, given)
			if err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal(rendered.Documents[0].Text, &want); err != nil {
				t.Fatal(err)
			}
			r := d.Resource(id)
			var got any
			for _, m := range r.Properties {
				if m.Name == property[id] {
					got = d.Resolve(m.Value, set, d.Place)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s with %v: (-integration +description)\n%s", id, set, cmp.Diff(want, got))
			}
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if seen[string(text)] {
				continue
			}
			seen[string(text)] = true
			doc := iam.Parse(text)
			for _, f := range lint.Run(doc, lint.Options{Type: p.Type, Catalog: facts}) {
				if !slices.ContainsFunc(append(r.Accepted, deploy.Accepted{Code: "TL_MISSING_DEPENDENT"}), func(a deploy.Accepted) bool { return a.Code == f.Check.Code }) || f.Severity != lint.Suggestion {
					t.Errorf("%s: %s: %s", id, f.Check.Code, f.Message)
				}
			}
		}
	}
	if len(seen) < 50 {
		t.Errorf("only %d different policies were compared", len(seen))
	}
}

// TestOrder looks whether what is needed comes first, and whether the order is the checklist's.
func TestOrder(t *testing.T) {
	for name := range deploytest.Configs() {
		d := deploytest.Describe(t, name)
		made := map[string]bool{}
		for _, r := range d.Resources {
			for _, id := range append(slices.Clone(r.DependsOn), attributes(r.Properties)...) {
				if !made[id] {
					t.Errorf("%s: %s needs %s, which comes later or not at all", name, r.ID, id)
				}
			}
			made[r.ID] = true
		}
	}
	var got []string
	for _, r := range deploytest.Describe(t, "pipe").Resources {
		got = append(got, r.ID)
	}
	want := []string{
		"secret", "boundary", "pipe_role", "pipe_policy", "function_role", "function_policy", "function", "connection", "destination",
		"pipe_logs", "pipe", "key_age_role", "key_age_policy", "key_age_check", "key_age_schedule", "key_age_alarm",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	got = nil
	for _, r := range deploytest.Describe(t, "worker").Resources {
		got = append(got, r.ID)
	}
	want = []string{"secret", "worker_role", "worker_policy", "leases", "key_age_role", "key_age_policy", "key_age_check", "key_age_schedule", "key_age_alarm"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("workers (-want +got)\n%s", diff)
	}
}

// attributes are the resources that a value names.
func attributes(v deploy.Value) (all []string) {
	switch v := v.(type) {
	case deploy.Attr:
		all = []string{v.Of}
	case deploy.Map:
		for _, m := range v {
			all = append(all, attributes(m.Value)...)
		}
	case deploy.List:
		for _, item := range v {
			all = append(all, attributes(item)...)
		}
	case deploy.If:
		all = append(attributes(v.Then), attributes(v.Else)...)
	case deploy.Document:
		all = attributes(v.Value)
	}
	return all
}

// TestNames compares what is made with what the integration says that it makes.
func TestNames(t *testing.T) {
	d := deploytest.Describe(t, "pipe")
	made := map[string]bool{}
	for _, r := range d.Resources {
		for _, m := range r.Properties {
			if name, is := d.Resolve(m.Value, d.Setting(), d.Place).(string); is && strings.HasSuffix(m.Name, "Name") {
				made[name] = true
			}
		}
	}
	for _, r := range operata.Integration().Resources {
		name := strings.ReplaceAll(r.Name, "${secret}", "cloud-collector-v3/ctr/5f0c7a1e/apiToken")
		for {
			p, found := operata.Integration().Parameter(strings.Trim(name, "${}"))
			if !found {
				break
			}
			name = strings.ReplaceAll(p.Default, "${group}", "5f0c7a1e")
		}
		if !made[name] {
			t.Errorf("%s %s is not made; made: %q", r.Kind, name, slices.Sorted(maps.Keys(made)))
		}
	}
}

func TestTags(t *testing.T) {
	d := deploytest.Describe(t, "pipe-full")
	got := d.Resolve(d.Resource("pipe").Tags, d.Setting(), d.Place)
	want := map[string]any{
		"ConnectInstance": "arn:aws:connect:eu-central-1:111122223333:instance/11111111-2222", "CreatedBy": "trunkline", "Environment": "production",
		"ManagedBy": "Operata-CloudCollector", "OperataGroupId": "5f0c7a1e", "Team": "contact centre", "Version": "v3.1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, r := range d.Resources {
		if (r.Tags != nil) != r.Kind.Taggable() {
			t.Errorf("%s: tags %v", r.ID, r.Tags)
		}
	}
}

// TestFunctionsOwnSecret: what the config needs besides the integration stands in the role and in its boundary.
func TestFunctionsOwnSecret(t *testing.T) {
	d := deploytest.Describe(t, "pipe-full")
	for _, id := range []string{"boundary", "function_policy"} {
		text := strings.Join(deploytest.Leaves(d.Resolve(d.Resource(id).Properties, d.Setting(), d.Place)), "\n")
		if want := "arn:aws:secretsmanager:eu-central-1:111122223333:secret:trunkline/redact-key-??????"; !strings.Contains(text, want) {
			t.Errorf("%s has no %s:\n%s", id, want, text)
		}
	}
}

func TestProblems(t *testing.T) {
	full := deploytest.Configs()["pipe"]
	replaced := func(pairs ...string) string {
		text := strings.NewReplacer(pairs...).Replace(full)
		if text == full {
			t.Fatalf("%q: nothing was replaced", pairs)
		}
		return text
	}
	const key = "aws-secretsmanager:cloud-collector-v3/ctr/5f0c7a1e/apiToken"
	for _, test := range []struct{ name, text, want string }{
		{"no integration", replaced("integration: {name: operata, group: 5f0c7a1e}\n", ""), "c:1:1: names no integration to deploy; add integration: {name: operata, group: GROUP}"},
		{"another destination", "version: 1\nsource: {kinesis: {stream: 'arn:aws:kinesis:eu-west-2:111122223333:stream/r'}}\ndestination: {stdout: {}}\nintegration: {name: operata, group: g}\n", "c:3:14: destination: a deployment sends records to a URL; write destination.http"},
		{"no key", replaced("    header: Operata-API-Key\n    key: "+key+"\n", ""), "c:6:5: destination.http: the receiver wants its key; add header and key, such as key: aws-secretsmanager:cloud-collector-v3/ctr/5f0c7a1e/apiToken"},
		{"a key of the environment", replaced(key, "env:KEY"), "c:8:10: destination.http.key: a deployment keeps the key in Secrets Manager; write aws-secretsmanager:NAME"},
		{"a secret by ARN", replaced(key, "aws-secretsmanager:arn:aws:secretsmanager:eu-west-2:111122223333:secret:a-AbCdEf"), "c:8:10: destination.http.key: a deployment makes the secret; write its name, aws-secretsmanager:NAME, in place of an ARN"},
		{"a field", replaced(key, key+"#token"), "c:8:10: destination.http.key: a deployment makes the secret, with the key as its whole value; take the # and what follows it off"},
		{"http", replaced("https://api", "http://127.0.0.1/api"), "c:6:10: destination.http.url: an API destination takes https alone; for http, run workers of your own (state.dynamodb)"},
		{"batches", replaced("rate: 300/s", "batch: 5"), "c:9:12: destination.http.batch: an API destination takes one record a request; remove it, or run workers of your own (state.dynamodb)"},
		{"a certificate", replaced("rate: 300/s", "ca_file: ca.pem"), "c:9:14: destination.http.ca_file: an API destination trusts public certificates alone; remove it, or run workers of your own (state.dynamodb)"},
		{"six patterns", full + "filter:\n" + strings.Repeat("  - {\"data\": {\"A\": [\"B\"]}}\n", 6), "c:17:5: filter[5]: a pipe takes 5 patterns at most, and here are 6; put several into one with $or"},
		{"a long pattern", full + "filter:\n  - {\"data\": {\"A\": [\"" + strings.Repeat("é", 4096) + "\"]}}\n", "c:12:5: filter[0]: has 4115 characters, and a pipe takes patterns of 4096 at most"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := config.Parse("c", []byte(test.text))
			if err == nil {
				_, err = deploy.Describe(c)
			}
			if err == nil || err.Error() != test.want {
				t.Errorf("%s\ngot:  %v\nwant: %s", test.text, err, test.want)
			}
		})
	}
}

// TestLongestGroup: every name fits with the longest group that the config takes.
func TestLongestGroup(t *testing.T) {
	for _, name := range []string{"pipe", "worker"} {
		text := strings.ReplaceAll(deploytest.Configs()[name], "5f0c7a1e", strings.Repeat("g", 36))
		c, err := config.Parse("c", []byte(text))
		if err == nil {
			_, err = deploy.Describe(c)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFunctionReadsTheConfig: the file that describes a deployment by a pipe is the one that its function reads.
func TestFunctionReadsTheConfig(t *testing.T) {
	c, err := config.ParseLambda("trunkline.yaml", []byte(deploytest.Configs()["pipe-full"]))
	if err != nil {
		t.Fatal(err)
	}
	if c.Destination.HTTP != nil || c.Source.Kinesis != nil || c.Deploy != nil {
		t.Errorf("the function has the pipe's part: %+v", c)
	}
	if _, err := config.ParseLambda("trunkline.yaml", []byte(deploytest.Configs()["worker"])); err == nil || !strings.Contains(err.Error(), "state: a Lambda keeps no state") {
		t.Errorf("a worker's config: got %v", err)
	}
}
