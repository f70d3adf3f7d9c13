package lintreport

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/lint"
)

// sarif writes one log of the Static Analysis Results Interchange Format, version 2.1.0 (OASIS standard, 27 March 2020).
type sarif struct {
	to      io.Writer
	run     sarifRun
	indexes map[string]int // of rules, by code
}

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifRule struct {
	ID               string     `json:"id"`
	ShortDescription sarifText  `json:"shortDescription"`
	Help             *sarifText `json:"help,omitempty"`
	HelpURI          string     `json:"helpUri,omitempty"`
	Configuration    struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
	Properties map[string]any `json:"properties,omitempty"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fixes        []sarifFix         `json:"fixes,omitempty"`
	Suppressions []sarifSuppression `json:"suppressions"`
}

type sarifLocation struct {
	Physical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	} `json:"physicalLocation"`
	Logical []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

type sarifFix struct {
	Description sarifText     `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
}

type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

type sarifReplacement struct {
	Deleted  sarifRegion `json:"deletedRegion"`
	Inserted sarifText   `json:"insertedContent"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}

func newSARIF(to io.Writer, version string) *sarif {
	s := &sarif{to: to, indexes: map[string]int{}}
	s.run.Tool.Driver = sarifDriver{Name: "trunkline", Version: version, Rules: []sarifRule{}}
	s.run.ColumnKind = "unicodeCodePoints"
	s.run.Results = []sarifResult{}
	return s
}

var levels = [...]string{lint.Suggestion: "note", lint.Warning: "warning", lint.SecurityWarning: "warning", lint.Error: "error"}

// Policy keeps the results.
func (s *sarif) Policy(results []Result) error {
	for i := range results {
		r := &results[i]
		result := sarifResult{
			RuleID: r.Check.Code, RuleIndex: s.rule(r.Check), Level: levels[r.Severity], Message: sarifText{Text: r.Message},
			Locations: []sarifLocation{{}}, Suppressions: []sarifSuppression{},
		}
		location := &result.Locations[0]
		location.Physical.Artifact = artifact(r.File)
		location.Physical.Region = region(r.Start, r.End)
		if r.Where != "" {
			location.Logical = []sarifLogical{{r.Where}}
		}
		if edits := fileEdits(r); len(edits) > 0 {
			result.Fixes = []sarifFix{{sarifText{Text: r.Fix.Message}, []sarifChange{{artifact(r.File), replacements(r, edits)}}}}
		}
		if r.Ignore != nil {
			kind := "external"
			if r.Ignore.InSource() {
				kind = "inSource"
			}
			result.Suppressions = append(result.Suppressions, sarifSuppression{kind, "accepted", r.Ignore.Reason})
		}
		s.run.Results = append(s.run.Results, result)
	}
	return nil
}

// rule is the index of a check among the rules of the log, which lists those that found something.
func (s *sarif) rule(check *lint.Check) int {
	if i, ok := s.indexes[check.Code]; ok {
		return i
	}
	rule := sarifRule{ID: check.Code, ShortDescription: sarifText{Text: check.Title}, HelpURI: check.Link()}
	rule.Configuration.Level = levels[check.Severity]
	rule.Properties = map[string]any{"tags": []string{"iam"}}
	if check.Doc != "" {
		rule.Help = &sarifText{Text: check.Doc, Markdown: check.Doc}
	}
	if check.Severity == lint.SecurityWarning {
		rule.Properties["tags"] = []string{"iam", "security"}
	}
	rules := &s.run.Tool.Driver.Rules
	s.indexes[check.Code] = len(*rules)
	*rules = append(*rules, rule)
	return s.indexes[check.Code]
}

func artifact(file string) sarifArtifact {
	if file == "-" {
		file = "stdin"
	}
	path := filepath.ToSlash(file)
	if filepath.IsAbs(file) {
		return sarifArtifact{(&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(path, "/")}).String()}
	}
	return sarifArtifact{(&url.URL{Path: path}).EscapedPath()}
}

// region is a place whose end is behind its last character.
func region(start, end iam.Position) sarifRegion {
	return sarifRegion{start.Line, start.Column, end.Line, end.Column}
}

func replacements(r *Result, edits []iam.Edit) (list []sarifReplacement) {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b iam.Edit) int { return a.Span.Start - b.Span.Start })
	for _, e := range edits {
		list = append(list, sarifReplacement{region(r.Policy.FilePosition(e.Span.Start), r.Policy.FilePosition(e.Span.End)), sarifText{Text: e.Text}})
	}
	return list
}

// Close writes the log.
func (s *sarif) Close() error {
	encoder := json.NewEncoder(s.to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{sarifSchema, "2.1.0", []sarifRun{s.run}})
}
