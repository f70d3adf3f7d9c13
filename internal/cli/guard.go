package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/iam"
	"trunkline/iam/sim"
	"trunkline/internal/awsclient"
	"trunkline/internal/cloud"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/guard"
	"trunkline/internal/policyfile"
)

// guardFlags say which policies a run is to behave under.
type guardFlags struct {
	policies  []string // [TYPE:]FILE
	principal string
	context   []string // KEY=VALUE
	keys      []string // RESOURCE=KEY
	report    string
}

// withGuard adds the flags of the guard.
func (a *app) withGuard(cmd *cobra.Command) *cobra.Command {
	f, flags := &a.guard, cmd.Flags()
	flags.StringArrayVar(&f.policies, "guard", nil, "behave as if AWS had this policy, [TYPE:]FILE with the type identity, boundary, session, scp or endpoint; may be repeated; see doc/guard.md")
	flags.StringVar(&f.principal, "guard-principal", "", "with --guard: who calls, the ARN of a user or role (default aws.role)")
	flags.StringArrayVar(&f.context, "guard-context", nil, "with --guard: a condition key that requests carry, KEY=VALUE; may be repeated")
	flags.StringArrayVar(&f.keys, "guard-key", nil, "with --guard: the customer key that encrypts a resource, RESOURCE=KEY, both ARNs; may be repeated")
	flags.StringVar(&f.report, "guard-report", "", "with --guard: write to this file which grants were used, as JSON")
	_ = cmd.MarkFlagFilename("guard", "json", "yaml", "yml")
	return cmd
}

// openCloud makes the services that the config names, behind the guard where there is one.
func (r *run) openCloud(ctx context.Context) error {
	f := &r.app.guard
	if len(f.policies) == 0 {
		if f.principal != "" || f.report != "" || len(f.context) > 0 || len(f.keys) > 0 {
			return wrongCall(errors.New("--guard-principal, --guard-context, --guard-key and --guard-report go with --guard FILE"))
		}
		r.aws = cloud.New(r.config.AWS)
		return nil
	}
	o, err := r.guardOptions(ctx)
	if err != nil {
		return wrongCall(fmt.Errorf("--guard: %w", err))
	}
	g, err := guard.New(o)
	if err != nil {
		return wrongCall(fmt.Errorf("--guard: %w", err))
	}
	r.aws = cloud.New(r.config.AWS, awsclient.Middleware(g.Middleware))
	r.log.Info("guarded: calls to AWS are decided on by the given policies first", "policies", len(o.Policies), "principal", cmp.Or(o.Caller.Role, o.Caller.ARN))
	if f.report != "" {
		r.closers = append(r.closers, func() error { return writeReport(f.report, g.Report()) })
	}
	return nil
}

// guardOptions reads what the flags name.
func (r *run) guardOptions(ctx context.Context) (o guard.Options, err error) {
	f := &r.app.guard
	o.Calls = declared.Calls()
	principal := cmp.Or(f.principal, r.config.AWS.Role)
	if principal == "" {
		return o, errors.New("whose policies are they? name the role or user with --guard-principal ARN, or the role to assume with aws.role")
	}
	if o.Caller, err = sim.ParseCaller(principal); err != nil {
		return o, err
	}
	values := map[string][]string{}
	for _, pair := range f.context {
		key, value, found := strings.Cut(pair, "=")
		if !found || !strings.Contains(key, ":") {
			return o, fmt.Errorf("--guard-context %s: want KEY=VALUE, such as aws:SourceIp=203.0.113.7", pair)
		}
		values[key] = append(values[key], value)
		o.Context.Set(key, values[key]...)
	}
	for _, pair := range f.keys {
		at := strings.LastIndex(pair, "=arn:")
		if at < 0 || !strings.HasPrefix(pair, "arn:") {
			return o, fmt.Errorf("--guard-key %s: want RESOURCE=KEY, two ARNs", pair)
		}
		o.Encrypted = append(o.Encrypted, guard.Encrypted{Resource: pair[:at], Key: pair[at+1:]})
	}
	level := 0
	for _, flag := range f.policies {
		kind, files := guardFiles(flag)
		for _, name := range files {
			policies, err := r.guardPolicies(ctx, name, kind, level)
			if err != nil {
				return o, err
			}
			o.Policies = append(o.Policies, policies...)
		}
		if kind == iam.ServiceControlPolicy {
			level++
		}
	}
	return o, nil
}

// guardFiles reads [TYPE:]FILE. Service control policies of one level are separated by commas.
func guardFiles(flag string) (iam.Type, []string) {
	prefix, files, found := strings.Cut(flag, ":")
	kind, err := iam.ParseType(prefix)
	switch {
	case !found || err != nil:
		return iam.IdentityPolicy, []string{flag}
	case kind == iam.ServiceControlPolicy:
		return kind, strings.Split(files, ",")
	}
	return kind, []string{files}
}

// guardPolicies are the policies of a type in a file: the one that it is, or all of the type that it holds.
func (r *run) guardPolicies(ctx context.Context, name string, kind iam.Type, level int) (policies []guard.Policy, err error) {
	if name == "" {
		return nil, errors.New("the name of a policy file is empty")
	}
	for found, err := range policyfile.Read(ctx, []string{name}, r.app.stdin, policyfile.Options{}) {
		if err != nil {
			return nil, err
		}
		if found.Where != "" && found.Type != kind {
			continue
		}
		for _, s := range found.Document.Statements {
			if s.Resource != nil && slices.ContainsFunc(s.Resource.List, func(n *iam.Node) bool { return len(iam.Placeholders(n.Text)) > 0 }) {
				r.log.Warn("a placeholder stands in the resource of a statement: it matches nothing", "policy", found.File, "line", found.Position(s.Node.Span.Start).Line)
			}
		}
		policies = append(policies, guard.Policy{Name: strings.TrimSpace(found.File + " " + found.Where), Document: found.Document, Type: kind, Level: level})
	}
	if len(policies) == 0 {
		return nil, fmt.Errorf("%s holds no %s policy", name, kind)
	}
	return policies, nil
}

// writeReport writes what was used.
func writeReport(path string, report guard.Report) error {
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("--guard-report: %w", err)
	}
	return nil
}
