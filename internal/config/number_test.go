package config

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestJSONNumber(t *testing.T) {
	grammar := regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`-?[0-9]{0,2}(\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?[ \n]?`), rapid.StringOfN(rapid.RuneFrom([]rune("-+.eE019 \n\tNa\"")), 0, 6, -1)).Draw(t, "text")
		if got, want := jsonNumber(text), grammar.MatchString(text); got != want {
			t.Fatalf("%q: got %t, want %t", text, got, want)
		}
	})
}
