package lint

import (
	glob "path"
	"strings"
	"testing"
)

// meet agrees with trying all short texts.
func TestMeetAgainstTexts(t *testing.T) {
	patterns := words("ab*?", 3)
	texts := words("ab", 6)
	for _, a := range patterns {
		for _, b := range patterns {
			want := false
			for _, text := range texts {
				x, _ := glob.Match(a, text) // without "/" the same language
				y, _ := glob.Match(b, text)
				if want = x && y; want {
					break
				}
			}
			if got := meet(a, b); got != want {
				t.Errorf("meet(%q, %q) is %t, want %t", a, b, got, want)
			}
		}
	}
}

// words are all texts over an alphabet up to a length.
func words(alphabet string, length int) []string {
	all, last := []string{""}, []string{""}
	for range length {
		var next []string
		for _, word := range last {
			for _, c := range alphabet {
				next = append(next, word+string(c))
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

func TestMeet(t *testing.T) {
	long := strings.Repeat("x", 2*usualLength)
	for _, c := range []struct {
		a, b string
		arn  bool // compare field by field
		want bool
	}{
		{"role/app-*", "role/${RoleNameWithPath}", false, true},
		{"role/${*}", "role/*", false, true},
		{"role/${*}", "role/a", false, false},
		{"role/<name>", "role/app", false, true},
		{"role/{App Name}-x", "role/app-y", false, false},
		{"a${b", "a${b", false, true},
		{"a${b", "a${c", false, false},
		{long + "*", "*" + long, false, true},
		{long + "*y", long + "*z", false, false},
		{"arn:aws:iam::*:role/a", "arn:${Partition}:iam::${Account}:role/${Name}", true, true},
		{"arn:aws:x:*:*:destination/a", "arn:aws:x:r:a:api-destination/b", true, false},
		{"arn:aws:x:*:*:destination/a", "arn:aws:x:r:a:api-destination/b*", true, false},
		{"arn:aws:x:*:*:destination/a", "arn:aws:x:r:a:api-destination/b*", false, true}, // …:api-destination/b:destination/a
		{"*", "arn:aws:x:r:a:b", true, true},
	} {
		compare := meet
		if c.arn {
			compare = meetARN
		}
		if got := compare(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: got %t, want %t", c.a, c.b, got, c.want)
		}
		if got := compare(c.b, c.a); got != c.want {
			t.Errorf("%q and %q: got %t, want %t", c.b, c.a, got, c.want)
		}
	}
}
