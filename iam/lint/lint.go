// Package lint finds defects in IAM policies: what IAM Access Analyzer's policy validation reports, under the same codes, and
// what it does not see, under codes that begin with TL_.
//
//	iam.Document ─▶ Pass: statements, actions, resources, conditions, variables, derived once
//	                  │
//	                  ├─▶ Check ─▶ Finding: place, message, Fix
//	                  ├─▶ Check ─▶ …
//
// A check is documented data and one small function, in a file of its own; Checks lists them all, in one place. A check
// reports findings about a Pass, which is one policy and what is known about it. Output formats know nothing of checks.
//
// A finding is meant to be true: where the text leaves a doubt (a placeholder, a policy variable, a name that a service may have
// added yesterday) a check is silent, or suggests. Run is safe for concurrent use, also on the same document.
package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
	"trunkline/iam/catalog"
)

// A Severity is one of IAM Access Analyzer's four finding types. Higher is worse.
type Severity uint8

const (
	Suggestion Severity = iota
	Warning
	SecurityWarning
	Error
)

var severityNames = [...]string{Suggestion: "SUGGESTION", Warning: "WARNING", SecurityWarning: "SECURITY_WARNING", Error: "ERROR"}

// String is the finding type as Access Analyzer's API has it: SUGGESTION, WARNING, SECURITY_WARNING, ERROR.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return fmt.Sprintf("Severity(%d)", uint8(s))
}

// ParseSeverity is the Severity that a person names, in any case, with a hyphen or an underscore: "security-warning".
func ParseSeverity(name string) (Severity, error) {
	for severity, known := range severityNames {
		if strings.EqualFold(strings.ReplaceAll(name, "-", "_"), known) {
			return Severity(severity), nil
		}
	}
	return 0, fmt.Errorf("severity %q: want error, security-warning, warning or suggestion", name)
}

// A Check is one question asked of a policy.
type Check struct {
	Code     string   // Access Analyzer's issue code, or TL_ and our own
	Severity Severity // of its findings, unless a finding says otherwise
	Title    string   // a few words: "Action does not exist"
	Doc      string   // Markdown: what it finds, why it matters, how to mend it, when it is silent; source of the rule
	Bad      string   // a policy, or a statement, in which it finds something; every one is a test
	Good     string   // the same, mended: it must be silent; every one is a test
	Type     iam.Type // the policy type Bad and Good are meant as
	Resource string   // and the resource type, for resource policies: "AWS::S3::Bucket"
	Detail   string   // Access Analyzer's wording with {{name}} placeholders; empty for TL_ checks
	run      func(*Pass)
}

// Link is the address of Access Analyzer's own page about the check; empty for TL_ checks.
func (c *Check) Link() string {
	if c.Detail == "" {
		return ""
	}
	kind := strings.ToLower(strings.ReplaceAll(c.Severity.String(), "_", "-"))
	if c.Severity == Warning {
		kind = "general-warning"
	}
	const page = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-"
	return page + kind + "-" + strings.ToLower(strings.ReplaceAll(c.Code, "_", "-"))
}

// A Finding is one defect at one place.
type Finding struct {
	Check    *Check
	Severity Severity          // the check's, or less where we know better than Access Analyzer
	Message  string            // what is wrong here and what to do, in our words
	Values   map[string]string // for the placeholders of Check.Detail; nil when there are none
	Path     []Element         // to the place, from the root of the policy, as Access Analyzer writes paths
	Span     iam.Span          // of the place in the text
	Also     []Location        // further places of the same defect: the resources beside an action that is granted on them
	Fix      *Fix              // nil when only a person can decide
}

// Detail is the finding in Access Analyzer's words.
func (f *Finding) Detail() string {
	text := f.Check.Detail
	for name, value := range f.Values {
		text = strings.ReplaceAll(text, "{{"+name+"}}", value)
	}
	return text
}

// A Location is a place in the policy.
type Location struct {
	Path []Element
	Span iam.Span
}

// An Element is one step of a path. Exactly one of its fields counts, by Kind.
type Element struct {
	Kind   ElementKind
	Name   string // Key, Value
	Index  int    // Index
	Start  int    // Substring: characters from 0
	Length int
}

// An ElementKind says how an Element leads on: to a member's name, to a member's value, to an item, to a part of a string.
type ElementKind uint8

const (
	Key ElementKind = iota
	Value
	Index
	Substring
)

// A Fix is a change that mends a finding. A safe fix grants nothing more and takes away nothing that worked.
type Fix struct {
	Message string // what it does: "remove the trailing comma"
	Safe    bool
	Edits   []iam.Edit
}

// Options say what a policy is and what is known.
type Options struct {
	Type         iam.Type
	ResourceType string           // CloudFormation name of the resource a resource policy hangs on; empty when unknown
	Catalog      *catalog.Catalog // nil means catalog.Default()
	Codes        []string         // only these checks; nil means all
}
