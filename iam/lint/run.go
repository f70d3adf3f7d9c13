package lint

import (
	"cmp"
	"slices"

	"trunkline/iam"
)

// MaxFindings is how often one check reports something in one policy; what it finds beyond that is left out.
const MaxFindings = 1000

// Run asks every check about a policy. The findings come in order of position, the worst first where several share one.
func Run(doc *iam.Document, options Options) []Finding {
	p := newPass(doc, options)
	for _, group := range groups() {
		for _, check := range group {
			if options.Codes != nil && !slices.Contains(options.Codes, check.Code) {
				continue
			}
			p.check, p.reported = check, 0
			check.run(p)
		}
	}
	slices.SortStableFunc(p.findings, func(a, b *Finding) int {
		return cmp.Or(
			cmp.Compare(a.Span.Start, b.Span.Start),
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(a.Span.End, b.Span.End),
			cmp.Compare(a.Check.Code, b.Check.Code),
		)
	})
	findings := make([]Finding, len(p.findings))
	for i, finding := range p.findings {
		findings[i] = *finding
	}
	return findings
}

// Report notes a finding of the running check at a value: a string, a list, a statement. The values are pairs of name and text
// for the placeholders of Check.Detail. The Finding can be completed until the next report.
func (p *Pass) Report(at *iam.Node, message string, values ...string) *Finding {
	if p.full() {
		return &Finding{}
	}
	return p.add(at.Span, path(at), message, values)
}

// ReportKey notes a finding at the name of a member: a condition key, an operator, an element. at is the name or the value.
func (p *Pass) ReportKey(at *iam.Node, message string, values ...string) *Finding {
	if p.full() {
		return &Finding{}
	}
	if at.Key != nil {
		at = at.Key
	}
	return p.add(at.Span, keyPath(at), message, values)
}

// ReportPart notes a finding at a part of a string; start and length count bytes of its decoded text.
func (p *Pass) ReportPart(at *iam.Node, start, length int, message string, values ...string) *Finding {
	if p.full() {
		return &Finding{}
	}
	return p.add(partSpan(p.Source, at, start, length), partPath(at, start, length), message, values)
}

// ReportSpan notes a finding at a place that has no node: where something is missing, or is no JSON.
func (p *Pass) ReportSpan(at iam.Span, message string, values ...string) *Finding {
	if p.full() {
		return &Finding{}
	}
	return p.add(at, nil, message, values)
}

// full tells whether the running check has reported enough; what it says then goes nowhere.
func (p *Pass) full() bool { return p.reported >= MaxFindings || p.exhausted() }

// also adds another place to a finding.
func (f *Finding) also(at *iam.Node) {
	if len(f.Also) < MaxFindings {
		f.Also = append(f.Also, Location{Path: path(at), Span: at.Span})
	}
}

func (p *Pass) add(span iam.Span, path []Element, message string, values []string) *Finding {
	finding := &Finding{Check: p.check, Severity: p.check.Severity, Message: message, Path: path, Span: span}
	if len(values) > 0 {
		finding.Values = make(map[string]string, len(values)/2)
		for i := 0; i+1 < len(values); i += 2 {
			finding.Values[values[i]] = values[i+1]
		}
	}
	p.findings = append(p.findings, finding)
	p.reported++
	return finding
}
