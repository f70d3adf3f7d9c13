package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// minimal is a config with all that must be there.
const minimal = "version: 1\nsource: {file: {path: records.jsonl}}\ndestination: {stdout: {}}\n"

const voice = `{"AWSContactTraceRecordFormatVersion":"2017-03-10","ContactId":"11111111-2222-3333-4444-555555555555","Channel":"VOICE",` +
	`"InitiationTimestamp":"2026-11-22T10:00:00Z","LastUpdateTimestamp":"2026-11-22T10:00:05Z"}`

func TestCheckConfig(t *testing.T) {
	t.Setenv("SHORT", "fifteen bytes!!")
	for _, c := range []struct {
		name, config string
		want         checkConfig
	}{
		{"valid", minimal, checkConfig{Config: "trunkline.yaml", Valid: true}},
		{"warning, also where the log is silent", minimal + "observe: {log: error}\nredact: {allow: [attributes.name]}\n", checkConfig{
			Config: "trunkline.yaml", Valid: true,
			Warnings: []string{"trunkline.yaml:5:18: redact.allow[0]: no documented field has the path attributes.name; did you mean Attributes.name?"},
		}},
		{"a filter that nothing passes", minimal + `filter: [{"data": {"$or": [{"Chanel": ["VOICE"]}, {"Attributes": {"any": ["x"]}}], "EventType": ["LOGIN"]}}]` + "\n", checkConfig{
			Config: "trunkline.yaml", Valid: true,
			Warnings: []string{"trunkline.yaml:4:10: filter[0]: no documented field has the path Chanel; did you mean Channel?"},
		}},
		{"two problems", minimal + "observe: {log: loud}\nredakt: {}\n", checkConfig{Config: "trunkline.yaml", Problems: []checkProblem{
			{4, 16, "observe.log", `unknown level "loud"; known: debug, info, warn, error`},
			{5, 1, "redakt", `unknown key; did you mean "redact"?`},
		}}},
		{"found by the pipeline", minimal + "redact: {region: UK}\n", checkConfig{Config: "trunkline.yaml", Problems: []checkProblem{
			{4, 18, "redact.region", `unknown region "UK"; did you mean GB?`},
		}}},
		{"a key that can be guessed", minimal + "redact: {key: env:SHORT}\n", checkConfig{Config: "trunkline.yaml", Problems: []checkProblem{
			{4, 15, "redact.key", "env:SHORT holds 15 bytes, want at least 16; make one with: openssl rand -hex 32"},
		}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantStatus := exitDone
			if !c.want.Valid {
				wantStatus = exitCall
			}
			status, out, errs := call(t, "", map[string]string{"trunkline.yaml": c.config}, "check", "--output", "json")
			var got checkConfig
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("check of %q prints %q: %v", c.config, out, err)
			}
			if diff := cmp.Diff(got, c.want); diff != "" || status != wantStatus {
				t.Errorf("check of %q: status %d, want %d; errors %q; got (-), want (+):\n%s", c.config, status, wantStatus, errs, diff)
			}
			for _, text := range append(c.want.Warnings, problems(c.want)...) {
				if !strings.Contains(errs, text) {
					t.Errorf("check of %q: standard error is %q, want %q in it", c.config, errs, text)
				}
			}
		})
	}
}

func problems(c checkConfig) (texts []string) {
	for _, p := range c.Problems {
		texts = append(texts, p.Key+": "+p.Problem)
	}
	return texts
}

// TestCheckRecordStatus: a record that would be dead-lettered is something found.
func TestCheckRecordStatus(t *testing.T) {
	for record, want := range map[string]int{voice: exitDone, `{"ContactId": 1}`: exitFound, `{"ContactId":`: exitFound} {
		if status, out, errs := call(t, "", map[string]string{"trunkline.yaml": minimal}, "check", record); status != want || errs != "" {
			t.Errorf("check %s: status %d, want %d; output %q, errors %q", record, status, want, out, errs)
		}
	}
}

// TestAgentColumnInClear: what a rule takes out of a record does not come back with the agent's row unnoticed.
func TestAgentColumnInClear(t *testing.T) {
	const warning = "enrich.agents: adds AgentData.Login, which holds in clear what redact takes out of Agent.Username"
	for redact, want := range map[string]bool{
		"{}":                               false,
		"{deny: [Agent.Username]}":         true,
		"{deny: [Agent]}":                  true,
		"{deny: [Agent, AgentData.Login]}": false,
		"{deny: [Agent], rules: [{path: '*.Login', action: mask}]}":          false,
		"{rules: [{path: Agent.Username, action: mask}]}":                    true,
		"{rules: [{path: Agent.Username, action: mask}], deny: [AgentData]}": false,
		"{privacy: {type: BLACKLIST, fields: [Agent.Username]}}":             true,
	} {
		text := minimal + "enrich: {agents: {from: a.csv, match: Agent.Username, column: Login}}\nredact: " + redact + "\n"
		status, _, errs := call(t, "", map[string]string{"trunkline.yaml": text, "a.csv": "Login,Team\nann,x\n"}, "check")
		if got := strings.Contains(errs, warning); got != want || status != exitDone {
			t.Errorf("check of redact: %s: status %d, warned %v, want %v: %q", redact, status, got, want, errs)
		}
	}
}
