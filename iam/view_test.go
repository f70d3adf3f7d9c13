package iam_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"trunkline/iam"
)

func texted(list []*iam.Node) string {
	var out []string
	for _, n := range list {
		out = append(out, n.Text)
	}
	return strings.Join(out, " ")
}

func TestView(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("testdata", "policies", "wide.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc := iam.Parse(src)
	if len(doc.Problems) > 0 || len(doc.Statements) != 2 {
		t.Fatalf("got %d statements, problems %+v", len(doc.Statements), doc.Problems)
	}
	first, second := doc.Statements[0], doc.Statements[1]
	conditions := func(s *iam.Statement) string {
		var out []string
		for _, c := range s.Conditions {
			out = append(out, c.Operator.Text+" "+c.Key.Text+" = "+texted(c.Values))
		}
		return strings.Join(out, "; ")
	}
	principals := func(p *iam.Principal) string {
		var out []string
		for _, v := range p.List {
			out = append(out, v.Type.Text+" "+v.Node.Text)
		}
		return strings.Join(out, "; ")
	}
	tests := []struct{ name, got, want string }{
		{"Version", doc.Version.Text, "2012-10-17"},
		{"Id", doc.ID.Text, "wide"},
		{"Sid", first.Sid.Text, "ReadCalls"},
		{"Effect", first.Effect.Text, "Allow"},
		{"Principal", principals(first.Principal), "AWS arn:aws:iam::111122223333:role/reader; AWS 444455556666; Service connect.amazonaws.com"},
		{"Action", texted(first.Action.List), "s3:GetObject s3:ListBucket"},
		{"Action's key", first.Action.Key.Text, "Action"},
		{"Resource", texted(first.Resource.List), "arn:aws:s3:::calls-{AWS Account ID} arn:aws:s3:::calls-<region>/${aws:username}/*"},
		{"Condition", conditions(first), "StringEquals aws:SourceAccount = 111122223333 444455556666; Bool aws:SecureTransport = true; NumericLessThan s3:max-keys = 1e2"},
		{"NotAction", texted(second.NotAction.List), "connect:*"},
		{"NotResource", texted(second.NotResource.List), "*"},
		{"empty Condition", conditions(second), ""},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, test.got, test.want)
		}
	}
	if first.Principal.Any || !second.NotPrincipal.Any || first.NotPrincipal != nil || second.Sid != nil || second.Condition == nil || second.Index != 1 {
		t.Errorf("got first %+v, second %+v", first, second)
	}
	if at := doc.Position(first.Effect.Span.Start); at.Line != 7 || at.Column != 17 {
		t.Errorf("Effect: got %+v, want 7:17", at)
	}
}

func TestViewOfOddities(t *testing.T) {
	doc := iam.Parse([]byte(`{"Statement": [1, {"Action": "a:b", "Action": ["c:d", 1, ["e"], "f:g", null], "Resource": {}, "Principal": ["*"], "Condition": {"Bool": "x", "Null": {"k": {}}}}, {"Sid": {}}]}`))
	if len(doc.Statements) != 3 {
		t.Fatalf("got %d statements, want 3", len(doc.Statements))
	}
	if s := doc.Statements[0]; s.Node.Kind != iam.Number || s.Effect != nil {
		t.Errorf("a number as statement: got %+v", s)
	}
	s := doc.Statements[1]
	if got, want := texted(s.Action.List), "c:d f:g"; got != want {
		t.Errorf("Action written twice, with other kinds: got %q, want %q", got, want)
	}
	if len(s.Resource.List) != 0 || s.Principal.Any || len(s.Principal.List) != 0 {
		t.Errorf("elements of the wrong kind: got Resource %+v, Principal %+v", s.Resource, s.Principal)
	}
	if len(s.Conditions) != 1 || s.Conditions[0].Key.Text != "k" || len(s.Conditions[0].Values) != 0 {
		t.Errorf("odd Condition: got %+v", s.Conditions)
	}
	if one := iam.Parse([]byte(`{"Statement": {"Sid": "x"}}`)); len(one.Statements) != 1 || one.Statements[0].Sid.Text != "x" {
		t.Errorf("a single statement: got %+v", one.Statements)
	}
}

// A Document is read from many goroutines; the race detector watches.
func TestDocumentIsSharedSafely(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("testdata", "policies", "wide.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc := iam.Parse(src)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for offset := range len(src) {
				if at := doc.Position(offset); at.Offset != offset {
					t.Errorf("Position(%d): got %+v", offset, at)
				}
			}
		})
	}
	wait.Wait()
}
