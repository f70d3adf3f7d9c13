package known_test

import (
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/internal/integration/known"
)

// FuzzValues: whatever is given as a value, what is rendered is a policy that IAM takes, with the statements of the template and no
// others; a value never becomes a wildcard, a variable or a statement.
func FuzzValues(f *testing.F) {
	for n, seed := range []string{"*", `","Effect":"Allow","x":"`, "${aws:username}", "a,b", "arn:aws:kinesis:eu-west-2:111122223333:stream/*", "\x00", "ä", "operata"} {
		f.Add(uint(n), uint(n), seed)
	}
	all := known.All()
	f.Fuzz(func(t *testing.T, which, parameter uint, value string) {
		i := all[which%uint(len(all))]
		name := i.Parameters[parameter%uint(len(i.Parameters))].Name
		p := i.Policies[which/uint(len(all))%uint(len(i.Policies))]
		given := i.Examples(p, p.Optional()...)
		plain, err := i.Render(p, given)
		if err != nil {
			t.Fatal(err)
		}
		given[name] = value
		r, err := i.Render(p, given)
		if err != nil {
			return
		}
		stars, before := 0, 0
		for _, d := range r.Documents {
			doc, err := iam.Strict(d.Text, p.Type)
			if err != nil {
				t.Fatalf("%s %s with %s=%q: %v\n%s", i.Name, p.Name, name, value, err, d.Text)
			}
			for _, s := range doc.Statements {
				if _, known := p.Statement(s.Sid.Text); !known {
					t.Errorf("%s %s with %s=%q: a statement %s", i.Name, p.Name, name, value, s.Sid.Text)
				}
			}
			stars += wildcards(doc)
		}
		for _, d := range plain.Documents {
			before += wildcards(iam.Parse(d.Text))
		}
		if values := 1 + strings.Count(value, ","); stars > before*values {
			t.Errorf("%s %s with %s=%q: %d resources with wildcards, %d without it", i.Name, p.Name, name, value, stars, before)
		}
	})
}

// wildcards counts the resources and variables that cover more than one thing.
func wildcards(doc *iam.Document) (n int) {
	for _, s := range doc.Statements {
		for _, values := range []*iam.Values{s.Resource, s.NotResource} {
			if values == nil {
				continue
			}
			for _, r := range values.List {
				for k, c := range r.Text {
					if c == '*' || c == '?' || c == '$' && k+1 < len(r.Text) && r.Text[k+1] == '{' {
						n++
						break
					}
				}
			}
		}
	}
	return n
}
