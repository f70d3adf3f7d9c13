// Package iam_test checks what the package promises of any text, case by case and by fuzzing.
package iam_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"trunkline/iam"
)

// tree writes a tree without what stands where: as JSON with every member in order, numbers and all as written. A member that is
// followed by an equal one is left out, as the edits of DuplicateKey do.
func tree(n *iam.Node) string {
	if n == nil {
		return "nothing"
	}
	switch n.Kind {
	case iam.Array:
		items := make([]string, 0, len(n.Items))
		for _, item := range n.Items {
			items = append(items, tree(item))
		}
		return "[" + strings.Join(items, ",") + "]"
	case iam.Object:
		members := make([]string, 0, len(n.Members))
		last := map[string]int{}
		for i, m := range n.Members {
			last[m.Key.Text] = i
		}
		for i, m := range n.Members {
			text := fmt.Sprintf("%q:%s", m.Key.Text, tree(m.Value))
			if j := last[m.Key.Text]; j > i && text == fmt.Sprintf("%q:%s", m.Key.Text, tree(n.Members[j].Value)) {
				continue
			}
			members = append(members, text)
		}
		return "{" + strings.Join(members, ",") + "}"
	case iam.String:
		return fmt.Sprintf("%q", n.Text)
	}
	return n.Text
}

// allEdits is the edits of all problems; false when a problem has none.
func allEdits(problems []iam.Problem) ([]iam.Edit, bool) {
	var edits []iam.Edit
	complete := true
	for _, p := range problems {
		edits = append(edits, p.Edits...)
		complete = complete && len(p.Edits) > 0
	}
	return edits, complete
}

// checkParse checks what Parse promises of any text.
func checkParse(t *testing.T, src string) *iam.Document {
	t.Helper()
	doc := iam.Parse([]byte(src))
	if got := string(doc.Bytes()); got != src {
		t.Errorf("Bytes of an unedited document: got %q, want %q", got, src)
	}
	checkNode(t, src, doc.Root, nil)
	before := 0
	for _, p := range doc.Problems {
		if p.Span.Start < before || p.Span.End < p.Span.Start || p.Span.End > len(src) {
			t.Errorf("Parse(%q): problem %+v is not in order or not in the text", src, p)
		}
		before = p.Span.Start
	}
	if json.Valid([]byte(src)) {
		for _, p := range doc.Problems {
			switch p.Code {
			case iam.DuplicateKey, iam.BareStatement, iam.NoPolicy, iam.TooDeep, iam.BadString, iam.TooMany:
			default:
				t.Errorf("Parse(%q): valid JSON, got problem %+v", src, p)
			}
		}
	} else if len(doc.Problems) == 0 {
		t.Errorf("Parse(%q): no JSON, and no problem", src)
	}
	edits, complete := allEdits(doc.Problems)
	mended, err := iam.Apply([]byte(src), edits)
	if err != nil {
		t.Fatalf("Parse(%q): edits of %+v: %v", src, doc.Problems, err)
	}
	if !complete {
		return doc
	}
	again := iam.Parse(mended)
	if len(again.Problems) > 0 {
		t.Errorf("Parse(%q): mended to %q, which has problems: %+v", src, mended, again.Problems)
	}
	if got, want := tree(again.Root), tree(doc.Root); got != want {
		t.Errorf("Parse(%q): mended to %q: got tree %s, want %s", src, mended, got, want)
	}
	return doc
}

// checkNode checks that a node knows its place.
func checkNode(t *testing.T, src string, n, parent *iam.Node) {
	t.Helper()
	if n == nil {
		return
	}
	if n.Parent != parent || n.Span.Start < 0 || n.Span.End < n.Span.Start || n.Span.End > len(src) {
		t.Errorf("Parse(%q): node %+v: wrong parent or span", src, n)
	}
	if n.Virtual && n.Span.Start != n.Span.End {
		t.Errorf("Parse(%q): virtual node with span %+v", src, n.Span)
	}
	for i, item := range n.Items {
		if item.Index != i || item.Key != nil {
			t.Errorf("Parse(%q): item %d has index %d, key %v", src, i, item.Index, item.Key)
		}
		checkNode(t, src, item, n)
	}
	for i, m := range n.Members {
		if m.Value.Index != i || m.Value.Key != m.Key || m.Key.Index != i {
			t.Errorf("Parse(%q): member %d has index %d, key %v", src, i, m.Value.Index, m.Value.Key)
		}
		checkNode(t, src, m.Key, n)
		checkNode(t, src, m.Value, n)
	}
}
