package patterntest

import (
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"pattern {}\nmatch {}", "outside of a section"},
		{"== x\n== y", "x.cases:2: what is before"},
		{"== x\npattern {}\n== y", "x.cases:3: what is before"},
		{"== x\npattern {}\npattern {}", "x.cases:3: pattern outside"},
		{"== x\nmatch {}", "x.cases:2: expectation without a pattern"},
		{"== x\npattern {}", "ends with"},
		{"== x", "ends with"},
		{"== x\npattern {}\nmatches {}", "unknown line"},
		{"== x\npattern {}\nno way {}", "unknown line"},
		{"== x\nlevel lake\npattern {}\nmatch {}", "unknown level"},
		{"== x\npattern {}\nmatch", "says nothing"},
	} {
		if _, err := parse("x.cases", c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}
