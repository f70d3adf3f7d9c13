package iam

import "strings"

// syntax checks that the text is JSON and follows the grammar of the policy language.
func (c *checker) syntax() *Rejection {
	for _, p := range c.doc.Problems {
		return &Rejection{Message: syntaxErrors, Position: c.doc.Position(p.Span.Start), Hint: p.Text}
	}
	root := c.doc.Root
	if root.Kind != Object {
		return c.reject(root, syntaxErrors, "a policy is an object")
	}
	for _, m := range root.Members {
		switch name := m.Key.Text; {
		case name == "Version" && (m.Value.Kind != String || m.Value.Text != currentVersion && m.Value.Text != "2008-10-17"):
			return c.reject(m.Value, syntaxErrors, `Version is "2012-10-17" or "2008-10-17"`)
		case name == "Id" && m.Value.Kind != String:
			return c.reject(m.Value, syntaxErrors, "Id is a string")
		case name == "Version", name == "Id", name == "Statement", name == "Conditions": // IAM lets a stray Conditions pass
		default:
			return c.reject(m.Key, syntaxErrors, "no element of a policy")
		}
	}
	if len(c.doc.Statements) == 0 {
		return c.reject(root, syntaxErrors, "a policy has at least one statement")
	}
	for _, s := range c.doc.Statements {
		if r := c.statementSyntax(s); r != nil {
			return r
		}
	}
	return nil
}

func (c *checker) statementSyntax(s *Statement) *Rejection {
	if s.Node.Kind != Object {
		return c.reject(s.Node, syntaxErrors, "a statement is an object")
	}
	for _, m := range s.Node.Members {
		switch m.Key.Text {
		case "Sid":
			if m.Value.Kind != String || c.inIAM() && !validSid(m.Value.Text) {
				return c.reject(m.Value, syntaxErrors, "a Sid is a string of the characters a-z, A-Z, 0-9")
			}
		case "Effect":
			if m.Value.Kind != String || !strings.EqualFold(m.Value.Text, "Allow") && !strings.EqualFold(m.Value.Text, "Deny") {
				return c.reject(m.Value, syntaxErrors, `Effect is "Allow" or "Deny"`)
			}
		case "Action", "NotAction", "Resource", "NotResource":
			if at := notStrings(m.Value, true); at != nil {
				return c.reject(at, syntaxErrors, m.Key.Text+" is a string or a list of strings")
			}
		case "Principal", "NotPrincipal":
			if r := c.principalSyntax(m.Value); r != nil {
				return r
			}
		case "Condition":
			if r := c.conditionSyntax(m.Value); r != nil {
				return r
			}
		default:
			return c.reject(m.Key, syntaxErrors, "no element of a statement")
		}
	}
	switch {
	case s.Effect == nil:
		return c.reject(s.Node, syntaxErrors, "a statement has an Effect")
	case s.Action != nil && s.NotAction != nil:
		return c.reject(s.NotAction.Key, syntaxErrors, "a statement has Action or NotAction, not both")
	case s.Resource != nil && s.NotResource != nil:
		return c.reject(s.NotResource.Key, syntaxErrors, "a statement has Resource or NotResource, not both")
	case s.Principal != nil && s.NotPrincipal != nil:
		return c.reject(s.NotPrincipal.Key, syntaxErrors, "a statement has Principal or NotPrincipal, not both")
	}
	return nil
}

// notStrings is what keeps n from being a string or a list of strings; nil when it is one.
func notStrings(n *Node, nulls bool) *Node {
	if n.Kind == String {
		return nil
	}
	if n.Kind != Array {
		return n
	}
	for _, item := range n.Items {
		if item.Kind != String && (item.Kind != Null || !nulls) {
			return item
		}
	}
	return nil
}

func (c *checker) principalSyntax(n *Node) *Rejection {
	if n.Kind == String && n.Text == "*" {
		return nil
	}
	if n.Kind != Object || len(n.Members) == 0 {
		return c.reject(n, syntaxErrors, `a principal is "*" or an object`)
	}
	for _, m := range n.Members {
		switch m.Key.Text {
		case "AWS", "Service", "Federated", "CanonicalUser":
			if at := notStrings(m.Value, false); at != nil {
				return c.reject(at, syntaxErrors, m.Key.Text+" is a string or a list of strings")
			}
		default:
			return c.reject(m.Key, syntaxErrors, "principals are AWS, Service, Federated or CanonicalUser")
		}
	}
	return nil
}

func (c *checker) conditionSyntax(n *Node) *Rejection {
	if n.Kind != Object {
		return c.reject(n, syntaxErrors, "a Condition is an object")
	}
	for _, block := range n.Members {
		if block.Value.Kind != Object {
			return c.reject(block.Value, syntaxErrors, "an operator has an object of keys and values")
		}
		if _, known := ParseOperator(block.Key.Text); !known && len(block.Value.Members) > 0 {
			return c.reject(block.Key, syntaxErrors, "no condition operator")
		}
		for _, m := range block.Value.Members {
			switch m.Value.Kind {
			case String, Bool, Number:
			case Array:
				for _, item := range m.Value.Items {
					if item.Kind == Array || item.Kind == Object {
						return c.reject(item, syntaxErrors, "a value is a string, a number or a Boolean")
					}
				}
			default:
				return c.reject(m.Value, syntaxErrors, "a value is a string, a number, a Boolean or a list of them")
			}
		}
	}
	return nil
}
