package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/iam"
	"trunkline/iam/arn"
	"trunkline/iam/generate"
	"trunkline/internal/config"
	"trunkline/internal/integration"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/role"
)

// policyGenerate is what the flags of policy generate say.
type policyGenerate struct {
	role       role.Options
	encrypted  []string // [WHAT=]KEY
	owners     []string // BUCKET=ACCOUNT
	tags       []string // KEY=VALUE
	all        bool
	format     string
	explaining bool
	out        output
}

func (a *app) policyGenerateCommand() *cobra.Command {
	var g policyGenerate
	cmd := &cobra.Command{
		Use:   "generate [POLICY]",
		Short: "Print the policies that a config needs, and nothing else",
		Long: `Print the policy that a run and a replay of the config need: each action on the resources that the config names, and nothing
besides. It is made from the calls that the program declares. What cannot be narrowed, or is not known, is said on standard error.

POLICY is collector (the default): the role or user that the program runs as, which is aws.role where the config has it. The others:
starter, who assumes aws.role; trust, the trust policy of the role; key-ID, statements for the policy of a customer key; and
bucket-NAME, stream-NAME, consumer-NAME, queue-NAME, secret-NAME, policies of resources in other accounts. --all prints all of them, in
JSON as one object from name to policy. A policy that would be too long becomes several, each to be attached, and is printed so too.

--explain says of each statement what in the config needs it and what does not work without it. Terraform and CloudFormation make what
can be made by itself; statements for the policies of keys and of others' resources are in JSON only.

Exit status: 0 printed, 1 failed, 2 wrong call or config.`,
		Example: `  trunkline policy generate --account 111122223333 > collector.json
  trunkline policy generate --all --principal arn:aws:iam::111122223333:role/starter --encrypted stream=ARN-OF-KEY
  trunkline policy generate --explain
  trunkline run --guard collector.json --guard-principal arn:aws:iam::111122223333:role/collector`,
		Args:              atMostOne("POLICY"),
		ValidArgsFunction: cobra.FixedCompletions([]string{role.Collector, role.Starter, role.Trust}, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.generatePolicies(&g, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&g.role.Account, "account", "", "the account that the program runs in (default that of aws.role or --principal)")
	flags.StringVar(&g.role.Region, "region", "", "the Region (default aws.region, or the stream's)")
	flags.StringVar(&g.role.Principal, "principal", "", "who starts the program: the ARN of a role or user, ec2.amazonaws.com or ecs-tasks.amazonaws.com")
	flags.StringArrayVar(&g.encrypted, "encrypted", nil, "a customer key of KMS, ARN, or WHAT=ARN with stream, secret, bucket, queue, table or a pattern of ARNs; may be repeated")
	flags.StringArrayVar(&g.owners, "owner", nil, "a bucket of another account, BUCKET=ACCOUNT; may be repeated")
	flags.StringArrayVar(&g.role.Without, "without", nil, "leave out what only this part of the config needs, such as state.dynamodb.kcl3; may be repeated")
	c := &g.role.Conditions
	flags.BoolVar(&c.MFA, "mfa", false, "only for sessions that began with a second factor")
	flags.BoolVar(&c.SecureTransport, "secure-transport", false, "only over TLS")
	flags.StringArrayVar(&c.Endpoints, "source-vpce", nil, "only through this VPC endpoint; may be repeated")
	flags.StringArrayVar(&c.Addresses, "source-ip", nil, "only from this range of addresses; may be repeated")
	flags.StringArrayVar(&c.Organizations, "org", nil, "only resources of this organization, and in the policies of resources only its principals; may be repeated")
	flags.StringArrayVar(&g.tags, "session-tag", nil, "only where the principal has this tag, of its session or its own, KEY=VALUE; may be repeated")
	flags.StringVar(&g.role.Boundary, "boundary", "", "ARN of the permissions boundary that the role has")
	flags.BoolVar(&g.all, "all", false, "print all policies, also those of the other side")
	flags.StringVar(&g.format, "format", policyFormats[0], strings.Join(policyFormats, ", "))
	flags.BoolVar(&g.explaining, "explain", false, "say of each statement what needs it and what does not work without it")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(policyFormats, cobra.ShellCompDirectiveNoFileComp))
	cmd.MarkFlagsMutuallyExclusive("explain", "format")
	withOutput(cmd, &g.out)
	flags.Lookup("output").Usage = "of --explain: text or json, one object a line"
	return a.withConfig(cmd)
}

func (a *app) generatePolicies(g *policyGenerate, args []string) error {
	if !slices.Contains(policyFormats, g.format) {
		return wrongCall(fmt.Errorf("--format %s: want %s", g.format, strings.Join(policyFormats, ", ")))
	}
	if g.all && len(args) > 0 {
		return wrongCall(fmt.Errorf("--all prints all policies: leave %s out", args[0]))
	}
	if err := g.read(); err != nil {
		return wrongCall(err)
	}
	c, err := config.Load(a.configPath)
	if err != nil {
		return wrongCall(err)
	}
	set, err := role.Policies(c, declared.Calls(), g.role)
	if err != nil {
		return wrongCall(err)
	}
	chosen, others, err := g.choose(set.Integration(), args)
	if err != nil {
		return wrongCall(err)
	}
	warnings := set.Warnings
	if g.format == policyFormats[0] && g.role.Boundary != "" {
		warnings = append(warnings, "a policy does not say its role's boundary: attach "+g.role.Boundary+" to the role of the collector")
	}
	for _, text := range warnings {
		fmt.Fprintln(a.stderr, "warning:", text)
	}
	if len(others) > 0 {
		fmt.Fprintf(a.stderr, "besides: %s; print one with its name, or all with --all\n", strings.Join(others, ", "))
	}
	if len(chosen) == 0 {
		fmt.Fprintln(a.stderr, "the config calls no service of AWS: no policy is needed")
		return nil
	}
	return a.writePolicies(g, chosen)
}

// read makes options of flags that are lists.
func (g *policyGenerate) read() error {
	for _, text := range g.encrypted {
		what, key, found := strings.Cut(text, "=arn:")
		if key = "arn:" + key; !found {
			what, key = "*", text
		}
		if of, err := arn.Parse(key); err != nil || of.Service != "kms" || !strings.HasPrefix(of.Resource, "key/") || strings.ContainsAny(key, "*?$") {
			return fmt.Errorf("--encrypted %s: want the ARN of a key, not of an alias, alone or behind WHAT=", text)
		}
		pattern, known := map[string]string{
			"*": "*", "stream": "arn:*:kinesis:*", "secret": "arn:*:secretsmanager:*", "bucket": "arn:*:s3:::*", "queue": "arn:*:sqs:*", "table": "arn:*:dynamodb:*",
		}[what]
		if !known && !strings.HasPrefix(what, "arn:") {
			return fmt.Errorf("--encrypted %s: want stream, secret, bucket, queue, table or a pattern of ARNs in front of the key", text)
		}
		if !known {
			pattern = what
		}
		g.role.Encrypted = append(g.role.Encrypted, generate.Encrypted{Resource: pattern, Key: key})
	}
	owners, err := pairs("--owner", g.owners)
	if err != nil {
		return err
	}
	for bucket, account := range owners {
		if !arn.IsAccount(account) {
			return fmt.Errorf("--owner %s=%s: want BUCKET=ACCOUNT, 12 digits", bucket, account)
		}
	}
	g.role.Owners = owners
	if g.role.Conditions.Tags, err = pairs("--session-tag", g.tags); err != nil {
		return err
	}
	if b := g.role.Boundary; b != "" {
		if of, err := arn.Parse(b); err != nil || of.Service != "iam" || !strings.HasPrefix(of.Resource, "policy/") {
			return fmt.Errorf("--boundary %s: want the ARN of a policy", b)
		}
	}
	return nil
}

// choose renders what is to be printed, and names what is not.
func (g *policyGenerate) choose(i *integration.Integration, args []string) (chosen []*integration.Rendered, others []string, err error) {
	name := role.Collector
	if len(args) == 1 {
		name = args[0]
	}
	if _, found := i.Policy(name); !found && len(args) == 1 {
		names := make([]string, len(i.Policies))
		for n, p := range i.Policies {
			names[n] = p.Name
		}
		return nil, nil, fmt.Errorf("the config needs no policy %q; it needs: %s", name, strings.Join(names, ", "))
	}
	for _, p := range i.Policies {
		if !g.all && p.Name != name {
			others = append(others, p.Name)
			continue
		}
		if g.format != policyFormats[0] && p.Type == iam.ResourcePolicy {
			others = append(others, p.Name+" (as JSON only)")
			continue
		}
		r, err := i.Render(p, nil)
		if err != nil {
			return nil, nil, err
		}
		chosen = append(chosen, r)
	}
	if len(chosen) == 0 && len(args) == 1 {
		return nil, nil, errors.New(name + " is to be added to a policy that is there already, so it is printed as JSON only: leave --format out")
	}
	return chosen, others, nil
}

func (a *app) writePolicies(g *policyGenerate, policies []*integration.Rendered) error {
	switch {
	case g.explaining:
		return a.explainPolicies(policies, g.out)
	case g.format == "terraform":
		return integration.WriteTerraform(a.stdout, policies, nil)
	case g.format == "cloudformation":
		return integration.WriteCloudFormation(a.stdout, "Policies that a config of trunkline needs", policies, nil)
	}
	return a.printPolicies(policies, g.all)
}
