package role

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"trunkline/iam"
	"trunkline/iam/arn"
	"trunkline/iam/generate"
	"trunkline/internal/config"
	"trunkline/internal/permission/need"
)

// A service gives a role to the machine or task that the program runs on.
type service struct {
	name   string
	source string // what aws:SourceArn is then, over place; "": the service says neither that nor the account
}

func services() []service {
	return []service{{name: "ec2.amazonaws.com"}, {name: "ecs-tasks.amazonaws.com", source: "ecs"}}
}

func serviceNames() (names []string) {
	for _, s := range services() {
		names = append(names, s.name)
	}
	return names
}

func serviceOf(name string) *service {
	for _, s := range services() {
		if s.name == name {
			return &s
		}
	}
	return nil
}

// trust makes the trust policy of the role that the collector runs as, where it is known who assumes it.
func (m *maker) trust(c *config.Config) {
	always, _ := m.o.Conditions.resource()
	p := Policy{Name: Trust, Title: "Let the role of the collector be assumed", Attached: "the role that the collector runs as", Type: iam.TrustPolicy, Boundary: m.o.Boundary}
	s := generate.Statement{Actions: []string{"sts:AssumeRole"}}
	if name := m.collector.Name; name != "" {
		p.Called = name[strings.LastIndexByte(name, '/')+1:]
	}
	by := serviceOf(m.o.Principal)
	switch {
	case c.AWS.Role != "" && isIdentity(m.o.Principal):
		s.Sid, s.Principal = "Starter", generate.Principal{Kind: "AWS", Name: m.o.Principal}
		s.For, s.Why = []string{"aws.role"}, []string{"the role cannot be assumed, and no other call is made"}
		s.Conditions = append(always, generate.Condition{Operator: "StringEquals", Key: "sts:RoleSessionName", Values: []string{need.Assume(c)[0].Values["session"]}})
	case c.AWS.Role == "" && by != nil:
		s.Sid, s.Principal = "Machine", generate.Principal{Kind: "Service", Name: by.name}
		s.For, s.Why = []string{"the machine or task that the program runs on"}, []string{"there are no credentials, and no call is made"}
		if account := m.place.Account; by.source != "" && account != "" {
			source := strings.Join([]string{"arn", cmp.Or(m.place.Partition, "*"), by.source, cmp.Or(m.place.Region, "*"), account, "*"}, ":")
			s.Conditions = []generate.Condition{
				{Operator: "ArnLike", Key: "aws:SourceArn", Values: []string{source}},
				{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{account}},
			}
		} else if by.source != "" {
			m.warn("%s may assume the role for any account: name the account with --account", by.name)
		}
	case c.AWS.Role != "":
		m.warn("the trust policy of aws.role is left out: who starts the program? name the role or user with --principal")
		return
	default:
		return
	}
	sortConditions(s.Conditions)
	p.Statements = []generate.Statement{s}
	m.set.Policies = append(m.set.Policies, p)
}

// keys makes the statements that the policies of customer keys need.
func (m *maker) keys(statements []generate.Statement) {
	found := map[string][]generate.Statement{}
	for _, s := range statements {
		for _, resource := range s.Resources {
			if fields, _ := arn.Split(resource); fields[2] == "kms" {
				found[resource] = append(found[resource], s)
			}
		}
	}
	always, _ := m.o.Conditions.resource()
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if !m.known("the key " + key) {
			continue
		}
		p := Policy{
			Name: "key-" + key[strings.LastIndexByte(key, '/')+1:], Title: "Use of the key by the collector", Type: iam.ResourcePolicy,
			Attached: "the key " + key + ", beside the statements that its policy has",
		}
		for i, s := range found[key] {
			one := generate.Statement{Sid: numbered("Collector", i), Principal: m.collector, Actions: s.Actions, Resources: []string{"*"}, For: s.For, Why: s.Why}
			for _, c := range s.Conditions {
				if c.Key == "kms:ViaService" {
					one.Conditions = append(one.Conditions, c)
				}
			}
			one.Conditions = append(one.Conditions, always...)
			sortConditions(one.Conditions)
			p.Statements = append(p.Statements, one)
		}
		m.set.Policies = append(m.set.Policies, p)
	}
}

