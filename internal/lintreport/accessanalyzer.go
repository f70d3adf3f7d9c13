package lintreport

import (
	"encoding/json"
	"io"

	"trunkline/iam"
)

// accessAnalyzer writes what IAM Access Analyzer's ValidatePolicy answers, one line a policy: {"findings": […]}. Findings that
// Access Analyzer does not have, and those that are suppressed, are left out. Columns count from 0 there, and offsets, of which
// its documentation does not say what they count, are characters as columns are.
type accessAnalyzer struct{ encoder *json.Encoder }

type analyzerAnswer struct {
	Findings []analyzerFinding `json:"findings"`
}

type analyzerFinding struct {
	FindingDetails string             `json:"findingDetails"`
	FindingType    string             `json:"findingType"`
	IssueCode      string             `json:"issueCode"`
	LearnMoreLink  string             `json:"learnMoreLink"`
	Locations      []analyzerLocation `json:"locations"`
}

type analyzerLocation struct {
	Path []any `json:"path"`
	Span struct {
		Start analyzerPosition `json:"start"`
		End   analyzerPosition `json:"end"`
	} `json:"span"`
}

type analyzerPosition struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Offset int `json:"offset"`
}

func newAccessAnalyzer(to io.Writer) *accessAnalyzer { return &accessAnalyzer{encoderTo(to)} }

// Policy writes one line.
func (a *accessAnalyzer) Policy(results []Result) error {
	answer := analyzerAnswer{Findings: []analyzerFinding{}}
	for i := range results {
		r := &results[i]
		if r.Policy == nil { // about suppressions only
			return nil
		}
		if r.Ignore != nil || r.Check.Detail == "" {
			continue
		}
		location := analyzerLocation{Path: path(r.Path)}
		location.Span.Start, location.Span.End = analyzerAt(r, r.Start), analyzerAt(r, r.End)
		answer.Findings = append(answer.Findings, analyzerFinding{
			FindingDetails: r.Detail(), FindingType: r.Check.Severity.String(), IssueCode: r.Check.Code,
			LearnMoreLink: r.Check.Link(), Locations: []analyzerLocation{location},
		})
	}
	return a.encoder.Encode(answer)
}

func analyzerAt(r *Result, p iam.Position) analyzerPosition {
	return analyzerPosition{p.Line, p.Column - 1, r.Policy.Characters(p.Offset)}
}

// Close does nothing.
func (*accessAnalyzer) Close() error { return nil }
