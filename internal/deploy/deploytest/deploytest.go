// Package deploytest has what the tests of a deployment's description and of its exports share: configs that between them have every
// optional part, and every combination of what can be set.
package deploytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"trunkline/internal/config"
	"trunkline/internal/deploy"
)

const head = `version: 1
source:
  kinesis: {stream: arn:aws:kinesis:eu-west-2:111122223333:stream/connect-contact-records}
destination:
  http:
    url: https://api.operata.io/v2/aws/events/contact-record
    header: Operata-API-Key
    key: aws-secretsmanager:cloud-collector-v3/ctr/5f0c7a1e/apiToken
    rate: 300/s
integration: {name: operata, group: 5f0c7a1e}
`

// Configs are configs of deployments by their names: the smallest one, one with all there is, and one of workers.
func Configs() map[string]string {
	return map[string]string{
		"pipe": head,
		"pipe-full": `version: 1
source:
  kinesis: {stream: arn:aws:kinesis:eu-central-1:111122223333:stream/records, start: 2026-11-22T08:00:00Z}
filter:
  - {"data": {"Channel": ["VOICE"]}}
  - {"data": {"Agent": {"AgentInteractionDuration": [{"numeric": [">", 1, "<=", 300]}]}}}
enrich:
  agents: {from: s3://example-agent-data/agents.csv, match: Agent.Username}
redact:
  key: aws-secretsmanager:trunkline/redact-key
destination:
  http:
    url: https://api.operata.io/v2/aws/events/contact-record
    header: Operata-API-Key
    key: aws-secretsmanager:team/operata-key
integration: {name: operata, group: 5f0c7a1e, instance: arn:aws:connect:eu-central-1:111122223333:instance/11111111-2222}
deploy:
  tags: {Team: contact centre, Version: v3.1}
  vpc: {subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1], security_groups: [sg-0123456789abcdef0]}
  kms_key: arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
  dead_letter_queue: arn:aws:sqs:eu-central-1:111122223333:connect-dead-letters
  permissions_boundary: arn:aws:iam::111122223333:policy/Boundary
`,
		"worker": head + `redact: {key: "aws-secretsmanager:trunkline/redact-key"}
state: {dynamodb: {create: provisioned}}
deploy: {kms_key: "arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
`,
	}
}

// Describe describes one of Configs.
func Describe(tb testing.TB, name string) *deploy.Description {
	tb.Helper()
	c, err := config.Parse(name+".yaml", []byte(Configs()[name]))
	if err != nil {
		tb.Fatal(err)
	}
	d, err := deploy.Describe(c)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// samples are values of parameters that the smallest config leaves open.
var samples = map[string]string{
	"api_key": "not-a-key", "code_bucket": "example-code", "alarm_topic": "arn:aws:sns:eu-west-2:111122223333:alarms",
	"permissions_boundary": "arn:aws:iam::111122223333:policy/Boundary", "api_key_kms_key": "arn:aws:kms:eu-west-2:111122223333:key/1-secret",
	"stream_kms_key": "arn:aws:kms:eu-west-2:111122223333:key/1-stream", "dead_letter_kms_key": "arn:aws:kms:eu-west-2:111122223333:key/1-queue",
	"agent_kms_key": "arn:aws:kms:eu-west-2:111122223333:key/1-agents", "dead_letter_queue": "arn:aws:sqs:eu-west-2:111122223333:dead",
	"agent_bucket": "example-agents", "subnet_ids": "subnet-0123456789abcdef0,subnet-0123456789abcdef1", "pipe_log_level": "ERROR",
}

// Combinations are all settings in which each optional part is there or not: the network's two parameters go together.
func Combinations(tb testing.TB, d *deploy.Description) []deploy.Setting {
	tb.Helper()
	base := d.Setting()
	for _, p := range d.Parameters {
		switch {
		case p.Optional:
			delete(base, p.Name)
		case base[p.Name] == "":
			base[p.Name] = samples[p.Name]
		}
		if p.Name == "pipe_log_level" {
			base[p.Name] = "OFF"
		}
	}
	all := []deploy.Setting{base}
	for _, p := range d.Parameters {
		if !p.Optional && p.Name != "pipe_log_level" || p.Name == "security_group_ids" {
			continue
		}
		if samples[p.Name] == "" {
			tb.Fatalf("no sample of the optional parameter %s", p.Name)
		}
		for _, set := range slices.Clone(all) {
			with := deploy.Setting{}
			maps.Copy(with, set)
			with[p.Name] = samples[p.Name]
			if p.Name == "subnet_ids" {
				with["security_group_ids"] = "sg-0123456789abcdef0"
			}
			all = append(all, with)
		}
	}
	return all
}

// Leaves are the constants in a value as texts, in order of their spelling. JSON texts are taken apart.
func Leaves(v any) (all []string) {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for _, inside := range v {
			all = append(all, Leaves(inside)...)
		}
	case []any:
		for _, inside := range v {
			all = append(all, Leaves(inside)...)
		}
	case string:
		var document map[string]any
		if len(v) > 0 && v[0] == '{' && json.Unmarshal([]byte(v), &document) == nil {
			all = Leaves(document)
		} else {
			all = []string{v}
		}
	default:
		all = []string{fmt.Sprint(v)}
	}
	slices.Sort(all)
	return all
}
