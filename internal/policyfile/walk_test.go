package policyfile

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
)

// lay writes files below a new folder, goes there for the time of the test.
func lay(t *testing.T, files map[string]string) {
	t.Helper()
	root := t.TempDir()
	for name, data := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(root)
}

// readAll lists the files and places that Read finds, and its errors.
func readAll(ctx context.Context, stdin string, options Options, paths ...string) (lines []string) {
	for f, err := range Read(ctx, paths, strings.NewReader(stdin), options) {
		if err != nil {
			lines = append(lines, "error: "+err.Error())
			continue
		}
		lines = append(lines, strings.TrimSpace(filepath.ToSlash(f.File)+" "+f.Where))
	}
	return lines
}

func TestRead(t *testing.T) {
	lay(t, map[string]string{
		"b.json":                     onePolicy,
		"a/template.yaml":            "Resources: {R: {Type: AWS::IAM::Policy, Properties: {PolicyDocument: {Statement: []}}}}",
		"a/values.yaml":              "name: [x\n",
		"a/broken.yaml":              "AWSTemplateFormatVersion: x\na: [\n",
		"a/package.json":             `{"name": "a", "version": "1.0.0"}`,
		"a/half.json":                `{"Statement": [{"Effect": "Allow"`,
		"a/page.md":                  "none",
		"a/notes.txt":                onePolicy,
		".git/c.json":                onePolicy,
		"node_modules/d/d.json":      onePolicy,
		"empty/readme.md":            "",
		"[odd].json":                 onePolicy,
		"bad.yaml":                   "Resources:\n\t- x\n",
		"other/.trunkline-lint.yaml": "ignore: []",
	})
	for link, to := range map[string]string{"a/again": "..", "a/linked.json": "../b.json", "a/gone.json": "../gone.json"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	const none = ": no policy found in *.json, *.yaml, *.yml, *.template and *.md there"
	tests := []struct {
		paths []string
		want  []string
	}{
		{[]string{"."}, []string{"[odd].json", "error: a/broken.yaml:2: not YAML, here or in the next lines: did not find expected node content", "a/half.json", "a/linked.json", "a/template.yaml Resources.R.PolicyDocument", "b.json"}},
		{[]string{"b.json", "-"}, []string{"b.json", "-"}},
		{[]string{"*.json"}, []string{"[odd].json", "b.json"}},
		{[]string{"[odd].json"}, []string{"[odd].json"}},
		{[]string{"empty"}, []string{"error: empty" + none}},
		{[]string{"x*.json"}, []string{"error: x*.json" + none}},
		{[]string{"a/page.md", "b.json"}, []string{"error: a/page.md: no policy found: it holds neither a policy, nor a CloudFormation template, Terraform plan or Markdown page with one", "b.json"}},
		{[]string{"missing.json"}, []string{"error: stat missing.json: no such file or directory"}},
		{[]string{"bad.yaml"}, []string{"error: bad.yaml:2: not YAML, here or in the next lines: found character that cannot start any token"}},
	}
	for _, test := range tests {
		got := readAll(t.Context(), onePolicy, Options{}, test.paths...)
		if diff := cmp.Diff(got, test.want); diff != "" {
			t.Errorf("Read(%q): got (-), want (+):\n%s", test.paths, diff)
		}
	}
	for f, err := range Read(t.Context(), []string{"empty"}, nil, Options{}) {
		if f != nil || !errors.Is(err, ErrNoPolicy) {
			t.Errorf("Read(empty) = %v, %v, want ErrNoPolicy", f, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := readAll(ctx, "", Options{}, "."); len(got) != 1 || got[0] != "error: context canceled" {
		t.Errorf("Read after cancel: got %q, want the context's error alone", got)
	}
}

// The caller may stop at any policy.
func TestReadStops(t *testing.T) {
	lay(t, map[string]string{"a.json": onePolicy, "b.json": onePolicy, "c.md": page, "d/e.json": onePolicy})
	for want := 1; want <= 5; want++ {
		got := 0
		for range Read(t.Context(), []string{".", "-"}, strings.NewReader(onePolicy), Options{}) {
			if got++; got == want {
				break
			}
		}
		if got != want {
			t.Errorf("got %d policies, want to stop at %d", got, want)
		}
	}
}

func TestOptions(t *testing.T) {
	kind := iam.PermissionsBoundary
	for f, err := range Scan("a.json", []byte(oneBucket), Options{Type: &kind, ResourceType: "AWS::KMS::Key"}) {
		if err != nil || f.Type != kind || f.Guessed || f.ResourceType != "AWS::KMS::Key" {
			t.Errorf("got type %v (guessed %v) for %s, %v; want what the options say", f.Type, f.Guessed, f.ResourceType, err)
		}
	}
}

// Hostile texts end in an error, or in policies, within bounds.
func TestHostile(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x]\n")
	for i := 1; i < 40; i++ {
		n := string(rune('0'+i/10)) + string(rune('0'+i%10))
		m := string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10))
		if i == 1 {
			m = "0"
		}
		bomb.WriteString("a" + n + ": &a" + n + " [*a" + m + ", *a" + m + "]\n")
	}
	nothing := strings.ReplaceAll(strings.ReplaceAll(bomb.String(), "[x]", "!Ref AWS::NoValue"), " [*a", " !If [c, *a")
	in := "Resources: {R: {Type: AWS::IAM::Policy, Properties: {PolicyDocument: {Statement: [*a39]}}}}\n"
	tests := map[string]string{
		"aliases of aliases":   bomb.String() + in,
		"choices of choices":   nothing + in,
		"an alias in itself":   "a: &a [*a]\n" + in,
		"deep flow":            strings.Repeat("[", 5000),
		"deep lists":           strings.Repeat("- ", 5000),
		"deep keys":            "Resources:\n" + strings.Repeat("{a: ", 5000),
		"merges":               "a: &a {b: c}\n" + strings.Repeat("<<: *a\n", 1000) + in,
		"a key that is a list": "? [a]\n: b\n",
		"NUL":                  "a: \x00",
		"not UTF-8":            "Resources: \xff",
	}
	for title, text := range tests {
		var got []string
		for f, err := range Scan("a.yaml", []byte(text), Options{}) {
			if err != nil {
				got = append(got, err.Error())
			} else if len(f.Document.Source) > 8<<20 {
				t.Errorf("%s: a policy of %d bytes", title, len(f.Document.Source))
			}
		}
		if len(got) == 0 {
			t.Errorf("%s: no error for %.80q, want one", title, text)
		}
	}
	deep := bytes.Repeat([]byte(`{"Statement":`), 100_000)
	for range Scan("a.json", deep, Options{}) {
		break
	}
}
