package policyfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
)

const page = "# Roles\n\n" +
	"```json\n" + onePolicy + "\n```\n\n" +
	"> A quotation:\n>\n> ~~~~\n> {\"Statement\": [{\n>   \"Effect\": \"Allow\", \"Action\": \"s3:ListBucket\",\n> \"Resource\": \"*\"}]}\n> ~~~~\n\n" +
	"1. In a list:\n\n   ```jsonc\n   {\"Statement\": []}\n\n   ```\n" +
	"```json\n{\"name\": \"no policy\"}\n```\n" +
	"```go\nvar Statement, Effect, Action int\n```\n" +
	"```\nls\n```\n" +
	"~~~yaml\nStatement:\n  Effect: Deny\n~~~\n" +
	"```json\n{\"Statement\": [\n"

func TestMarkdown(t *testing.T) {
	got := scanAll("page.md", page)
	want := []string{
		"block 1 identity: " + onePolicy + "\n",
		"block 2 identity: {\"Statement\": [{\n  \"Effect\": \"Allow\", \"Action\": \"s3:ListBucket\",\n\"Resource\": \"*\"}]}\n",
		"block 3 identity: {\"Statement\": []}\n\n",
		`block 7 identity: {"Statement":{"Effect":"Deny"}}`,
		"block 8 identity: {\"Statement\": [\n",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%q: got (-), want (+):\n%s", page, diff)
	}
	for f, err := range Scan("page.md", []byte(page), Options{}) {
		if err != nil || f.Where != "block 2" {
			continue
		}
		at := strings.Index(string(f.Document.Source), "s3:ListBucket")
		p := f.Position(at)
		if p.Line != 11 || p.Column != 35 || !strings.HasPrefix(page[p.Offset:], "s3:ListBucket") {
			t.Errorf("got s3:ListBucket at %d:%d, %.20q, want it at 11:35", p.Line, p.Column, page[p.Offset:])
		}
		edits := f.Edits([]iam.Edit{{Span: iam.Span{Start: at, End: at + 2}, Text: "s3\n"}})
		want := []iam.Edit{{Span: iam.Span{Start: p.Offset, End: p.Offset + 2}, Text: "s3\n> "}}
		if diff := cmp.Diff(edits, want); diff != "" {
			t.Errorf("an edit in a quotation: got (-), want (+):\n%s", diff)
		}
	}
}
