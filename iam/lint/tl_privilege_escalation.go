package lint

import (
	"fmt"
	"strings"
)

var privilegeEscalation = &Check{
	Code: "TL_PRIVILEGE_ESCALATION", Severity: SecurityWarning, Title: "The principal can give itself more",
	Doc: `With these permissions together the principal can get every permission of the account, or those of other roles. The
message spells the path out, step by step, with the lines of the statements that it takes.

Found are: everything, or all but what a NotAction leaves out, IAM not among it; attaching or writing policies of a role that one
is, can create, can open or can pass to something that runs; opening a role's trust policy; attaching or writing policies of users
and groups, and joining groups; changing managed policies; making access keys and passwords for other users; passing any role of a
pattern to a function, instance, task, stack, job, state machine, schedule or pipe of one's own; putting code into any function of
the account.

To mend it, name the resources exactly, and add the condition that closes the path: iam:PolicyARN for AttachRolePolicy,
iam:PermissionsBoundary for CreateRole, AttachRolePolicy and PutRolePolicy, iam:PassedToService for PassRole.

Silent where such a condition, or one on the resource's tags, is there, whatever its value, where the policy denies the action, and for
service-linked roles (TL_SERVICE_LINKED_ROLE_POLICY). Statements of other policies of the same principal are not seen.

Source: IAM User Guide, actions with permissions management level and iam:PassRole; each path is a documented effect of its calls.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Action": ["iam:CreateRole", "iam:AttachRolePolicy"], "Resource": "arn:aws:iam::111122223333:role/app-*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Action": ["iam:CreateRole", "iam:AttachRolePolicy"], "Resource": "arn:aws:iam::111122223333:role/app-*",
  "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/app-boundary"}}}]}`,
	run: func(p *Pass) {
		if !p.Grants() || p.administrator() {
			return
		}
		p.rolePolicies()
		p.roleTrust()
		p.passedRoles()
		p.directPaths()
	},
}

// closers are the condition keys that close a path that changes what a role may do. A condition on tags is one for any action.
var closers = []string{"iam:policyarn", "iam:permissionsboundary", "iam:resourcetag/", "aws:resourcetag/"}

// administrator reports grants of everything, of which no path needs to be spelt out.
func (p *Pass) administrator() bool {
	found := false
	list := p.allGrants()
	for i := range list {
		g := &list[i]
		whole := g.all || g.Service == "iam" && strings.Trim(g.Name, "*") == "" && g.Name != ""
		if whole && g.s.Allow && g.s.any() && len(g.s.Tests) == 0 && !p.denied("iam", "PutRolePolicy") {
			found = true
			p.Report(g.Node, g.Text+` on "*" makes the principal an administrator: it may give itself whatever it lacks. Name the actions and resources that are needed`)
		}
	}
	for s := range p.Each() {
		if !s.Allow || s.NotAction == nil || s.Action != nil || !s.any() || len(s.Tests) > 0 {
			continue
		}
		if action := p.notExcluded(s); action != "" {
			found = true
			p.ReportKey(s.NotAction.Key, `NotAction on "*" makes the principal an administrator: iam:`+action+` is not among what it leaves out, so it may give itself whatever it lacks. Exclude iam:*, or name the actions that are needed`)
		}
	}
	return found
}

// notExcluded is an action by which one becomes an administrator and that a NotAction lets through; empty when there is none.
func (p *Pass) notExcluded(s *Statement) string {
	for i := range s.Actions {
		if s.Actions[i].Placeholder {
			return "" // it may exclude anything
		}
	}
	for _, action := range [...]string{"PutRolePolicy", "AttachRolePolicy", "PutUserPolicy", "AttachUserPolicy"} {
		if s.Named("iam", action) == nil && s.Reached("iam", action) == nil && !p.denied("iam", action) {
			return action
		}
	}
	return ""
}

// step is a grant with those of its resources that are of a kind, such as "role/".
type step struct {
	g       *grant
	targets []string // ARN patterns, or "*"
}

// steps lists the grants of an IAM action that no condition closes.
func (p *Pass) steps(service, name, kind string) []step {
	var steps []step
	for g := range p.allowing(service, name) {
		if g.s.tests(closers...) {
			continue
		}
		if targets := g.s.targets(service, kind); len(targets) > 0 {
			steps = append(steps, step{g, targets})
		}
	}
	return steps
}

// targets are the statement's resources of a kind of iam's, or of lambda's, except service-linked roles.
func (s *Statement) targets(service, kind string) []string {
	if service == "sts" {
		service = "iam"
	}
	if s.Resource == nil {
		return []string{"*"}
	}
	var targets []string
	for i := range s.Resources {
		r := &s.Resources[i]
		switch {
		case r.Any:
			targets = append(targets, "*")
		case r.Fields < 6:
			targets = append(targets, r.Text) // a placeholder: one that we do not know
		case r.Service != service && !Wild(r.Service):
		case strings.HasPrefix(r.Name, kind+"aws-service-role/"):
		case strings.HasPrefix(r.Name, kind), Wild(r.Name) && meet(r.Name, kind+"*"):
			targets = append(targets, r.Text)
		}
	}
	return targets
}

// everyOne is the first target that covers all of a kind, such as "*" or arn:aws:iam::*:role/*; empty when there is none.
func (s step) everyOne(kind string) string {
	for _, target := range s.targets {
		_, name, found := strings.Cut(target, ":"+kind)
		if target == "*" || found && strings.Trim(name, "*") == "" || strings.HasSuffix(target, ":*") {
			return target
		}
	}
	return ""
}

// meets tells whether two steps can be about the same resource.
func (p *Pass) meets(s, other step) bool {
	for _, a := range s.targets {
		for _, b := range other.targets {
			if p.meet(a, b) {
				return true
			}
		}
	}
	return false
}

