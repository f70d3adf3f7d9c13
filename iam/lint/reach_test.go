package lint

import (
	"regexp"
	"testing"

	"trunkline/iam"
	"trunkline/iam/catalog"
)

// Of ARNs whose fields are written out, the heads and the resource part alone tell what the whole ARN tells, for every type of the
// catalogue and for the types of the same service that it is not.
func TestHeadAndResource(t *testing.T) {
	gap := regexp.MustCompile(`\$\{[^}]*\}`)
	all := catalog.Default()
	yes, no := 0, 0
	for _, prefix := range all.Services() {
		service, _ := all.Service(prefix)
		for i := range service.Types {
			format := service.Types[i].Formats[0]
			f := splitFormat(format)
			for _, with := range []string{"x", "x/y", "x:y", "", "*", "x*", "${aws:username}", "{Name}", "<name>"} {
				name := gap.ReplaceAllLiteralString(f[5], with)
				for _, head := range []string{gap.ReplaceAllLiteralString(format[:len(format)-len(f[5])], "x"), "arn:aws:" + prefix + ":::", "arn:aws:" + prefix + ":x:1:", "arn:aws:s3:::"} {
					r := newResource(&iam.Node{Text: head + name})
					for j := max(0, i-2); j < min(len(service.Types), i+3); j++ {
						other := &service.Types[j]
						if len(other.Formats) > 1 || other.Formats[0] == "" {
							continue
						}
						of := splitFormat(other.Formats[0])
						got, want := r.meetsHead(&of) && other.IntersectsResource(0, r.Name), other.Intersects(r.Text)
						if got != want {
							t.Errorf("%s as %s %s (%s): got %t, want %t", r.Text, prefix, other.Name, other.Formats[0], got, want)
						}
						if want {
							yes++
						} else {
							no++
						}
					}
				}
			}
		}
	}
	if least := 10_000; yes < least || no < least {
		t.Errorf("compared %d ARNs that fit and %d that do not, want at least %d of each", yes, no, least)
	}
}
