package lint

import (
	"iter"
	"strings"

	"trunkline/iam"
	"trunkline/iam/catalog"
)

// A Pass is what a check sees: one policy, what it is meant as, and where to report.
type Pass struct {
	*iam.Document
	Type         iam.Type
	ResourceType string
	Catalog      *catalog.Catalog

	check      *Check // the one that runs
	reported   int    // how often it did
	findings   []*Finding
	statements []Statement
	variables  []Variable
	grants     *grants // see grants.go
	known      known   // see known.go
}

// A Statement is a statement of the policy and what several checks need to know of it. Of a pair (Action, NotAction) that is
// there twice the views show Action; UNSUPPORTED_ELEMENT_COMBINATION reports the pair.
type Statement struct {
	*iam.Statement
	Allow, Deny bool        // both false when Effect is neither
	Actions     []Action    // of Action or NotAction
	Resources   []Resource  // of Resource or NotResource
	Tests       []Condition // one for each operator and key
}

func newPass(doc *iam.Document, options Options) *Pass {
	p := &Pass{Document: doc, Type: options.Type, ResourceType: options.ResourceType, Catalog: options.Catalog}
	if p.Catalog == nil {
		p.Catalog = catalog.Default()
	}
	if p.Type == iam.ResourcePolicy && p.ResourceType == "AWS::IAM::AssumeRolePolicyDocument" {
		p.Type = iam.TrustPolicy // the API's name for it
	}
	var actions, resources, tests, keys int
	for _, s := range doc.Statements {
		actions += len(actionValues(s))
		resources += len(resourceValues(s))
		tests += len(s.Conditions)
		for i := range s.Conditions {
			keys += len(s.Conditions[i].Key.Text)
		}
	}
	p.statements = make([]Statement, len(doc.Statements))
	allActions := make([]Action, 0, actions)
	allResources := make([]Resource, 0, resources)
	allTests := make([]Condition, 0, tests)
	var names strings.Builder // all condition keys in lower case: one string for all is one allocation
	names.Grow(keys)
	for i, s := range doc.Statements {
		view := &p.statements[i]
		view.Statement = s
		if s.Effect != nil {
			view.Allow = strings.EqualFold(s.Effect.Text, "Allow")
			view.Deny = strings.EqualFold(s.Effect.Text, "Deny")
		}
		from := len(allActions)
		for _, n := range actionValues(s) {
			allActions = append(allActions, newAction(n))
		}
		view.Actions = allActions[from:len(allActions):len(allActions)]
		from = len(allResources)
		for _, n := range resourceValues(s) {
			allResources = append(allResources, newResource(n))
		}
		view.Resources = allResources[from:len(allResources):len(allResources)]
		from = len(allTests)
		for j := range s.Conditions {
			c := &s.Conditions[j]
			start := names.Len()
			for k := range len(c.Key.Text) {
				names.WriteByte(lower(c.Key.Text[k]))
			}
			allTests = append(allTests, newCondition(c, names.String()[start:]))
		}
		view.Tests = allTests[from:len(allTests):len(allTests)]
	}
	p.variables = findVariables(p)
	return p
}

func actionValues(s *iam.Statement) []*iam.Node {
	switch {
	case s.Action != nil:
		return s.Action.List
	case s.NotAction != nil:
		return s.NotAction.List
	}
	return nil
}

func resourceValues(s *iam.Statement) []*iam.Node {
	switch {
	case s.Resource != nil:
		return s.Resource.List
	case s.NotResource != nil:
		return s.NotResource.List
	}
	return nil
}

// Each goes through the statements that are objects.
func (p *Pass) Each() iter.Seq[*Statement] {
	return func(yield func(*Statement) bool) {
		for i := range p.statements {
			if s := &p.statements[i]; s.Node.Kind == iam.Object && !yield(s) {
				return
			}
		}
	}
}

// eachOf goes through the statements of a policy of one type, and through none of another.
func (p *Pass) eachOf(want iam.Type) iter.Seq[*Statement] {
	if p.Type != want {
		return func(func(*Statement) bool) {}
	}
	return p.Each()
}

// Modern tells whether the policy's version makes ${…} a variable; without it, or under 2008-10-17, it is plain text.
func (p *Pass) Modern() bool {
	return p.Version != nil && p.Version.Text == "2012-10-17"
}

// Grants tells whether an Allow of the policy gives something to the principal that it hangs on: not so for what only bounds.
func (p *Pass) Grants() bool { return p.Type == iam.IdentityPolicy }

// Identity tells whether the policy hangs on a principal, so that it names none.
func (p *Pass) Identity() bool {
	return p.Type == iam.IdentityPolicy || p.Type == iam.PermissionsBoundary || p.Type == iam.SessionPolicy
}
