package sim

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"trunkline/iam"
)

// A Policy is a policy document made ready to be evaluated. It does not change and is safe for concurrent use.
type Policy struct {
	// Name is how explanations call the policy; set it before the first use.
	Name string

	kind       iam.Type
	doc        *iam.Document
	statements []statement
	dispatch   dispatch
}

// A statement, compiled.
type statement struct {
	index  int
	sid    string
	offset int // of the statement in the text

	deny        bool
	notAction   bool
	notResource bool
	anyResource bool // has no Resource of its own: a trust policy concerns the role it hangs on
	actions     []actionPattern
	resources   []pattern
	principal   *principalSet // nil in policies of principals
	conditions  []condition
}

// An Error is a reason why a policy cannot be evaluated.
type Error struct {
	Position iam.Position
	Text     string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.Position.Line, e.Position.Column, e.Text)
}

// Compile makes a policy ready to be evaluated as the given type. The error is an *Error: an element that is missing or that the
// type does not take, an Effect that is none, an unknown condition operator, a date that cannot be read. Values of the wrong type
// under an operator, unknown actions and patterns that match nothing are evaluated as IAM does: they match nothing.
func Compile(doc *iam.Document, kind iam.Type) (*Policy, error) {
	c := compiler{doc: doc, kind: kind}
	// Under the older rules, which also hold without Version, ${…} is plain text ("IAM JSON policy elements: Version").
	c.variables = doc.Version != nil && doc.Version.Text == "2012-10-17"
	if err := c.document(); err != nil {
		return nil, err
	}
	if len(doc.Statements) > math.MaxUint16 {
		return nil, c.errorf(doc.Root, "more than %d statements", math.MaxUint16)
	}
	p := &Policy{kind: kind, doc: doc}
	for _, s := range doc.Statements {
		compiled, err := c.statement(s)
		if err != nil {
			return nil, err
		}
		p.statements = append(p.statements, compiled)
	}
	p.dispatch = newDispatch(p.statements)
	return p, nil
}

// Type is what the policy was compiled as.
func (p *Policy) Type() iam.Type { return p.kind }

type compiler struct {
	doc       *iam.Document
	kind      iam.Type
	variables bool
}

func (c *compiler) errorf(at *iam.Node, format string, args ...any) *Error {
	offset := 0
	if at != nil {
		offset = at.Span.Start
	}
	return &Error{c.doc.Position(offset), fmt.Sprintf(format, args...)}
}

// document refuses what is no policy, and what was not read to its end: a condition could be missing.
func (c *compiler) document() error {
	for _, p := range c.doc.Problems {
		switch p.Code {
		case iam.TooDeep, iam.TooLarge, iam.NoPolicy:
			return &Error{c.doc.Position(p.Span.Start), p.Text}
		default:
		}
	}
	switch v := c.doc.Version; {
	case c.doc.Root == nil || c.doc.Root.Kind != iam.Object:
		return c.errorf(c.doc.Root, "not a policy document")
	case v != nil && v.Text != "2012-10-17" && v.Text != "2008-10-17":
		return c.errorf(v, "Version is neither 2012-10-17 nor 2008-10-17")
	}
	return nil
}

func (c *compiler) statement(s *iam.Statement) (statement, error) {
	out := statement{index: s.Index, offset: s.Node.Span.Start}
	if s.Sid != nil {
		out.sid = s.Sid.Text
	}
	if s.Effect == nil {
		return out, c.errorf(s.Node, "statement without Effect")
	}
	switch s.Effect.Text {
	case "Allow":
	case "Deny":
		out.deny = true
	default:
		return out, c.errorf(s.Effect, "Effect is neither Allow nor Deny")
	}
	if err := c.actions(s, &out); err != nil {
		return out, err
	}
	if err := c.resources(s, &out); err != nil {
		return out, err
	}
	if err := c.principal(s, &out); err != nil {
		return out, err
	}
	if err := c.conditionShape(s.Condition); err != nil {
		return out, err
	}
	for i := range s.Conditions {
		condition, err := c.condition(&s.Conditions[i])
		if err != nil {
			return out, err
		}
		out.conditions = append(out.conditions, condition)
	}
	return out, nil
}

