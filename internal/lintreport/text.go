package lintreport

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"trunkline/iam/lint"
)

// text writes for people:
//
//	role.json:7:17: error INVALID_ACTION: …
//	   7 |     "Action": "s3:GetObjekt",
//	     |               ^~~~~~~~~~~~~~
//	     fix: replace it by s3:GetObject; --fix does
type text struct {
	to         io.Writer
	color      bool
	policies   int
	suppressed int
	counts     [lint.Error + 1]int
}

const (
	contextWidth = 120 // characters of a source line that are shown
	contextLead  = 40  // of them, before the place
)

// Colours, as a terminal takes them.
const (
	plain  = "\x1b[0m"
	bold   = "\x1b[1m"
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	cyan   = "\x1b[1;36m"
	dim    = "\x1b[2m"
)

var severityColor = [...]string{lint.Suggestion: cyan, lint.Warning: yellow, lint.SecurityWarning: yellow, lint.Error: red}

func (t *text) in(color, s string) string {
	if !t.color {
		return s
	}
	return color + s + plain
}

// Policy writes the results of a policy.
func (t *text) Policy(results []Result) error {
	for i := range results {
		r := &results[i]
		if r.Policy != nil && r.Ignore != nil {
			t.suppressed++
			continue
		}
		t.counts[r.Severity]++
		if _, err := io.WriteString(t.to, t.format(r)); err != nil {
			return err
		}
	}
	if len(results) == 0 || results[0].Policy != nil {
		t.policies++
	}
	return nil
}

func (t *text) format(r *Result) string {
	var b strings.Builder
	where := ""
	if r.Where != "" {
		where = " (" + r.Where + ")"
	}
	fmt.Fprintf(&b, "%s: %s %s%s: %s\n", t.in(bold, fmt.Sprintf("%s:%d:%d", legible(r.File), r.Start.Line, r.Start.Column)),
		t.in(severityColor[r.Severity], Name(r.Severity)), r.Check.Code, legible(where), legible(r.Message))
	if r.Line.Text != "" {
		number := fmt.Sprintf("%5d", r.Start.Line)
		line, mark := excerpt(r)
		fmt.Fprintf(&b, "%s %s\n%s %s\n", t.in(dim, number+" |"), line, t.in(dim, "      |"), t.in(severityColor[r.Severity], mark))
	}
	if r.Fix != nil {
		how := "by hand: it changes what is granted"
		switch {
		case r.Fixable():
			how = "--fix does"
		case r.Fix.Safe:
			how = "by hand: " + r.Policy.ReadOnly
		}
		fmt.Fprintf(&b, "        fix: %s (%s)\n", legible(r.Fix.Message), how)
	}
	return b.String()
}

// excerpt is the source line, or the part of a long one around the place, and the marks below it.
func excerpt(r *Result) (line, mark string) {
	characters := []rune(legible(r.Line.Text))
	start := min(max(r.Start.Column-r.Line.First, 0), len(characters))
	end := len(characters)
	if r.End.Line == r.Start.Line {
		end = min(max(r.End.Column-r.Line.First, start), end)
	}
	first, last := 0, len(characters)
	if last > contextWidth {
		first = max(0, start-contextLead)
		last = min(last, first+contextWidth)
		end = min(end, last)
	}
	before, after := "", ""
	if first > 0 || r.Line.First > 1 {
		before = "…"
	}
	if last < len(characters) || r.Line.Cut {
		after = "…"
	}
	line = before + string(characters[first:last]) + after
	mark = strings.Repeat(" ", utf8.RuneCountInString(before)+start-first) + "^" + strings.Repeat("~", max(end-start-1, 0))
	return line, mark
}

// legible is text from a file as a person may see it: what is not printable, and could steer a terminal, becomes U+FFFD, and a tab
// becomes a space.
func legible(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\t':
			return ' '
		case unicode.IsPrint(c):
			return c
		}
		return unicode.ReplacementChar
	}, text)
}

// Close writes how many findings there were.
func (t *text) Close() error {
	if t.policies == 0 {
		return nil // what could not be read has been told
	}
	total := 0
	var parts []string
	for severity := lint.Error; ; severity-- {
		if n := t.counts[severity]; n > 0 {
			total += n
			parts = append(parts, count(n, strings.ReplaceAll(Name(severity), "-", " ")))
		}
		if severity == lint.Suggestion {
			break
		}
	}
	line := count(t.policies, "policy") + ": no findings"
	if total > 0 {
		line = count(t.policies, "policy") + ": " + strings.Join(parts, ", ")
	}
	if t.suppressed > 0 {
		line += fmt.Sprintf("; %d suppressed", t.suppressed)
	}
	_, err := fmt.Fprintln(t.to, line)
	return err
}

func count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case what == "policy":
		return fmt.Sprintf("%d policies", n)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
