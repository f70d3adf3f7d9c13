// Package lintreport writes what the linter found, in the forms that people and programs read.
//
//	policyfile.Found ─▶ lint.Run ─▶ Results ─▶ Suppressions ─▶ Writer: text, JSON, SARIF, Access Analyzer, GitHub
//	                                             │
//	                                             └ findings of its own: no reason, no use
//
// A Writer gets the results of one policy after the other and keeps none of them, but for SARIF, which is one document.
package lintreport

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/lint"
	"trunkline/internal/policyfile"
)

// A Result is a finding and where it stands in the file.
type Result struct {
	lint.Finding
	File       string // "-" is standard input
	Where      string // place in the file, as policyfile tells it
	Start, End iam.Position
	Line       policyfile.Excerpt // of the line on which it starts
	Policy     *policyfile.Found  // nil for a finding about a suppression
	Ignore     *policyfile.Ignore // what suppresses it; nil when nothing does
}

// Of lints a policy. A nil catalog is the built-in one.
func Of(found *policyfile.Found, known *catalog.Catalog) []Result {
	findings := lint.Run(found.Document, lint.Options{Type: found.Type, ResourceType: found.ResourceType, Catalog: known})
	results := make([]Result, len(findings))
	for i, f := range findings {
		results[i] = place(found, f)
	}
	return results
}

// place tells where in its file a finding stands.
func place(found *policyfile.Found, f lint.Finding) Result {
	r := Result{Finding: f, File: found.File, Where: found.Where, Policy: found}
	r.Start, r.End = found.Span(f.Span)
	r.Line = found.Excerpt(r.Start)
	return r
}

// Fixable tells whether the linter itself can mend the finding in the file.
func (r *Result) Fixable() bool {
	return r.Fix != nil && r.Fix.Safe && r.Policy != nil && r.Policy.ReadOnly == ""
}

// A Writer writes results in one form.
type Writer interface {
	// Policy writes the results of one policy; none is a result too.
	Policy(results []Result) error
	// Close writes what comes at the end. It does not close what is written to.
	Close() error
}

// Formats are the names of the forms, for New.
func Formats() []string { return []string{"text", "json", "sarif", "access-analyzer", "github"} }

// Options of a Writer.
type Options struct {
	Color   bool   // of text
	Version string // of the program, for SARIF
}

// New returns the Writer of a form.
func New(format string, to io.Writer, options Options) (Writer, error) {
	switch format {
	case "text":
		return &text{to: to, color: options.Color}, nil
	case "json":
		return newJSON(to), nil
	case "sarif":
		return newSARIF(to, options.Version), nil
	case "access-analyzer":
		return newAccessAnalyzer(to), nil
	case "github":
		return &github{to: to}, nil
	}
	return nil, fmt.Errorf("want %s", strings.Join(Formats(), ", "))
}

// Name is a severity as the command line writes it: security-warning.
func Name(s lint.Severity) string { return strings.ToLower(strings.ReplaceAll(s.String(), "_", "-")) }

// Checks lists all checks: those of policies, and those of suppressions.
func Checks() []*lint.Check {
	return slices.Concat(lint.Checks(), []*lint.Check{&withoutReason, &unknownCode, &unused})
}

// Lookup is the check of a code, in any case; nil when there is none.
func Lookup(code string) *lint.Check {
	for _, c := range Checks() {
		if strings.EqualFold(c.Code, code) {
			return c
		}
	}
	return nil
}
