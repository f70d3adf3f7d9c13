package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"trunkline/internal/contactcentre"
)

// stages is all that happens to a record, in the daemon and in the Lambda.
const stages = `filter:
  - {"data": {"Channel": ["VOICE"]}}
  - {"data": {"EventType": [{"anything-but": ["HEART_BEAT"]}]}}
enrich:
  agents: {from: agents.csv, match: Agent.Username, column: Username}
redact:
  allow: [Attributes.language, Queue.ARN, CustomerEndpoint.Type]
  deny: [TransferredToEndpoint, AgentData.Floor]
  rules:
    - {path: CustomerEndpoint.Address, action: pseudonymize}
    - {path: SystemEndpoint.Address, action: mask, first: 3, last: 2}
    - {path: Agent.Username, action: hash}
    - {path: AgentData.Username, action: hash}
    - {path: Attributes.agentNotes, action: scrub, with: token}
    - {path: InitiationTimestamp, action: truncate, to: hour}
  region: GB
  key: env:REDACT_KEY
`

// TestSameAsDaemon takes 10,000 records through the daemon and through the Lambda, in batches of several sizes: the same bytes come out.
func TestSameAsDaemon(t *testing.T) {
	centre := contactcentre.New(1, time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC), contactcentre.Options{})
	records := make([]string, 10_000)
	agents := []byte("Username,Team,Floor\n")
	seen := map[string]bool{}
	for i := range records {
		text, _ := centre.AppendEvent(nil)
		records[i] = string(text)
		var r struct{ Agent *struct{ Username string } }
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		if r.Agent != nil && !seen[r.Agent.Username] && len(seen) < 100 {
			seen[r.Agent.Username] = true
			agents = fmt.Appendf(agents, "%s,\"Team \"\"%d\"\"\",3\n", r.Agent.Username, len(seen))
		}
	}
	want := daemonOutput(t, records, agents)
	if lines := bytes.Count(want, []byte("\n")); lines < 3000 || lines > 9000 {
		t.Fatalf("the daemon delivered %d of %d records: the test compares too little", lines, len(records))
	}

	f := startFunction(t, map[string]string{"trunkline.yaml": "version: 1\n" + stages, "agents.csv": string(agents)}, keys...)
	var got []byte
	sizes := []int{1, 7, 300, 1000}
	for i, rest := 0, records; len(rest) > 0; i++ {
		n := min(sizes[i%len(sizes)], len(rest))
		var items []json.RawMessage
		if err := json.Unmarshal([]byte(f.mustInvoke(pipeEvent(rest[:n]...))), &items); err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			got = append(append(got, item...), '\n')
		}
		rest = rest[n:]
	}
	if !bytes.Equal(got, want) {
		g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
		for i := range min(len(g), len(w)) {
			if !bytes.Equal(g[i], w[i]) {
				t.Fatalf("%d records of the Lambda, %d of the daemon; the first difference is record %d:\ngot  %s\nwant %s", len(g), len(w), i, g[i], w[i])
			}
		}
		t.Fatalf("%d records of the Lambda, %d of the daemon", len(g), len(w))
	}
}

// daemonOutput is what trunkline run writes of the records, one a line.
func daemonOutput(t *testing.T, records []string, agents []byte) []byte {
	t.Helper()
	dir := t.TempDir()
	var in bytes.Buffer
	for _, r := range records {
		in.WriteString(r + "\n")
	}
	for name, text := range map[string][]byte{
		"in.jsonl": in.Bytes(), "agents.csv": agents,
		"trunkline.yaml": []byte("version: 1\nsource: {file: {path: in.jsonl}}\ndestination: {file: {path: out.jsonl}}\n" + stages),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(built, "trunkline"), "run")
	cmd.Dir, cmd.Env = dir, slices.Concat(os.Environ(), keys)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("trunkline run: %v\n%s", err, out)
	}
	out, err := os.ReadFile(filepath.Join(dir, "out.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
