package integration

import (
	"bytes"
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/lint"
)

// A Finding is what the linter says about a rendered policy.
type Finding struct {
	lint.Finding
	Sid      string    // of the statement that it is about
	Accepted *Accepted // why it does not apply; nil when it does
}

// Findings lints a rendered policy, as one text where it was split: together they are what the principal has.
func (r *Rendered) Findings(facts *catalog.Catalog) []Finding {
	doc := iam.Parse(r.Joined())
	var all []Finding
	for _, f := range lint.Run(doc, lint.Options{Type: r.Policy.Type, Catalog: facts}) {
		// The policies of a split one are checked against the size limit one by one, when they are rendered.
		if len(r.Documents) > 1 && f.Check.Code == "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA" {
			continue
		}
		finding := Finding{Finding: f}
		for _, s := range doc.Statements {
			if s.Node.Span.Start <= f.Span.Start && f.Span.End <= s.Node.Span.End {
				finding.Sid = sid(s)
			}
		}
		for n := range r.accepted {
			a := &r.accepted[n]
			says := func(text string) bool { return strings.Contains(f.Message, text) }
			if a.Code == f.Check.Code && a.Sid == finding.Sid && f.Severity == lint.Suggestion && !slices.ContainsFunc(a.not, says) {
				finding.Accepted = a.Accepted
				break
			}
		}
		all = append(all, finding)
	}
	return all
}

// Joined is all statements in one policy, however long it is.
func (r *Rendered) Joined() []byte {
	if len(r.Documents) == 1 {
		return r.Documents[0].Text
	}
	var texts [][]byte
	for _, d := range r.Documents {
		doc := iam.Parse(d.Text)
		for _, s := range doc.Statements {
			texts = append(texts, doc.Source[s.Node.Span.Start:s.Node.Span.End])
		}
	}
	text, err := indent(texts)
	if err != nil { // they were read out of JSON
		return bytes.Join(texts, nil)
	}
	return text
}
