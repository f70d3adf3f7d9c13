package cloudformation

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trunkline/internal/deploy"
	"trunkline/internal/deploy/deploytest"
	"trunkline/test/emulators"
)

// broken are faults that the validators have to find, so that one that takes everything is noticed: what stands in a template, what takes
// its place, and a part of what each validator says of it.
var broken = map[string]struct {
	old, fault string
	says       [2]string
}{
	"position": {"StartingPosition: TRIM_HORIZON", "StartingPosition: BEGINNING", [2]string{"BEGINNING", "BEGINNING"}},
	"property": {"InvocationEndpoint:", "InvocationEndpiont:", [2]string{"InvocationEndpiont", "InvocationEndpiont"}},
	"runtime":  {"Runtime: provided.al2023", "Runtime: provided", [2]string{"'provided'", "'provided'"}},
	"action":   {"kinesis:GetRecords", "kinesis:GetRecordz", [2]string{"getrecordz", ""}}, // AWS's own does not look at actions
	"missing":  {"      RoleArn: !GetAtt PipeRole.Arn\n", "", [2]string{"'RoleArn' is a required property", "RoleArn"}},
	"resource": {"!GetAtt FunctionRole.Arn", "!GetAtt FunctionRoll.Arn", [2]string{"FunctionRoll", "FunctionRoll"}},
}

// The validators, in the order of what they say.
const (
	cfnLint = iota
	cloudFormationValidate
)

// templates writes those of all configs, and the broken ones, into a folder.
func templates(t *testing.T) (folder string, names []string) {
	t.Helper()
	folder = t.TempDir()
	write := func(name, text string) {
		names = append(names, name)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(deploytest.Configs())) {
		write(name+".yaml", export(t, name))
	}
	bad := export(t, "pipe")
	for name, b := range broken {
		text := strings.ReplaceAll(bad, b.old, b.fault)
		if text == bad {
			t.Fatalf("%s: the template has no %q", name, b.old)
		}
		bad = text
	}
	write("bad.yaml", bad)
	return folder, names
}

// judge compares what a validator said of each template with what it has to say.
func judge(t *testing.T, names []string, found map[string][]string, finder int) {
	t.Helper()
	for _, name := range names {
		slices.Sort(found[name])
		found[name] = slices.Compact(found[name])
		if name != "bad.yaml" && len(found[name]) > 0 {
			t.Errorf("%s:\n%s", name, strings.Join(found[name], "\n"))
		}
	}
	all := strings.Join(found["bad.yaml"], "\n")
	for fault, b := range broken {
		if says := b.says[finder]; says != "" && !strings.Contains(all, says) {
			t.Errorf("%s in bad.yaml was not found; does the validator look?\n%s", fault, all)
		}
	}
}

// TestCfnLint has cfn-lint read all templates, in one process: it starts slowly.
func TestCfnLint(t *testing.T) {
	tools := emulators.Install(t)
	folder, names := templates(t)
	args := append([]string{"--format", "json", "--"}, names...)
	cmd := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(tools.Python), "cfn-lint"), args...)
	cmd.Dir = folder
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output() // its status tells the kinds of findings; the findings decide
	var findings []struct {
		Filename string
		Message  string
		Rule     struct{ ID string }
		Location struct{ Start struct{ LineNumber int } }
	}
	if parse := json.Unmarshal(output, &findings); parse != nil {
		t.Fatalf("%v: %v\n%s%s", parse, err, output, stderr.Bytes())
	}
	found := map[string][]string{}
	for _, f := range findings {
		found[f.Filename] = append(found[f.Filename], f.Rule.ID+" "+f.Message)
	}
	judge(t, names, found, cfnLint)
}

// validate has AWS's validator read the templates that standard input names, each with several settings of its parameters, and prints
// what it found that is more than information, a line each.
const validate = `
import {createRequire} from 'node:module';
import fs from 'node:fs';
const require = createRequire(process.cwd() + '/package.json');
const {RegoEngine, TemplateFile} = require('@aws/cloudformation-validate');
const engine = new RegoEngine();
for (const {file, settings, place} of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  for (const parameterOverrides of settings) {
    const report = engine.validateStandard(new TemplateFile(file), {severityLevel: 'WARN', parameterOverrides, pseudoParameterOverrides: place});
    if (report.status !== 'OK') console.log(JSON.stringify({file, text: 'status ' + report.status}));
    for (const d of report.diagnostics) {
      if (['WARN', 'ERROR', 'FATAL'].includes(d.severity)) console.log(JSON.stringify({file, text: d.ruleId + ' ' + d.severity + ' ' + d.startLine + ': ' + d.message}));
    }
  }
}
console.log(JSON.stringify({done: true}));
`

// TestCloudFormationValidate asks AWS's own validator, with everything optional on. It decides by what was found: the status only
// tells that it ran.
func TestCloudFormationValidate(t *testing.T) {
	tools := emulators.Install(t)
	folder, names := templates(t)
	type job struct {
		File     string              `json:"file"`
		Settings []map[string]string `json:"settings"`
		Place    map[string]string   `json:"place"`
	}
	var jobs []job
	for _, name := range names {
		d := deploytest.Describe(t, "pipe")
		if config := strings.TrimSuffix(name, ".yaml"); deploytest.Configs()[config] != "" {
			d = deploytest.Describe(t, config)
		}
		all := deploytest.Combinations(t, d)
		j := job{File: filepath.Join(folder, name), Place: map[string]string{"region": d.Place[deploy.Region], "accountId": d.Place[deploy.Account], "partition": d.Place[deploy.Partition]}}
		// Only with everything on: it checks an empty parameter also where a condition keeps it from being used. cfn-lint does not.
		set, parameters := all[len(all)-1], map[string]string{}
		for _, p := range d.Parameters {
			parameters[camel(p.Name)] = set[p.Name]
		}
		j.Settings = append(j.Settings, parameters)
		jobs = append(jobs, j)
	}
	input, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tools.Node, "--input-type=module", "-e", validate)
	cmd.Dir, cmd.Stdin = tools.Folder, bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	found, done := map[string][]string{}, false
	for line := range bytes.Lines(output) {
		var d struct {
			File, Text string
			Done       bool
		}
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if done = done || d.Done; d.File != "" {
			found[filepath.Base(d.File)] = append(found[filepath.Base(d.File)], d.Text)
		}
	}
	if !done {
		t.Fatalf("the validator did not come to its end:\n%s", output)
	}
	judge(t, names, found, cloudFormationValidate)
}
