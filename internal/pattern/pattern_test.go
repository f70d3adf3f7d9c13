package pattern

import (
	"testing"

	"trunkline/internal/document"
)

func match(t testing.TB, pattern, event string) (bool, error) {
	t.Helper()
	s, err := Compile(Bus, []byte(pattern))
	if err != nil {
		return false, err
	}
	var d document.Document
	if err := d.Parse([]byte(event)); err != nil {
		t.Fatalf("event %s: %v", event, err)
	}
	ok, err := s.NewMatcher().Match(&d)
	if err != nil {
		t.Fatalf("%s matched with %s: %v", pattern, event, err)
	}
	return ok, nil
}

func TestMatchSmoke(t *testing.T) {
	for _, c := range []struct {
		pattern, event string
		want           bool
	}{
		{`{"a":[1]}`, `{"a":1.0}`, true},
		{`{"x":{"a":[1],"b":[4]}}`, `{"x":[{"a":1,"b":2},{"a":3,"b":4}]}`, false},
		{`{"x":{"a":[1],"b":[2]}}`, `{"x":[{"a":1,"b":2},{"a":3,"b":4}]}`, true},
		{`{"x":{"a":[1],"b":[{"exists":false}]}}`, `{"x":[{"a":1},{"b":4}]}`, true},
		{`{"x":{"a":[{"exists":false}],"b":[4]}}`, `{"x":[{"a":1},{"b":4}]}`, false},
	} {
		if got, err := match(t, c.pattern, c.event); got != c.want || err != nil {
			t.Errorf("%s with %s is %v, %v; want %v", c.pattern, c.event, got, err, c.want)
		}
	}
}
