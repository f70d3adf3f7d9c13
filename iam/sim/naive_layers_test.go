package sim_test

import (
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/sim"
)

// The naive evaluator's layers. A layer is a list of documents; nil means that there is none.
type naivePolicies struct {
	identity, boundary, session []*iam.Document
	resource                    *iam.Document
	scp, rcp                    [][]*iam.Document
	endpoint                    *iam.Document
}

// naiveApplies tells whether a statement applies, apart from its principal.
func naiveApplies(d *iam.Document, s *iam.Statement, r *naiveRequest) bool {
	variables := d.Version != nil && d.Version.Text == "2012-10-17"
	if s.Action != nil && !naiveAction(s.Action.List, r.action) || s.NotAction != nil && naiveAction(s.NotAction.List, r.action) {
		return false
	}
	if s.Resource != nil && !naiveResource(s.Resource.List, variables, r) || s.NotResource != nil && naiveResource(s.NotResource.List, variables, r) {
		return false
	}
	for i := range s.Conditions {
		if !naiveCondition(&s.Conditions[i], variables, r) {
			return false
		}
	}
	return true
}

// naiveNames gives the ways in which a Principal element names the caller: everybody, itself, role, user, account.
func naiveNames(p *iam.Principal, c sim.Caller) (ways []string) {
	if p.Any {
		ways = append(ways, "everybody")
	}
	inAccount := c.Kind == sim.User || c.Kind == sim.RoleSession || c.Kind == sim.FederatedUser || c.Kind == sim.RootUser
	for _, v := range p.List {
		name := v.Node.Text
		switch v.Type.Text {
		case "AWS":
			switch {
			case name == "*":
				ways = append(ways, "everybody")
			case inAccount && (name == c.Account || name == "arn:aws:iam::"+c.Account+":root"):
				ways = append(ways, "account")
			case !inAccount || strings.Contains(name, "*"):
			case name == c.ARN:
				ways = append(ways, "itself")
			case c.Kind == sim.RoleSession && name == c.Role:
				ways = append(ways, "role")
			case c.Kind == sim.FederatedUser && name == c.User:
				ways = append(ways, "user")
			}
		case "Service":
			if c.Kind == sim.Service && c.ARN == name {
				ways = append(ways, "itself")
			}
		case "Federated":
			if c.Kind == sim.Identity && c.ARN == name {
				ways = append(ways, "itself")
			}
		}
	}
	return ways
}

// naivePrincipal gives the ways in which the statement concerns the caller.
func naivePrincipal(s *iam.Statement, c sim.Caller) []string {
	switch {
	case s.Principal != nil:
		return naiveNames(s.Principal, c)
	case s.NotPrincipal == nil:
		return []string{"everybody"}
	}
	ways := naiveNames(s.NotPrincipal, c)
	if s.Effect.Text == "Allow" {
		if len(ways) > 0 {
			return nil
		}
		return []string{"everybody"}
	}
	// A Deny spares those who are listed with everything that they may be checked as.
	need := map[sim.CallerKind][]string{
		sim.User: {"itself", "account"}, sim.RoleSession: {"itself", "role", "account"}, sim.FederatedUser: {"itself", "account"},
		sim.RootUser: {"account"}, sim.Service: {"itself"}, sim.Identity: {"itself"}, sim.Anonymous: {"nothing does"},
	}[c.Kind]
	listed := !slices.ContainsFunc(need, func(way string) bool { return !slices.Contains(ways, way) })
	if listed || slices.Contains(ways, "everybody") {
		return nil
	}
	return []string{"everybody"}
}

// naiveSay gives the ways in which the documents allow, and whether one of them denies.
func naiveSay(documents []*iam.Document, r *naiveRequest) (allows []string, denies bool) {
	for _, d := range documents {
		for _, s := range d.Statements {
			ways := naivePrincipal(s, r.caller)
			if len(ways) == 0 || !naiveApplies(d, s, r) {
				continue
			}
			if s.Effect.Text == "Deny" {
				denies = true
			} else {
				allows = append(allows, ways...)
			}
		}
	}
	return allows, denies
}