func (c *compiler) actions(s *iam.Statement, out *statement) error {
	values := s.Action
	switch {
	case s.Action != nil && s.NotAction != nil:
		return c.errorf(s.NotAction.Key, "statement with both Action and NotAction")
	case s.NotAction != nil:
		values, out.notAction = s.NotAction, true
	case s.Action == nil:
		return c.errorf(s.Node, "statement without Action or NotAction")
	}
	if err := c.stringList(values); err != nil {
		return err
	}
	for _, node := range values.List {
		out.actions = append(out.actions, newActionPattern(node.Text))
	}
	return nil
}

func (c *compiler) resources(s *iam.Statement, out *statement) error {
	values := s.Resource
	switch {
	case s.Resource != nil && s.NotResource != nil:
		return c.errorf(s.NotResource.Key, "statement with both Resource and NotResource")
	case c.kind == iam.TrustPolicy:
		if s.Resource != nil || s.NotResource != nil {
			return c.errorf(s.Node, "a trust policy takes no Resource: it is the role it hangs on")
		}
		out.anyResource = true
		return nil
	case s.NotResource != nil:
		values, out.notResource = s.NotResource, true
	case s.Resource == nil:
		return c.errorf(s.Node, "statement without Resource or NotResource")
	}
	if err := c.stringList(values); err != nil {
		return err
	}
	for _, node := range values.List {
		p := newPattern(c.parts(node.Text, true, fifthColon(node.Text)))
		out.anyResource = out.anyResource || p.parts == nil && p.glob.Any() && !out.notResource
		out.resources = append(out.resources, p)
	}
	return nil
}

// stringList refuses an element with anything but strings: a list that lost a member would say something else.
func (c *compiler) stringList(v *iam.Values) error {
	members := 1
	if v.Node.Kind == iam.Array {
		members = len(v.Node.Items)
	}
	if len(v.List) != members {
		return c.errorf(v.Node, "%s is neither a string nor a list of strings", v.Key.Text)
	}
	return nil
}

// conditionShape refuses a Condition that is not {operator: {key: scalar or list of scalars}}.
func (c *compiler) conditionShape(condition *iam.Node) error {
	scalar := func(n *iam.Node) bool { return n.Kind == iam.String || n.Kind == iam.Number || n.Kind == iam.Bool }
	if condition == nil {
		return nil
	}
	if condition.Kind != iam.Object {
		return c.errorf(condition, "Condition is no object")
	}
	for _, operator := range condition.Members {
		if operator.Value.Kind != iam.Object {
			return c.errorf(operator.Value, "%s is no object", operator.Key.Text)
		}
		for _, key := range operator.Value.Members {
			v := key.Value
			if !scalar(v) && (v.Kind != iam.Array || slices.ContainsFunc(v.Items, func(n *iam.Node) bool { return !scalar(n) })) {
				return c.errorf(v, "value of a condition key is neither string, number, Boolean nor a list of them")
			}
		}
	}
	return nil
}

func (c *compiler) principal(s *iam.Statement, out *statement) error {
	switch c.kind {
	case iam.ResourcePolicy, iam.TrustPolicy, iam.ResourceControlPolicy, iam.EndpointPolicy:
		switch {
		case s.Principal != nil && s.NotPrincipal != nil:
			return c.errorf(s.NotPrincipal.Key, "statement with both Principal and NotPrincipal")
		case s.Principal != nil:
			out.principal = compilePrincipal(s.Principal, false)
		case s.NotPrincipal != nil:
			out.principal = compilePrincipal(s.NotPrincipal, true)
		default:
			return c.errorf(s.Node, "statement without Principal")
		}
	case iam.IdentityPolicy, iam.PermissionsBoundary, iam.SessionPolicy, iam.ServiceControlPolicy:
		if s.Principal != nil {
			return c.errorf(s.Principal.Key, "this type of policy takes no Principal")
		}
		if s.NotPrincipal != nil {
			return c.errorf(s.NotPrincipal.Key, "this type of policy takes no NotPrincipal")
		}
	}
	return nil
}

// parts takes a value apart; variables count from a byte offset on, and only under the newer rules.
func (c *compiler) parts(text string, wild bool, from int) []part {
	if !c.variables {
		from = len(text)
	}
	return template(text, wild, from)
}

// fifthColon is where the resource part of an ARN begins; in front of it there are no variables ("IAM policy elements: Variables and
// tags", Resource element), and without one nowhere.
func fifthColon(s string) int {
	at := 0
	for range arnFields - 1 {
		i := strings.IndexByte(s[at:], ':')
		if i < 0 {
			return len(s)
		}
		at += i + 1
	}
	return at
}
