package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/iam/generate"
	"trunkline/internal/config"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/need"
	"trunkline/test/emulators"
)

// TestGuardedStream reads a stream, with its leases in a table, behind the guard: under the policy that is generated from the config
// nothing is refused, and without an action that reading needs the log names it.
func TestGuardedStream(t *testing.T) {
	r, s, tables := newRiver(t, 2), newSea(t), emulators.DynamoDB(t)
	// start starts a worker without an action, in a folder and with a table of its own.
	start := func(without string) (p *process, dir string) {
		dir = t.TempDir()
		riverConfig(t, dir, r, s, fmt.Sprintf("aws: {endpoints: {kinesis: %q, dynamodb: %q}}", r.url, tables),
			fmt.Sprintf("state: {dynamodb: {table: %q}}", "leases-"+strings.ReplaceAll(without, ":", "-")), "redact: {keep: all, key: env:PSEUDONYM}")
		c, err := config.Load(dir + "/trunkline.yaml")
		if err != nil {
			t.Fatal(err)
		}
		needs, err := need.Of(declared.Calls(), need.Features(c), need.Place{Partition: "aws", Region: "eu-west-2", Account: "111122223333"})
		if err != nil {
			t.Fatal(err)
		}
		result, err := generate.Policies(slices.DeleteFunc(needs, func(n generate.Need) bool { return n.Action == without }), generate.Options{})
		if err != nil || len(result.Policies) != 1 {
			t.Fatalf("%d policies are generated (%v), want 1", len(result.Policies), err)
		}
		write(t, dir+"/role.json", result.Policies[0])
		run := collectRiver(dir)
		run.Args = append(run.Args, "--guard", "role.json", "--guard-principal", "arn:aws:iam::111122223333:role/collector", "--guard-report", "report.json")
		run.Env = append([]string{"PSEUDONYM=0123456789abcdef0123456789abcdef"}, run.Env...)
		return run.start(t), dir
	}

	r.put(t, 20, 100)
	p, dir := start("")
	s.all(t, r, p)
	stopRiver(t, p)
	var report struct {
		Used    []struct{ Action string }
		Refused []any
	}
	text, err := os.ReadFile(dir + "/report.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Refused) > 0 {
		t.Errorf("under the generated policy something is refused:\n%s", text)
	}
	var used []string
	for _, g := range report.Used {
		used = append(used, g.Action)
	}
	for _, must := range []string{
		"dynamodb:CreateTable", "dynamodb:DescribeTable", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem",
		"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards",
	} {
		if !slices.Contains(used, must) {
			t.Errorf("the run did not use %s:\n%s", must, text)
		}
	}
	for _, action := range used {
		p, _ := start(action)
		until(t, time.Minute, "the log to name "+action, func() bool {
			return strings.Contains(p.stderr.String(), "is not authorized to perform: "+action+" on resource: arn:")
		})
		p.kill()
	}
}
