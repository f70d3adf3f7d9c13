package known_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/lint"
	"trunkline/internal/integration"
	"trunkline/internal/integration/known"
)

var update = flag.Bool("update", false, "write doc/integrations.md anew")

const documentPath = "../../../doc/integrations.md"

const head = `# Integrations

<!-- Written from the integrations by: go test ./internal/integration/known -update -->

What works with Amazon Connect needs roles and policies. For the integrations below trunkline knows them: ` + "`trunkline policy list`" + ` names
them, ` + "`trunkline policy show`" + ` prints them with your values, as JSON, Terraform or CloudFormation. ` + "`--explain`" + ` says of each statement why it
is there and what fails without it, ` + "`--diff-published`" + ` how it differs from what a guide publishes for the same job, and why. What lies
behind the numbers of defects, such as E2, is in [published-policies.md](published-policies.md).

Tests hold every policy, with every switch, to this: IAM takes it, it fits its size, ` + "`trunkline policy lint`" + ` finds nothing but suggestions
that do not apply and say why not, and it answers its questions as wanted: what the job needs is allowed, and its neighbours are denied.

## The figures

With example values and everything switched on: characters as IAM counts them; actions that are granted, and of them those on ` + "`*`" + `;
what ` + "`trunkline policy lint`" + ` finds (errors, security warnings, warnings, suggestions); of the questions, which are allowed that should be denied
and denied that should be allowed. The published text is counted as it was meant: what IAM refuses in it is mended first.

`

// counted are the figures of all policies, in their order.
var counted = sync.OnceValues(func() (all []*integration.Figures, err error) {
	for _, i := range known.All() {
		for _, p := range i.Policies {
			f, err := i.Figures(p, catalog.Default())
			if err != nil {
				return nil, err
			}
			all = append(all, f)
		}
	}
	return all, nil
})

// document writes the page.
func document() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(head)
	if err := figures(&b); err != nil {
		return nil, err
	}
	for _, i := range known.All() {
		if err := section(&b, i); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func figures(b *bytes.Buffer) error {
	b.WriteString("| policy | | characters | policies | actions | on `*` | findings | wrongly denied | wrongly allowed |\n|---|---|---|---|---|---|---|---|---|\n")
	all, err := counted()
	if err != nil {
		return err
	}
	var denied strings.Builder
	for _, f := range all {
		if f.Published != nil {
			fmt.Fprintf(b, "| %s %s | published | %s |\n", f.Integration, f.Policy, row(f.Published, f.Asked))
			if len(f.Published.Denied) > 0 {
				fmt.Fprintf(&denied, "- %s %s: %s\n", f.Integration, f.Policy, strings.Join(f.Published.Denied, "; "))
			}
		}
		fmt.Fprintf(b, "| %s %s | ours | %s |\n", f.Integration, f.Policy, row(&f.Ours, f.Asked))
	}
	fmt.Fprintf(b, "\nThe questions that the published policies deny although the job needs them:\n\n%s", &denied)
	return nil
}

func row(f *integration.Figure, asked int) string {
	findings := make([]string, 4)
	for n, severity := range []lint.Severity{lint.Error, lint.SecurityWarning, lint.Warning, lint.Suggestion} {
		findings[n] = fmt.Sprint(f.Findings[severity])
	}
	return fmt.Sprintf("%d | %d | %d | %d | %s | %d of %d | %d", f.Size, f.Policies, f.Actions, f.OnStar, strings.Join(findings, ", "), len(f.Denied), asked, len(f.Open))
}

func section(b *bytes.Buffer, i *integration.Integration) error {
	fmt.Fprintf(b, "\n## %s: %s\n\n%s\n", i.Name, i.Title, i.About)
	if i.Guide != "" {
		fmt.Fprintf(b, "\nPublished: %s.\n", i.Guide)
	}
	b.WriteString("\n| parameter | | form | by default |\n|---|---|---|---|\n")
	for n := range i.Parameters {
		p := &i.Parameters[n]
		form := p.Form.Says
		if p.List {
			form += ", or several with commas"
		}
		value := p.Default
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", p.Name, cell(p.About), cell(form), value)
	}
	if len(i.Resources) > 0 {
		b.WriteString("\n| resource | name | tags |\n|---|---|---|\n")
		for _, r := range i.Resources {
			var tags []string
			for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
				tags = append(tags, key+"="+r.Tags[key])
			}
			fmt.Fprintf(b, "| %s | `%s` | %s |\n", r.Kind, r.Name, strings.Join(tags, ", "))
		}
	}
	for _, t := range i.Tables {
		fmt.Fprintf(b, "\n%s (`%s`): table `%s`, partition key `%s` (a string), %d read and %d write units. %s\n", t.Title, t.Name, t.Table, t.Key, t.Read, t.Write, t.Why)
	}
	for _, p := range i.Policies {
		kind := ""
		if p.Type != iam.IdentityPolicy {
			kind = " (" + p.Type.String() + ")"
		}
		fmt.Fprintf(b, "\n### %s %s\n\n%s%s. For: %s.\n\n| statement | when | why |\n|---|---|---|\n", i.Name, p.Name, p.Title, kind, p.Attached)
		for n := range p.Statements {
			s := &p.Statements[n]
			fmt.Fprintf(b, "| %s | %s | %s |\n", s.Sid, strings.Join(s.When, ", "), cell(s.Why))
		}
		if len(p.Accepted) > 0 {
			b.WriteString("\nSuggestions of `policy lint` that do not apply:\n\n")
		}
		for _, a := range p.Accepted {
			fmt.Fprintf(b, "- `%s` at %s: %s\n", a.Code, a.Sid, cell(a.Why))
		}
	}
	if i.Name == "verint" {
		return matrix(b, i)
	}
	return nil
}

