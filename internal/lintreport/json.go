package lintreport

import (
	"encoding/json"
	"io"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// Object is a line of the JSON form: one finding.
type Object struct {
	File       string      `json:"file"`                  // "-" is standard input
	Where      string      `json:"where,omitempty"`       // place in the file
	PolicyType string      `json:"policy_type,omitempty"` // as Access Analyzer names it; empty for a finding about a suppression
	Code       string      `json:"code"`
	Severity   string      `json:"severity"` // error, security-warning, warning or suggestion
	Title      string      `json:"title"`
	Message    string      `json:"message"`
	Line       int         `json:"line"`           // from 1
	Column     int         `json:"column"`         // from 1, in characters
	EndLine    int         `json:"end_line"`       // where the place ends
	EndColumn  int         `json:"end_column"`     // behind its last character
	Path       []any       `json:"path,omitempty"` // from the root of the policy: {"value": …}, {"key": …}, {"index": …}, {"substring": …}
	Link       string      `json:"link,omitempty"` // Access Analyzer's page about the code
	Fix        ObjectFix   `json:"fix,omitzero"`
	Suppressed ObjectCause `json:"suppressed,omitzero"` // it is accepted, and does not count
}

// ObjectFix is what mends a finding.
type ObjectFix struct {
	Message string       `json:"message"`
	Safe    bool         `json:"safe"`            // --fix may apply it
	Edits   []ObjectEdit `json:"edits,omitempty"` // of the file; none where it cannot be written back
}

// ObjectEdit replaces a part of the file.
type ObjectEdit struct {
	Offset int    `json:"offset"` // bytes, from 0
	Length int    `json:"length"` // bytes
	Text   string `json:"text"`
}

// ObjectCause says why a finding is accepted.
type ObjectCause struct {
	Reason string `json:"reason"`
	File   string `json:"file"` // where that is written
	Line   int    `json:"line"`
}

type jsonLines struct{ encoder *json.Encoder }

func newJSON(to io.Writer) *jsonLines { return &jsonLines{encoderTo(to)} }

// encoderTo makes an encoder that leaves <, > and & as they are.
func encoderTo(to io.Writer) *json.Encoder {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	return e
}

// Policy writes one line a result.
func (j *jsonLines) Policy(results []Result) error {
	for i := range results {
		if err := j.encoder.Encode(object(&results[i])); err != nil {
			return err
		}
	}
	return nil
}

// Close does nothing.
func (*jsonLines) Close() error { return nil }

func object(r *Result) Object {
	o := Object{
		File: r.File, Where: r.Where, Code: r.Check.Code, Severity: Name(r.Severity), Title: r.Check.Title, Message: r.Message,
		Line: r.Start.Line, Column: r.Start.Column, EndLine: r.End.Line, EndColumn: r.End.Column, Path: path(r.Path), Link: r.Check.Link(),
	}
	if r.Policy != nil {
		o.PolicyType = policyType(r.Policy.Type)
	}
	if r.Fix != nil {
		o.Fix = ObjectFix{Message: r.Fix.Message, Safe: r.Fix.Safe}
		for _, e := range fileEdits(r) {
			o.Fix.Edits = append(o.Fix.Edits, ObjectEdit{e.Span.Start, e.Span.End - e.Span.Start, e.Text})
		}
	}
	if r.Ignore != nil {
		o.Suppressed = ObjectCause{r.Ignore.Reason, r.Ignore.File, r.Ignore.Position.Line}
	}
	return o
}

// fileEdits are the edits of a fix in the file; none where they cannot be written back.
func fileEdits(r *Result) []iam.Edit {
	if r.Fix == nil || r.Policy == nil || r.Policy.ReadOnly != "" {
		return nil
	}
	return r.Policy.Edits(r.Fix.Edits)
}

// policyType is the word of Access Analyzer's API.
func policyType(t iam.Type) string {
	switch t {
	case iam.ResourcePolicy, iam.TrustPolicy, iam.EndpointPolicy:
		return "RESOURCE_POLICY"
	case iam.ServiceControlPolicy:
		return "SERVICE_CONTROL_POLICY"
	case iam.ResourceControlPolicy:
		return "RESOURCE_CONTROL_POLICY"
	}
	return "IDENTITY_POLICY"
}

// path is a path as Access Analyzer writes it: each element has exactly one member.
func path(elements []lint.Element) []any {
	list := make([]any, 0, len(elements))
	for _, e := range elements {
		switch e.Kind {
		case lint.Key:
			list = append(list, map[string]string{"key": e.Name})
		case lint.Value:
			list = append(list, map[string]string{"value": e.Name})
		case lint.Index:
			list = append(list, map[string]int{"index": e.Index})
		case lint.Substring:
			list = append(list, map[string]any{"substring": struct {
				Start  int `json:"start"`
				Length int `json:"length"`
			}{e.Start, e.Length}})
		}
	}
	return list
}
