package iam_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trunkline/iam"
)

// checkMalformed compares the problems of the files below dir with want, as "line:column code" by file; a file that is not in want
// has none. Whatever they are, their edits must make a policy that Strict accepts, but for files in refused.
func checkMalformed(t *testing.T, files []string, want map[string][]string, refused map[string]string) {
	t.Helper()
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		doc := checkParse(t, string(src))
		var got []string
		for _, p := range doc.Problems {
			at := doc.Position(p.Span.Start)
			got = append(got, fmt.Sprintf("%d:%d %s", at.Line, at.Column, p.Code))
		}
		if !slices.Equal(got, want[name]) {
			t.Errorf("%s: got problems %q, want %q", name, got, want[name])
		}
		edits, complete := allEdits(doc.Problems)
		mended, err := iam.Apply(src, edits)
		if err != nil || !complete {
			t.Errorf("%s: not all problems have edits, or they overlap: %v", name, err)
			continue
		}
		kind := iam.IdentityPolicy
		if strings.HasSuffix(name, "-trust.json") {
			kind = iam.TrustPolicy
		}
		message := ""
		if _, err := iam.Strict(mended, kind); err != nil {
			message = err.Error()
		}
		if message != refused[name] {
			t.Errorf("%s: mended to\n%s\ngot refusal %q, want %q", name, mended, message, refused[name])
		}
	}
}

func TestMalformed(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "malformed", "*.json"))
	if err != nil || len(files) != 7 {
		t.Fatalf("malformed policies: got %q, %v, want 7", files, err)
	}
	checkMalformed(t, files, map[string][]string{
		"trailing-comma-list.json":   {"1:122 trailing comma"},
		"trailing-comma-member.json": {"1:1 bare statement", "1:91 trailing comma"},
		"headless.json":              {"1:1 headless text"},
		"missing-brace.json":         {"1:114 missing closer"},
		"missing-comma.json":         {"1:1 bare statement", "1:76 missing comma"},
		"bare.json":                  {"1:1 bare statement"},
		"pasted.json": {
			"1:1 comment", "3:3 smart quote", "3:14 smart quote", "8:34 trailing comma", "8:38 comment", "9:9 ellipsis", "10:8 missing comma",
			"11:19 placeholder text", "12:6 missing closer",
		},
	}, nil)
}

// The policies of five published guides, where they are at hand. What is wrong with them was found by hand.
func TestPublished(t *testing.T) {
	root := cmp.Or(os.Getenv("TRUNKLINE_POLICIES"), "../../shared/data/iam/published")
	if _, err := os.Stat(root); err != nil {
		t.Log("the policies of the guides are not at hand; TRUNKLINE_POLICIES can name their folder; TestMalformed has the same defects")
		return
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "*.json"))
	if err != nil || len(files) != 25 {
		t.Fatalf("published policies below %s: got %d, %v, want 25", root, len(files), err)
	}
	checkMalformed(t, files, map[string][]string{
		"app-integrations-create-view.json": {"1:200 trailing comma"},
		"wisdom-assistants.json":            {"1:174 trailing comma"},
		"campaigns-onboarding.json":         {"1:1 headless text"},
		"campaigns-disable.json":            {"1:480 missing closer"},
		"campaigns-management.json":         {"1:1 bare statement", "1:262 missing comma"},
		"campaigns-read-only.json":          {"1:1 bare statement", "1:255 trailing comma"},
		"campaigns-by-tag.json":             {"1:1 bare statement"},
	}, map[string]string{
		// IAM refuses these for what no parser sees: two colons, and placeholders for a whole ARN.
		"app-integrations-create-view.json": "1:159: Actions/Condition can contain only one colon.",
		"pipe-role-api-destination.json":    `7:13: Resource {API Destination ARN} must be in ARN format or "*".`,
		"pipe-role-kinesis-source.json":     `14:13: Resource {CTR Kinesis Stream ARN} must be in ARN format or "*".`,
	})
}
