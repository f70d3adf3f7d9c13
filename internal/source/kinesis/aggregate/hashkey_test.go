package aggregate

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const maxHashKey = "340282366920938463463374607431768211455"

func TestParseRange(t *testing.T) {
	for _, c := range []struct{ start, end, want string }{
		{"0", maxHashKey, ""},
		{"7", "7", ""},
		{"000", "007", ""},
		{"8", "7", "hash range: start 8 is behind end 7"},
		{"18446744073709551616", "18446744073709551615", "start 18446744073709551616 is behind"},
		{"", "7", `hash range: start "" is no decimal`},
		{"0", "", `hash range: end "" is no decimal`},
		{"-1", "7", `start "-1" is no decimal`},
		{"+1", "7", `start "+1" is no decimal`},
		{" 1", "7", `start " 1" is no decimal`},
		{"0x1", "7", `start "0x1" is no decimal`},
		{"1e3", "7", `start "1e3" is no decimal`},
		{"٣", "7", `start "٣" is no decimal`},
		{"0", "340282366920938463463374607431768211456", "is no decimal number of at most 128 bits"},
		{"0", strings.Repeat("9", 100), `end "` + strings.Repeat("9", 50) + `" is no decimal`},
	} {
		_, err := ParseRange(c.start, c.end)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s to %s: got %v, want %q", c.start, c.end, err, c.want)
		}
	}
	if r, err := ParseRange("0", maxHashKey); err != nil || r != (Range{}) {
		t.Errorf("the range of every key: got %v, %v; want the zero value", r, err)
	}
}

// TestHashKeys compares with math/big, about the bounds of 64 and 128 bits.
func TestHashKeys(t *testing.T) {
	limit := new(big.Int).Lsh(big.NewInt(1), 128)
	near := rapid.Custom(func(t *rapid.T) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(rapid.Int64Range(0, 1<<62).Draw(t, "bits")), uint(rapid.IntRange(0, 80).Draw(t, "shift")))
		return n.Abs(n.Add(n, big.NewInt(rapid.Int64Range(-2, 2).Draw(t, "offset"))))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, k := near.Draw(t, "a"), near.Draw(t, "b"), near.Draw(t, "k")
		if a.Cmp(b) > 0 {
			a, b = b, a
		}
		r, err := ParseRange(a.String(), b.String())
		if want := b.Cmp(limit) < 0; (err == nil) != want {
			t.Fatalf("range %s to %s: %v", a, b, err)
		}
		if err != nil {
			return
		}
		want := inside
		switch {
		case k.Cmp(limit) >= 0:
			want = invalid
		case k.Cmp(a) < 0 || k.Cmp(b) > 0:
			want = outside
		}
		if got := r.explicitHashKey([]byte(k.String())); got != want {
			t.Fatalf("%s in %s to %s: got %d, want %d", k, a, b, got, want)
		}
	})
}