// at says which grant a step is: "iam:CreateRole (line 12)", and the pattern that reaches the action where it is not written out.
func (p *Pass) at(g *grant, action string) string {
	if g.Wild {
		return fmt.Sprintf("%s (%s, line %d)", action, g.Text, p.line(g.Node))
	}
	return fmt.Sprintf("%s (line %d)", action, p.line(g.Node))
}

// rolePolicies looks for roles that the principal can give policies to and also become.
func (p *Pass) rolePolicies() {
	for _, way := range [...]struct{ action, does, mend string }{
		{"AttachRolePolicy", "attach AdministratorAccess", "Add a condition on iam:PolicyARN with the policies that may be attached, or on iam:PermissionsBoundary"},
		{"PutRolePolicy", "write a policy that allows everything", "Add a condition on iam:PermissionsBoundary, or name roles that nobody can create, open or pass"},
	} {
		for _, s := range p.steps("iam", way.action, "role/") {
			if every := s.everyOne("role/"); every != "" {
				p.Report(s.g.Node, fmt.Sprintf("iam:%s on every role (%s) makes the principal an administrator: 1. %s to the role that it is itself, or that it may assume, with %s; 2. use it. %s",
					way.action, every, way.does, p.at(s.g, "iam:"+way.action), way.mend))
				continue
			}
			var become []string
			for _, how := range [...]struct{ service, action, does string }{
				{"iam", "CreateRole", "create one that trusts oneself, with "},
				{"iam", "UpdateAssumeRolePolicy", "make an existing one trust oneself, with "},
				{"sts", "AssumeRole", "assume one, with "},
			} {
				for _, other := range p.steps(how.service, how.action, "role/") {
					if p.meets(s, other) {
						become = append(become, how.does+p.at(other.g, how.service+":"+how.action))
						break
					}
				}
			}
			if len(become) == 0 {
				if run := p.passedWith(s); run != "" {
					become = append(become, run)
				}
			}
			if len(become) > 0 {
				p.Report(s.g.Node, fmt.Sprintf("with iam:%s on %s the principal can become an administrator: 1. have a role that matches: %s; 2. %s to it, with %s; 3. act as that role. %s",
					way.action, listed(s.targets, 2), strings.Join(become, ", or "), way.does, p.at(s.g, "iam:"+way.action), way.mend))
			}
		}
	}
}

// roleTrust looks for roles whose trust policy the principal can open to itself.
func (p *Pass) roleTrust() {
	for _, s := range p.steps("iam", "UpdateAssumeRolePolicy", "role/") {
		for _, target := range s.targets {
			if Wild(afterAccount(target)) {
				p.Report(s.g.Node, fmt.Sprintf("with iam:UpdateAssumeRolePolicy on %s the principal can become any role that matches: 1. write itself into the role's trust policy, with %s; 2. assume the role, and have what it may. Name the roles, or take the action away: trust policies are written once",
					target, p.at(s.g, "iam:UpdateAssumeRolePolicy")))
				break
			}
		}
	}
}

// directPaths are those of one call.
func (p *Pass) directPaths() {
	for _, path := range [...]struct{ action, kind, does, mend string }{
		{"AttachUserPolicy", "user/", "attach AdministratorAccess to itself", "add a condition on iam:PolicyARN"},
		{"PutUserPolicy", "user/", "write itself a policy that allows everything", "name other users, or add a condition on iam:PermissionsBoundary"},
		{"AttachGroupPolicy", "group/", "attach AdministratorAccess to a group that it is in", "add a condition on iam:PolicyARN"},
		{"PutGroupPolicy", "group/", "write a policy that allows everything into a group that it is in", "name groups that it is not in"},
		{"AddUserToGroup", "group/", "join the group of the administrators", "name the groups that may be joined"},
		{"CreatePolicyVersion", "policy/", "make a version that allows everything the default one of a policy that is attached to it", "name policies that are not attached to it"},
		{"SetDefaultPolicyVersion", "policy/", "go back to a version of a policy that is attached to it and allowed more", "name policies that are not attached to it"},
		{"CreateAccessKey", "user/", "make an access key for an administrator and use it", `name the user, or write user/${aws:username}`},
		{"CreateLoginProfile", "user/", "make a password for a user who has none and may do more, and sign in", `name the user, or write user/${aws:username}`},
		{"UpdateLoginProfile", "user/", "change an administrator's password and sign in", `name the user, or write user/${aws:username}`},
	} {
		for _, s := range p.steps("iam", path.action, path.kind) {
			target := s.everyOne(path.kind)
			if target == "" && (path.action == "AttachUserPolicy" || path.action == "PutUserPolicy") {
				target = s.own()
			}
			if target != "" {
				p.Report(s.g.Node, fmt.Sprintf("with iam:%s on %s the principal can %s, with %s: %s",
					path.action, target, path.does, p.at(s.g, "iam:"+path.action), path.mend))
			}
		}
	}
	for _, s := range p.steps("lambda", "UpdateFunctionCode", "function:") {
		if target := s.everyOne("function:"); target != "" {
			p.Report(s.g.Node, fmt.Sprintf("with lambda:UpdateFunctionCode on %s the principal can act as the role of any function: 1. put code of its own into the function, with %s; 2. wait until it is invoked. Name the functions",
				target, p.at(s.g, "lambda:UpdateFunctionCode")))
		}
	}
}

// own is a target that is the calling user.
func (s step) own() string {
	for _, target := range s.targets {
		if strings.HasSuffix(strings.ToLower(target), "user/${aws:username}") {
			return target
		}
	}
	return ""
}
