package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"trunkline/test/emulators"
)

// validate reads a schema and then documents from standard input, a JSON text a line, and answers each with true or false. A
// schema that draft 2020-12 does not know ends it.
const validate = `
import Ajv from 'ajv/dist/2020.js';
import readline from 'node:readline';
let check;
for await (const line of readline.createInterface({input: process.stdin, crlfDelay: Infinity})) {
  const value = JSON.parse(line);
  if (check) console.log(check(value)); else check = new Ajv.default({strict: true, strictTypes: false}).compile(value);
}`

// beyondSchema are the problems that only Parse finds: ranges of texts, paths, and what one key means for another.
var beyondSchema = regexp.MustCompile(`files are read by one worker|beside a Kinesis|begins with aws:|is no name of a tag|consumer of another stream|too long for a fan-out|out of range: from [0-9]+[a-zA-Z]|longer than|too large|empty name at|the path of one field|want s3://BUCKET|has s3 already|s3: does not stand|not JSON|as JSON does|` +
	`nothing would ever|readable over|always read|read again|is denied by|has a rule already|needs|is for the action|decides this|gjson|cannot be named|add header|add key|stands twice|is nested too deeply|` +
	`no age recipient`)

// TestSchema asks a validator that nobody here wrote whether the schema takes and refuses what Parse does.
func TestSchema(t *testing.T) {
	type document struct {
		name, text string
		want       bool
	}
	var documents []document
	for name, text := range good {
		documents = append(documents, document{name, text, true})
	}
	for _, name := range Presets() {
		text, _ := Preset(name)
		documents = append(documents, document{name, string(text), true})
	}
	asked := 0
	for _, b := range bad {
		if !strings.Contains(b.want, ": ") || regexp.MustCompile(`^c:\d+:\d+: [^:]+$`).MatchString(b.want) || strings.Contains(b.want, "not YAML") {
			continue // not a document at all
		}
		if beyondSchema.MatchString(b.want) || strings.Contains(b.want, "anchors, aliases") {
			continue
		}
		asked++
		documents = append(documents, document{b.name, b.text, false})
	}
	if asked < 35 {
		t.Errorf("only %d bad configs are asked about; does beyondSchema match too much?", asked)
	}

	var schema, input bytes.Buffer
	if err := json.Compact(&schema, Schema()); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&input, "%s\n", schema.Bytes())
	for _, d := range documents {
		text, err := yaml.YAMLToJSON([]byte(d.text))
		if err != nil {
			t.Fatalf("%s: %v", d.name, err)
		}
		fmt.Fprintf(&input, "%s\n", bytes.TrimSpace(text))
	}
	tools := emulators.Install(t)
	cmd := exec.CommandContext(t.Context(), tools.Node, "--input-type=module", "-e", validate)
	cmd.Dir, cmd.Stdin = tools.Folder, &input
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("validate: %v\n%s", err, stderr.Bytes())
	}
	answers := strings.Fields(string(output))
	if len(answers) != len(documents) {
		t.Fatalf("%d answers to %d documents: %q", len(answers), len(documents), answers)
	}
	for i, d := range documents {
		if got := answers[i] == "true"; got != d.want {
			t.Errorf("%s: the schema takes it: %v, want %v\n%.200s", d.name, got, d.want, d.text)
		}
	}
}
