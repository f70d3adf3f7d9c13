package diagnose

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"trunkline/iam/arn"
)

// statement is what an Addition has, in the order in which policies write it.
type statement struct {
	Effect    string                       `json:"Effect"`
	Principal any                          `json:"Principal,omitempty"`
	Action    any                          `json:"Action"`
	Resource  string                       `json:"Resource,omitempty"`
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

// passedTo is the statement's condition for several services.
type passedTo struct {
	Effect    string                         `json:"Effect"`
	Action    string                         `json:"Action"`
	Resource  string                         `json:"Resource"`
	Condition map[string]map[string][]string `json:"Condition"`
}

const passRole, passedToService = "iam:PassRole", "iam:PassedToService"

// put appends an addition.
func (f *Finding) put(policy PolicyType, to string, s any) {
	text, _ := json.Marshal(s) // strings, lists and maps of them can be marshalled
	f.Add = append(f.Add, Addition{to, text, policy})
}

// add words the smallest statement, for the place where one is missing. Nothing is added where only a Deny can go, or where the action
// is not known.
func (f *Finding) add(m Message, who caller, o *observed) {
	if f.Verdict == denyMustGo || m.Form == "connect" && len(f.Actions) == 0 || len(f.Actions) == 0 || f.target == "" || m.Form == "web identity" {
		return
	}
	s := statement{Effect: "Allow", Action: f.Actions, Resource: f.target}
	if len(f.Actions) == 1 {
		s.Action = f.Actions[0]
	}
	named := cmp.Or(who.name, "the caller")
	if isRoles(m.Form) {
		named = cmp.Or(who.name, "the role of the "+strings.Fields(m.Form)[0])
	}
	if f.Actions[0] == passRole {
		f.addPassRole(m.Policy, holder(cmp.Or(m.Policy, IdentityBased), named, ""))
		return
	}
	principal := map[string]string{"AWS": who.arn}
	switch m.Policy {
	case Boundary, Session, ServiceControl:
		f.put(m.Policy, holder(m.Policy, named, who.account), s)
	case Endpoint:
		s.Principal = "*"
		if who.arn != "" && who.arn != "*" { // gateway endpoints take no other Principal
			s.Condition = map[string]map[string]string{"ArnEquals": {"aws:PrincipalArn": who.arn}}
		}
		to := "the policy of the VPC endpoint that the request came through"
		if o.Endpoint != "" {
			to = "the policy of the VPC endpoint " + o.Endpoint
		}
		f.put(Endpoint, to, s)
	case Trust, ResourceBased:
		if who.arn == "" {
			return
		}
		s.Principal = principal
		if who.arn == "*" {
			s.Principal = "*"
		}
		if m.Policy == Trust || isAssumption(f.Actions[0]) {
			s.Resource = ""
			f.put(Trust, "the trust policy of "+f.Resource, s)
			return
		}
		to := resourcePolicy(f.Actions[0]) + " of " + f.target
		if strings.HasPrefix(f.Actions[0], "kms:") {
			s.Resource = "*" // in a key policy it means the key
		}
		f.put(ResourceBased, to, s)
	case IdentityBased, ResourceControl, "":
		if who.kind == "anonymous" || who.kind == "root user" {
			return
		}
		f.put(IdentityBased, holder(IdentityBased, named, who.account), s)
		if m.Form == "kms key" && who.arn != "" {
			f.put(ResourceBased, "the key policy", statement{Effect: "Allow", Principal: principal, Action: s.Action, Resource: "*"})
		}
	}
}

func holder(p PolicyType, named, account string) string {
	if account != "" {
		named += " in account " + account
	}
	switch p {
	case Boundary:
		return "the permissions boundary of " + named
	case Session:
		return "the session policy that is passed when the session of " + named + " is made"
	case ServiceControl:
		if account == "" {
			return "the service control policies of the principal's account, at each level that lacks it"
		}
		return "the service control policies of account " + account + ", at each level that lacks it"
	}
	return "the identity policy of " + named
}

// resourcePolicy is how people call the policy of what an action works on.
func resourcePolicy(action string) string {
	switch service, _, _ := strings.Cut(action, ":"); service {
	case "kms":
		return "the key policy"
	case "s3":
		return "the bucket policy for the bucket"
	}
	return "the resource policy"
}

func isAssumption(action string) bool {
	return strings.HasPrefix(strings.ToLower(action), "sts:assumerole")
}

// addPassRole words the grant of iam:PassRole, to the service that the call passes the role to; where the call is not known, to those
// of the collector.
func (f *Finding) addPassRole(p PolicyType, to string) {
	if f.account != "" && !strings.Contains(to, "account") {
		to += " in account " + f.account
	}
	role := f.target
	services := passes(f.call)
	if len(services) == 1 {
		f.put(cmp.Or(p, IdentityBased), to, statement{"Allow", nil, passRole, role, map[string]map[string]string{"StringEquals": {passedToService: services[0]}}})
		return
	}
	services = []string{"lambda.amazonaws.com", "pipes.amazonaws.com"}
	f.put(cmp.Or(p, IdentityBased), to, passedTo{"Allow", passRole, role, map[string]map[string][]string{"StringEquals": {passedToService: services}}})
	f.Do = append(f.Do, "keep the service that the role is passed to: lambda.amazonaws.com for CreateFunction, pipes.amazonaws.com for CreatePipe and UpdatePipe, another for other calls")
}

// advise says what to do beside or instead of adding a statement. With policies at hand nobody has to be told to give them.
func (f *Finding) advise(m Message, who caller, o *observed, atHand bool) {
	do := func(format string, args ...any) { f.Do = append(f.Do, fmt.Sprintf(format, args...)) }
	f.adviseDeny(m, do, atHand)
	switch m.Form {
	case "connect":
		do("check that the instance id of the call is that of your instance, in this account and Region; Connect answers so for others too")
		if f.call == "" {
			do("take the action from the call that was made: its name is that of the action")
		}
	case "kms key", "kms ciphertext":
		do("check that the key exists, in the Region of the call, and is enabled; then both its key policy and the caller's have to allow it; put the key's ARN in the place of the *")
	case "kms by a service":
		do("allow the caller the key in both policies, its own and the key policy; kms:Decrypt to read, kms:GenerateDataKey to write")
	case "web identity":
		do("look at the trust policy: Principal Federated names the provider, and the conditions on its :aud and :sub fit the token")
	case "pipe role", "pipe stream", "pipe source":
		do("when the policy of the role was written less than two minutes ago, it was not yet known everywhere: delete the pipe and create it again")
		do("check that Region and account in the ARN of the stream are right")
		if m.Form == "pipe stream" {
			do("when the stream is encrypted with a customer key, the role needs kms:Decrypt on the key too")
		}
		if f.Principal == "" {
			do("the role is the pipe's: aws pipes describe-pipe --name NAME | trunkline doctor - names it")
		}
	case "pipe invocation":
		do("the role of the pipe, or the policy of what it invokes, does not allow it; for log groups it is the resource policy of CloudWatch Logs")
	case "function role":
		do("a function in a VPC needs the EC2 actions of the managed policy AWSLambdaVPCAccessExecutionRole")
	}
	if f.Actions != nil && f.Actions[0] == passRole {
		do("CloudTrail has no event of iam:PassRole: look at that of the call that passes the role")
	}
	if m.Encoded != "" && o.decoded == nil {
		if o.undecoded != nil {
			do("the encoded message was not decoded: %s", o.undecoded)
		} else {
			do("have the encoded message decoded: --decode, which needs sts:DecodeAuthorizationMessage")
		}
	}
	if account := accountOf(f.Resource); f.Verdict != denyMustGo && account != "" && who.account != "" && account != who.account {
		do("the resource belongs to account %s, the principal to %s: both the principal's policy and that of the resource have to allow it", account, who.account)
	}
	if f.Principal != "" && who.kind == "role session" && f.Verdict == allowMissing && strings.HasPrefix(who.name, "role AWSReservedSSO_") {
		do("the role belongs to IAM Identity Center: change its permission set, not the role")
	}
	if len(f.Actions) == 0 {
		do("the message does not name the action: find the call, in CloudTrail or where it was made")
	}
}

// adviseDeny says how a Deny is found.
func (f *Finding) adviseDeny(m Message, do func(string, ...any), atHand bool) {
	switch {
	case m.Effect == Explicit && m.PolicyARN != "":
		do("find the Deny in %s; more Allow does not help", m.PolicyARN)
	case m.Effect == Explicit && f.Verdict == denyMustGo && atHand:
		do("find the Deny; more Allow does not help")
	case m.Effect == Explicit && f.Verdict == denyMustGo:
		do("find the Deny; more Allow does not help; give the policies with --policy, and the statement is named")
	case atHand:
	case f.Verdict == notSaid && len(f.Actions) > 0 && !slices.Contains([]string{"kms key", "kms ciphertext", "connect"}, m.Form):
		do("give the policies with --policy, and it is decided which of them stands in the way; without them, begin with the principal's own")
	}
	if m.Policy == Boundary || m.Policy == Session {
		do("an Allow in an identity policy does not help: the %s limits it", m.Policy)
	}
	if m.Policy == ServiceControl || m.Policy == ResourceControl {
		do("who administers the organization can change it")
	}
	if m.Through != "" {
		do("the %s denies it on behalf of a %s: look there", m.Policy, m.Through)
	}
	if m.Effect != Unsaid {
		do("AWS names one policy type, even if several deny: expect the next after this one")
	}
}

func accountOf(resource string) string {
	if fields, _ := arn.Split(resource); arn.IsAccount(fields[4]) {
		return fields[4]
	}
	return ""
}
