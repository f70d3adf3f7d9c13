package cloudformation

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"trunkline/iam/catalog"
	"trunkline/iam/lint"
	"trunkline/internal/deploy"
	"trunkline/internal/deploy/deploytest"
	"trunkline/internal/policyfile"
)

var update = flag.Bool("update", false, "write the golden files")

func export(t *testing.T, name string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, deploytest.Describe(t, name)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"pipe", "worker"} {
		golden := filepath.Join("testdata", name+".yaml")
		got := export(t, name)
		if got != export(t, name) {
			t.Errorf("%s: not the same bytes twice", name)
		}
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got; write it with -update)\n%s", golden, diff)
		}
	}
}

// TestSameAsDescription deploys the template on paper, in every combination of the optional parts, and compares what is made with the
// description.
func TestSameAsDescription(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(deploytest.Configs())) {
		d := deploytest.Describe(t, name)
		paper := newPaper(t, export(t, name))
		combinations := combinations(t, name, d)
		for _, set := range combinations {
			paper.set(t, d, set)
			if want, got := wanted(d, set), paper.resources(t); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s with %v (-description +template)\n%s", name, set, cmp.Diff(want, got))
			}
		}
		t.Logf("%s: %d combinations", name, len(combinations))
	}
}

// wanted is what the description makes with a setting.
func wanted(d *deploy.Description, set deploy.Setting) map[string]any {
	all := map[string]any{}
	for _, r := range d.Resources {
		if !set.Holds(r.When) {
			continue
		}
		properties := d.Resolve(r.Properties, set, d.Place).(map[string]any)
		if r.Tags != nil && r.Kind != deploy.Policy {
			properties["Tags"] = d.Resolve(r.Tags, set, d.Place)
		}
		all[camel(r.ID)] = map[string]any{"Type": string(r.Kind), "Properties": properties}
	}
	return all
}

// TestDependencies: what the description says beyond references stands in DependsOn.
func TestDependencies(t *testing.T) {
	for name := range deploytest.Configs() {
		var template struct {
			Resources map[string]struct {
				DependsOn []string `yaml:"DependsOn"`
			} `yaml:"Resources"`
		}
		var node yaml.Node
		if err := yaml.Unmarshal([]byte(export(t, name)), &node); err != nil {
			t.Fatal(err)
		}
		if err := node.Decode(&template); err != nil {
			t.Fatal(err)
		}
		for _, r := range deploytest.Describe(t, name).Resources {
			var want []string
			for _, id := range r.DependsOn {
				want = append(want, camel(id))
			}
			if diff := cmp.Diff(want, template.Resources[camel(r.ID)].DependsOn); diff != "" {
				t.Errorf("%s %s (-want +got)\n%s", name, r.ID, diff)
			}
		}
	}
}

// TestLint: our own linter, as trunkline policy lint calls it, finds nothing in the policies of a template that is not accepted beside it.
func TestLint(t *testing.T) {
	facts := catalog.Default()
	for name, policies := range map[string]int{"pipe": 7, "pipe-full": 7, "worker": 4} {
		found := 0
		for f, err := range policyfile.Scan(name+".yaml", []byte(export(t, name)), policyfile.Options{}) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			found++
			for _, finding := range lint.Run(f.Document, lint.Options{Type: f.Type, Catalog: facts}) {
				covered := slices.ContainsFunc(f.Ignores, func(i *policyfile.Ignore) bool {
					return slices.Contains(i.Codes, finding.Check.Code) && i.Covers(f, finding.Span.Start)
				})
				if !covered || finding.Severity != lint.Suggestion {
					t.Errorf("%s %s: %s %s", name, f.Where, finding.Check.Code, finding.Message)
				}
			}
		}
		if found != policies {
			t.Errorf("%s: %d policies were found, want %d", name, found, policies)
		}
	}
}

// TestNoSecret: the key is a parameter that is not shown, and has no default.
func TestNoSecret(t *testing.T) {
	for name := range deploytest.Configs() {
		var template struct {
			Parameters map[string]map[string]any `yaml:"Parameters"`
		}
		if err := yaml.Unmarshal([]byte(export(t, name)), &template); err != nil {
			t.Fatal(err)
		}
		key := template.Parameters["ApiKey"]
		if _, found := key["Default"]; found || key["NoEcho"] != true {
			t.Errorf("%s: ApiKey is %v", name, key)
		}
		if text := export(t, name); strings.Count(text, "!Ref ApiKey\n") != 1 || strings.Contains(text, "IncludeExecutionData") {
			t.Errorf("%s: the key is used somewhere else, or records are logged", name)
		}
	}
}

// combinations are all of them; of the full config, whose conditions are those of the smallest, the first and the last.
func combinations(t *testing.T, name string, d *deploy.Description) []deploy.Setting {
	t.Helper()
	all := deploytest.Combinations(t, d)
	if name == "pipe-full" {
		return []deploy.Setting{all[0], all[len(all)-1]}
	}
	return all
}
