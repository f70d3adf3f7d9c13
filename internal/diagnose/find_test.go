package diagnose

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"trunkline/iam/catalog"
)

// TestExamples: the example of each form is read by that form, and by no other.
func TestExamples(t *testing.T) {
	p := newParser(catalog.Default())
	for _, f := range forms() {
		found := p.find(f.example, quality{})
		if len(found) != 1 || found[0].Form != f.name || found[0].Kind != f.kind {
			t.Errorf("%s: %s\ngot %+v, want one message of the form", f.name, f.example, found)
		}
		if f.source == "" {
			t.Errorf("%s: no source", f.name)
		}
	}
	for _, w := range wrappers() {
		at := strings.Index(w.example, w.phrase)
		if at < 0 {
			t.Fatalf("%s: %s: its phrase is not there", w.name, w.example)
		}
		if c, _, ok := w.read(w.example, at); !ok || c == (envelope{}) {
			t.Errorf("%s: %s: got %+v (%v), want what it says", w.name, w.example, c, ok)
		}
	}
}

// corpus are the cases of testdata/corpus.txtar: a text, and the fields of the message in it.
func corpus(t testing.TB) map[string]corpusCase {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/corpus.txtar")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]corpusCase{}
	for _, file := range archive.Files {
		if _, twice := cases[file.Name]; twice {
			t.Fatalf("%s: there are two cases of this name", file.Name)
		}
		c := corpusCase{want: map[string]string{"kind": "denied"}}
		var text []string
		for line := range strings.Lines(string(file.Data)) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			switch key {
			case "text":
				text = append(text, value)
			case "whole":
				c.quality.whole = true
			case "cut":
				c.quality.cut = true
			default:
				c.want[key] = value
			}
		}
		c.text = strings.Join(text, "\n")
		if c.text == "" {
			t.Fatalf("%s: no text", file.Name)
		}
		cases[file.Name] = c
	}
	return cases
}

type corpusCase struct {
	text    string
	quality quality
	want    map[string]string
}

// described are the fields of a message that are not empty.
func described(m Message) map[string]string {
	all := map[string]string{
		"kind": m.Kind.String(), "form": m.Form, "principal": m.Principal, "action": m.Action, "resource": m.Resource, "effect": m.Effect.String(),
		"policy": string(m.Policy), "through": string(m.Through), "policyarn": m.PolicyARN, "encoded": m.Encoded, "code": m.Code,
		"service": m.Service, "operation": m.Operation, "request": m.RequestID, "host": m.Host,
	}
	if m.Truncated {
		all["truncated"] = "true"
	}
	for key, value := range all {
		if value == "" {
			delete(all, key)
		}
	}
	return all
}

// TestCorpus: every message is understood as its case says, all of it.
func TestCorpus(t *testing.T) {
	p := newParser(catalog.Default())
	cases := corpus(t)
	if len(cases) < 80 {
		t.Errorf("%d cases, want at least 80", len(cases))
	}
	seen := map[string]bool{}
	for name, c := range cases {
		found := p.find(c.text, c.quality)
		got := map[string]string{"kind": "unknown"}
		if len(found) > 0 {
			got = described(found[0])
		}
		if diff := cmp.Diff(c.want, got); diff != "" || len(found) > 1 {
			t.Errorf("%s: %s\n%d messages, fields (- want, + got):\n%s", name, c.text, len(found), diff)
		}
		seen[got["form"]] = true
	}
	for _, f := range forms() {
		if !seen[f.name] {
			t.Errorf("no case has the form %q", f.name)
		}
	}
}

// TestUnknown: lines that are none of our messages are none.
func TestUnknown(t *testing.T) {
	text, err := os.ReadFile("testdata/unknown.txt")
	if err != nil {
		t.Fatal(err)
	}
	p := newParser(catalog.Default())
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) != 30 {
		t.Errorf("%d lines, want 30", len(lines))
	}
	for _, line := range lines {
		if found := p.find(line, quality{}); len(found) > 0 {
			t.Errorf("%s\ngot %+v, want nothing", line, found)
		}
	}
}
