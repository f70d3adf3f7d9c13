// Package role makes the policies around the role that a config runs under: its own, and what others have to say about it.
//
//	trunkline.yaml ─ need.Features ─▶ needs ─ generate ─▶ collector     what the role or user of the collector may do
//	                                            ├───────▶ starter       who starts the program may assume aws.role
//	                                            ├───────▶ trust         the role lets itself be assumed by that one
//	                                            ├───────▶ key-…         statements for the policy of a customer key
//	                                            └───────▶ bucket-…, stream-…, queue-…, secret-…   for owners in other accounts
//
// Its promises: what a run and a replay of the config ask of AWS is allowed, and nothing else; the same config and options give the
// same bytes; what cannot be narrowed, or is not known, is among the warnings.
package role

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/arn"
	"trunkline/iam/generate"
	"trunkline/internal/config"
	"trunkline/internal/permission/call"
	"trunkline/internal/permission/need"
)

// Options are what a config does not say. The zero value is useful.
type Options struct {
	Account string // that the program runs in; "": that of the role, or not known
	Region  string // "": aws.region, or that of the stream

	// Principal is who starts the program: the ARN of a user or role, or the service that gives its role to the machine. It is the
	// collector itself, unless aws.role names another role.
	Principal string

	Encrypted  []generate.Encrypted
	Owners     map[string]string // of buckets in other accounts: the account
	Without    []string          // features that are left out
	Boundary   string            // ARN of the permissions boundary of the role
	Conditions Conditions
}

// A Set is all policies of a config. Collector comes first.
type Set struct {
	Policies []Policy
	Warnings []string
}

// A Policy is one of them.
type Policy struct {
	Name, Title, Attached string
	Called                string // the role's name; "" where it does not matter
	Boundary              string
	Type                  iam.Type
	Statements            []generate.Statement
}

// Names of policies that there is at most one of.
const (
	Collector = "collector"
	Starter   = "starter"
	Trust     = "trust"
)

// maker makes a Set.
type maker struct {
	o         Options
	place     need.Place
	collector generate.Principal // zero when it is not known
	set       Set
}

// Policies makes the policies of a config. The error is of an option that cannot be.
func Policies(c *config.Config, calls []call.Call, o Options) (*Set, error) {
	m := maker{o: o}
	if err := o.Conditions.check(); err != nil {
		return nil, err
	}
	if err := m.locate(c); err != nil {
		return nil, err
	}
	features, err := m.features(c)
	if err != nil {
		return nil, err
	}
	needs, err := need.Of(calls, features, m.place)
	if err != nil {
		return nil, err
	}
	mine, err := m.identity(needs, Collector, "What the collector may do", "the role or user that the collector runs as")
	if err != nil {
		return nil, err
	}
	if c.AWS.Role != "" {
		assume, err := need.Of(calls, need.Assume(c), m.place)
		if err != nil {
			return nil, err
		}
		if _, err := m.identity(assume, Starter, "Assume the role of the collector", "the role or user that starts the program"); err != nil {
			return nil, err
		}
	}
	m.trust(c)
	m.keys(mine)
	m.owners(mine)
	m.open(mine)
	m.set.Warnings = slices.Compact(m.set.Warnings)
	return &m.set, nil
}

func (m *maker) warn(format string, args ...any) {
	m.set.Warnings = append(m.set.Warnings, fmt.Sprintf(format, args...))
}

// locate finds out where things are, and who the collector is.
func (m *maker) locate(c *config.Config) error {
	if m.o.Account != "" && !arn.IsAccount(m.o.Account) {
		return fmt.Errorf("account %s: want 12 digits", m.o.Account)
	}
	if m.o.Principal != "" && !isIdentity(m.o.Principal) && serviceOf(m.o.Principal) == nil {
		return fmt.Errorf("principal %s: want the ARN of a user or role, or one of %s", m.o.Principal, strings.Join(serviceNames(), ", "))
	}
	known := c.AWS.Role
	if isIdentity(m.o.Principal) {
		known = cmp.Or(known, m.o.Principal)
	}
	if known != "" {
		m.collector = generate.Principal{Kind: "AWS", Name: known}
	}
	of, _ := arn.Split(known)
	if m.o.Account != "" && known != "" && m.o.Account != of[4] {
		return fmt.Errorf("account %s: %s is in another one", m.o.Account, known)
	}
	var stream [6]string
	if k := c.Source.Kinesis; k != nil {
		stream, _ = arn.Split(k.Stream)
	}
	m.place = need.Place{Account: cmp.Or(m.o.Account, of[4]), Region: cmp.Or(m.o.Region, c.AWS.Region, stream[3])}
	if p, ok := arn.PartitionOf(m.place.Region); ok {
		m.place.Partition = p.ID
	}
	m.place.Partition = cmp.Or(m.place.Partition, of[1], stream[1])
	return nil
}

// features are what the config turns on, but for what is left out.
func (m *maker) features(c *config.Config) ([]need.Feature, error) {
	all := need.Features(c)
	names := map[string]bool{}
	for _, f := range all {
		names[f.Name] = true
	}
	for _, name := range m.o.Without {
		if !names[name] {
			return nil, fmt.Errorf("without %s: the config turns on %s", name, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
		}
	}
	return slices.DeleteFunc(all, func(f need.Feature) bool { return slices.Contains(m.o.Without, f.Name) }), nil
}

// identity makes a policy of an identity, unless nothing is needed.
func (m *maker) identity(needs []generate.Need, name, title, attached string) ([]generate.Statement, error) {
	always, direct := m.o.Conditions.identity()
	made, err := generate.Policies(needs, generate.Options{Encrypted: m.o.Encrypted, Always: always, Direct: direct})
	if err != nil {
		return nil, err
	}
	m.set.Warnings = append(m.set.Warnings, made.Warnings...)
	if len(made.Statements) > 0 {
		m.set.Policies = append(m.set.Policies, Policy{Name: name, Title: title, Attached: attached, Called: "trunkline-" + name, Type: iam.IdentityPolicy, Statements: made.Statements})
	}
	return made.Statements, nil
}

// open warns of what is not known and makes the policy wider than it could be.
func (m *maker) open(statements []generate.Statement) {
	var account, region, keys bool
	for _, s := range statements {
		for _, resource := range s.Resources {
			fields, n := arn.Split(resource)
			if n < 6 {
				continue
			}
			account = account || fields[4] == "*"
			region = region || fields[3] == "*"
			keys = keys || fields[2] != "sts"
		}
	}
	if account {
		m.warn("the account is not known, and * stands for it; name it with --account, or with aws.role in the config")
	}
	if region {
		m.warn("the Region is not known, and * stands for it; name it with --region, or with aws.region in the config")
	}
	if keys && len(m.o.Encrypted) == 0 {
		m.warn("nothing is said to be encrypted with a customer key of KMS; where something is, name the key with --encrypted")
	}
	for _, text := range m.o.Conditions.warnings() {
		m.warn("%s", text)
	}
	if m.o.Boundary != "" && !slices.ContainsFunc(m.set.Policies, func(p Policy) bool { return p.Boundary != "" }) {
		m.warn("the permissions boundary %s stands in no output: attach it to the role of the collector", m.o.Boundary)
	}
}

// isIdentity tells whether a text is the ARN of a user or role.
func isIdentity(text string) bool {
	a, err := arn.Parse(text)
	return err == nil && a.Service == "iam" && arn.IsAccount(a.Account) && !strings.ContainsAny(text, "*?$") &&
		(strings.HasPrefix(a.Resource, "role/") || strings.HasPrefix(a.Resource, "user/"))
}
