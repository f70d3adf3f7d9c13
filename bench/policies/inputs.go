package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// testdata is where the inputs are, seen from bench/policies: they are those of the tests and benchmarks beside the code.
const testdata = "../../iam"

// A workload is a set of policies with the requests of one principal, as every contender reads it.
type workload struct {
	Principal string    `json:"principal"`
	Policies  documents `json:"policies"`
	Requests  []request `json:"requests"`
}

type documents struct {
	Identity []json.RawMessage   `json:"identity"`
	Boundary []json.RawMessage   `json:"boundary,omitempty"`
	SCP      [][]json.RawMessage `json:"scp,omitempty"`
	Resource json.RawMessage     `json:"resource,omitempty"`
}

type request struct {
	Action   string            `json:"action"`
	Resource string            `json:"resource"`
	Time     time.Time         `json:"time,omitzero"`
	Context  map[string]string `json:"context,omitempty"`
	Want     string            `json:"want"` // as sim.Outcome words it
}

func readWorkload(path string) (w workload, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return w, fmt.Errorf("read workload: %w", err)
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return w, fmt.Errorf("read workload %s: %w", path, err)
	}
	return w, nil
}

// inputs are the paths of what the contenders read.
type inputs struct {
	administrator, hard string // workloads
	published           string // a folder of policies
	one                 string // a folder with one policy of 4 KB
	policy              string // that policy
	identity            string // the instance administrator's policy alone
}

// writeInputs makes the inputs ready in the folder.
func writeInputs(folder string) (in inputs, err error) {
	in = inputs{
		administrator: filepath.Join(folder, "administrator.json"),
		hard:          filepath.Join(folder, "hard.json"),
		published:     filepath.Join(folder, "published"),
		one:           filepath.Join(folder, "one"),
		policy:        filepath.Join(folder, "one", "policy.json"),
		identity:      filepath.Join(testdata, "sim", "testdata", "instance-administrator.json"),
	}
	w, err := instanceAdministrator(in.identity)
	if err != nil {
		return in, err
	}
	text, err := json.Marshal(w)
	if err != nil {
		return in, fmt.Errorf("write workload: %w", err)
	}
	if err := os.WriteFile(in.administrator, text, 0o600); err != nil {
		return in, fmt.Errorf("write workload: %w", err)
	}
	if err := copyPolicies(in.published, filepath.Join(testdata, "lint", "testdata", "published", "*", "*.json"), ""); err != nil {
		return in, err
	}
	if err := copyPolicies(in.one, filepath.Join(testdata, "testdata", "bench", "administrator.json"), "policy.json"); err != nil {
		return in, err
	}
	hard, err := os.ReadFile(filepath.Join(testdata, "sim", "testdata", "hard-case.json"))
	if err != nil {
		return in, fmt.Errorf("read workload (call this from bench/policies): %w", err)
	}
	return in, os.WriteFile(in.hard, hard, 0o600)
}

// instanceAdministrator reads the policy and the lines "action resource decision" beside it.
func instanceAdministrator(policy string) (w workload, err error) {
	text, err := os.ReadFile(policy)
	if err != nil {
		return w, fmt.Errorf("read workload (call this from bench/policies): %w", err)
	}
	lines, err := os.ReadFile(strings.TrimSuffix(policy, ".json") + ".requests")
	if err != nil {
		return w, fmt.Errorf("read workload: %w", err)
	}
	w.Principal = "arn:aws:sts::111122223333:assumed-role/administrator/anna"
	w.Policies.Identity = []json.RawMessage{text}
	const instance = "arn:aws:connect:eu-west-2:111122223333:instance/"
	names := strings.NewReplacer(
		"$I", instance+"0aa1bb2c-1111-2222-3333-444455556666",
		"$O", instance+"9ff8ee7d-1111-2222-3333-444455556666",
	)
	for line := range strings.Lines(string(lines)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] != "#" {
			w.Requests = append(w.Requests, request{Action: f[0], Resource: names.Replace(f[1]), Want: f[2]})
		}
	}
	return w, nil
}

// copyPolicies copies the files that match into one folder. It leaves out what is no JSON: a linter that stops there would have less
// to do than one that goes on.
func copyPolicies(folder, pattern, name string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return fmt.Errorf("copy policies: %w", err)
	}
	files, err := filepath.Glob(pattern)
	if err != nil {
		return fmt.Errorf("copy policies: %w", err)
	}
	copied := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("copy policies: %w", err)
		}
		if !json.Valid(text) {
			continue
		}
		copied++
		to := name
		if to == "" {
			to = filepath.Base(filepath.Dir(file)) + "-" + filepath.Base(file)
		}
		if err := os.WriteFile(filepath.Join(folder, to), text, 0o600); err != nil {
			return fmt.Errorf("copy policies: %w", err)
		}
	}
	if copied == 0 {
		return fmt.Errorf("copy policies: nothing is like %s (call this from bench/policies)", pattern)
	}
	return nil
}
