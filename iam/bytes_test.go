package iam

import (
	"strings"
	"testing"
)

// Whatever byte stands wherever, plain stops in front of those that mean something, and goes on over the others.
func TestPlain(t *testing.T) {
	for c := range 256 {
		for at := range 24 {
			text := strings.Repeat("x", at) + string([]byte{byte(c)}) + strings.Repeat("~", 23-at)
			got, want := plain(text), len(text)
			if c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
				want = at
			}
			if got != want {
				t.Errorf("%q: got %d, want %d", text, got, want)
			}
		}
	}
}
