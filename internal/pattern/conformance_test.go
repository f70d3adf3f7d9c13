package pattern_test

import (
	"errors"
	"strings"
	"testing"

	"trunkline/internal/document"
	"trunkline/internal/pattern"
	"trunkline/internal/pattern/patterntest"
)

// TestConformance runs the cases of patterntest/testdata. Each pattern is also tried as one of a Set of three and behind its First,
// and with enough others to need the index.
func TestConformance(t *testing.T) {
	cases, err := patterntest.Cases()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 500 {
		t.Errorf("%d cases, want hundreds", len(cases))
	}
	levels := map[string]pattern.Level{"bus": pattern.Bus, "filter": pattern.Filter, "pipe": pattern.Pipe}
	for _, c := range cases {
		level := levels[c.Level]
		set, err := pattern.Compile(level, []byte(c.Pattern))
		if c.Invalid != "" {
			if err == nil || !strings.Contains(err.Error(), c.Invalid) {
				t.Errorf("%s (%s): %s is %v, want %q", c.File, c.Section, c.Pattern, err, c.Invalid)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s (%s): %s: %v", c.File, c.Section, c.Pattern, err)
			continue
		}
		if c.Warning != "" {
			if !warns(set, c.Warning) {
				t.Errorf("%s (%s): %s warns %q, want %q", c.File, c.Section, c.Pattern, set.Warnings(), c.Warning)
			}
			continue
		}
		var event document.Document
		if err := event.Parse([]byte(c.Event)); err != nil {
			t.Errorf("%s: event %s: %v", c.File, c.Event, err)
			continue
		}
		got, err := set.NewMatcher().Match(&event)
		if got != c.Match || err != nil {
			t.Errorf("%s (%s): %s with %s is %v, %v; want %v", c.File, c.Section, c.Pattern, c.Event, got, err, c.Match)
		}
		if level != pattern.Bus {
			continue
		}
		others := [][]byte{[]byte(`{"no1": [1]}`), []byte(`{"no2": [{"prefix": "x"}], "a": [{"exists": true}]}`), []byte(`{"no3": [{"numeric": [">", 1]}]}`), []byte(`{"no4": ["x"], "x": {"a": [1]}}`), []byte(`{"a": {"no5": [2]}}`)}
		for _, n := range []int{1, len(others)} {
			big, err := pattern.Compile(level, append(others[:n:n], []byte(c.Pattern))...)
			if err != nil {
				t.Fatal(err)
			}
			want := -1
			if c.Match {
				want = n
			}
			if got, err := big.NewMatcher().First(&event); got != want || err != nil {
				t.Errorf("%s (%s): %s among %d others with %s is %d, %v; want %d", c.File, c.Section, c.Pattern, n, c.Event, got, err, want)
			}
		}
	}
}

func warns(set *pattern.Set, text string) bool {
	for _, f := range set.Warnings() {
		if strings.Contains(f.String(), text) {
			return true
		}
	}
	return false
}

func TestErrorSaysWhere(t *testing.T) {
	_, err := pattern.Compile(pattern.Bus, []byte(`{"a": [1]}`), []byte("{\n  \"é\": {\n    \"b\": [{\"prefx\": \"secret\"}]\n  }\n}"))
	e, ok := errors.AsType[*pattern.Error](err)
	if !ok {
		t.Fatalf("got %v, want an *Error", err)
	}
	want := pattern.Finding{Pattern: 1, Offset: 23, Line: 3, Column: 12, Path: "é.b", Reason: `a value has no operator "prefx"`, Hint: `did you mean "prefix"?`}
	if e.Finding != want {
		t.Errorf("got %+v\nwant %+v", e.Finding, want)
	}
	if got, want := e.Error(), `invalid event pattern 2, line 3, column 12: field "é.b": a value has no operator "prefx"; did you mean "prefix"?`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
