package declared

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam/catalog"
	"trunkline/internal/permission/call"
)

// TestCalls reads the code once, with a package that calls AWS in every way that there is.
func TestCalls(t *testing.T) {
	const sample = "internal/permission/declared/testdata/sample"
	code := readCode(t, "../../..", "./cmd/...", "./internal/...", "./"+sample)
	var found []string
	for _, problem := range code.problems(concatenated(t)) {
		if !strings.HasPrefix(problem, sample) {
			t.Error(problem) // of the program: code and declarations do not agree
			continue
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(problem, sample), "; ")
		_, first, _ = strings.Cut(first, " ")
		found = append(found, first)
	}
	want := []string{
		"calls dynamodb:DescribeTable and does not declare it",
		"calls s3:DeleteObject and does not declare it",
		"calls s3:GetObject and does not declare it",
		"calls s3:HeadObject and does not declare it",
		"calls s3:ListObjectsV2 and does not declare it",
		"calls s3:UploadPart and does not declare it",
		"calls sqs:DeleteMessage and does not declare it",
		"calls sqs:SendMessage and does not declare it",
		"calls sts:AssumeRole and does not declare it",
		"declares s3:AbortMultipartUpload and does not call it",
		"calls AWS", // and is not in the list
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("problems of the sample (- want, + got):\n%s", diff)
	}
}

// problems says what is to be done so that the declarations fit the code.
func (c *code) problems(listed map[string]bool) (problems []string) {
	some := false
	for _, p := range c.order {
		if !p.own() {
			continue
		}
		calls, declared := c.calls(p), c.declarations(p)
		some = some || len(calls) > 0
		for _, op := range slices.Sorted(maps.Keys(calls)) {
			if _, ok := declared[op]; !ok {
				problems = append(problems, fmt.Sprintf("%s/%s calls %s and does not declare it; in Calls of %s/calls.go add\n%s", c.short(p), at(calls[op]), op, c.short(p), skeleton(op)))
			}
		}
		for _, op := range slices.Sorted(maps.Keys(declared)) {
			if _, ok := calls[op]; !ok {
				problems = append(problems, fmt.Sprintf("%s/%s declares %s and does not call it; delete the declaration", c.short(p), at(declared[op]), op))
			}
		}
		if len(calls) > 0 && !listed[p.ImportPath] {
			problems = append(problems, fmt.Sprintf("%s calls AWS; add its Calls() to the list in internal/permission/declared/declared.go", c.short(p)))
		}
	}
	if !some {
		problems = append(problems, "no package calls AWS: the test does not see what it should")
	}
	return problems
}

func at(p token.Position) string { return fmt.Sprintf("%s:%d", p.Filename, p.Line) }

// skeleton is what has to be written for an operation.
func skeleton(op string) string {
	return fmt.Sprintf(`	{
		Operation: %q, Features: []string{"KEY OF THE CONFIG"}, Why: "WHAT DOES NOT WORK WITHOUT IT",
		Asks:  []call.Ask{{Action: %q, Resources: []string{"arn:${Partition}:… over ${Members} of the input"}}},
		Scope: map[string][]string{"Member": {"${what the config knows of it}"}},
	}`, op, op)
}

// concatenated are the paths of the packages whose function Calls this package uses.
func concatenated(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "declared.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{}
	for _, spec := range file.Imports {
		target, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(target)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		paths[name] = target
	}
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok && selector.Sel.Name == "Calls" {
			if name, ok := selector.X.(*ast.Ident); ok {
				used[paths[name.Name]] = true
			}
		}
		return true
	})
	return used
}

// TestFacts: what is declared fits what AWS documents, and says all that a policy is made from.
func TestFacts(t *testing.T) {
	caller := []string{"Partition", "Region", "Account"}
	for _, c := range Calls() {
		service, operation, _ := strings.Cut(c.Operation, ":")
		actions, known := catalog.Default().Operation(service, operation)
		var asked []string
		for _, ask := range c.Asks {
			asked = append(asked, ask.Action)
			action, found := catalog.Default().Action(ask.Action)
			if !found {
				t.Errorf("%s asks for %s, which the catalog does not know", c.Operation, ask.Action)
				continue
			}
			var members []string
			for _, template := range ask.Resources {
				members = append(members, call.Template(template).Names()...)
				if pattern := strings.Join(call.Template(template).Expand(anything), ""); !takes(action, pattern) {
					t.Errorf("%s: %s takes no resource like %s", c.Operation, ask.Action, template)
				}
			}
			for _, key := range ask.Keys {
				if _, found := catalog.Default().Key(key.Name); !found {
					t.Errorf("%s: %s: the catalog does not know the condition key %s", c.Operation, ask.Action, key.Name)
				}
				for _, template := range key.From {
					if names := call.Template(template).Names(); key.Scope {
						members = append(members, names...)
					}
				}
			}
			for _, member := range members {
				if _, said := c.Scope[member]; !said && !slices.Contains(caller, member) {
					t.Errorf("%s: Scope does not say what %s can be", c.Operation, member)
				}
			}
		}
		if slices.Sort(asked); !known || !slices.Equal(asked, actions) {
			t.Errorf("%s asks for %q; the catalog has %q", c.Operation, asked, actions)
		}
		if len(c.Features) == 0 || c.Why == "" {
			t.Errorf("%s: Features or Why is empty", c.Operation)
		}
	}
}

// anything is a value for every placeholder.
func anything(name string) []string {
	switch {
	case name == "Partition":
		return []string{"aws"}
	case strings.HasSuffix(strings.ToLower(name), "arn"):
		return []string{"arn:*"} // it is the whole resource
	case strings.HasSuffix(name, "Url"):
		return []string{"*/*"}
	}
	return []string{"*"}
}

func takes(a *catalog.Action, pattern string) bool {
	return pattern == "*" && (a.ResourceLess() || a.String() == "cloudwatch:PutMetricData") ||
		slices.ContainsFunc(a.Resources, func(r catalog.ActionResource) bool { return r.Type.Intersects(pattern) })
}
