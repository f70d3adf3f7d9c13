package contact

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePath(t *testing.T) {
	for text, want := range map[string]Path{
		"Channel":                         {{Name: "Channel"}},
		"Attributes.language":             {{Name: "Attributes"}, {Name: "language"}},
		"Attributes.*":                    {{Name: "Attributes"}, {Any: true}},
		"*.ARN":                           {{Any: true}, {Name: "ARN"}},
		`Attributes.first\.last`:          {{Name: "Attributes"}, {Name: "first.last"}},
		`Attributes.\*\\`:                 {{Name: "Attributes"}, {Name: `*\`}},
		"Tags.aws:connect:systemEndpoint": {{Name: "Tags"}, {Name: "aws:connect:systemEndpoint"}},
	} {
		got, err := ParsePath(text)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("ParsePath(%q) = %v, %v; want %v", text, got, err, want)
		}
		if back := got.String(); back != text {
			t.Errorf("%v prints as %q, want %q", got, back, text)
		}
	}
	for _, text := range []string{"", ".", "a.", ".a", "a..b", "a*", "*a", "**", `a\`, `\a`} {
		if got, err := ParsePath(text); err == nil {
			t.Errorf("ParsePath(%q) = %v, want an error", text, got)
		}
	}
}

// FuzzParsePath: what parses prints as a text that parses to the same path.
func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"a.b", `a\.b.*`, "*", "", "..", `\`, "ä.é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path, err := ParsePath(text)
		if err != nil {
			return
		}
		again, err := ParsePath(path.String())
		if err != nil || !cmp.Equal(path, again) {
			t.Fatalf("%q parses to %v, which prints as %q and parses to %v, %v", text, path, path.String(), again, err)
		}
	})
}
