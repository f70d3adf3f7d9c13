package integration

import (
	"maps"
	"slices"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/lint"
)

// Figures compare a policy with the published one for the same job, with the values of examples, everything on.
type Figures struct {
	Integration, Policy string
	Published           *Figure // nil when nothing is published
	Ours                Figure
	Asked               int // questions: what has to be allowed, and what must not
}

// A Figure is what there is to count about one of the two.
type Figure struct {
	Size     int                   // characters without white space, as IAM counts them
	Policies int                   // texts that it takes; of a published one, those that do the job together
	Actions  int                   // that are granted by name or pattern, as of the catalogue's date
	OnStar   int                   // of them, on "*"
	Findings map[lint.Severity]int // of our linter, but for suggestions that do not apply
	Denied   []string              // questions that have to be allowed and are denied
	Open     []string              // questions that must be denied and are allowed
}

// Figures counts. Published texts are counted as they were meant: what IAM refuses in them is not in the count.
func (i *Integration) Figures(p *Policy, facts *catalog.Catalog) (*Figures, error) {
	given := i.Examples(p, p.Optional()...)
	r, err := i.Render(p, given)
	if err != nil {
		return nil, err
	}
	f := &Figures{Integration: i.Name, Policy: p.Name, Ours: count(r.Joined(), facts)}
	f.Ours.Policies = len(r.Documents)
	for _, finding := range r.Findings(facts) {
		if finding.Accepted == nil {
			f.Ours.Findings[finding.Severity]++
		}
	}
	if err := i.answer(p, r.Joined(), given, facts, f, &f.Ours); err != nil {
		return nil, err
	}
	guide := maps.Clone(given)
	maps.Copy(guide, i.GuideValues)
	published, err := i.PublishedDocument(p, guide)
	if err != nil || published == nil {
		return f, err
	}
	figure := count(published, facts)
	figure.Policies = len(p.Published)
	for _, finding := range lint.Run(iam.Parse(published), lint.Options{Type: p.Type, Catalog: facts}) {
		figure.Findings[finding.Severity]++
	}
	f.Published, f.Asked = &figure, 0
	return f, i.answer(p, published, guide, facts, f, &figure)
}

// answer asks the questions that arise about a policy.
func (i *Integration) answer(p *Policy, text []byte, given map[string]string, facts *catalog.Catalog, f *Figures, figure *Figure) error {
	questions, err := i.Questions()
	if err != nil {
		return err
	}
	subject, err := NewSubject(text, p.Type)
	if err != nil {
		return err
	}
	for n := range questions {
		q := &questions[n]
		if q.Policy != p.Name {
			continue
		}
		if asked, err := i.Asked(q, given); err != nil || !asked {
			if err != nil {
				return err
			}
			continue
		}
		f.Asked++
		allowed, _, err := i.Ask(q, subject, given, facts)
		switch {
		case err != nil:
			return err
		case q.Want && !allowed:
			figure.Denied = append(figure.Denied, q.Ask)
		case !q.Want && allowed:
			figure.Open = append(figure.Open, q.Ask)
		}
	}
	return nil
}

// count is what the text alone shows.
func count(text []byte, facts *catalog.Catalog) Figure {
	doc := iam.Parse(text)
	f := Figure{Size: doc.Size(false), Policies: 1, Findings: map[lint.Severity]int{}}
	all, star := map[string]bool{}, map[string]bool{}
	for _, s := range doc.Statements {
		if s.Effect == nil || s.Effect.Text != "Allow" {
			continue
		}
		for _, pattern := range texts(s.Action) {
			for a := range facts.Expand(pattern) {
				all[a.String()] = true
				if slices.Contains(texts(s.Resource), "*") {
					star[a.String()] = true
				}
			}
		}
	}
	f.Actions, f.OnStar = len(all), len(star)
	return f
}
