package lint_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/lint"
)

var update = flag.Bool("update", false, "write testdata/published.txt and doc/published-policies.md anew")

// clean are the policies that hold no defect and of which nothing may be said, in testdata and in the guides.
var clean = []string{
	"collector/pipe-trust", "collector/pipe-destination", "collector/function-roster",
	"collector-guide/pipe-role-trust", "collector-guide/pipe-role-api-destination", "collector-guide/lambda-role-s3-agent-data",
}

// A defect is a row of defects.tsv.
type defect struct {
	id, code  string
	file      string // below testdata/published
	line      int
	guide, at string // the file of the guide and line:column in it; empty where the guide has no policy
	says      string // a part of the message
	what      string
}

func defects(t *testing.T) []defect {
	t.Helper()
	data, err := os.ReadFile("testdata/defects.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []defect
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 8 {
			t.Fatalf("defects.tsv: %d fields in %q, want 8", len(f), line)
		}
		n, err := strconv.Atoi(cmp.Or(f[3], "0"))
		if err != nil {
			t.Fatalf("defects.tsv: line %q in %q", f[3], line)
		}
		all = append(all, defect{f[0], f[1], f[2], n, f[4], f[5], f[6], f[7]})
	}
	return all
}

// guides is the folder of the guides' own texts; empty when they are not at hand.
func guides() string {
	if root := os.Getenv("TRUNKLINE_POLICIES"); root != "" {
		return root
	}
	const root = "../../../shared/data/iam/published"
	if _, err := os.Stat(root); err != nil {
		return ""
	}
	return root
}

// texts lists the policies of a folder.
func texts(t *testing.T, root string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies in %s: %v", root, err)
	}
	return files
}

// A place is a finding and where it begins.
type place struct {
	lint.Finding
	iam.Position
}

// findings lints the policies of a folder, by path without .json.
func findings(t *testing.T, root string) map[string][]place {
	t.Helper()
	all := make(map[string][]place)
	for _, file := range texts(t, root) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := filepath.Rel(root, strings.TrimSuffix(file, ".json"))
		name = filepath.ToSlash(name)
		kind := iam.IdentityPolicy
		if strings.HasSuffix(name, "-trust") {
			kind = iam.TrustPolicy
		}
		doc := iam.Parse(src)
		all[name] = []place{}
		for _, f := range lint.Run(doc, lint.Options{Type: kind}) {
			all[name] = append(all[name], place{f, doc.Position(f.Span.Start)})
		}
	}
	return all
}

// TestPublishedDefects looks for every defect at its line, with reason and fix in the message, and compares all findings with the
// reviewed ones, so that nothing else is reported.
func TestPublishedDefects(t *testing.T) {
	found := findings(t, "testdata/published")
	for _, d := range defects(t) {
		if d.code == "-" {
			continue
		}
		if !slices.ContainsFunc(found[d.file], func(f place) bool {
			return f.Check.Code == d.code && f.Line == d.line && strings.Contains(f.Message, d.says)
		}) {
			t.Errorf("%s: %s:%d: got no %s that says %q; got there:%s", d.id, d.file, d.line, d.code, d.says, onLine(found[d.file], d.line))
		}
	}
	silent(t, found)
	golden(t, "testdata/published.txt", render(found))
	golden(t, "../../doc/published-policies.md", page(t, found))
}

// TestGuides does the same over the guides' own texts, where they are at hand.
func TestGuides(t *testing.T) {
	root := guides()
	if root == "" {
		t.Logf("the guides' texts are not at hand; TRUNKLINE_POLICIES can name their folder")
		return
	}
	found := findings(t, root)
	for _, d := range defects(t) {
		if d.code == "-" || d.guide == "" {
			continue
		}
		if !slices.ContainsFunc(found[d.guide], func(f place) bool {
			return f.Check.Code == d.code && fmt.Sprintf("%d:%d", f.Line, f.Column) == d.at && strings.Contains(f.Message, d.says)
		}) {
			line, _, _ := strings.Cut(d.at, ":")
			n, _ := strconv.Atoi(line)
			t.Errorf("%s: %s:%s: got no %s that says %q; got on the line:%s", d.id, d.guide, d.at, d.code, d.says, onLine(found[d.guide], n))
		}
	}
	silent(t, found)
	if testing.Verbose() {
		t.Log("\n" + render(found))
	}
}

