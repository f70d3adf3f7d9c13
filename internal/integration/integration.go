// Package integration knows the published integrations of Amazon Connect: what roles and policies each needs, as correct policies,
// and what is wrong with the published ones.
//
//	operata/, verint/, …: a description in Go, and beside it
//	    policies/NAME.json    the policy, with ${parameter} and ${parameter.field}
//	    published.tsv         what the published guide grants for the same job, as facts
//	    questions.txt         what has to be allowed and what denied, and what the published policy answers
//
//	values (--set) ─▶ Render ─▶ Rendered ─▶ JSON, Terraform, CloudFormation
//	                               ├──────▶ Explain: why each statement is there, and what breaks without it
//	                               ├──────▶ Compare: each difference from the published policy, and its reason
//	                               └──────▶ Ask: the questions, decided by iam/sim
//
// Adding an integration is adding a folder; known.All lists them.
//
// The promises, each a test over all integrations and all switches: a rendered policy has no finding of our linter but suggestions
// that the description names with a reason, fits the size that IAM allows, and is the same bytes for the same values. It answers its
// questions as wanted. No difference from the published policy is without a reason.
//
// Everything is read-only and safe for concurrent use.
package integration

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"trunkline/iam"
)

// An Integration is a system that works with Amazon Connect, or a job in it.
type Integration struct {
	Name       string // as people type it
	Title      string
	About      string // a sentence or two
	Guide      string // what is published about its permissions; empty when nothing is
	Parameters []Parameter
	Policies   []*Policy
	Resources  []Resource
	Tables     []*Table

	// Files holds policies/NAME.json for each policy, and published.tsv and questions.txt where there is something to say.
	Files fs.FS

	// GuideValues are names as the guide gives them, where ours differ: with them its policies can be asked the same questions.
	GuideValues map[string]string
}

// A Policy is one policy of an integration.
type Policy struct {
	Name     string
	Title    string
	Attached string // what it is attached to, in words: "the pipe's role"
	Called   string // how it, or for a trust policy its role, has to be called, with ${parameter}; empty when that does not matter
	Type     iam.Type

	// Boundary is the ARN of the permissions boundary that the role of a trust policy has, with ${parameter}; empty when it has none.
	Boundary string

	// Statements say of each statement of the template, by Sid and in its order, why it is there.
	Statements []Statement

	// Published names the policies of the guide that do this job; none when the guide has none.
	Published []string

	// Omissions are what those grant and this one does not.
	Omissions []Omission

	// Accepted are the suggestions of our linter that the text of the policy cannot rule out.
	Accepted []Accepted

	// MaySplit says that the policy may become several, each to be attached, when it is too long for one.
	MaySplit bool
}

// A Statement says why a statement is there.
type Statement struct {
	Sid string

	// When lists what must hold for the statement to stand: "name" (a parameter is given, a switch is on), "!name" (it is not),
	// "name=value". Nil: always.
	When []string

	Why     string // it is there
	Without string // what fails when it is not there
	Differs string // where and why it differs from the published text; empty when it does not, or there is none
}

// An Omission is something that the guide's policies have and ours does not, with the reason. Defects are the numbers of
// doc/published-policies.md.
type Omission struct {
	From    string   // policy of the guide
	Actions []string // as published
	Despite []string // statements of ours that grant the same action for something else
	Defects []string
	Why     string
}

// Accepted is a suggestion of the linter that does not apply, and why not.
type Accepted struct {
	Code string
	Sid  string   // of the statement
	When []string // as in Statement
	Why  string

	// Cases are parts of its message that do not apply only if a condition holds, as one of When: "if the pipe logs" and "!pipe_logs".
	// With an empty condition they always would.
	Cases map[string]string
}

// A Resource is something that the integration makes, as it is named.
type Resource struct {
	Kind string
	Name string // with ${parameter}
	Tags map[string]string
}

// Policy returns the policy of a name.
func (i *Integration) Policy(name string) (*Policy, bool) {
	for _, p := range i.Policies {
		if p.Name == name {
			return p, true
		}
	}
	return nil, false
}

// Statement returns what is said about a statement.
func (p *Policy) Statement(sid string) (*Statement, bool) {
	for n := range p.Statements {
		if p.Statements[n].Sid == sid {
			return &p.Statements[n], true
		}
	}
	return nil, false
}

// Uses are the parameters that the policy uses, in the order of the integration; those that need not be given are optional.
func (i *Integration) Uses(p *Policy) (uses []Use, err error) {
	text, err := i.file("policies/" + p.Name + ".json")
	if err != nil {
		return nil, err
	}
	used, always := map[string]bool{}, map[string]bool{}
	for _, found := range reference.FindAllStringSubmatch(text+p.Called+p.Boundary, -1) {
		used[found[1]] = true
	}
	for _, condition := range p.conditions() {
		name, _, _ := strings.Cut(strings.TrimPrefix(condition, "!"), "=")
		used[name] = true
	}
	doc, err := i.template(p)
	if err != nil {
		return nil, err
	}
	for _, s := range doc.Statements {
		if about, known := p.Statement(sid(s)); known && about.When == nil {
			for _, found := range reference.FindAllStringSubmatch(string(doc.Source[s.Node.Span.Start:s.Node.Span.End]), -1) {
				always[found[1]] = true
			}
		}
	}
	for n := len(i.Parameters) - 1; n >= 0; n-- { // defaults use parameters in front of them
		q := &i.Parameters[n]
		for _, found := range reference.FindAllStringSubmatch(q.Default, -1) {
			used[found[1]] = used[found[1]] || used[q.Name]
			always[found[1]] = always[found[1]] || always[q.Name]
		}
	}
	for n := range i.Parameters {
		if q := &i.Parameters[n]; used[q.Name] {
			uses = append(uses, Use{Parameter: q, Needed: always[q.Name] && q.Default == "" && !q.Form.Switch})
		}
	}
	return uses, nil
}

// A Use is a parameter of a policy.
type Use struct {
	*Parameter
	Needed bool // it has to be given, always
}

// template is the policy's text, parsed.
func (i *Integration) template(p *Policy) (*iam.Document, error) {
	text, err := fs.ReadFile(i.Files, "policies/"+p.Name+".json")
	if err != nil {
		return nil, fmt.Errorf("template of %s %s: %w", i.Name, p.Name, err)
	}
	doc := iam.Parse(text)
	if len(doc.Problems) > 0 {
		problem := doc.Problems[0]
		return nil, fmt.Errorf("template of %s %s: line %d: %s", i.Name, p.Name, doc.Position(problem.Span.Start).Line, problem.Text)
	}
	return doc, nil
}

// file reads a file of the integration that may be absent.
func (i *Integration) file(name string) (string, error) {
	text, err := fs.ReadFile(i.Files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}
