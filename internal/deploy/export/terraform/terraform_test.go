package terraform

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/lint"
	"trunkline/internal/deploy"
	"trunkline/internal/deploy/deploytest"
)

var update = flag.Bool("update", false, "write the golden files")

func export(t *testing.T, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, deploytest.Describe(t, name)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parse(t *testing.T, name string, text []byte) *hclsyntax.Body {
	t.Helper()
	f, problems := hclsyntax.ParseConfig(text, name+".tf", hcl.InitialPos)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return f.Body.(*hclsyntax.Body)
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"pipe", "worker"} {
		golden := filepath.Join("testdata", name+".tf")
		got := export(t, name)
		if !bytes.Equal(got, export(t, name)) {
			t.Errorf("%s: not the same bytes twice", name)
		}
		if !bytes.Equal(got, hclwrite.Format(got)) {
			t.Errorf("%s is not formatted", name)
		}
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got; write it with -update)\n%s", golden, diff)
		}
	}
}

// An entry is what the provider has of an argument or a block.
type entry struct {
	Block, Required bool
	Type            string
	Inside          map[string]entry
}

// TestProvider checks every argument and block against the schema of the AWS provider: see testdata/extract.mjs.
func TestProvider(t *testing.T) {
	text, err := os.ReadFile("testdata/provider-6.25.0.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]map[string]entry
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for name := range deploytest.Configs() {
		for _, problem := range against(parse(t, name, export(t, name)), schema) {
			t.Errorf("%s: %s", name, problem)
		}
	}
	bad := string(export(t, "pipe"))
	for _, fault := range [][2]string{
		{"invocation_endpoint ", "invocation_endpiont "},
		{"kinesis_stream_parameters {", "kinesis_parameters {"},
		{"  role_arn      = aws_iam_role.pipe_role.arn\n", ""},
		{`"aws_pipes_pipe" "pipe"`, `"aws_pipe" "pipe"`},
		{`dynamic "vpc_config"`, `dynamic "vpc"`},
	} {
		if text := strings.ReplaceAll(bad, fault[0], fault[1]); text == bad || len(against(parse(t, "bad", []byte(text)), schema)) == 0 {
			t.Errorf("%q for %q is not noticed", fault[1], fault[0])
		}
	}
}

func against(root *hclsyntax.Body, schema map[string]map[string]entry) (problems []string) {
	for _, b := range root.Blocks {
		if b.Type != "resource" && b.Type != "data" {
			continue
		}
		kind := b.Labels[0]
		if b.Type == "data" {
			kind = "data." + kind
		}
		known, found := schema[kind]
		if !found {
			problems = append(problems, "no resource "+kind)
			continue
		}
		problems = append(problems, inside(kind, b.Body, known, []string{"count", "depends_on", "lifecycle"})...)
	}
	return problems
}

func inside(at string, b *hclsyntax.Body, known map[string]entry, meta []string) (problems []string) {
	there := map[string]bool{}
	for name := range b.Attributes {
		there[name] = true
		if e, found := known[name]; (!found || e.Block) && !slices.Contains(meta, name) {
			problems = append(problems, at+": no argument "+name)
		}
	}
	for _, block := range b.Blocks {
		name, body := block.Type, block.Body
		if name == "dynamic" {
			name, body = block.Labels[0], block.Body.Blocks[0].Body
		}
		there[name] = true
		if slices.Contains(meta, name) {
			continue
		}
		if e := known[name]; e.Block {
			problems = append(problems, inside(at+"."+name, body, e.Inside, nil)...)
		} else {
			problems = append(problems, at+": no block "+name)
		}
	}
	for name, e := range known {
		if e.Required && !there[name] {
			problems = append(problems, at+": "+name+" is missing")
		}
	}
	return problems
}

// only is what stands on one side alone: constants that the provider wants and the service does not, or the other way round.
var only = map[deploy.Kind]struct{ module, description []string }{
	deploy.Secret:   {module: []string{"30", "<secret.arn>"}},
	deploy.LogGroup: {module: []string{"true"}},
	deploy.Table:    {module: []string{"true"}, description: []string{"HASH", "leaseKey"}}, // named once as a key, once as an attribute
	deploy.Alarm:    {description: []string{"Secret"}},                                     // a key of the mapping
	deploy.Rule:     {module: []string{"<key_age_schedule.name>"}},
}

// TestSameAsDescription applies the module on paper, in every combination of the optional parts, and compares what is made with the
// description: the same resources, with the same constants and references in them.
func TestSameAsDescription(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(deploytest.Configs())) {
		d := deploytest.Describe(t, name)
		p := newPaper(parse(t, name, export(t, name)))
		for _, set := range combinations(t, name, d) {
			got := p.apply(t, d, set)
			want := map[string][]string{}
			for _, r := range d.Resources {
				if !set.Holds(r.When) {
					continue
				}
				leaves := append(deploytest.Leaves(d.Resolve(r.Properties, set, d.Place)), deploytest.Leaves(d.Resolve(r.Tags, set, d.Place))...)
				for _, text := range only[r.Kind].description {
					leaves = slices.Delete(leaves, slices.Index(leaves, text), slices.Index(leaves, text)+1)
				}
				leaves = append(leaves, only[r.Kind].module...)
				if r.Kind == deploy.Table {
					leaves = append(leaves, "leaseKey")
				}
				slices.Sort(leaves)
				want[r.ID] = leaves
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s with %v (-description +module)\n%s", name, set, cmp.Diff(want, got))
			}
		}
	}
}

// TestLint: our linter finds nothing in the policies that the module makes but what is accepted.
func TestLint(t *testing.T) {
	facts := catalog.Default()
	for name := range deploytest.Configs() {
		d := deploytest.Describe(t, name)
		p := newPaper(parse(t, name, export(t, name)))
		all := deploytest.Combinations(t, d)
		found := 0
		p.policy = func(id, argument, text string) {
			found++
			kind := iam.IdentityPolicy
			if argument == "assume_role_policy" {
				kind = iam.TrustPolicy
			}
			for _, f := range lint.Run(iam.Parse([]byte(text)), lint.Options{Type: kind, Catalog: facts}) {
				if f.Severity != lint.Suggestion || !slices.ContainsFunc(d.Resource(id).Accepted, func(a deploy.Accepted) bool { return a.Code == f.Check.Code }) {
					t.Errorf("%s %s: %s %s", name, id, f.Check.Code, f.Message)
				}
			}
		}
		p.apply(t, d, all[len(all)-1])
		if found < 4 {
			t.Errorf("%s: only %d policies were found", name, found)
		}
	}
}

// TestNoSecret: the key is a variable that is not shown and has no default.
func TestNoSecret(t *testing.T) {
	for name := range deploytest.Configs() {
		for _, b := range parse(t, name, export(t, name)).Blocks {
			if b.Type != "variable" || b.Labels[0] != "api_key" {
				continue
			}
			if b.Body.Attributes["default"] != nil || b.Body.Attributes["sensitive"] == nil {
				t.Errorf("%s: the key has a default, or can be shown", name)
			}
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
