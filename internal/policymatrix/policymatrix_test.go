package policymatrix

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/sim"
)

var update = flag.Bool("update", false, "write the golden files")

var instance = map[string]string{
	"instance": "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-4333-8444-555555555555",
	"alias":    "example", "bucket": "example-recordings",
}

// policies compiles files of testdata.
func policies(t *testing.T, kind iam.Type, names ...string) (list []*sim.Policy) {
	t.Helper()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		p, err := sim.Compile(iam.Parse(text), kind)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p.Name = name
		list = append(list, p)
	}
	return list
}

func principal(t *testing.T, name string, scp [][]*sim.Policy, files ...string) Principal {
	t.Helper()
	caller, err := sim.ParseCaller("arn:aws:iam::111122223333:role/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return Principal{Name: name, Caller: caller, Policies: &sim.Policies{Identity: policies(t, iam.IdentityPolicy, files...), SCP: scp}}
}

func administrators(t *testing.T) *Table {
	t.Helper()
	set, err := Load("connect-administrator")
	if err != nil {
		t.Fatal(err)
	}
	questions, err := set.Ask(instance)
	if err != nil {
		t.Fatal(err)
	}
	scp := [][]*sim.Policy{policies(t, iam.ServiceControlPolicy, "scp.json")}
	admins, viewers := principal(t, "admins", nil, "admins.json"), principal(t, "viewers", scp, "viewers.json")
	admins.Meant = true
	table, err := Answer(set.Title, questions, []Principal{admins, viewers}, catalog.Default())
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestGolden holds the text and the page of a whole table against files that were read by a person.
func TestGolden(t *testing.T) {
	table := administrators(t)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"admins.txt":  func(b *bytes.Buffer) error { return table.WriteText(b) },
		"admins.html": func(b *bytes.Buffer) error { return table.WriteHTML(b) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		// The facts' date changes with every update of the catalog.
		got := strings.ReplaceAll(b.String(), table.Facts, "DATE")
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, string(want)); diff != "" {
			t.Errorf("%s (-got +want; -update writes it):\n%s", name, diff)
		}
	}
}

// TestKnownActions would fail when a question asked about an action that the facts do not know: its answer would be worth nothing.
func TestKnownActions(t *testing.T) {
	set, err := Load("connect-administrator")
	if err != nil {
		t.Fatal(err)
	}
	questions, err := set.Ask(instance)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		for _, r := range q.Requests {
			query, err := sim.NewQuery(sim.Request{Action: r.Action, Resource: r.Resource}, catalog.Default())
			if err != nil {
				t.Errorf("%s: %v", q.Ask, err)
			} else if len(query.Warnings) > 0 {
				t.Errorf("%s: %q", q.Ask, query.Warnings)
			}
		}
	}
}

func TestWriteJSON(t *testing.T) {
	table := administrators(t)
	var b bytes.Buffer
	if err := table.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != len(table.Rows) {
		t.Fatalf("got %d lines, want %d", len(lines), len(table.Rows))
	}
	for i, line := range lines {
		var row Row
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if diff := cmp.Diff(row, table.Rows[i]); diff != "" {
			t.Errorf("line %d (-got +want):\n%s", i+1, diff)
		}
	}
}

// TestHTMLEscapes plants markup in everything that comes from outside.
func TestHTMLEscapes(t *testing.T) {
	const evil = `<script>alert(1)</script>`
	cell := Cell{Principal: evil, Answer: "denied", Requests: []Detail{{Reason: evil, Policy: evil, Line: 1, Sid: evil}}}
	table := Table{Title: evil, Facts: evil, Principals: []string{evil}, Rows: []Row{{Area: evil, Ask: evil, Want: evil, Cells: []Cell{cell}}}}
	var b bytes.Buffer
	if err := table.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<script") {
		t.Errorf("the page holds markup from outside:\n%s", b.String())
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "no questions"},
		{"no questions", "name: x", "no questions"},
		{"unknown member", "questions: [{ask: a, requests: ['s3:GetObject *'], wants: allowed}]", "wants"},
		{"no request", "questions: [{ask: a}]", "want ask and at least one of requests"},
		{"half a request", "questions: [{ask: a, requests: ['s3:GetObject']}]", "want an action and a resource"},
		{"other want", "questions: [{ask: a, requests: ['s3:GetObject *'], want: maybe}]", `want "maybe"`},
		{"short each", "questions: [{ask: a, requests: ['s3:GetObject *'], each: {x: [y]}}]", "want [PARAMETER, allowed|denied]"},
		{"deep", strings.Repeat("[", 100), "nested deeper"},
		{"long", strings.Repeat("#", maxText+1), "longer than"},
		{"binary", "\x00\x01", "question set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Parse(%.40q): got %v, want %q in it", c.text, err, c.want)
			}
		})
	}
}

func TestAskErrors(t *testing.T) {
	set, err := Load("connect-administrator")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		given map[string]string
		want  string
	}{
		{"nothing", nil, "needs --set instance (ARN of the instance that they administer), alias"},
		{"unknown", map[string]string{"instances": "x"}, "takes no parameter instances; it takes: instance, alias"},
		{"no ARN", map[string]string{"instance": "x", "alias": "a", "bucket": "b"}, "nothing is known of ${partition}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := set.Ask(c.given)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

// TestAnswer covers the kinds of answers and what counts as a surprise.
func TestAnswer(t *testing.T) {
	arn := "arn:aws:s3:::example-recordings/a"
	key := "arn:aws:kms:eu-west-2:111122223333:key/1"
	for _, c := range []struct {
		requests     []Request
		want, answer string
		surprise     bool
	}{
		{[]Request{{"s3:GetObject", arn}}, "allowed", "allowed", false},
		{[]Request{{"s3:DeleteObject", arn}}, "allowed", "denied", true},
		{[]Request{{"s3:DeleteObject", arn}}, "denied", "denied", false},
		{[]Request{{"s3:GetObject", arn}, {"s3:DeleteObject", arn}}, "allowed", "partly", true},
		{[]Request{{"s3:GetObject", arn}, {"s3:DeleteObject", arn}}, "denied", "partly", false},
		{[]Request{{"kms:Decrypt", key}}, "allowed", "undecided", true},
		{[]Request{{"s3:GetObject", arn}, {"kms:Decrypt", key}}, "", "undecided", false},
		{[]Request{{"s3:DeleteObject", arn}, {"kms:Decrypt", key}}, "", "denied", false},
	} {
		p := principal(t, "admins", nil, "admins.json")
		p.Meant = true
		table, err := Answer("", []Question{{Ask: "?", Requests: c.requests, Want: c.want}}, []Principal{p}, catalog.Default())
		if err != nil {
			t.Fatal(err)
		}
		got := table.Rows[0].Cells[0]
		if got.Answer != c.answer || got.Surprise != c.surprise {
			t.Errorf("%v, want %q: got %s, surprise %t; want %s, %t", c.requests, c.want, got.Answer, got.Surprise, c.answer, c.surprise)
		}
	}
}