// naiveDecide walks through the layers in the order of the documentation.
func naiveDecide(p *naivePolicies, r *naiveRequest, rcpService bool) sim.Outcome {
	c := r.caller
	inAccount := c.Kind == sim.User || c.Kind == sim.RoleSession || c.Kind == sim.FederatedUser || c.Kind == sim.RootUser
	entity := inAccount && c.Kind != sim.RootUser
	serviceLinked := strings.Contains(c.Role, "role/aws-service-role/")
	denied := false
	allows := func(documents []*iam.Document) bool {
		allows, denies := naiveSay(documents, r)
		denied = denied || denies
		return len(allows) > 0
	}
	organization := true
	if rcpService && !serviceLinked && (r.management == "" || r.account != r.management) {
		for _, level := range p.rcp {
			if !allows(level) {
				organization = false
			}
		}
	}
	if inAccount && !serviceLinked && (r.management == "" || c.Account != r.management) {
		for _, level := range p.scp {
			if !allows(level) {
				organization = false
			}
		}
	}
	endpoint := p.endpoint == nil || allows([]*iam.Document{p.endpoint})
	var named []string
	if p.resource != nil {
		var denies bool
		named, denies = naiveSay([]*iam.Document{p.resource}, r)
		denied = denied || denies
	}
	identity, boundary, session := c.Kind == sim.RootUser, true, true
	if entity {
		identity = allows(p.identity)
		boundary = p.boundary == nil || allows(p.boundary)
		session = p.session == nil && c.Kind != sim.FederatedUser || allows(p.session)
	}
	is := func(way string) bool { return slices.Contains(named, way) }
	key := strings.HasPrefix(r.action, "kms:") && strings.Contains(r.resource, ":key/")
	trust := slices.Contains([]string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"}, r.action)

	switch {
	case denied:
		return sim.ExplicitDeny
	case !organization || !endpoint:
		return sim.ImplicitDeny
	case !inAccount:
		if is("everybody") || is("itself") {
			return sim.Allowed
		}
		return sim.ImplicitDeny
	case trust && c.Kind == sim.RootUser:
		return sim.ImplicitDeny
	case c.Account != r.account:
		if identity && boundary && session && len(named) > 0 {
			return sim.Allowed
		}
		return sim.ImplicitDeny
	}
	// One account. Everybody, a user that calls itself, a session and a federated user by their ARN: final.
	if is("everybody") || is("itself") {
		return sim.Allowed
	}
	// A role, or a user with a federated session: what it is given is limited by boundary and session policy.
	if (is("role") || is("user")) && boundary && session {
		return sim.Allowed
	}
	if identity && boundary && session && (!(key || trust) || is("account")) {
		return sim.Allowed
	}
	return sim.ImplicitDeny
}

// naiveContext adds the keys that follow from the caller and that every request carries.
func naiveContext(c sim.Caller, account string, given map[string][]string) map[string][]string {
	context := map[string][]string{
		"aws:securetransport": {"?"}, "aws:requestedregion": {"?"}, "aws:viaawsservice": {"?"}, "aws:useragent": {"?"}, "aws:resourceaccount": {account},
		"aws:principalaccount": {c.Account}, "aws:principalarn": {c.ARN}, "aws:principalisawsservice": {"false"},
	}
	end := c.ARN[strings.LastIndex(c.ARN, "/")+1:]
	switch c.Kind {
	case sim.User:
		context["aws:principaltype"], context["aws:username"], context["aws:userid"] = []string{"User"}, []string{end}, []string{c.ID}
	case sim.RoleSession:
		context["aws:principaltype"], context["aws:principalarn"], context["aws:userid"] = []string{"AssumedRole"}, []string{c.Role}, []string{c.ID + ":" + end}
	case sim.FederatedUser:
		context["aws:principaltype"], context["aws:userid"] = []string{"FederatedUser"}, []string{c.Account + ":" + end}
	case sim.RootUser:
		context["aws:principaltype"], context["aws:userid"] = []string{"Account"}, []string{c.Account}
	case sim.Service:
		context["aws:principalisawsservice"], context["aws:principalservicename"] = []string{"true"}, []string{c.ARN}
	case sim.Anonymous:
		context["aws:principaltype"], context["aws:userid"], context["aws:principalaccount"] = []string{"Anonymous"}, []string{"anonymous"}, []string{"anonymous"}
		delete(context, "aws:principalarn")
		delete(context, "aws:principalisawsservice")
	case sim.Identity:
	}
	for key, values := range given {
		context[strings.ToLower(key)] = values
	}
	return context
}
