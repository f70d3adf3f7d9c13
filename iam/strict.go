package iam

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Rejection is why IAM does not accept a policy.
type Rejection struct {
	Message  string   // in the words of the service, as far as they are known
	Position Position // of what it is about
	Hint     string   // what is wrong there or what to write, where the message does not say; may be empty
}

func (r *Rejection) Error() string {
	text := fmt.Sprintf("%d:%d: %s", r.Position.Line, r.Position.Column, r.Message)
	if r.Hint != "" {
		text += " (" + r.Hint + ")"
	}
	return text
}

// The messages of the service that name nothing of the policy.
const (
	syntaxErrors    = "Syntax errors in policy."
	oldVersion      = "Policy document must be version 2012-10-17 or greater."
	legacyParsing   = "The policy failed legacy parsing"
	sameSids        = "Statement IDs (SID) in a single policy must be unique."
	noActions       = "Policy statement must contain actions."
	noResources     = "Policy statement must contain resources."
	noVendor        = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	twoColons       = "Actions/Condition can contain only one colon."
	resourceVendor  = "Resource vendor must be fully qualified and cannot contain regexes."
	hasPrincipal    = "Policy document should not specify a principal."
	noPrincipal     = "Missing required field Principal"
	trustActions    = "AssumeRole policy may only specify STS AssumeRole actions."
	wrongForType    = "The provided policy document does not meet the requirements of the specified policy type."
	wrongCharacters = `The policy failed to satisfy constraint: Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+`
)

// Strict reads a policy as the service that stores it does, and refuses what that refuses; the error is a *Rejection. The document is
// that of Parse, whether refused or not.
//
// The rules are those of CreatePolicy, in its order, and it stops at the first; then come those of the policy's type. What services
// do not look at, Strict does not either: whether actions, condition keys and resources exist, and whether they fit. Of the quotas
// only the most generous one of the type counts (see Quotas). Which services an RCP may name changes too often to be known here.
func Strict(src []byte, t Type) (*Document, error) {
	doc := Parse(src)
	c := checker{doc: doc, kind: t}
	for _, check := range [...]func() *Rejection{
		c.characters,
		c.syntax,
		c.principals,
		c.version,
		c.legacy,
		c.sids,
		c.haveActions,
		c.resourceFormats,
		c.actionFormats,
		c.haveResources,
		c.forType,
		c.size,
	} {
		if r := check(); r != nil {
			return doc, r
		}
	}
	return doc, nil
}

// A checker holds what all checks look at. The checks behind syntax rely on what it has found in order.
type checker struct {
	doc  *Document
	kind Type
}

func (c *checker) reject(at *Node, message, hint string) *Rejection {
	return &Rejection{Message: message, Position: c.doc.Position(at.Span.Start), Hint: hint}
}

// inIAM says whether IAM itself stores policies of the type: other services allow more characters and equal Sids.
func (c *checker) inIAM() bool {
	switch c.kind {
	case IdentityPolicy, PermissionsBoundary, SessionPolicy, TrustPolicy:
		return true
	}
	return false
}

// takesPrincipal says whether statements of the type name principals.
func (c *checker) takesPrincipal() bool {
	switch c.kind {
	case ResourcePolicy, TrustPolicy, ResourceControlPolicy, EndpointPolicy:
		return true
	}
	return false
}

// characters checks that IAM's characters are used: tab, line feed, carriage return and U+0020 to U+00FF.
func (c *checker) characters() *Rejection {
	if !c.inIAM() {
		return nil
	}
	for i := 0; i < len(c.doc.Source); {
		r, n := utf8.DecodeRune(c.doc.Source[i:])
		if r > 0xff || r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return &Rejection{Message: wrongCharacters, Position: c.doc.Position(i), Hint: fmt.Sprintf("%U is not allowed", r)}
		}
		i += n
	}
	return nil
}

// version: only the old services take policies of the old version.
func (c *checker) version() *Rejection {
	switch c.kind {
	case ResourcePolicy, TrustPolicy, EndpointPolicy:
		return nil
	}
	switch {
	case c.doc.Version == nil:
		return c.reject(c.doc.Root, oldVersion, `write "Version": "2012-10-17"`)
	case c.doc.Version.Text != currentVersion:
		return c.reject(c.doc.Version, oldVersion, "with variables, look at what changes: they are plain text in the old version")
	}
	return nil
}

func (c *checker) sids() *Rejection {
	if !c.inIAM() {
		return nil
	}
	seen := map[string]bool{}
	for _, s := range c.doc.Statements {
		if s.Sid == nil || s.Sid.Text == "" {
			continue
		}
		if seen[s.Sid.Text] {
			return c.reject(s.Sid, sameSids, "")
		}
		seen[s.Sid.Text] = true
	}
	return nil
}

func (c *checker) haveActions() *Rejection {
	for _, s := range c.doc.Statements {
		if s.Action.empty() && s.NotAction.empty() {
			return c.reject(s.Node, noActions, "")
		}
	}
	return nil
}

func (c *checker) haveResources() *Rejection {
	for _, s := range c.doc.Statements {
		switch {
		case c.kind == TrustPolicy:
			if v := s.Resource.or(s.NotResource); v != nil {
				return c.reject(v.Key, "Has prohibited field "+v.Key.Text+".", "the resource of a trust policy is the role")
			}
		case s.Resource.empty() && s.NotResource.empty():
			return c.reject(s.Node, noResources, "")
		}
	}
	return nil
}

func (c *checker) size() *Rejection {
	quota, exceeded := c.doc.exceeded(c.kind)
	if !exceeded {
		return nil
	}
	counted := "without white space"
	if quota.Whitespace {
		counted = "with white space"
	}
	message := fmt.Sprintf("Cannot exceed quota for PolicySize: %d", quota.Limit)
	if c.kind == TrustPolicy {
		message = fmt.Sprintf("Cannot exceed quota for ACLSizePerRole: %d", quota.Limit)
	}
	return &Rejection{
		Message:  message,
		Position: c.doc.Position(0),
		Hint:     fmt.Sprintf("%d characters %s, as %s", c.doc.Size(quota.Whitespace), counted, quota.For),
	}
}

// empty says whether the element is missing or an empty list.
func (v *Values) empty() bool {
	return v == nil || v.Node.Kind == Array && len(v.Node.Items) == 0
}

// or is v, or w where v is missing.
func (v *Values) or(w *Values) *Values {
	if v != nil {
		return v
	}
	return w
}

// validSid says whether IAM takes text as a Sid.
func validSid(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}
