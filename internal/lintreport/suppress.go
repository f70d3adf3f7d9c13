package lintreport

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam/lint"
	"trunkline/internal/policyfile"
)

const howToSuppress = `A suppression is a comment in the policy's file or an entry in .trunkline-lint.yaml. It names the code, and the reason why the
finding is accepted there:

    # trunkline:ignore PASS_ROLE_WITH_STAR_IN_RESOURCE the roles are created by the same stack
`

// The checks of suppressions themselves.
var (
	withoutReason = lint.Check{
		Code: "TL_SUPPRESSION_WITHOUT_REASON", Severity: lint.Error, Title: "Suppression without a reason",
		Doc: "A suppression gives no reason, and therefore suppresses nothing. Nobody can review later what nobody has explained now.\n\n" + howToSuppress,
	}
	unknownCode = lint.Check{
		Code: "TL_SUPPRESSION_OF_UNKNOWN_CODE", Severity: lint.Error, Title: "Suppression of a code that does not exist",
		Doc: "A suppression names a code that no check has: a typing error, or a check that is gone.\n\n" + howToSuppress,
	}
	unused = lint.Check{
		Code: "TL_SUPPRESSION_UNUSED", Severity: lint.Warning, Title: "Suppression that suppresses nothing",
		Doc: "The finding that a suppression accepts is not there (any more). Left in place, it would hide the next one of its kind.\n" +
			"Remove it.\n\n" + howToSuppress,
	}
)

// Suppressions are the findings that somebody has accepted. The zero value knows those that stand in the policies' files.
type Suppressions struct {
	all      []*policyfile.Ignore
	state    map[*policyfile.Ignore]*use
	external []*policyfile.Ignore
}

// use is what became of a suppression.
type use struct {
	concerned bool // a policy of its file was seen
	codes     map[string]bool
	line      policyfile.Excerpt
}

// Add adds suppressions that stand in a file of their own.
func (s *Suppressions) Add(ignores []*policyfile.Ignore) {
	s.external = append(s.external, ignores...)
}

// Apply marks those results of a policy that are suppressed.
func (s *Suppressions) Apply(found *policyfile.Found, results []Result) {
	for _, ignore := range slices.Concat(found.Ignores, s.external) {
		u := s.state[ignore]
		if u == nil {
			u = &use{codes: map[string]bool{}}
			if ignore.InSource() {
				u.line = found.Excerpt(ignore.Position)
			}
			if s.state == nil {
				s.state = map[*policyfile.Ignore]*use{}
			}
			s.state[ignore] = u
			s.all = append(s.all, ignore)
		}
		if !ignore.Concerns(found) {
			continue
		}
		u.concerned = true
	}
	s.mark(found, results)
	for i := range results {
		if r := &results[i]; r.Ignore != nil {
			s.state[r.Ignore].codes[r.Check.Code] = true
		}
	}
}

// mark marks the results that are suppressed, without taking note that their suppressions are of use.
func (s *Suppressions) mark(found *policyfile.Found, results []Result) {
	for _, ignore := range slices.Concat(found.Ignores, s.external) {
		if ignore.Reason == "" {
			continue
		}
		for i := range results {
			r := &results[i]
			if r.Ignore == nil && slices.Contains(ignore.Codes, r.Check.Code) && ignore.Covers(found, r.Span.Start) {
				r.Ignore = ignore
			}
		}
	}
}

// Defects are the findings about the suppressions that were applied. It is called when all policies have been seen.
func (s *Suppressions) Defects() []Result {
	var results []Result
	for _, ignore := range s.all {
		u := s.state[ignore]
		if !u.concerned {
			continue
		}
		report := func(check *lint.Check, message string) {
			results = append(results, Result{
				Finding: lint.Finding{Check: check, Severity: check.Severity, Message: message},
				File:    ignore.File, Start: ignore.Position, End: ignore.Position, Line: u.line,
			})
		}
		if len(ignore.Codes) == 0 {
			report(&unknownCode, "The suppression names no code. Write: trunkline:ignore CODE reason")
			continue
		}
		if ignore.Reason == "" {
			report(&withoutReason, fmt.Sprintf("The suppression of %s gives no reason, and suppresses nothing. Write the reason behind the code.", strings.Join(ignore.Codes, ", ")))
			continue
		}
		for _, code := range ignore.Codes {
			switch {
			case lint.Lookup(code) == nil:
				report(&unknownCode, fmt.Sprintf("No check has the code %s. The codes are listed by: trunkline policy lint --explain all", code))
			case !u.codes[code]:
				report(&unused, fmt.Sprintf("%s is not found here. Remove the suppression.", code))
			}
		}
	}
	return results
}
