package main

import (
	"strings"
	"testing"
	"time"
)

// TestInitErrors are mistakes that the function reports before it asks for an invocation.
func TestInitErrors(t *testing.T) {
	const key = "redact: {key: env:SHORT_KEY}\n"
	for _, c := range []struct{ name, config, env, want string }{
		{"source", "source: {file: {path: x}}\n", "", "trunkline.yaml:2:9: source: a Lambda is handed its records"},
		{"deduplicate", "deduplicate: {window: 7d}\n", "", "trunkline.yaml:2:14: deduplicate: needs a state file"},
		{"state", "state: {file: trunkline.db}\n", "", "trunkline.yaml:2:8: state: a Lambda keeps no state"},
		{"dead letters in a folder", "dead_letter: {folder: x}\n", "", "trunkline.yaml:2:23: dead_letter.folder: a Lambda's disk is gone with it"},
		{"file", "destination: {file: {path: x}}\n", "", "destination.file: a Lambda's disk is gone with it"},
		{"stdout", "destination: {stdout: {}}\n", "", "destination.stdout: what a Lambda prints is its log"},
		{"listen", "observe: {listen: 127.0.0.1:9750}\n", "", "observe.listen: nobody can reach a Lambda"},
		{"traces", "observe: {traces: {otlp: http://127.0.0.1:4318}}\n", "", "observe.traces: a Lambda sleeps"},
		{"no key", "destination: {http: {url: https://example.com}}\n", "", "destination.http: a Lambda needs redact.key"},
		{"unknown key", "redakt: {}\n", "", `redakt: unknown key; did you mean "redact"?`},
		{"pattern", `filter: [{"data": {"Channel": []}}]`, "", "filter[0]"},
		{"secret that is missing", "redact: {key: env:MISSING}\n", "", "env:MISSING: the environment variable is not set"},
		{"secret that is short", key, "SHORT_KEY=secret-canary", "holds 13 bytes, want at least 16"},
		{"agent file", "enrich: {agents: {from: agents.csv, match: Agent.Username}}\n", "", "agent file agents.csv: no such file"},
		{"answer", "", "TRUNKLINE_ANSWER=array", "TRUNKLINE_ANSWER=array: want record or envelope"},
		{"length of answers", "", "TRUNKLINE_ANSWER_MAX=0", "TRUNKLINE_ANSWER_MAX=0: want a whole number from 1 to 10000"},
		{"config that is missing", "", "TRUNKLINE_CONFIG=other.yaml", "TRUNKLINE_CONFIG: open other.yaml: no such file"},
		{"config by http", "", "TRUNKLINE_CONFIG=http://example.com/secret-canary", "TRUNKLINE_CONFIG: want a file of the function"},
		{"config without a key", "", "TRUNKLINE_CONFIG=s3://bucket", "TRUNKLINE_CONFIG: want s3://BUCKET/KEY"},
		{"config in S3 without the SDK", "", "TRUNKLINE_CONFIG=s3://bucket/secret-canary", "TRUNKLINE_CONFIG: this build of the function cannot read S3; build it with: make lambda PARTS=aws"},
		{"config with a password", "", "TRUNKLINE_CONFIG=https://user:secret-canary@example.com/", "TRUNKLINE_CONFIG: not of the form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := startFunction(t, map[string]string{"trunkline.yaml": "version: 1\n" + c.config}, c.env)
			select {
			case report := <-f.api.InitErrors():
				if !strings.Contains(report.Message, c.want) {
					t.Errorf("reported %q, want %q", report.Message, c.want)
				}
				if all := report.Message + f.stderr.String(); strings.Contains(all, "canary") {
					t.Errorf("a secret shows in: %s", all)
				}
			case <-f.api.Started():
				t.Errorf("the function started, want %q", c.want)
			case <-time.After(20 * time.Second):
				t.Fatal("neither an error nor a start")
			}
			<-f.exited
			if code := f.cmd.ProcessState.ExitCode(); code != 1 {
				t.Errorf("exit status %d, want 1", code)
			}
		})
	}
}