// cell is text in a table of Markdown.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`).Replace(text)
}

// matrix says which action is for which kind of capture.
func matrix(b *bytes.Buffer, i *integration.Integration) error {
	policies := []string{"post-call", "real-time", "recovery"}
	marks := map[string]map[string]string{}
	for _, name := range policies {
		p, _ := i.Policy(name)
		for _, on := range [][]string{p.Optional(), nil} {
			given := i.Examples(p, on...)
			delete(given, "metrics")
			r, err := i.Render(p, given)
			if err != nil {
				return err
			}
			for _, e := range r.Explain() {
				for _, action := range e.Actions {
					if marks[action] == nil {
						marks[action] = map[string]string{}
					}
					marks[action][name] = "always"
					if on != nil {
						marks[action][name] = strings.Join(e.When, ", ")
					}
				}
			}
		}
	}
	b.WriteString("\n### verint: which permission is for what\n\n| action | post-call | real-time | recovery |\n|---|---|---|---|\n")
	for _, action := range slices.Sorted(maps.Keys(marks)) {
		fmt.Fprintf(b, "| %s |", action)
		for _, name := range policies {
			mark, there := marks[action][name]
			if !there {
				mark = "–"
			}
			fmt.Fprintf(b, " %s |", cell(mark))
		}
		b.WriteByte('\n')
	}
	return nil
}

// TestDocument: doc/integrations.md is what the integrations say of themselves.
func TestDocument(t *testing.T) {
	want, err := document()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(documentPath, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("doc/integrations.md is not what the integrations are; write it anew with: go test ./internal/integration/known -update; got (-), want (+):\n%s", diff)
	}
}

// TestFigures: ours have no finding, deny nothing that the job needs and allow none of its neighbours; of the published deployment
// policy at least the connection and the API destination fail.
func TestFigures(t *testing.T) {
	all, err := counted()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if len(f.Ours.Findings)+len(f.Ours.Denied)+len(f.Ours.Open) > 0 || f.Asked == 0 {
			t.Errorf("%s %s: %+v", f.Integration, f.Policy, f.Ours)
		}
		if f.Integration == "operata" && f.Policy == "deployer" {
			for _, step := range []string{"step 5: make the connection", "step 6: make the API destination"} {
				if !slices.Contains(f.Published.Denied, step) {
					t.Errorf("the published deployment policy is not denied %q: %v", step, f.Published.Denied)
				}
			}
		}
	}
}