// TestPublishedFixes makes every text one that IAM takes, by the safe fixes alone.
func TestPublishedFixes(t *testing.T) {
	roots := []string{"testdata/published"}
	if root := guides(); root != "" {
		roots = append(roots, root)
	}
	for _, root := range roots {
		for _, file := range texts(t, root) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fixed := mend(t, file, src)
			kind := iam.IdentityPolicy
			if strings.HasSuffix(file, "-trust.json") {
				kind = iam.TrustPolicy
			}
			// What the reader must fill in is filled in where IAM would refuse it.
			filled := wholeARN.ReplaceAll(fixed, []byte(`"arn:aws:kinesis:eu-west-1:111122223333:stream/records"`))
			if _, err := iam.Strict(filled, kind); err != nil {
				t.Errorf("%s: fixed, IAM refuses it: %v\n%s", file, err, fixed)
			}
			if bytes.Equal(src, fixed) == malformed(src) {
				t.Errorf("%s: got a change %t, want %t", file, !bytes.Equal(src, fixed), malformed(src))
			}
		}
	}
}

// wholeARN is a placeholder in the place of an ARN.
var wholeARN = regexp.MustCompile(`"\{[^{}"]* ARN\}"`)

// malformed tells whether a text is no policy as it stands, or has something that a safe fix takes away.
func malformed(src []byte) bool {
	doc := iam.Parse(src)
	return len(doc.Problems) > 0 || slices.ContainsFunc(lint.Run(doc, lint.Options{}), func(f lint.Finding) bool { return f.Fix != nil && f.Fix.Safe })
}

// mend applies safe fixes, one after the other, until there is none.
func mend(t *testing.T, file string, src []byte) []byte {
	t.Helper()
	for range 100 {
		all := lint.Run(iam.Parse(src), lint.Options{})
		i := slices.IndexFunc(all, func(f lint.Finding) bool { return f.Fix != nil && f.Fix.Safe })
		if i < 0 {
			return src
		}
		next, err := iam.Apply(src, all[i].Fix.Edits)
		if err != nil {
			t.Fatalf("%s: fix %q: %v", file, all[i].Fix.Message, err)
		}
		src = next
	}
	t.Errorf("%s: got fixes without end", file)
	return src
}

func silent(t *testing.T, found map[string][]place) {
	t.Helper()
	for _, file := range clean {
		for _, f := range found[file] {
			t.Errorf("%s:%d:%d: got %s: %s; want nothing, the policy is clean", file, f.Line, f.Column, f.Check.Code, f.Message)
		}
	}
}

func onLine(all []place, line int) string {
	var b strings.Builder
	for _, f := range all {
		if f.Line == line {
			fmt.Fprintf(&b, "\n\t%d:%d: %s: %s", f.Line, f.Column, f.Check.Code, f.Message)
		}
	}
	return b.String()
}

// render lists all findings, a line each.
func render(found map[string][]place) string {
	var b strings.Builder
	for _, file := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(&b, "%s\n", file)
		for _, f := range found[file] {
			fmt.Fprintf(&b, "  %d:%d %s %s: %s\n", f.Line, f.Column, f.Severity, f.Check.Code, f.Message)
			if f.Fix != nil {
				how := "safe"
				if !f.Fix.Safe {
					how = "to be decided"
				}
				fmt.Fprintf(&b, "      fix (%s): %s\n", how, f.Fix.Message)
			}
		}
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal([]byte(got), want) {
		t.Errorf("%s is not what the checks find; review the difference and run: go test ./iam/lint -update\n%s", file, difference(string(want), got))
	}
}

// difference lists the lines that only one of two texts has.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for _, line := range w {
		if !slices.Contains(g, line) {
			fmt.Fprintf(&b, "want: %s\n", line)
		}
	}
	for _, line := range g {
		if !slices.Contains(w, line) {
			fmt.Fprintf(&b, "got:  %s\n", line)
		}
	}
	return b.String()
}
