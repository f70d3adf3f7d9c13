package policyfile

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"trunkline/iam"
)

// Columns in a file of one long line, as terraform show prints it, are those that counting from the start gives, and are told in
// time.
func TestLongLine(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"format_version": "1.2", "resource_changes": [`)
	const policies = 200
	for i := range policies {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"address": "é%d", "type": "aws_iam_policy", "change": {"before": "%s", "after": {"policy": %s}}}`, i, strings.Repeat("ö😀", 1000), quoted(onePolicy))
	}
	b.WriteString("]}")
	data := b.String()
	n := 0
	for f, err := range Scan("plan.json", []byte(data), Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		at := strings.Index(onePolicy, "s3:GetObject")
		p := f.Position(at)
		if !strings.HasPrefix(data[p.Offset:], "s3:GetObject") || p.Line != 1 {
			t.Fatalf("%s: got the action at %+v, where the file has %.20q", f.Where, p, data[p.Offset:])
		}
		if n%50 == 0 {
			if want := utf8.RuneCountInString(data[:p.Offset]) + 1; p.Column != want {
				t.Errorf("%s: got column %d, want %d", f.Where, p.Column, want)
			}
		}
		e := f.Excerpt(p)
		if len(e.Text) > 3*excerptSize || !strings.HasPrefix(string([]rune(e.Text)[p.Column-e.First:]), "s3:GetObject") || !utf8.ValidString(e.Text) {
			t.Fatalf("%s: got the excerpt %+v, want one with the action at column %d", f.Where, e, p.Column)
		}
		for at := 0; at < len(onePolicy); at += 10 {
			f.Span(iam.Span{Start: at, End: len(onePolicy)})
		}
	}
	if n != policies {
		t.Errorf("got %d policies, want %d", n, policies)
	}
}

// Texts that make a quadratic reader slow.
func TestLongTexts(t *testing.T) {
	const policy = "Resources: {P: {Type: AWS::IAM::Policy, Properties: {PolicyDocument: "
	for title, text := range map[string]string{
		"Sub of many variables": policy + `{Statement: !Sub "` + strings.Repeat("${a}", 30_000) + `"}}}}`,
		"Sub over many lines":   "Resources:\n  P:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyDocument: !Sub |\n" + strings.Repeat("        {${a}\n", 20_000),
		"many references":       policy + `{"A": "` + strings.Repeat("{{resolve:x}}", 15_000) + `"}}}}`,
		"many comments":         "Resources:\n" + strings.Repeat("  # trunkline:ignore A b\n", 3_000) + "  P: {Type: AWS::IAM::Policy}\n",
		"many nested comments":  strings.Repeat("# trunkline:ignore A b\nStatement:\n", 3_000),
		"many fences":           strings.Repeat("```\n\n", 20_000),
		"many quotations":       strings.Repeat(">", 200_000) + "```",
	} {
		begun := time.Now()
		name := "a.yaml"
		if strings.Contains(text, "```") {
			name = "a.md"
		}
		for f, err := range Scan(name, []byte(text), Options{}) {
			if err == nil && len(f.Document.Source) > 4<<20 {
				t.Errorf("%s: a policy of %d bytes", title, len(f.Document.Source))
			}
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%s: read in %v, want no more than a second or two", title, took)
		}
	}
}
