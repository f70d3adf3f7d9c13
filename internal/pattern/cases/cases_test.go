package cases

import (
	"strings"
	"testing"

	"trunkline/internal/pattern"
)

func TestRun(t *testing.T) {
	in := strings.Join([]string{
		`{"id": 1, "pattern": {"a": [1]}, "event": {"a": 1.0}}`,
		`{"id": "two", "pattern": "{\"a\": [1]}", "event": "{\"a\": 2, \"a\": 1}"}`,
		``,
		`{"id": [3], "pattern": {"a": [1]}, "event": {"b": 1}}`,
		`{"id": 4, "pattern": {"a": 1}, "event": {}}`,
		`{"id": 5, "pattern": "{\"a\": ", "event": {}}`,
		`{"id": 6, "pattern": {"a": [1]}, "event": "[]"}`,
		`{"id": 7, "pattern": {"a": [1]}, "event": "{"}`,
		`{"id": 8, "pattern": {"a": [1]}}`,
		`{"id": 9, "pattern": {"a": [1]}, "event": {}} {}`,
		`{"id": 10, "pattern": {"a": [1]}, "event": {}, "extra": 1}`,
		`nonsense`,
		"{\"id\": 11, \"pattern\": {\"a\": [\"<\"]}, \"event\": {\"a\": \"<\"}}\r",
		`{"id": 12, "pattern": {"data": {"a": [1]}, "awsRegion": ["x"]}, "event": {}}`,
	}, "\n")
	want := strings.Join([]string{
		`{"id":1,"match":true}`,
		`{"id":"two","match":true}`,
		`{"id":[3],"match":false}`,
		`{"id":4,"invalid":"line 1, column 7: field \"a\": a field's value is an array of values or an object of fields, not a number; put the value in an array: [ … ]"}`,
		`{"id":5,"invalid":"line 1, column 7: not one JSON text: text ends where a value should stand"}`,
		`{"id":6,"error":"event: want an object, not array"}`,
		`{"id":7,"error":"event: invalid JSON at byte 1: want a member's name in quotes"}`,
		`{"id":8,"line":9,"error":"id, pattern or event is missing"}`,
		`{"line":10,"error":"the line goes on behind the case"}`,
		`{"line":11,"error":"want {\"id\", \"pattern\", \"event\"}: unknown field \"extra\""}`,
		`{"line":12,"error":"want {\"id\", \"pattern\", \"event\"}: invalid character 'o' in literal null (expecting 'u')"}`,
		`{"id":11,"match":true}`,
		`{"id":12,"match":false}`,
		``,
	}, "\n")
	var out strings.Builder
	sum, err := Run(pattern.Bus, strings.NewReader(in), &out)
	if err != nil || out.String() != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, out.String(), want)
	}
	if want := (Summary{Matched: 3, Unmatched: 2, Invalid: 2, Errors: 6}); sum != want {
		t.Errorf("got %+v, want %+v", sum, want)
	}
}

func TestRunLevel(t *testing.T) {
	var out strings.Builder
	in := `{"id": 1, "pattern": {"data": {"a": [{"wildcard": "*"}]}}, "event": {"data": {"a": "x"}}}`
	if _, err := Run(pattern.Pipe, strings.NewReader(in), &out); err != nil || !strings.Contains(out.String(), "a pipe has no wildcard") {
		t.Errorf("got %s, %v; want the wildcard refused", out.String(), err)
	}
}
