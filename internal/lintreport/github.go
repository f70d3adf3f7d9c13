package lintreport

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"trunkline/iam/lint"
)

// github writes workflow commands of GitHub Actions, which become annotations of the changed lines:
//
//	::error file=role.json,line=7,col=17,endLine=7,endColumn=31,title=INVALID_ACTION::…
type github struct{ to io.Writer }

var commands = [...]string{lint.Suggestion: "notice", lint.Warning: "warning", lint.SecurityWarning: "warning", lint.Error: "error"}

var (
	escapeData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// Policy writes one line a result.
func (g *github) Policy(results []Result) error {
	for i := range results {
		r := &results[i]
		if r.Ignore != nil && r.Policy != nil {
			continue
		}
		message := r.Message
		if r.Where != "" {
			message = r.Where + ": " + message
		}
		at := fmt.Sprintf("line=%d,col=%d,endLine=%d", r.Start.Line, r.Start.Column, r.End.Line)
		if r.End.Line == r.Start.Line && r.End.Column > r.Start.Column {
			at += fmt.Sprintf(",endColumn=%d", r.End.Column)
		}
		_, err := fmt.Fprintf(g.to, "::%s file=%s,%s,title=%s::%s\n", commands[r.Severity],
			escapeProperty.Replace(filepath.ToSlash(r.File)), at, escapeProperty.Replace(r.Check.Code), escapeData.Replace(message))
		if err != nil {
			return err
		}
	}
	return nil
}

// Close does nothing.
func (*github) Close() error { return nil }
