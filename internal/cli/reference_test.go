package cli

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"trunkline/iam/sim/cases"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/demo"
	"trunkline/internal/diagnose"
	"trunkline/internal/integration"
	"trunkline/internal/lintreport"
	"trunkline/internal/policymatrix"
)

var update = flag.Bool("update", false, "write doc/cli.md anew")

const (
	referencePath = "../../doc/cli.md"
	outputPath    = "../../doc/output.md"
)

const referenceHead = `# Commands

<!-- Written from the commands in internal/cli by: go test ./internal/cli -update -->

Results go to standard output, everything else to standard error. With ` + "`--output json`" + `, results are objects, one a line: [output.md](output.md)
has every field. Colours, the moving display of ` + "`demo`" + `, and the progress bars of ` + "`run`" + ` on what ends and of ` + "`replay`" + ` are for terminals; ` + "`NO_COLOR`" + ` takes the colours away.

| exit status | means |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | wrong call or config: nothing was begun |
| 3 | worked and found something, which each command explains |
| 141 | what reads the results has gone, as in ` + "`trunkline check RECORD \\| head -5`" + `: the command ends and says nothing |

A first interrupt (Ctrl-C) or SIGTERM stops a command in good order; a second one ends it at once.

Completion of commands, flags and values in a shell: ` + "`trunkline completion bash`" + `, ` + "`zsh`, `fish` or `powershell`" + ` prints the script, and
` + "`trunkline completion bash --help`" + ` says where to put it.

| command | does |
|---|---|
`

// eachCommand visits the commands that do something, in the order of their help.
func eachCommand(parent *cobra.Command, visit func(*cobra.Command)) {
	for _, cmd := range parent.Commands() {
		if !cmd.IsAvailableCommand() || cmd.Name() == "help" || cmd.Name() == "completion" {
			continue
		}
		if !cmd.HasAvailableSubCommands() || cmd.HasLocalFlags() { // a command without flags only groups others
			visit(cmd)
		}
		eachCommand(cmd, visit)
	}
}

func reference() []byte {
	root := (&app{stdin: strings.NewReader(""), stdout: &results{to: io.Discard}, stderr: &diagnostics{to: io.Discard}}).root()
	var b bytes.Buffer
	b.WriteString(referenceHead)
	eachCommand(root, func(cmd *cobra.Command) { fmt.Fprintf(&b, "| `%s` | %s |\n", cmd.CommandPath(), cmd.Short) })
	eachCommand(root, func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s\n```\n\n%s\n\n```\n%s```\n\nExamples:\n\n```\n%s\n```\n",
			cmd.CommandPath(), cmd.UseLine(), cmd.Long, cmd.Flags().FlagUsages(), unindent(cmd.Example))
	})
	return b.Bytes()
}

func unindent(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

// TestReference: doc/cli.md is what the commands say of themselves.
func TestReference(t *testing.T) {
	want := reference()
	if *update {
		if err := os.WriteFile(referencePath, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referencePath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("doc/cli.md is not what the commands say; write it anew with: go test ./internal/cli -update; got (-), want (+):\n%s", diff)
	}
}

// TestHelp: the help of every command has an example and its exit statuses, and lines that a terminal can show.
func TestHelp(t *testing.T) {
	const widest = 140
	eachCommand((&app{}).root(), func(cmd *cobra.Command) {
		if !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("the help of %s has no example of it: %q", cmd.CommandPath(), cmd.Example)
		}
		if !strings.Contains(cmd.Long, "Exit status: 0 ") {
			t.Errorf("the help of %s has no exit statuses: %q", cmd.CommandPath(), cmd.Long)
		}
		for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
			if len(line) > widest {
				t.Errorf("the help of %s has a line of %d bytes, want at most %d: %q", cmd.CommandPath(), len(line), widest, line)
			}
		}
	})
}

// TestOutputReference: each section of doc/output.md names the fields of its object, all of them, and no others.
func TestOutputReference(t *testing.T) {
	page, err := os.ReadFile(outputPath)
	if err != nil {
		t.Fatal(err)
	}
	got := documented(string(page))
	want := map[string][]string{
		"match --cases: an answer": {"error", "id", "invalid", "line", "match"},
	}
	for title, object := range map[string]any{
		"check: the config":           checkConfig{},
		"check RECORD: a record":      checkResult{},
		"match: an event":             matchResult{},
		"status: the collector":       statusReport{},
		"status --leases: the leases": leasesReport{},
		"lease release: a lease":      releasedLease{},
		"lease reset: a lease":        resetLease{},
		"replay --list: a letter":     deadletter.Letter{},
		"replay: the account":         replaySummary{},
		"demo: the account":           demo.Summary{},
		"version: the version":        versionReport{},
		"policy catalog: the facts":   catalogReport{},

		"policy simulate: a decision":        simulated{},
		"policy simulate --cases: an answer": cases.Answer{},
		"policy matrix: a question":          policymatrix.Row{},
		"policy lint: a finding":             lintreport.Object{},

		"doctor: a finding": diagnose.Finding{},

		"policy list: a policy":                  listedPolicy{},
		"policy show --explain: a statement":     integration.Explanation{},
		"policy show --diff-published: a change": integration.Change{},
	} {
		want[title] = fields("", reflect.TypeOf(object))
	}
	want["replay --list: a letter"] = slices.DeleteFunc(want["replay --list: a letter"], func(name string) bool { return name == "record" })
	for _, names := range want {
		slices.Sort(names)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("doc/output.md (-) and the objects (+) differ:\n%s", diff)
	}
}

// documented returns the names in the first columns of a page's tables, by section, sorted.
func documented(page string) map[string][]string {
	sections := map[string][]string{}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
	for _, section := range strings.Split(page, "\n## ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		for _, m := range row.FindAllStringSubmatch(text, -1) {
			sections[title] = append(sections[title], m[1])
		}
		slices.Sort(sections[title])
	}
	return sections
}

// fields lists the names of an object's JSON form: a.b for a field of a field, a[].b for one of a list's elements.
func fields(prefix string, t reflect.Type) (names []string) {
	for f := range t.Fields() {
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		name = prefix + name
		names = append(names, name)
		switch inner := f.Type; {
		case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct:
			names = append(names, fields(name+"[].", inner.Elem())...)
		case inner.Kind() == reflect.Struct && inner.PkgPath() != "time":
			names = append(names, fields(name+".", inner)...)
		}
	}
	return names
}

// TestCasesReference: the answers of match --cases have the fields that doc/output.md lists, each of them at least once.
func TestCasesReference(t *testing.T) {
	page, err := os.ReadFile(outputPath)
	if err != nil {
		t.Fatal(err)
	}
	_, out, errs := call(t, "{\"id\":1,\"pattern\":{},\"event\":{}}\n{\"id\":2,\"pattern\":{\"a\":1},\"event\":{}}\n{\"id\":3,\"pattern\":{\"a\":[1]},\"event\":{\"a\":2}}\nno case\n", nil, "match", "--cases", "-")
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`"([a-z]+)":`).FindAllStringSubmatch(out, -1) {
		seen[m[1]] = true
	}
	var got []string
	for name := range seen {
		got = append(got, name)
	}
	slices.Sort(got)
	if diff := cmp.Diff(got, documented(string(page))["match --cases: an answer"]); diff != "" {
		t.Errorf("match --cases prints %s(errors %q); its fields (-) and those of doc/output.md (+) differ:\n%s", out, errs, diff)
	}
}