// owners makes the statements that the policies of resources in other accounts need.
func (m *maker) owners(statements []generate.Statement) {
	type owned struct {
		owner      string
		statements []generate.Statement
	}
	found := map[string]*owned{}
	for _, s := range statements {
		byOwner := map[string][]string{}
		for _, resource := range s.Resources {
			if owner, whole := m.owner(resource); owner != "" {
				if found[whole] == nil {
					found[whole] = &owned{owner: owner}
				}
				byOwner[whole] = append(byOwner[whole], resource)
			}
		}
		for _, whole := range slices.Sorted(maps.Keys(byOwner)) {
			one := s
			one.Resources = byOwner[whole]
			found[whole].statements = append(found[whole].statements, one)
		}
	}
	always, direct := m.o.Conditions.resource()
	for _, whole := range slices.Sorted(maps.Keys(found)) {
		if !m.known(whole + " of account " + found[whole].owner) {
			continue
		}
		kind, name := kindOf(whole)
		p := Policy{
			Name: kind + "-" + name, Title: "Use of the " + kind + " by the collector", Type: iam.ResourcePolicy,
			Attached: whole + ", in account " + found[whole].owner,
		}
		for i, s := range found[whole].statements {
			one := generate.Statement{Sid: numbered("Collector", i), Principal: m.collector, Actions: s.Actions, Resources: s.Resources, For: s.For, Why: s.Why}
			for _, c := range s.Conditions {
				if strings.HasPrefix(c.Key, "s3:") {
					one.Conditions = append(one.Conditions, c)
				}
			}
			one.Conditions = append(append(one.Conditions, always...), direct...)
			sortConditions(one.Conditions)
			p.Statements = append(p.Statements, one)
		}
		m.set.Policies = append(m.set.Policies, p)
	}
}

// owner is the account that a resource belongs to where that is another one, and what has the policy: a bucket and not its objects.
func (m *maker) owner(resource string) (account, whole string) {
	fields, n := arn.Split(resource)
	if n < 6 {
		return "", ""
	}
	switch fields[2] {
	case "s3":
		bucket, _, _ := strings.Cut(fields[5], "/")
		account, whole = m.o.Owners[bucket], strings.Join(append(fields[:5:5], bucket), ":")
	case "kinesis", "sqs", "secretsmanager":
		account, whole = fields[4], resource
	}
	if m.place.Account == "" || account == "*" || account == m.place.Account {
		return "", ""
	}
	return account, whole
}

// kindOf names a resource for people.
func kindOf(whole string) (kind, name string) {
	fields, _ := arn.Split(whole)
	switch {
	case fields[2] == "s3":
		return "bucket", fields[5]
	case fields[2] == "sqs":
		return "queue", fields[5]
	case fields[2] == "secretsmanager":
		return "secret", plain(strings.TrimPrefix(fields[5], "secret:"))
	case strings.Contains(fields[5], "/consumer/"):
		_, consumer, _ := strings.Cut(fields[5], "/consumer/")
		return "consumer", plain(consumer)
	default:
		return "stream", strings.TrimPrefix(fields[5], "stream/")
	}
}

// plain is a name without what only patterns and paths have.
func plain(name string) string {
	return strings.Trim(strings.NewReplacer("*", "", "?", "", ":", "-", "/", "-").Replace(name), "-")
}

// known tells whether it is known whom the policy of a resource has to name.
func (m *maker) known(resource string) bool {
	if m.collector.Name == "" {
		m.warn("what the policy of %s has to say is left out: who is the collector? name its role or user with --principal", resource)
	}
	return m.collector.Name != ""
}

func numbered(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + strconv.Itoa(i+1)
}

func sortConditions(all []generate.Condition) {
	slices.SortFunc(all, func(a, b generate.Condition) int {
		return cmp.Or(strings.Compare(a.Operator, b.Operator), strings.Compare(a.Key, b.Key))
	})
}
