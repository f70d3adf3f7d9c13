package spelling

import (
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"mask", "mask", 0},
		{"maks", "mask", 1},
		{"mas", "mask", 1},
		{"mosk", "mask", 1},
		{"hash", "mask", 2},
		{"kitten", "sitting", 3},
		{strings.Repeat("a", 129), "a", 129},
		{strings.Repeat("a", 200), strings.Repeat("a", 200), 0},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("Distance(%.20q, %.20q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := Distance(c.b, c.a); got != c.want {
			t.Errorf("Distance(%.20q, %.20q) = %d, want %d both ways", c.b, c.a, got, c.want)
		}
	}
}
