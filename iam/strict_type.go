package iam

import (
	"strings"

	"trunkline/iam/arn"
)

// principals checks that statements name principals where the type wants them, and only there.
func (c *checker) principals() *Rejection {
	for _, s := range c.doc.Statements {
		principal := s.Principal
		if principal == nil {
			principal = s.NotPrincipal
		}
		switch {
		case !c.takesPrincipal() && principal != nil:
			return c.reject(principal.Key, hasPrincipal, "it is about those who have it")
		case c.takesPrincipal() && principal == nil:
			return c.reject(s.Node, noPrincipal, "")
		}
	}
	return nil
}

// forType checks what only policies of one type must keep to.
func (c *checker) forType() *Rejection {
	for _, s := range c.doc.Statements {
		var r *Rejection
		switch c.kind {
		case TrustPolicy:
			r = c.trustStatement(s)
		case ResourceControlPolicy:
			r = c.rcpStatement(s)
		case ResourcePolicy, EndpointPolicy:
			r = c.principalForms(s)
		}
		if r != nil {
			return r
		}
	}
	return nil
}

func (c *checker) trustStatement(s *Statement) *Rejection {
	switch {
	case s.NotPrincipal != nil:
		return c.reject(s.NotPrincipal.Key, "Has prohibited field NotPrincipal.", "")
	case s.Principal.Any:
		return c.reject(s.Principal.Node, `AssumeRole policy contains an invalid principal: "STAR":"*".`, "name who may assume the role")
	}
	for _, action := range s.actions() {
		if !assumesRole(action.Text) {
			return c.reject(action, trustActions, "")
		}
	}
	return c.principalForms(s)
}

// assumesRole says whether an action, wildcards included, is one that a trust policy can allow.
func assumesRole(action string) bool {
	glob := arn.Compile(strings.ToLower(action))
	if !strings.HasPrefix(glob.String(), "sts:") {
		return false
	}
	for _, name := range [...]string{
		"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext",
	} {
		if glob.Match(name) {
			return true
		}
	}
	return false
}

// principalForms checks that principals are written in a form that can name one.
func (c *checker) principalForms(s *Statement) *Rejection {
	for _, p := range [...]*Principal{s.Principal, s.NotPrincipal} {
		if p == nil {
			continue
		}
		for _, v := range p.List {
			ok := true
			switch v.Type.Text {
			case "AWS":
				ok = awsPrincipal(v.Node.Text)
			case "Service":
				ok = strings.Contains(v.Node.Text, ".") && !strings.ContainsAny(v.Node.Text, "*?:/ ")
			case "Federated", "CanonicalUser":
				ok = v.Node.Text != "" && !strings.ContainsAny(v.Node.Text, "*? ")
			}
			if !ok {
				return c.reject(v.Node, `Invalid principal in policy: "`+strings.ToUpper(v.Type.Text)+`":"`+v.Node.Text+`"`, "")
			}
		}
	}
	return nil
}

// awsPrincipal says whether text can name an AWS principal: everybody, an account, an ARN of iam or sts without wildcards, or the
// unique id of a user or role.
func awsPrincipal(text string) bool {
	if text == "*" || arn.IsAccount(text) {
		return true
	}
	name, err := arn.Parse(text)
	if err != nil {
		return len(text) >= 16 && text[0] == 'A' && validSid(text) && text == strings.ToUpper(text)
	}
	return (name.Service == "iam" || name.Service == "sts") && name.Region == "" && arn.IsPartition(name.Partition) &&
		arn.IsAccount(name.Account) && !strings.ContainsAny(name.Resource, "*?")
}

// rcpStatement checks the narrow form of resource control policies ("RCP syntax" in the AWS Organizations User Guide).
func (c *checker) rcpStatement(s *Statement) *Rejection {
	switch {
	case s.NotPrincipal != nil:
		return c.reject(s.NotPrincipal.Key, wrongForType, "an RCP has no NotPrincipal")
	case !s.Principal.Any:
		return c.reject(s.Principal.Node, wrongForType, `the Principal of an RCP is "*"`)
	case s.NotAction != nil:
		return c.reject(s.NotAction.Key, wrongForType, "an RCP has no NotAction")
	}
	for _, action := range s.Action.List {
		_, name, _ := strings.Cut(action.Text, ":")
		if i := strings.IndexAny(name, "*?"); action.Text != "*" && i >= 0 && (i != len(name)-1 || name[i] == '?') {
			return c.reject(action, wrongForType, "in an RCP a wildcard stands at the end of an action")
		}
		if s.Effect.Text == "Deny" && action.Text == "*" {
			return c.reject(action, wrongForType, "an RCP that denies names the service")
		}
	}
	if s.Effect.Text == "Allow" && (s.Condition != nil || s.Resource == nil || !onlyStar(s.Action.List) || !onlyStar(s.Resource.List)) {
		return c.reject(s.Effect, wrongForType, `an RCP allows only "*" on "*" without Condition`)
	}
	return nil
}

func onlyStar(list []*Node) bool {
	return len(list) == 1 && list[0].Text == "*"
}
